"""Nothing is left of who closed the account, and everything of who did not."""

from __future__ import annotations

import base64
import copy
import gzip
import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import pytest

from chalicelib.accounts.actions import account_writes as accounts
from chalicelib.contacts.records import Address
from chalicelib.devices.actions import owning as devices
from chalicelib.register import erase
from chalicelib.stock.actions import cameras
from chalicelib.store import commit as commits
from chalicelib.store.ciphers import DataKey
from chalicelib.store.keys import Key
from infra.demo.search import Needle, search
from infra.local.cloud import LocalCloud
from tests.canaries import EXEMPT, PASSING, Life, canary, of_the_catalogue, opens
from tests.privacy.exports import archive, ready, records_in
from tests.privacy.leaving import claims, receipt
from tests.scene import box, jpeg
from tests.worlds.invariants import Stored, violations
from tests.worlds.sweep import leap, recover


@dataclass
class Lives:
    ola: Life
    zed: Life


@pytest.fixture(scope="module")
def _lives(one_cloud: LocalCloud, _empty: Any) -> tuple[Any, Lives]:
    one_cloud.restore(_empty)
    lives = Lives(Life(one_cloud, "ola", "Antarctica/Troll"), Life(one_cloud, "zed", "Pacific/Kiritimati"))
    lives.ola.live()
    lives.zed.live()
    return one_cloud.snapshot(), lives


@pytest.fixture
def lives(one_cloud: LocalCloud, _lives: tuple[Any, Lives]) -> Lives:
    snapshot, lives = _lives
    one_cloud.restore(snapshot)
    return lives


def close(life: Life) -> str:
    life.person.step_up()
    answer = life.person.close()
    assert answer.status == 202
    return str(answer.json["erasure_id"])


def subjects(life: Life) -> set[str]:
    return {life.person.account_id, life.camera.device_id}


def left_of(life: Life, before: dict[str, Any]) -> list[str]:
    """Everything that speaks against its being forgotten; `before` is a copy of all stores from when it lived."""
    now = life.world.dump()
    found = [f"stored: {hit}" for hit in search(now, life.needles)]
    found += violations(now)
    readable, _ = opens(before, now, subjects(life))
    return found + ([f"{readable} values of the copy can be read"] if readable else [])


def test_every_personal_attribute_has_a_canary_or_a_reason(lives: Lives) -> None:
    for life in (lives.ola, lives.zed):
        with_canary = {place for place, value in life.planted.items() if _has_canary(life, value)}
        assert with_canary.isdisjoint(EXEMPT), with_canary & EXEMPT.keys()
        assert with_canary | EXEMPT.keys() == of_the_catalogue()
        assert len(with_canary) + len(EXEMPT) == len(of_the_catalogue())


def _has_canary(life: Life, value: Any) -> bool:
    said = json.dumps(value).lower()
    return any(isinstance(one.value, str) and one.value.lower() in said for one in life.needles)


def test_while_somebody_lives_only_the_pictures_and_the_push_token_lie_open(lives: Lives) -> None:
    for life in (lives.ola, lives.zed):
        where = {(hit.what.partition(" of ")[0], hit.where.partition(".")[0].partition("[")[0]) for hit in life.hits()}
        pictures = {(name, "buckets") for name in ("picture 1", "picture 2", "avatar", "cover", "live video")}
        pictures.add(("redrawn attachment", "buckets"))
        pictures |= {("film 1", "buckets"), ("film 2", "buckets"), ("film", "buckets")}
        assert where == {*pictures, ("pushtoken", "endpoints")}
        assert life.still_planted() == {
            place: value for place, value in life.planted.items() if place[0] not in PASSING
        }


