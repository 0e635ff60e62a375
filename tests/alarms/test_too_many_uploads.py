"""How much a camera may upload in an hour: counted without a write for each, and what exceeds it costs nothing more."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from datetime import timedelta
from typing import Any

import pytest

from chalicelib.alarms import rules
from chalicelib.alarms.actions import bounds, ingesting
from chalicelib.alarms.actions.arrivals import Arrival
from chalicelib.alarms.records import PICTURES
from chalicelib.push.actions import recipients
from infra.local.cloud import LocalCloud
from infra.local.pollers import DeliveryFaults
from tests.alarms.snapshots import (
    arrives,
    ids_of,
    keys_now,
    name_of,
    objects,
    path_of,
    pushes,
    s3_event,
    tell,
)
from tests.conftest import Home
from tests.scene import jpeg, lose_events, new_camera


def uploads(home: Home, number: int, size_bytes: int = 60_000) -> Iterator[Arrival]:
    """As S3 tells of them, each of another name."""
    prefix = PICTURES.of(home.world.now(), home.camera.device_id)
    for one in range(number):
        yield Arrival(f"{prefix}1/{one}.jpg", home.world.now(), size_bytes, f"request {one} of {size_bytes}")


def taken_until_over(home: Home, together: int, size_bytes: int) -> int:
    """How many uploads are let in, in batches of so many."""
    home.camera.ask_ticket()
    arrivals = uploads(home, 2000, size_bytes)
    for taken in range(0, 2000, together):
        batch = [next(arrivals) for _ in range(together)]
        (found,) = recipients.of_devices({home.camera.device_id: []}).values()
        for arrival in batch:
            with suppress(rules.NotTaken):
                bounds.count_upload(arrival, found)
        if found.device.uploads_over_in:
            return taken
    raise AssertionError("there is no bound")


@pytest.mark.one_in(2)
@pytest.mark.parametrize(("together", "size_bytes"), [(10, 60_000), (7, 461)])
def test_the_bound_of_a_thousand_is_overrun_by_less_than_a_tenth(home: Home, together: int, size_bytes: int) -> None:
    assert 900 < taken_until_over(home, together, size_bytes) < 1100


def test_a_gigabyte_is_the_bound_too(home: Home) -> None:
    assert 225 < taken_until_over(home, 10, 4_000_000) < 275


def test_one_write_in_eight_uploads_counts_them(home: Home) -> None:
    counted = sum(one.is_counted for one in uploads(home, 8000))
    assert 900 < counted < 1100
    # Whoever knows its name does not know whether an upload is counted: S3 calls each by a number of its own.
    named = [Arrival("alarms/2026010508/d/1/x.jpg", home.world.now(), 1, f"{number}") for number in range(800)]
    assert 70 < sum(one.is_counted for one in named) < 130


def test_an_ordinary_day_of_thirty_pictures_never_comes_near_it(home: Home) -> None:
    home.camera.ask_ticket()
    home.world.trace.clear()
    existing = recipients.of_devices({home.camera.device_id: []})
    day = list(uploads(home, 30))
    for arrival in day:
        bounds.count_upload(arrival, existing[arrival.device_id])
    assert existing[home.camera.device_id].device.uploads_counted_in is None
    assert home.world.trace.names().count("dynamodb.UpdateItem") == sum(one.is_counted for one in day) > 0


@pytest.fixture
def few(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    """As if an hour had ten uploads, each of them counted; in one that has none yet, since the picture that is there
    may have been one in eight, and counted as eight."""
    home.world.clock.move_to(home.world.now().timestamp() + 3600)
    for person in (home.owner, home.stranger):
        person.refresh()
    monkeypatch.setattr(rules, "MOST_AN_HOUR", 10)
    monkeypatch.setattr(rules, "COUNTED_ONE_IN", 1)


def flood(home: Home, number: int = 14) -> None:
    ticket = home.camera.ask_ticket().json
    for one in range(number):
        assert home.world.upload(ticket, name_of(home.world.now(), "person", number=one), jpeg(one % 4)).status == 204
        home.world.settle()


@pytest.mark.usefixtures("few")
def test_what_exceeds_the_bound_is_deleted_unpushed_and_the_next_ticket_waits_for_the_next_hour(home: Home) -> None:
    home.world.advance(600)
    flood(home)
    assert len(ids_of(home, type="person")) == 10
    assert len(objects(home.world)) == 11  # one was there before
    assert len(pushes(home.world)) == 1 + 10 + 1  # and one says so
    refused = home.camera.ask_ticket()
    assert (refused.status, refused.json["code"]) == (429, "TooManyUploads")
    assert refused.headers["Retry-After"] == "3000"
    assert home.camera.ask_ticket("snapshot").status == 429
    assert home.camera.ask_ticket("live").status == 200
    home.world.clock.move_to(home.world.now().timestamp() + 3000)
    arrives(home.camera, kind="doorbell")
    home.owner.refresh()
    assert len(ids_of(home, type="doorbell")) == 1


@pytest.mark.usefixtures("few")
def test_uploads_that_s3_tells_of_a_minute_later_are_counted_all_the_same(home: Home) -> None:
    home.world.advance(600)
    home.world.delivery_faults = DeliveryFaults(delayed=1.0, delay_seconds=60)
    flood(home)
    assert (ids_of(home, type="person"), len(objects(home.world))) == ([], 15)
    home.world.advance(61)
    assert len(ids_of(home, type="person")) == 10
    assert home.camera.ask_ticket().status == 429


@pytest.mark.usefixtures("few")
def test_its_owner_is_told_once_and_sees_it_in_the_device(home: Home) -> None:
    home.stranger.take_pushes("platform-token-of-the-stranger")
    home.owner.share(home.camera.device_id, email=home.stranger.email)
    flood(home)
    told = [push for push in pushes(home.world) if "alarm_id" not in push["data"]["data"]]
    ours = [push for push in told if "share_id" not in push["data"]["data"]]
    assert [(push["to"], push["data"]["data"]) for push in ours] == [
        ("platform-token-of-the-owner", {"device_id": home.camera.device_id})
    ]
    (refused,) = home.owner.device(home.camera.device_id)["refused_uploads"]
    assert (refused["reason"], refused["count"]) == ("too_many", 4)
    assert {one["reason"] for one in home.world.refused()} == {"too_many"}
    assert len(home.world.refused()) == 4


@pytest.mark.usefixtures("few")
def test_another_camera_is_not_concerned(home: Home) -> None:
    other = new_camera(home.world, "SN0002", owner=home.owner)
    flood(home)
    arrives(other)
    assert len(home.owner.alarms(other.device_id)) == 1


@pytest.mark.usefixtures("few")
def test_what_exceeds_it_costs_no_look_and_a_ticket_of_the_hour_before_goes_no_further(home: Home) -> None:
    home.world.clock.move_to((home.world.now() + timedelta(minutes=50)).timestamp())
    old = home.camera.ask_ticket().json
    flood(home)
    home.world.clock.move_to((home.world.now() + timedelta(minutes=15)).timestamp())
    home.world.trace.clear()
    assert home.world.upload(old, name_of(home.world.now(), "person", number=99), jpeg()).status == 204
    home.world.settle()
    names = home.world.trace.names()
    assert "s3.GetObject" not in names and "dynamodb.PutItem" not in names
    assert names.count("s3.DeleteObjects") + names.count("s3.DeleteObject") == 1


def _key_of(home: Home, name: str) -> str:
    (key,) = [key for key in keys_now(home.world) if key.endswith(name)]
    return key


def _told_of(home: Home) -> tuple[list[str], list[str], int, int]:
    home.world.settle()
    refused = home.owner.device(home.camera.device_id)["refused_uploads"]
    return objects(home.world), ids_of(home), len(pushes(home.world)), sum(one["count"] for one in refused)


@pytest.mark.usefixtures("few")
@pytest.mark.parametrize("later_s", [0, 6 * 3600])
@pytest.mark.parametrize("off_s", [0, -400 * 86_400], ids=["believed", "not believed"])
def test_a_shown_picture_stays_though_news_of_it_come_again_when_its_hour_is_closed(
    home: Home, off_s: int, later_s: int
) -> None:
    name = arrives(home.camera, home.world.now() + timedelta(seconds=off_s), kind="doorbell")
    again = s3_event(_key_of(home, name), home.world.now())
    flood(home)
    home.world.advance(later_s)
    home.owner.refresh()
    before = _told_of(home)
    for _ in range(2):
        tell(home.world, again)
        assert _told_of(home) == before
    (alarm_id,) = ids_of(home, type="doorbell")
    assert home.owner.call("GET", path_of(home, alarm_id)).json["picture"] == "shown"


@pytest.mark.usefixtures("few")
def test_what_came_in_privacy_mode_goes_though_it_is_shown_and_its_hour_is_closed(home: Home) -> None:
    key = _key_of(home, arrives(home.camera, kind="doorbell"))
    again, device_id = s3_event(key, home.world.now()), home.camera.device_id
    home.owner.set_privacy(device_id, on=True)
    home.world.advance(60)
    home.owner.set_privacy(device_id, on=False)
    flood(home)
    assert key in keys_now(home.world)
    tell(home.world, again)
    home.world.settle()
    assert key not in keys_now(home.world)


@pytest.mark.usefixtures("few")
def test_what_was_deleted_is_refused_like_anything_new_when_its_hour_is_closed(home: Home) -> None:
    ticket, name = home.camera.ask_ticket().json, name_of(home.world.now(), "doorbell")
    home.world.upload(ticket, name, jpeg(7))
    home.world.settle()
    flood(home)
    (alarm_id,) = ids_of(home, type="doorbell")
    assert home.owner.call("DELETE", path_of(home, alarm_id)).status == 204
    home.world.settle()
    home.world.upload(ticket, name, jpeg(7))
    home.world.settle()
    assert name not in str(keys_now(home.world)) and ids_of(home, type="doorbell") == []


@pytest.mark.usefixtures("few")
def test_what_is_being_deleted_goes_though_its_hour_is_closed(home: Home) -> None:
    key = _key_of(home, arrives(home.camera, kind="doorbell"))
    flood(home)
    (alarm_id,) = ids_of(home, type="doorbell")
    assert home.owner.call("DELETE", path_of(home, alarm_id)).status == 204
    assert key in keys_now(home.world)  # nobody has taken the order up yet
    _try_again(home, key)
    assert key not in keys_now(home.world)


@pytest.mark.usefixtures("few")
def test_what_is_tried_again_counts_no_more_for_that(home: Home) -> None:
    key = _key_of(home, arrives(home.camera, kind="doorbell"))
    for _ in range(15):
        _try_again(home, key)
    arrives(home.camera, number=1, kind="doorbell")
    assert len(ids_of(home, type="doorbell")) == 2
    flood(home)
    before = _told_of(home)
    assert before[-1] > 0
    _try_again(home, key.replace("doorbell", "sound"))
    assert _told_of(home) == before


def _try_again(home: Home, key: str) -> None:
    """What came now is taken once more, since a try before may have failed."""
    (of,) = recipients.of_devices({home.camera.device_id: []}).values()
    ingesting.take_picture(Arrival(key, home.world.now(), 600, "again"), of, is_first_try=False)


@pytest.mark.usefixtures("few")
@pytest.mark.parametrize("gone", ["hour", "channel"])
def test_other_bytes_in_the_place_of_a_shown_picture_go_as_anything_new_does(home: Home, gone: str) -> None:
    home.camera.equip("1", "2")
    ticket, name = home.camera.ask_ticket().json, name_of(home.world.now(), "doorbell", channel="2")
    home.world.upload(ticket, name, jpeg(7))
    home.world.settle()
    flood(home) if gone == "hour" else home.camera.equip("1")
    (alarm_id,) = ids_of(home, type="doorbell")
    before = _told_of(home)[3]
    home.world.upload(ticket, name, jpeg(3))
    assert _told_of(home)[3] == before + 1
    assert name not in str(keys_now(home.world))
    assert home.owner.call("GET", path_of(home, alarm_id)).json["picture"] == "unreadable"


def _late(home: Home, ticket: Any) -> str:
    """News of a picture that S3 has not told of."""
    name = name_of(home.world.now(), "doorbell")
    assert home.world.upload(ticket, name, jpeg(7)).status == 204
    lose_events(home.world, "on_picture_uploaded")
    return s3_event(_key_of(home, name), home.world.now())


@pytest.mark.usefixtures("few")
def test_late_news_of_an_earlier_quiet_hour_become_alarms_within_its_own_bound(home: Home) -> None:
    home.world.advance(3000)
    ticket = home.camera.ask_ticket().json
    late = _late(home, ticket)
    home.world.advance(900)
    home.owner.refresh()
    flood(home)
    assert home.camera.ask_ticket().status == 429
    tell(home.world, late)
    home.world.settle()
    assert len(ids_of(home, type="doorbell")) == 1
    refused = len(home.world.refused())
    for number in range(14):
        home.world.upload(ticket, name_of(home.world.now(), "sound", number=number), jpeg(number % 4))
    home.world.settle()
    # Its ticket, and the bound of its own hour.
    assert len(ids_of(home, type="sound")) == 9 and len(home.world.refused()) == refused + 5


@pytest.mark.usefixtures("few")
@pytest.mark.parametrize("bounded", ["uploads", "bytes"])
def test_late_news_of_an_earlier_hour_that_was_closed_are_refused_though_another_was_since(
    home: Home, monkeypatch: pytest.MonkeyPatch, bounded: str
) -> None:
    if bounded == "bytes":
        monkeypatch.setattr(rules, "MOST_AN_HOUR", 1000)
        monkeypatch.setattr(rules, "MOST_BYTES_AN_HOUR", 10 * len(jpeg()))
    late = _late(home, home.camera.ask_ticket().json)
    assert ids_of(home) == [home.alarm_id]
    for _ in range(2):
        flood(home)
        home.world.clock.move_to(home.world.now().timestamp() + 3600)
        home.owner.refresh()
    tell(home.world, late)
    home.world.settle()
    assert ids_of(home, type="doorbell") == []
    # Nor does it close the present hour.
    assert home.camera.ask_ticket().status == 200


@pytest.mark.usefixtures("few")
def test_only_news_of_an_earlier_hour_take_a_read_more(home: Home) -> None:
    def reads() -> int:
        home.world.trace.clear()
        arrives(home.camera)
        return home.world.trace.names().count("dynamodb.BatchGetItem")

    before = reads()
    flood(home)
    home.world.clock.move_to(home.world.now().timestamp() + 3600)
    home.owner.refresh()
    assert reads() == before


def test_an_upload_without_any_ticket_of_its_hour_is_counted_nowhere(world: LocalCloud, home: Home) -> None:
    arrival = Arrival(f"alarms/2025010508/{home.camera.device_id}/1/x.jpg", home.world.now(), 1, "1")
    existing = recipients.of_devices({home.camera.device_id: []})
    for number in range(20):
        again = Arrival(arrival.object_key, arrival.arrived, 1, str(number))
        bounds.count_upload(again, existing[again.device_id])
    assert existing[home.camera.device_id].device.uploads_over_in is None
