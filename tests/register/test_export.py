"""What a copy of one's data is made of follows from the tags."""

from __future__ import annotations

import hashlib
import io
import json
from typing import Any
from zipfile import ZipFile

import jsonschema
import pytest

from chalicelib import clock
from chalicelib.aws import s3
from chalicelib.register import catalogue, export
from chalicelib.register.export import FOLDER, OBJECT, Volume, label, schema_of, write_volume
from chalicelib.store.records import Item, UnknownKind
from chalicelib.store.tags import Time, tags_of
from chalicelib.words import LANGUAGES, bundle
from tests.conftest import Home
from tests.privacy.exports import archive
from tests.register import shelves
from tests.scene import pay

TOLD = [kind for kind in catalogue.RECORDS if any(tag.exported for tag in tags_of(kind).values())]


class Tape(io.RawIOBase):
    """What can be written on and on, and neither be asked where it is nor be wound back."""

    def __init__(self) -> None:
        super().__init__()
        self.written = bytearray()

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        self.written += data
        return len(data)


def write(tape: Tape, subjects: list[tuple[str, str]], language: str = "en") -> None:
    write_volume(tape, subjects, Volume(), before_page=lambda: None, language=language, operator="O")


@pytest.fixture
def copy(home: Home) -> ZipFile:
    pay(home.world, home.owner.order(home.camera.device_id).json["order_id"])
    home.world.settle()
    return archive(home.owner)


def test_it_is_written_while_it_is_read_and_never_wound_back(home: Home) -> None:
    tape = Tape()
    write(tape, [("account", home.owner.account_id)])
    copy = ZipFile(io.BytesIO(bytes(tape.written)))
    assert copy.testzip() is None
    assert f"account-{home.owner.account_id}/account.json" in copy.namelist()


def test_its_contents_are_listed_with_their_checksums(copy: ZipFile) -> None:
    files = json.loads(copy.read("export.json"))["files"]
    assert [one["path"] for one in files] == [name for name in copy.namelist() if name != "export.json"]
    for one in files:
        data = copy.read(one["path"])
        assert (one["size_bytes"], one["sha256"]) == (len(data), hashlib.sha256(data).hexdigest())


def test_every_kind_keeps_to_its_schema(copy: ZipFile) -> None:
    files = [one for one in json.loads(copy.read("export.json"))["files"] if "schema" in one]
    assert len(files) >= 8
    for one in files:
        schema = json.loads(copy.read(one["schema"]))
        checker = jsonschema.Draft202012Validator(schema, format_checker=jsonschema.FormatChecker())
        checker.check_schema(schema)
        told = json.loads(copy.read(one["path"]))
        checker.validate(told)
        assert len(told) == one["records"]
        # A schema that lets everything through would let this through as well.
        assert not checker.is_valid([{**told[0], "stranger": 1}])


def test_the_page_shows_every_value_and_every_picture(copy: ZipFile) -> None:
    page = copy.read("index.html").decode()
    for name in copy.namelist():
        if name.endswith(".jpg"):
            assert f'src="{name}"' in page
    (account,) = json.loads(next(copy.read(name) for name in copy.namelist() if name.endswith("/account.json")))
    assert all(str(value) in page for value in account.values() if value is not None)


def test_what_a_person_wrote_is_text_on_the_page(home: Home) -> None:
    home.owner.call("PATCH", "/me", {"nickname": "<script>alert(1)</script>"})
    page = archive(home.owner).read("index.html").decode()
    assert "<script>" not in page
    assert "&lt;script&gt;" in page


@pytest.mark.parametrize("kind", TOLD, ids=lambda kind: kind.__name__)
def test_everything_that_is_told_has_a_name_in_each_language(kind: Any) -> None:
    names = [name for name, tag in tags_of(kind).items() if tag.exported or tag.points_to in (OBJECT, FOLDER)]
    for name in ("id", export._name_of(kind), *names):
        assert all(label(name, language) for language in LANGUAGES)