def test_a_copy_of_ones_data_has_every_canary_of_ones_own_and_no_other(lives: Lives) -> None:
    for life, other in ((lives.ola, lives.zed), (lives.zed, lives.ola)):
        copy = archive(life.person)
        told = [copy.read(name) for name in copy.namelist()]
        missing = {one.what for one in life.needles if not _is_in(told, one)}
        # What no copy shows: secrets that only hashes are kept of, or that are over.
        kept_back = {"password", "password hash", "confirmation", "binding", "ordering", "gift card", "redeeming"}
        kept_back |= {"ordering again", "giving back", "erasure"}
        kept_back |= {"access_token", "refresh_token", "secret of an app", "secret of another app", "passkey"}
        kept_back |= {"id token", "linking", "subject", "mailthere", "namethere", "picturethere", "offeredpicture"}
        kept_back |= {"face", "upload of the cover", "upload of the attachment"}  # none is kept as it was
        kept_back.add("devicepass")  # guards the picture a second time
        kept_back.add("live video")  # it passes
        kept_back |= {"deleted film", "playlist"}
        assert missing == {f"{what} of {life.whose}" for what in kept_back}
        assert [one.what for one in other.needles if _is_in(told, one)] == []


def test_a_copy_of_ones_data_has_the_recordings_that_stand_byte_by_byte(lives: Lives) -> None:
    ola = lives.ola
    copy = archive(ola.person)
    folder = f"device-{ola.camera.device_id}/recordings/"
    films = [copy.read(name) for name in copy.namelist() if name.startswith(folder) and "/init-" not in name]
    assert sorted(films) == sorted(film for what, film in ola.films.items() if what != "deleted film")
    (day,) = records_in(copy)["recording-day"]
    assert all(any(name.startswith(one) for name in copy.namelist()) for one in day["prefixes"])
    assert (day["recorded_ms"], day["size_bytes"]) == (62_000, sum(map(len, films)))


def _is_in(files: list[bytes], needle: Needle) -> bool:
    wanted = needle.value if isinstance(needle.value, bytes) else needle.value.encode()
    return any(wanted.lower() in file.lower() for file in files)


def test_a_copy_that_waits_goes_with_its_owner(lives: Lives) -> None:
    ola, world = lives.ola, lives.ola.world
    ready(ola.person)
    before = world.dump()
    leap(world, 60)  # or the next code would come too soon
    close(ola)
    recover(world)
    assert left_of(ola, before) == []


def test_nothing_is_left_of_who_closed_the_account(lives: Lives) -> None:
    ola, zed, world = lives.ola, lives.zed, lives.ola.world
    before, pictures = world.dump(), _pictures_of(zed)
    own = _pictures_of(ola)
    # Three films, and twice what takes to play them.
    assert [sum(key.startswith(root) for key in own) for root in ("recordings/", "clips/")] == [5, 1]
    (clip,) = [body for key, body in own.items() if key.startswith("clips/")]
    assert any(one.what == "film of a clip of ola" and one.value in clip.encode("latin-1") for one in ola.needles)
    erasure_id = close(ola)
    recover(world)
    assert left_of(ola, before) == []
    assert world.call("GET", f"/erasures/{erasure_id}").json["state"] == "done"
    assert claims(world, receipt(world, erasure_id))["deleted_at_least"]["stored objects"] == len(own)
    assert zed.still_planted() == {place: zed.planted[place] for place in zed.still_planted()}
    assert len(zed.still_planted()) == sum(place[0] not in PASSING for place in zed.planted)
    assert _pictures_of(zed) == pictures


def _pictures_of(life: Life) -> dict[str, str]:
    stored = Stored(life.world.dump()).objects
    return {key: one["body"] for key, one in stored.items() if any(subject in key for subject in subjects(life))}


def test_at_once_nothing_can_be_read_of_who_closed_the_account(lives: Lives) -> None:
    """Before anything but the one commit has happened."""
    ola, world = lives.ola, lives.ola.world
    before = world.dump()
    assert world.call("GET", ola.playlist_path).status == 200
    ola.person.step_up()
    with world.aws.lock:
        ola.person.close()
        from infra.local import dump

        assert opens(before, dump.dump(), subjects(ola))[0] == 0
    for path in ("/me", "/devices", "/alarms", f"/devices/{ola.camera.device_id}", "/orders"):
        assert ola.person.call("GET", path).status == 401
    assert world.call("GET", ola.playlist_path).status == 404


