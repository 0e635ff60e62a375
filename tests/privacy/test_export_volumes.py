"""A copy of one's data of any size: what one archive has no room for lies in the next."""

from __future__ import annotations

import hashlib
import io
import json
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from zipfile import ZipFile

import pytest

from chalicelib.privacy.actions import export as exporting
from chalicelib.privacy.actions.export import prepare
from infra.local import dump
from infra.strict_moto.faults import DIES_AFTER, DIES_BEFORE, ERROR_AFTER, LOST_REPLY, Crash, Kind
from tests.conftest import Home
from tests.privacy.exports import asked, export_shown, open_link
from tests.recordings.plans import subscribe
from tests.scene import Person, filmed, just_before
from tests.worlds.invariants import Stored, violations

MINUTE, HOUR, DAY = 60, 3_600, 86_400
# Two films and what else is there fill an archive.
FILM_BYTES, BOUND = 20_000, 40_000


@pytest.fixture
def films(home: Home, monkeypatch: pytest.MonkeyPatch) -> dict[str, bytes]:
    """Five, by their names; and there are the picture of an alarm and what takes to play the films."""
    monkeypatch.setattr(exporting, "MOST_BYTES", BOUND)
    subscribe(home)
    now, minute = home.world.now(), timedelta(minutes=1)
    sizes = [(FILM_BYTES + n,) for n in range(5)]
    keys = [home.camera.record(sizes=size, at=now - 2 * n * minute) for n, size in enumerate(sizes)]
    home.world.settle()
    return {_name(key): filmed("m4s", size) for key, size in zip(keys, sizes, strict=True)}


def _name(key: str) -> str:
    return key.rpartition("/")[2]


@dataclass
class Copy:
    """One that was asked for; nobody is told of anything unless `prepare` is called."""

    home: Home
    sort_id: str

    @classmethod
    def asked_for(cls, home: Home) -> Copy:
        home.owner.step_up()
        with home.world.aws.lock:
            answer = home.owner.call("POST", "/privacy/exports")
        return cls(home, answer.json["export_id"].removeprefix(home.owner.account_id))

    def write(self, number: int) -> None:
        with self.home.world.aws.lock:
            prepare(self.home.owner.account_id, self._id_of(number))

    def calls_of(self, number: int) -> list[str]:
        self.home.world.trace.clear()
        self.write(number)
        return [call.operation for call in self.home.world.trace]

    def _id_of(self, number: int) -> str:
        return self.sort_id if number == 1 else f"{self.sort_id}.{number:06}"

    @property
    def told(self) -> dict[str, Any]:
        with self.home.world.aws.lock:
            return export_shown(self.home.owner, f"{self.home.owner.account_id}{self.sort_id}")


def _made(home: Home) -> dict[str, Any]:
    export_id = asked(home.owner)["export_id"]
    home.world.settle()
    return export_shown(home.owner, export_id)


def _archives(person: Person, made: dict[str, Any]) -> list[ZipFile]:
    return [ZipFile(io.BytesIO(_fetched(person, volume))) for volume in made["volumes"]]


def _fetched(person: Person, volume: dict[str, Any]) -> bytes:
    led = open_link(person.world, volume["download_url"])
    assert led.status == 302, led.body
    body = person.world.fetch(led.headers["Location"]).body
    assert (len(body), hashlib.sha256(body).hexdigest()) == (volume["size_bytes"], volume["sha256"])
    return body


def _stored(home: Home) -> list[str]:
    return sorted(key for key in Stored(dump.dump()).objects if key.startswith("exports/"))


def _films_in(archives: list[ZipFile]) -> list[str]:
    return [_name(name) for archive in archives for name in archive.namelist() if name.endswith(".m4s")]


def test_all_of_it_is_in_several_archives_and_nothing_twice(home: Home, films: dict[str, bytes]) -> None:
    made = _made(home)
    assert (made["state"], [one["number"] for one in made["volumes"]]) == ("ready", [1, 2, 3])
    archives = _archives(home.owner, made)
    assert [archive.testzip() for archive in archives] == [None] * 3
    assert all(len(_films_in([archive])) >= 1 for archive in archives)
    contents = {_name(name): archive.read(name) for archive in archives for name in archive.namelist()}
    assert {name: contents[name] for name in films} == films
    assert sorted(_films_in(archives)) == sorted(films)
    # Unpacked into one folder, nothing takes another's place.
    names = [name for archive in archives for name in archive.namelist()]
    assert len(names) == len(set(names))
    assert sum("/init-" in name for name in names) == sum(name.endswith(".jpg") for name in names) == 1