def test_nothing_is_named_that_is_not_told() -> None:
    told = {
        name
        for kind in TOLD
        for name, tag in tags_of(kind).items()
        if tag.exported or tag.points_to in (OBJECT, FOLDER)
    }
    for language in LANGUAGES:
        assert bundle(language, "labels").keys() == told | {"id"} | {export._name_of(kind) for kind in TOLD}


def test_every_personal_attribute_is_told_or_there_is_a_reason() -> None:
    personal = [
        (kind.__name__, name, tag) for kind in catalogue.RECORDS for name, tag in tags_of(kind).items()
        if tag.kind == "personal"
    ]  # fmt: skip
    assert {(kind, name) for kind, name, tag in personal if not tag.exported} == {
        ("Account", "is_password_short"),
        ("Account", "password_hash"),
        ("Activity", "address_hash"),
        ("DeviceActivity", "address_hash"),
        ("Passkey", "credential"),
        ("PendingTotp", "secret"),
        ("Device", "password"),
        ("Registration", "password_hash"),
        ("Totp", "secret"),
        *(("Hold", name) for name in ("position", "subject")),
        ("HeldRecord", "content"),
        *(("InvoiceBuyer", name) for name in ("name", "address", "country", "vat_number")),  # as the order has them
    }
    assert all(tag.why for _, _, tag in personal if not tag.exported)


def test_every_time_of_a_persons_own_is_told() -> None:
    """What is not: when something technical ends, what was deleted before, since when a camera, whoever's, has or had
    its connection, what was told, waited for or begun so that this happens once, and what follows from the grants of a
    plan, which are told; nor when an operator closed a month of everybody's invoices, nor since when a provider is to
    delete a customer who is nobody's any more; nor what an address agreed to without an account, of which nobody has a
    copy; nor of a copy by law what its original's owner is told as his own, and from when on he may be told."""
    hidden = {
        f"{kind.__name__}.{name}"
        for kind in catalogue.RECORDS
        for name, tag in tags_of(kind).items()
        if isinstance(kind.get_attributes()[name], Time) and not tag.exported
    }
    of_cameras = {f"Stock.{name}" for name in ("connected_at", "away_since", "told_offline_at", "told_back_at")}
    once = {"Device.late_told_at", "Export.announced_at", "Export.begun_at", "Live.waited_at"}
    once |= {"InvoiceDocument.asked_at", "InvoiceDocument.made_at", "DueRefund.owed_since", "NumberingTurn.until"}
    once |= {"DelayedEvent.since", "DueRefund.failed_at", "DelayedEvent.mismatched_at", "KeptDocument.asked_at"}
    once |= {"DueCustomer.since"}
    before = {"Device.alarms_after", "Removal.until", "RecordingRemoval.ordered_at"}
    before |= {"Clip.arrived_from", "Clip.arrived_to"}
    once |= {"Subscription.confirmed_at", "SubscriptionProof.given_at", "SubscriptionProof.withdrawn_at"}
    by_law = {f"Hold.{name}" for name in ("held_at", "until", "told_from")}
    by_law |= {f"{kind}.told_from" for kind in ("HeldAccount", "HeldDevice")}
    assert hidden == {"PlanEnd.ends_at", "ClosedMonth.closed_at", *before, *of_cameras, *once, *by_law}


def test_times_are_told_as_rfc_3339(copy: ZipFile) -> None:
    for kind in (kind for kind in TOLD if kind.__name__ == "Alarm"):
        assert schema_of(kind)["items"]["properties"]["at"]["format"] == "date-time"
    alarms = json.loads(next(copy.read(name) for name in copy.namelist() if name.endswith("/alarm.json")))
    assert alarms[0]["at"] == "2026-01-05T08:00:00Z"


def test_a_kind_that_nobody_knows_is_not_passed_over(home: Home) -> None:
    from chalicelib.aws.clients import client

    where = {"pk": {"S": f"account#{home.owner.account_id}"}, "sk": {"S": "mystery#1"}}
    client("dynamodb").put_item(TableName=Item.Meta.table_name, Item=where)
    with pytest.raises(UnknownKind, match="account/mystery"):
        write(Tape(), [("account", home.owner.account_id)])