def test_a_picture_that_comes_for_the_forgotten_is_deleted(lives: Lives) -> None:
    ola, world = lives.ola, lives.ola.world
    before = world.dump()
    close(ola)
    recover(world)
    late = world.upload(ola.ticket, "1/20260105T080000Z-motion-late.jpg", jpeg(77))
    assert late.status == 204
    ola_and_late = [*ola.needles, Needle("the late picture", jpeg(77)[700:748])]
    recover(world)
    assert search(world.dump(), ola_and_late) == []
    assert left_of(ola, before) == []


def test_video_that_comes_for_the_forgotten_is_deleted(lives: Lives) -> None:
    ola, world = lives.ola, lives.ola.world
    before, film = world.dump(), box("moof") + jpeg(78)
    close(ola)
    for _ in range(2):  # while it is erased, and when all of it is gone
        ola.camera.record(20_000, data=film, ticket=ola.recording_ticket)
        recover(world)
        assert search(world.dump(), [*ola.needles, Needle("the late film", film[900:948])]) == []
    assert left_of(ola, before) == []


@pytest.mark.parametrize(
    ("days", "kind"), [(1, "Registration"), (30, "Report")], ids=["a registration", "an unowned camera's report"]
)
def test_what_came_to_nothing_lapses(world: LocalCloud, days: int, kind: str) -> None:
    life = Life(world, "nobody", "Antarctica/Troll")
    if kind == "Registration":
        subject = life.person.register(password=life.word("password"))
    else:
        life.camera.load()
        life.camera.activate(firmware=life.word("fw"), channels=[{"id": "1", "name": life.word("channel")}])
        subject = next(iter(Stored(world.dump()).first_ids("Report")))
    before = world.dump()
    assert opens(before, before, {subject})[0] > 0
    leap(world, days * 86_400)
    world.calendar.reap()
    recover(world)
    assert Stored(world.dump()).of(kind) == {}
    assert opens(before, world.dump(), {subject})[0] == 0
    assert left_of(life, before) == []


# Each step of the saga, switched off


def _keep(kind: type[Any]) -> Callable[..., Any]:
    """`remove`, but for this kind of record."""

    def remove(what: Any, **how: Any) -> Any:
        record = what.record if isinstance(what, Key) else type(what)
        return commits.remove(Key(record, f"{what.pk}-not", what.sk) if record is kind else what, **how)

    return remove


def _no_data_key_deleted(patch: pytest.MonkeyPatch) -> None:
    for module in (accounts, devices, erase):
        patch.setattr(module, "remove", _keep(DataKey))