def test_the_first_has_all_rows_and_says_where_the_rest_is(home: Home, films: dict[str, bytes]) -> None:
    first, *further = _archives(home.owner, _made(home))
    (path,) = [name for name in first.namelist() if name.endswith("/recording-day.json")]
    (day,) = json.loads(first.read(path))
    assert all(name.startswith(tuple(day["prefixes"])) for one in further for name in one.namelist()[:-1])
    lists = [one.namelist()[-1] for one in (first, *further)]
    assert lists == ["export.json", "export-2.json", "export-3.json"]
    assert "first of several archives" in first.read("index.html").decode()
    assert not [name for one in further for name in one.namelist()[:-1] if name.endswith(("json", "html"))]
    contents = [json.loads(one.read(name)) for one, name in zip((first, *further), lists, strict=True)]
    assert [(one["volume"], one["volumes"]) for one in contents] == [(1, None), (2, None), (3, 3)]
    for one, archive in zip(contents, (first, *further), strict=True):
        assert [file["path"] for file in one["files"]] == archive.namelist()[:-1]
        assert all(hashlib.sha256(archive.read(file["path"])).hexdigest() == file["sha256"] for file in one["files"])


def test_what_fits_into_one_is_in_one(home: Home) -> None:
    made = _made(home)
    (one,) = made["volumes"]
    assert {name: made[name] for name in ("size_bytes", "sha256", "until", "download_url")} == {
        name: value for name, value in one.items() if name != "number"
    }
    (archive,) = _archives(home.owner, made)
    assert json.loads(archive.read("export.json"))["volumes"] == 1
    assert "several archives" not in archive.read("index.html").decode()


def test_it_is_ready_with_the_last_and_one_mail_says_so(home: Home, films: dict[str, bytes]) -> None:
    copy = Copy.asked_for(home)
    for number in (1, 2):
        copy.write(number)
        told = copy.told
        assert (told["state"], told["ready_at"], told["download_url"], told["size_bytes"]) == ("preparing", *[None] * 3)
        assert [one["number"] for one in told["volumes"]] == list(range(1, number + 1))
        assert _mails(home) == 0
    with home.world.aws.lock:  # whoever waits for long may begin
        assert _fetched(home.owner, copy.told["volumes"][1])
    copy.write(3)
    assert (copy.told["state"], copy.told["sha256"]) == ("ready", copy.told["volumes"][0]["sha256"])
    home.world.settle()
    home.world.redrive()
    assert _mails(home) == 1
    assert violations(home.world.dump()) == []


def _mails(home: Home) -> int:
    sent = home.world.outbox_of_the_world.newest_first()
    return sum("copy of your data" in str(mail) for mail in sent)


def test_each_has_a_link_that_opens_once(home: Home, films: dict[str, bytes]) -> None:
    made = _made(home)
    urls = [one["download_url"] for one in made["volumes"]]
    assert urls[0] == made["download_url"] and len({url.rpartition("/")[2] for url in urls}) == 3
    swapped = urls[1].rpartition("/")[0] + "/" + urls[2].rpartition("/")[2]
    assert open_link(home.world, swapped).status == 404
    assert [open_link(home.world, url).status for url in (*urls, *urls)] == [302] * 3 + [404] * 3
    again = [one["download_url"] for one in export_shown(home.owner, made["export_id"])["volumes"]]
    assert [open_link(home.world, url).status for url in again] == [302] * 3
    elsewhere = Person(home.world, home.owner.email, terminal={"os": "iOS 19", "model": "iPhone", "unique_id": "t2"})
    elsewhere.sign_in()
    assert [one["download_url"] for one in export_shown(elsewhere, made["export_id"])["volumes"]] == [None] * 3


@pytest.mark.parametrize("number", ["0", "000009", "", "x", "1.1", "000002.000002"])
def test_a_volume_that_there_is_not_is_not_found(home: Home, films: dict[str, bytes], number: str) -> None:
    volume = _made(home)["volumes"][1]
    path, _, link = volume["download_url"].rpartition("/")
    assert open_link(home.world, f"{path.replace('000002', number)}/{link}").status == 404
    assert open_link(home.world, volume["download_url"]).status == 302


def test_each_is_over_and_gone_a_day_after_it_was_written(home: Home, films: dict[str, bytes]) -> None:
    copy = Copy.asked_for(home)
    copy.write(1)
    _wait(home, 2 * HOUR)
    home.world.settle()
    _wait(home, DAY - 2 * HOUR)
    left = copy.told
    assert (left["state"], left["download_url"]) == ("ready", None)
    assert [one["number"] for one in left["volumes"]] == [2, 3]
    assert home.world.run_schedule("sweep_expired_archives") == {"deleted": 1}
    _wait(home, 2 * HOUR - 1)
    assert len(copy.told["volumes"]) == 2
    _wait(home, 1)
    assert (copy.told["state"], copy.told["volumes"]) == ("over", [])
    assert len(_stored(home)) == 2
    assert home.world.run_schedule("sweep_expired_archives") == {"deleted": 2}
    assert _stored(home) == []


def _wait(home: Home, seconds: float) -> None:
    home.world.clock.move_to(home.world.now().timestamp() + seconds)
    home.owner.sign_in()