def test_a_subject_that_is_gone_is_left_out(home: Home) -> None:
    tape = Tape()
    write(tape, [("device", "a" * 26)], "pl")
    assert ZipFile(io.BytesIO(bytes(tape.written))).namelist() == ["index.html", "export.json"]


def test_a_picture_that_went_meanwhile_is_told_as_gone(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("chalicelib.aws.s3.chunks", lambda key: None)
    tape = Tape()
    write(tape, [("device", home.camera.device_id)])
    copy = ZipFile(io.BytesIO(bytes(tape.written)))
    (alarm,) = json.loads(copy.read(f"device-{home.camera.device_id}/alarm.json"))
    assert alarm["picture"] is None
    assert not [name for name in copy.namelist() if name.endswith(".jpg")]


# Folders of objects


@pytest.fixture
def device_id(home: Home, monkeypatch: pytest.MonkeyPatch) -> str:
    shelves.install(monkeypatch)
    return home.camera.device_id


def shelves_in(device_id: str, before_page: Any = lambda: None) -> tuple[ZipFile, dict[str, Any]]:
    """The archive, and what it says of each shelf."""
    tape = Tape()
    write_volume(tape, [("device", device_id)], Volume(), before_page=before_page, language="en", operator="O")
    copy = ZipFile(io.BytesIO(bytes(tape.written)))
    return copy, {one["id"]: one for one in json.loads(copy.read(f"device-{device_id}/shelf.json"))}


def films_in(copy: ZipFile) -> list[str]:
    return sorted(name.partition("/")[2] for name in copy.namelist() if "/films/" in name)


def test_what_lies_in_folders_is_in_the_copy_once_and_each_record_says_where(device_id: str) -> None:
    for name in ("1-0800/1/a.m4s", "1-0900/1/b.m4s", "2-0800/2/c.m4s", "1-0800/1/x.secret"):
        shelves.put_film(device_id, name, data=name.encode())
    shelves.put_film(device_id, "1-0800/1/d.m4s", days_ago=1)
    shelves.put_film("another", "1-0800/1/a.m4s")
    today, yesterday = (shelves.folder_of(device_id, days) for days in (0, 1))
    shelves.put_shelf(device_id, "all", {today, yesterday})
    shelves.put_shelf(device_id, "first", {f"{today}1-"})
    shelves.put_shelf(device_id, "empty", {f"{today}3-"})
    shelves.put_shelf(device_id, "none", None)
    copy, told = shelves_in(device_id)
    named = [folder.replace(f"{device_id}/", "") for folder in (today, yesterday)]
    assert films_in(copy) == sorted(
        [*(f"{named[0]}{name}" for name in ("1-0800/1/a.m4s", "1-0900/1/b.m4s", "2-0800/2/c.m4s")),
         f"{named[1]}1-0800/1/d.m4s"]
    )  # fmt: skip
    assert copy.read(f"device-{device_id}/{named[0]}1-0900/1/b.m4s") == b"1-0900/1/b.m4s"
    here = [f"device-{device_id}/{folder}" for folder in named]
    assert {name: one["folders"] for name, one in told.items()} == {
        "all": sorted(here), "first": here[:1], "empty": [], "none": []
    }  # fmt: skip
    jsonschema.Draft202012Validator(schema_of(shelves.Shelf)).validate(list(told.values()))
    assert here[0] in copy.read("index.html").decode()


def test_an_object_that_went_meanwhile_is_in_no_folder(device_id: str, monkeypatch: pytest.MonkeyPatch) -> None:
    shelves.put_film(device_id, "1-0800/1/a.m4s")
    shelves.put_shelf(device_id, "all", {shelves.folder_of(device_id)})
    monkeypatch.setattr("chalicelib.aws.s3.chunks", lambda key: None)
    copy, told = shelves_in(device_id)
    assert (films_in(copy), told["all"]["folders"]) == ([], [])


@pytest.mark.parametrize(("films", "size", "asked"), [(0, 1, 2), (1, 1, 2), (2_500, 1, 29), (20, 8 * 1024 * 1024, 4)])
def test_before_each_page_and_now_and_then_it_is_asked_whether_to_go_on(
    device_id: str, monkeypatch: pytest.MonkeyPatch, films: int, size: int, asked: int
) -> None:
    counts: list[int] = []
    for put in (True, False):  # without the shelf, to know what the rest asks
        if put:
            shelves.put_shelf(device_id, "all", {shelves.folder_of(device_id)})
            keys = [f"{shelves.folder_of(device_id)}1-0800/1/{number:05d}" for number in range(films)]
            stored = [s3.Stored(key, size, clock.now(), "") for key in keys]
            pages = [stored[first : first + 1000] for first in range(0, films, 1000)] or [[]]
            monkeypatch.setattr(s3, "pages", lambda prefix, after, pages=pages: iter(pages))
            monkeypatch.setattr(s3, "chunks", lambda key: iter([b"x" * size]))
        else:
            shelves.put_shelf(device_id, "all", None)
        times: list[int] = []
        shelves_in(device_id, lambda times=times: times.append(1))  # type: ignore[misc]
        counts.append(len(times))
    assert counts[0] - counts[1] == asked


@pytest.mark.parametrize("is_shown", [True, False])
def test_it_is_asked_after_each_hundred_objects_in_whatever_way_they_are_met(
    device_id: str, monkeypatch: pytest.MonkeyPatch, is_shown: bool
) -> None:
    asked: list[int] = []
    monkeypatch.setattr(s3, "chunks", lambda key: iter([b"x"]))
    ending = "" if is_shown else ".secret"
    keys = {f"{shelves.folder_of(device_id)}1-0800/1/{number:03}{ending}" for number in range(320)}
    if is_shown:
        shelves.put_shelf(device_id, "alone", None, keys)
    else:
        stored = [s3.Stored(key, 1, clock.now(), "") for key in sorted(keys)]
        monkeypatch.setattr(s3, "pages", lambda prefix, after: iter([stored]))
        shelves.put_shelf(device_id, "all", {shelves.folder_of(device_id)})
    count_object = export._Copy.count_object
    seen: list[int] = []
    monkeypatch.setattr(export._Copy, "count_object", lambda copy: (seen.append(1), count_object(copy)))
    copy, _ = shelves_in(device_id, lambda: asked.append(len(seen)))
    assert {100, 200, 300} <= set(asked)
    assert len(films_in(copy)) == (320 if is_shown else 0)


def test_an_object_that_a_record_names_in_anothers_folder_comes_once(device_id: str) -> None:
    today = shelves.folder_of(device_id)
    names = ("1-0800/1/a.m4s", "1-0800/1/b.secret", "1-0800/1/c.secret", "2-0800/2/d.m4s")
    keys = [shelves.put_film(device_id, name) for name in names]
    shelves.put_shelf(device_id, "first", {f"{today}1-"})
    shelves.put_shelf(device_id, "alone", None, {keys[0], keys[1], keys[3], f"{today}1-0800/1/gone"})
    copy, told = shelves_in(device_id)
    here = [f"device-{device_id}/{today.replace(f'{device_id}/', '')}{names[at]}" for at in (0, 1, 3)]
    assert [name for name in copy.namelist() if "/films/" in name] == here
    assert told["first"]["folders"] == [here[0].removesuffix(names[0])]


def test_a_copy_ends_in_the_middle_of_a_folder_when_it_is_told_to(device_id: str) -> None:
    class Enough(Exception):
        pass

    shelves.put_film(device_id, "1-0800/1/a.m4s")
    shelves.put_shelf(device_id, "all", {shelves.folder_of(device_id)})
    left = [4]

    def count() -> None:
        left[0] -= 1
        if not left[0]:
            raise Enough

    with pytest.raises(Enough):
        shelves_in(device_id, count)
