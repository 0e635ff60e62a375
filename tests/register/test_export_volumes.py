"""A copy in several archives: together they have what one would have, however small they are."""

from __future__ import annotations

import io
import json
import tracemalloc
from collections.abc import Iterator
from typing import Any
from zipfile import ZipFile

import pytest

from chalicelib import clock
from chalicelib.aws import s3
from chalicelib.register import export
from chalicelib.register.export import Position, Volume, write_volume
from tests.conftest import Home
from tests.register import shelves
from tests.register.test_export import Tape

FILMS = ("1-0800/1/a.m4s", "1-0900/1/b.m4s", "1-0900/1/c.m4s", "10-0800/10/d.m4s", "2-0800/2/e.m4s")


@pytest.fixture
def device_id(home: Home, monkeypatch: pytest.MonkeyPatch) -> str:
    """Its folders overlap, and lie in each other."""
    shelves.install(monkeypatch)
    device_id = home.camera.device_id
    for name in (*FILMS, "1-0900/1/x.secret"):
        shelves.put_film(device_id, name, data=name.encode())
        shelves.put_film(device_id, name, days_ago=1)
    today, yesterday = (shelves.folder_of(device_id, days) for days in (0, 1))
    shelves.put_shelf(device_id, "all", {today, yesterday})
    shelves.put_shelf(device_id, "first", {f"{today}1-"})
    shelves.put_shelf(device_id, "first two", {f"{today}1"})
    shelves.put_shelf(device_id, "none", {f"{today}3-"})
    return device_id


def volumes_of(home: Home, **bounds: float) -> Iterator[ZipFile]:
    """Of the owner's account, with all devices."""
    number, after = 1, None
    while number == 1 or after is not None:
        tape = Tape()
        volume = Volume(number, after, **bounds)  # type: ignore[arg-type]
        subjects = [("account", home.owner.account_id)]
        after = write_volume(tape, subjects, volume, before_page=lambda: None, language="en", operator="O")
        yield ZipFile(io.BytesIO(bytes(tape.written)))
        number += 1


def names_in(volumes: list[ZipFile]) -> list[str]:
    return sorted(name for one in volumes for name in one.namelist()[:-1])


@pytest.mark.parametrize("more", [0, 1, 2, 3, 5, 8])
def test_several_have_together_what_one_has(home: Home, device_id: str, more: int) -> None:
    (whole,) = volumes_of(home)
    rows = sum("/films/" not in name and "/alarms/" not in name for name in whole.namelist()) - 1
    assert sum("/films/" in name for name in whole.namelist()) == 2 * len(FILMS)
    several = list(volumes_of(home, most_files=more or 1))
    assert len(several) > 1 and [one.testzip() for one in several] == [None] * len(several)
    assert names_in(several) == names_in([whole])
    assert all(len(one.namelist()) == max(more, 1) + 1 for one in several[1:-1])
    assert len(several[0].namelist()) >= rows
    shelf = f"device-{device_id}/shelf.json"
    assert [_where(one.read(shelf)) | {"none": set()} for one in (several[0], whole)] == [_where(whole.read(shelf))] * 2
    # Whether any is left for it, the first does not know.
    assert _where(several[0].read(shelf))["none"] <= _where(several[0].read(shelf))["all"]
    assert [json.loads(one.read(one.namelist()[-1]))["volume"] for one in several] == [*range(1, len(several) + 1)]


def _where(shelves_of_it: bytes) -> dict[str, set[str]]:
    return {one["id"]: set(one["folders"]) for one in json.loads(shelves_of_it)}