def _no_address_released(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(accounts, "remove", _keep(Address))


def _no_camera_released(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(cameras, "release", lambda device_id, stock_id: None)


def _no_items_deleted(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(erase.raw_items, "delete", lambda base, items: None)


def _no_objects_deleted(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(erase, "_forget_objects", lambda *_: True)


def _no_endpoint_closed(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(erase.sns, "close_endpoint", lambda arn: None)


def _no_pass_made(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(erase, "run_pass", lambda *_, **__: None)


@pytest.mark.one_in(2)
@pytest.mark.parametrize(
    ("switch_off", "said"),
    [
        (_no_data_key_deleted, "values of the copy can be read"),
        (_no_address_released, "an_address_belongs_to_one_account"),
        (_no_camera_released, "a_camera_knows_whose_it_is"),
        (_no_items_deleted, "the_forgotten_have_nothing_but_their_erasure"),
        (_no_objects_deleted, "stored: picture 1 of ola, plain"),
        (_no_endpoint_closed, "stored: pushtoken of ola, plain"),
        (_no_pass_made, "is not done"),
    ],
)
def test_a_step_left_out_is_noticed(
    lives: Lives, monkeypatch: pytest.MonkeyPatch, switch_off: Callable[[pytest.MonkeyPatch], None], said: str
) -> None:
    before = lives.ola.world.dump()
    switch_off(monkeypatch)
    close(lives.ola)
    recover(lives.ola.world)
    found = left_of(lives.ola, before)
    assert any(said in one for one in found), found


# The search itself

SECRET = canary("the search", 'Zażółć/gęślą "jaźń" ')


def _latin1(raw: bytes) -> str:
    return raw.decode("latin-1")


WRITTEN: dict[str, Callable[[str], str]] = {
    "plain": lambda text: f"before {text} after",
    "upper case": str.upper,
    "lower case": str.lower,
    "hex": lambda text: text.encode().hex(),
    "HEX": lambda text: text.encode().hex().upper(),
    **{
        f"base64 at {offset}": lambda text, offset=offset: base64.b64encode(b"xyz"[:offset] + text.encode()).decode()
        for offset in range(3)
    },
    "base64url": lambda text: base64.urlsafe_b64encode(b"?" + text.encode()).decode(),
    "utf-16-le": lambda text: _latin1(text.encode("utf-16-le")),
    "utf-16-be": lambda text: _latin1(text.encode("utf-16-be")),
    "gzip": lambda text: _latin1(gzip.compress(f"{{{text}}}".encode())),
    "gzip in base64": lambda text: base64.b64encode(gzip.compress(text.encode())).decode(),
    "url-escaped": lambda text: f"/path/{quote(text, safe='')}",
    "json-escaped": lambda text: json.dumps({"said": text}),
    "json-escaped in json": lambda text: json.dumps({"said": json.dumps({"said": text})}),
    "utf-8 as bytes": lambda text: _latin1(text.encode()),
}


def _into_a_row(dump: Any, text: str) -> None:
    dump["tables"]["sowa-local-Items"][0]["note"] = text


def _into_a_set_of_a_row(dump: Any, text: str) -> None:
    dump["tables"]["sowa-local-Ledger"].append({"pk": "x", "notes": [text]})


def _into_an_object(dump: Any, text: str) -> None:
    next(iter(dump["buckets"].values())).append({"key": "left", "body": text})


def _into_a_key(dump: Any, text: str) -> None:
    next(iter(dump["buckets"].values())).append({"key": text, "body": ""})


def _into_metadata(dump: Any, text: str) -> None:
    next(objects for objects in dump["buckets"].values() if objects)[0]["metadata"] = {"note": text}


def _into_a_queue(dump: Any, text: str) -> None:
    dump["queues"]["sowa-local-DeadLetters"].append({"body": text})


def _into_a_stream(dump: Any, text: str) -> None:
    dump["streams"]["sowa-local-Items"][0]["NewImage"] = {"note": text}


def _into_the_logs(dump: Any, text: str) -> None:
    dump["logs"].append(text)


def _into_a_list(name: str) -> Callable[[Any, str], None]:
    def leak(dump: Any, text: str) -> None:
        dump[name].append({"note": text})

    leak.__name__ = f"_into {name}"
    return leak


LEAKS = [
    _into_a_row,
    _into_a_set_of_a_row,
    _into_an_object,
    _into_a_key,
    _into_metadata,
    _into_a_queue,
    _into_a_stream,
    _into_the_logs,
    *(_into_a_list(name) for name in ("unsent", "endpoints", "identities", "uploads")),
]


@pytest.mark.parametrize("leak", LEAKS, ids=lambda leak: leak.__name__.strip("_"))
def test_a_leak_is_found_wherever_it_is_and_however_it_is_written(
    lives: Lives, leak: Callable[[Any, str], None]
) -> None:
    clean = lives.ola.world.dump()
    needle = [Needle("the secret", SECRET)]
    assert search(clean, needle) == []
    # Of a world that is searched whole seventeen times nothing more would be seen.
    few = _few_of_each(clean)
    for name, write in WRITTEN.items():
        dump = copy.deepcopy(few)
        leak(dump, write(SECRET))
        assert search(dump, needle), name
    leak(clean, SECRET)
    assert search(clean, needle)


def _few_of_each(stored: Any) -> Any:
    """The same stores with the first two things in each."""
    if isinstance(stored, dict):
        return {name: _few_of_each(value) for name, value in stored.items()}
    return [_few_of_each(one) for one in stored[:2]] if isinstance(stored, list) else stored