def test_when_its_time_runs_out_the_next_goes_on(
    home: Home, films: dict[str, bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first has no time for objects at all, and each of the others for one."""
    monkeypatch.setattr(exporting, "_OBJECTS_S", 0)
    archives = _archives(home.owner, _made(home))
    objects = [[name for name in one.namelist() if name.endswith((".m4s", ".mp4", ".jpg"))] for one in archives]
    assert [len(names) for names in objects] == [0] + [1] * 7
    assert sorted(_films_in(archives)) == sorted(films)
    (alarm,) = json.loads(archives[0].read(f"device-{home.camera.device_id}/alarm.json"))
    assert alarm["picture"] in [name for names in objects for name in names]


def test_what_ends_or_comes_meanwhile_moves_nothing_else(home: Home, films: dict[str, bytes]) -> None:
    copy = Copy.asked_for(home)
    copy.write(1)
    path = f"/devices/{home.camera.device_id}/recordings"
    with home.world.aws.lock:
        newest = home.owner.call("GET", path).json["items"][0]
        assert home.owner.call("DELETE", f"{path}/{newest['recording_id']}").status == 204
    late = home.camera.record(sizes=(FILM_BYTES,), at=home.world.now() + timedelta(seconds=20), ms=10_000)
    home.world.settle()
    archives = _archives(home.owner, copy.told)
    assert [archive.testzip() for archive in archives] == [None] * len(archives)
    found = _films_in(archives)
    assert len(found) == len(set(found))
    # The newest film was deleted before it was its turn, and another one came behind it.
    assert set(found) == {name for name in films if name != max(films)} | {_name(late)}


def test_who_is_overtaken_leaves_what_its_row_says(home: Home, films: dict[str, bytes]) -> None:
    """Another run of the same volume, whole, before the calls of the first."""
    copy = Copy.asked_for(home)
    copy.write(1)
    copy.write(2)
    begin = home.world.snapshot()
    calls = copy.calls_of(3)
    assert "CompleteMultipartUpload" in calls

    def overtake() -> None:
        home.world.clock.move_to(home.world.now().timestamp() + 2)  # or both would write the same bytes
        copy.write(3)

    for nth in _each_kind(calls):
        home.world.restore(begin)
        with just_before(home.world, nth, overtake), suppress(Exception):
            prepare(home.owner.account_id, f"{copy.sort_id}.000003")
        told = copy.told
        assert (told["state"], len(told["volumes"])) == ("ready", 3)
        assert _fetched(home.owner, told["volumes"][2]), calls[nth - 1]


def _each_kind(calls: list[str]) -> list[int]:
    """The last call of each kind, counted from one."""
    return sorted({name: nth for nth, name in enumerate(calls, start=1)}.values())


def test_who_closes_the_account_between_volumes_leaves_no_copy(home: Home, films: dict[str, bytes]) -> None:
    """Before the calls that writing the second makes, and whether or not the writer dies of it."""
    copy = Copy.asked_for(home)
    copy.write(1)
    begin = home.world.snapshot()
    calls = copy.calls_of(2)
    assert len(_stored(home)) == 2
    for nth in _each_kind(calls):
        home.world.restore(begin)
        with just_before(home.world, nth, home.owner.close), suppress(Exception):
            prepare(home.owner.account_id, f"{copy.sort_id}.000002")
        assert len(_stored(home)) == 1 or calls[nth - 1] == "TransactWriteItems", calls[nth - 1]
        _erase(home)
        assert (_stored(home), home.world.dump()["uploads"]) == ([], []), calls[nth - 1]
        assert not Stored(dump.dump()).of("ExportVolume")


def _erase(home: Home) -> None:
    home.world.settle()
    home.world.clock.move_to(home.world.now().timestamp() + 15 * MINUTE)
    home.world.run_schedule("resume_erasures")
    home.world.settle()


@pytest.mark.parametrize("kind", [DIES_BEFORE, DIES_AFTER, ERROR_AFTER, LOST_REPLY], ids=lambda kind: kind.name)
def test_whoever_dies_of_saying_that_there_is_more_leaves_the_rest_to_be_written(
    home: Home, films: dict[str, bytes], kind: Kind
) -> None:
    copy = Copy.asked_for(home)
    begin = home.world.snapshot()
    calls = copy.calls_of(1)
    assert calls[-1] == "TransactWriteItems"
    home.world.restore(begin)
    home.world.faults.fail(len(calls), kind)
    with suppress(Crash, Exception):
        copy.write(1)
    home.world.faults.clear()
    home.world.settle()
    home.world.redrive()
    assert copy.told["state"] == "ready"
    assert sorted(_films_in(_archives(home.owner, copy.told))) == sorted(films)
    assert _mails(home) == 1


def test_who_asks_again_while_volumes_are_written_gets_the_same(
    home: Home, films: dict[str, bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    copy = Copy.asked_for(home)
    home.world.clock.move_to(home.world.now().timestamp() + HOUR - MINUTE)
    copy.write(1)
    monkeypatch.setattr(exporting, "write_volume", _die)
    _wait(home, HOUR - MINUTE)
    assert Copy.asked_for(home).sort_id == copy.sort_id
    _wait(home, HOUR)
    assert Copy.asked_for(home).sort_id != copy.sort_id


def _die(*_: object, **__: object) -> None:
    raise RuntimeError