def test_the_first_lists_no_folder_that_is_left_to_those_that_follow(
    home: Home, device_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    listed: list[str] = []
    pages = s3.pages
    monkeypatch.setattr(s3, "pages", lambda prefix, after="": (listed.append(prefix), pages(prefix, after=after))[1])
    for day in range(2, 9):
        folder = shelves.folder_of(device_id, day)
        shelves.put_film(device_id, "1-0800/1/a.m4s", days_ago=day)
        shelves.put_shelf(device_id, f"day {day}", {folder})
    several = volumes_of(home, until_ticks=0)
    where = _where(next(several).read(f"device-{device_id}/shelf.json"))
    assert len(listed) <= 1
    assert all(len(where[f"day {day}"]) == 1 for day in range(2, 9))
    assert len(list(several)) > 7 and len(listed) > 7


def test_objects_that_are_not_shown_take_their_time(
    home: Home, device_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An archive whose time is over ends among them, too, and the next goes on behind them."""
    beginning = shelves.folder_of(device_id)
    keys = [f"{beginning}1-0800/1/{number:03}.secret" for number in range(250)] + [f"{beginning}2-0800/2/a.m4s"]
    stored = [s3.Stored(key, 1, clock.now(), "") for key in keys]
    monkeypatch.setattr(s3, "pages", lambda prefix, after="": iter([[one for one in stored if one.key > after]]))
    monkeypatch.setattr(s3, "chunks", lambda key: iter([b"x"]))
    shelves.put_shelf(device_id, "first", None)
    shelves.put_shelf(device_id, "first two", None)
    shelves.put_shelf(device_id, "none", None)
    shelves.put_shelf(device_id, "all", {beginning})
    several = list(volumes_of(home, until_ticks=0))
    objects = [[name for name in one.namelist() if "/films/" in name or "/alarms/" in name] for one in several]
    assert [len(names) for names in objects] == [0, 1, 0, 0, 1]
    assert names_in(several) == names_in(list(volumes_of(home)))


def test_one_is_closed_behind_the_object_with_which_it_has_enough(home: Home, device_id: str) -> None:
    first, *further = volumes_of(home, most_bytes=40)
    assert not [name for name in first.namelist() if "/films/" in name]
    sizes = [[file["size_bytes"] for file in json.loads(one.read(one.namelist()[-1]))["files"]] for one in further]
    assert len(sizes) > 2
    assert all(sum(one[:-1]) < 40 for one in sizes) and all(sum(one) >= 40 for one in sizes[:-1])


@pytest.mark.parametrize(("where", "is_any"), [("2", True), ("z", False)])
def test_whose_place_is_gone_the_copy_goes_on_behind_it(
    home: Home, device_id: str, where: str, is_any: bool
) -> None:
    tape = Tape()
    volume = Volume(2, Position(f"device#{home.owner.account_id}{where * 26}", "films/7/zzzz"))
    subjects = [("account", home.owner.account_id)]
    more = write_volume(tape, subjects, volume, before_page=lambda: None, language="en", operator="O")
    found = [name for name in ZipFile(io.BytesIO(bytes(tape.written))).namelist() if "/films/" in name]
    assert (more, len(found)) == (None, 2 * len(FILMS) if is_any else 0)


def test_time_ends_one_as_size_does(home: Home, device_id: str) -> None:
    (whole,) = volumes_of(home, until_ticks=clock.ticks_s() + 3600)
    several = list(volumes_of(home, until_ticks=0))
    assert len(several) == 1 + sum("/films/" in name or "/alarms/" in name for name in whole.namelist())
    assert names_in(several) == names_in([whole])


class _Nowhere(io.RawIOBase):
    size_bytes = 0

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        self.size_bytes += len(data)
        return len(data)


def test_its_memory_does_not_grow_with_what_is_in_it(
    home: Home, device_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of 100 MB, in objects that come by the page."""
    piece, beginning = bytes(64 * 1024), shelves.folder_of(device_id)
    pages = [[s3.Stored(f"{beginning}1-0800/1/{n}-{m}", 2**20, clock.now(), "") for m in range(10)] for n in range(10)]
    monkeypatch.setattr(s3, "pages", lambda prefix, after="": iter(pages if prefix == beginning else []))
    monkeypatch.setattr(s3, "chunks", lambda key: iter([piece] * 16))
    monkeypatch.setattr(export, "_BYTES_BEFORE_ASKING", 10**12)
    nowhere = _Nowhere()
    tracemalloc.start()
    try:
        write_volume(
            nowhere, [("device", device_id)], Volume(), before_page=lambda: None, language="en", operator="O"
        )
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert nowhere.size_bytes > 100 * 2**20
    assert most < 4_000_000
