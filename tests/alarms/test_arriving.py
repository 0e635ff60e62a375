"""A snapshot arrives: it becomes an alarm and a push, or it goes at once and leaves neither."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from urllib.parse import quote_plus

import pytest

from infra.local.cloud import LocalCloud, Mischief
from tests.alarms.snapshots import (
    arrives,
    drawn,
    frame,
    ids_of,
    name_of,
    objects,
    path_of,
    post,
    pushes,
    put_object,
    s3_event,
    segment,
    tell,
)
from tests.conftest import Home
from tests.scene import Camera, Person, jpeg, new_camera, rows

DAY = 86_400
ALL_TYPES = ("motion", "person", "sound", "offline", "tamper", "doorbell", "battery_low", "snapshot")


# ── An alarm and its push ────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("kind", ALL_TYPES)
def test_a_snapshot_becomes_an_alarm(home: Home, kind: str) -> None:
    home.world.advance(60)
    arrives(home.camera, number=7, kind=kind, channel="yard_2")
    (alarm,) = home.owner.alarms(home.camera.device_id, channel="yard_2")
    alarm_id = alarm.pop("alarm_id")
    assert alarm_id.startswith("20260105T080100Z-")
    assert alarm == {
        "device_id": home.camera.device_id,
        "channel": "yard_2",
        "type": kind,
        "at": "2026-01-05T08:01:00Z",
        "read": False,
        "until": "2026-01-12T08:01:00Z",
    }


def test_its_push_carries_ids_and_nothing_else(home: Home) -> None:
    (push,) = pushes(home.world)
    assert push["to"] == "platform-token-of-the-owner"
    android = {"priority": "high", "ttl": "86400s", "collapse_key": home.camera.device_id}
    ids = {"device_id": home.camera.device_id, "alarm_id": home.alarm_id}
    assert push["data"] == {"data": ids, "android": android}
    assert push["text"] == ""


def test_every_terminal_that_wants_pushes_gets_one_and_nobody_elses(home: Home) -> None:
    second = Person(**vars(home.owner))
    second.sign_in()
    second.take_pushes("platform-token-of-the-tablet")
    home.stranger.take_pushes("platform-token-of-the-stranger")
    before = len(pushes(home.world))
    arrives(home.camera, number=7)
    new = pushes(home.world)[: -before or None]
    assert {push["to"] for push in new} == {"platform-token-of-the-owner", "platform-token-of-the-tablet"}
    assert len(new) == 2


def test_an_alarm_that_nobody_wants_to_be_told_of_is_there_all_the_same(world: LocalCloud) -> None:
    person = Person(world, "ola@example.com")
    person.confirm(person.register())
    camera = new_camera(world, owner=person)
    camera.see(1)
    assert len(person.alarms(camera.device_id)) == 1
    assert pushes(world) == []


def test_a_terminal_that_is_gone_keeps_no_alarm_away(home: Home) -> None:
    """Its app was removed: SNS knows its address no more, and nobody else is to suffer."""
    from chalicelib.aws.clients import client

    with home.world.aws.outside():
        for endpoint in home.world.dump()["endpoints"]:
            client("sns").delete_endpoint(EndpointArn=endpoint["arn"])
    arrives(home.camera, number=7)
    assert len(ids_of(home)) == 2
    assert home.world.failures == []


@pytest.mark.parametrize(
    ("off_s", "believed"),
    [(0, True), (-3600, True), (3600, True), (-DAY, True), (DAY, True), (-DAY - 1, False), (DAY + 1, False)],
)
def test_a_stamp_within_a_day_is_believed_else_the_arrival_counts(home: Home, off_s: int, believed: bool) -> None:
    home.world.advance(1)
    arrived = home.world.now()
    stamp = arrived + timedelta(seconds=off_s)
    arrives(home.camera, stamp, kind="person", number=7)
    (alarm,) = home.owner.alarms(home.camera.device_id, type="person")
    assert alarm["at"] == f"{stamp if believed else arrived:%Y-%m-%dT%H:%M:%SZ}"
    assert alarm["until"] == f"{arrived + timedelta(days=7):%Y-%m-%dT%H:%M:%SZ}"


def test_a_picture_behind_long_notes_of_the_camera_is_one(home: Home) -> None:
    notes = segment(0xE1, b"Exif\0\0" + bytes(65_000))
    arrives(home.camera, number=7, kind="person", data=drawn(notes, frame(640, 480), size=80_000))
    assert len(ids_of(home, type="person")) == 1


def test_a_name_with_signs_that_s3_escapes_is_understood(home: Home) -> None:
    """S3 writes keys into its events as into a form."""
    key = f"alarms/20260105/{home.camera.device_id}/{name_of(home.world.now(), 'person', number=7)}"
    post(home.camera, key.split("/", 3)[3])
    tell(home.world, s3_event(quote_plus(key, safe=""), home.world.now()))
    home.world.settle()
    assert len(ids_of(home, type="person")) == 1


# ── What is no alarm ─────────────────────────────────────────────────────────────────────────────────────────────────

NO_PICTURES = {
    "text": b"x" * 2048,
    "a page": b"<html><script>alert(1)</script>".ljust(2048),
    "png": b"\x89PNG\r\n\x1a\n".ljust(2048, b"\0"),
    "a JPEG cut in its header": jpeg()[:20].ljust(2048, b"\0"),
    "no frame at all": drawn(),
    "no width": drawn(frame(0, 480)),
    "no height": drawn(frame(640, 0)),
    "above 25 megapixels": drawn(frame(5000, 5001)),
    "a decompression bomb": drawn(frame(65_535, 65_535)),
    "a frame too far behind": drawn(*[segment(0xE1, bytes(65_000))] * 2, frame(640, 480), size=140_000),
}


def leaves_nothing(home: Home, upload: Callable[[], object]) -> None:
    before = objects(home.world), ids_of(home), len(pushes(home.world))
    upload()
    assert (objects(home.world), ids_of(home), len(pushes(home.world))) == before
    assert home.world.failures == []
    assert all(not messages for messages in home.world.dump()["queues"].values())


@pytest.mark.parametrize("what", NO_PICTURES)
def test_what_is_no_picture_is_deleted_on_arrival(home: Home, what: str) -> None:
    leaves_nothing(home, lambda: post(home.camera, name_of(home.world.now(), number=7), NO_PICTURES[what]))


def test_the_last_size_that_is_still_let_in_is_25_megapixels(home: Home) -> None:
    arrives(home.camera, number=7, data=drawn(frame(5000, 5000)))
    assert len(ids_of(home)) == 2


@pytest.mark.parametrize(
    "name",
    [
        "x.jpg",
        "1/x.jpg",
        "1/20260105T080000Z-earthquake-a.jpg",
        "1/20260105T080000Z-motion-a.png",
        "1/20261305T080000Z-motion-a.jpg",
        "1/2/20260105T080000Z-motion-a.jpg",
        "../20260105T080000Z-motion-a.jpg",
        "1/../../other/20260105T080000Z-motion-a.jpg",
        "./1/20260105T080000Z-motion-a.jpg",
        "1/20260105T080000Z-motion-a.jpg/x.jpg",
        "1/20260105T080000Z-motion-a b.jpg",
        "1/20260105T080000Z-motion-a+b.jpg",
        "kamera żółta/20260105T080000Z-motion-a.jpg",
        "1%2F20260105T080000Z-motion-a.jpg",
        "1/" + "a" * 900 + ".jpg",
    ],
)
def test_what_has_another_name_is_deleted_on_arrival(home: Home, name: str) -> None:
    leaves_nothing(home, lambda: post(home.camera, name))


@pytest.mark.parametrize("key", ["alarms/x.jpg", "alarms/20260105/x.jpg", "alarms/20260105/nobody/1/x.jpg", "alarms//"])
def test_what_lies_where_no_device_is_is_deleted_on_arrival(home: Home, key: str) -> None:
    leaves_nothing(home, lambda: put_object(home.world, key, jpeg()))


def test_what_arrives_for_a_dead_ownership_is_deleted_on_arrival(home: Home) -> None:
    ticket = home.camera.ask_ticket().json
    home.owner.call("DELETE", f"/devices/{home.camera.device_id}")
    home.stranger.bind(home.camera)
    home.stranger.take_pushes("platform-token-of-the-stranger")
    told = len(pushes(home.world))
    assert home.world.upload(ticket, name_of(home.world.now(), number=7), jpeg()).status == 204
    home.world.settle()
    assert objects(home.world) == [] and rows(home.world, "device/alarm") == []
    assert home.stranger.alarms(home.camera.device_id) == []
    assert len(pushes(home.world)) == told


def test_a_picture_that_is_gone_before_its_event_is_no_alarm(home: Home) -> None:
    key = f"alarms/20260105/{home.camera.device_id}/{name_of(home.world.now(), number=7)}"
    leaves_nothing(home, lambda: tell(home.world, s3_event(key, home.world.now())))


# ── Events that come twice, late, or wrong ───────────────────────────────────────────────────────────────────────────


def told_again(home: Home, name: str) -> None:
    key = f"alarms/20260105/{home.camera.device_id}/{name}"
    tell(home.world, s3_event(key, home.world.now()))
    home.world.settle()


def test_an_event_that_comes_twice_makes_one_alarm_and_one_push(home: Home) -> None:
    name = arrives(home.camera, number=7)
    sent = len(pushes(home.world))
    told_again(home, name)
    assert len(ids_of(home)) == 2
    assert len(pushes(home.world)) == sent


def test_twice_in_one_batch_too(home: Home) -> None:
    name = name_of(home.world.now(), number=7)
    post(home.camera, name)
    told_again(home, name)
    assert len(ids_of(home)) == 2
    assert len(pushes(home.world)) == 2


def test_a_picture_whose_stamp_is_not_believed_is_still_one_alarm(home: Home) -> None:
    name = arrives(home.camera, home.world.now() - timedelta(days=400), number=7)
    told_again(home, name)
    assert len(ids_of(home)) == 2


def test_duplicated_late_and_shuffled_events_come_to_the_same_alarms(home: Home) -> None:
    home.world.mischief = Mischief(duplicated=0.5, delayed=0.5, reordered=True, seed=3)
    for number in range(20):
        post(home.camera, name_of(home.world.now(), number=number + 50), jpeg(number))
    home.world.advance(600)
    assert len(ids_of(home, limit=100)) == len(objects(home.world)) == 21
    assert len({push["data"]["data"]["alarm_id"] for push in pushes(home.world)}) == 21


def test_a_push_that_failed_is_made_again_with_the_next_try(home: Home) -> None:
    from infra.local.strict import DIES_BEFORE

    post(home.camera, name_of(home.world.now(), number=7))
    home.world.faults.fail(4, DIES_BEFORE)
    home.world.settle()
    assert [fired.call.name for fired in home.world.faults.fired] == ["sns.Publish"]
    assert len(ids_of(home)) == len(pushes(home.world)) == 2


def test_a_poisoned_message_in_a_batch_fails_alone_and_is_put_aside(home: Home) -> None:
    for number in range(4):
        post(home.camera, name_of(home.world.now(), number=number + 50), jpeg(number))
        tell(home.world, ["no JSON", "[]", '{"Records": [{}]}', '{"Records": [{"s3": 7}]}'][number])
    home.world.settle()
    assert len(ids_of(home)) == 5
    aside = [name for name, messages in home.world.dump()["queues"].items() for _ in messages]
    assert len(aside) == 4 and all("DeadLetters" in name for name in aside)
    assert len(pushes(home.world)) == 5


def test_s3s_greeting_when_the_notification_is_set_up_is_no_failure(home: Home) -> None:
    tell(home.world, json.dumps({"Service": "Amazon S3", "Event": "s3:TestEvent", "Bucket": "media"}))
    home.world.settle()
    assert home.world.failures == []
    assert all(not messages for messages in home.world.dump()["queues"].values())


# ── What it costs ────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_batch_costs_one_read_and_each_alarm_one_small_write(home: Home) -> None:
    cameras: list[Camera] = [home.camera, new_camera(home.world, "SN0002", owner=home.owner)]
    for number in range(10):
        post(cameras[number % 2], name_of(home.world.now(), number=number + 50), jpeg(number))
    home.world.trace.clear()
    home.world.settle()
    names = home.world.trace.names()
    assert [name for name in names if name == "dynamodb.BatchGetItem"] == ["dynamodb.BatchGetItem"]
    puts = [call for call in home.world.trace if call.write_units]
    assert [(call.name, call.write_units) for call in puts] == [("dynamodb.PutItem", 1.0)] * 10
    # One ranged look at each picture, one push to each terminal, and nothing else.
    assert names.count("s3.GetObject") == names.count("sns.Publish") == 10
    assert len(names) == 31


def test_only_the_first_part_of_a_picture_is_read(home: Home) -> None:
    home.world.trace.clear()
    arrives(home.camera, number=7, data=drawn(frame(640, 480), size=900_000))
    (look,) = [call for call in home.world.trace if call.name == "s3.GetObject"]
    assert look.params["Range"] == f"bytes=0-{72 * 1024 - 1}"


def test_an_alarm_with_the_longest_name_still_fits_one_write_unit(home: Home) -> None:
    name = f"{'c' * 32}/{home.world.now():%Y%m%dT%H%M%SZ}-battery_low-{'r' * 64}.jpg"
    post(home.camera, name)
    home.world.trace.clear()
    home.world.settle()
    assert [call.write_units for call in home.world.trace if call.name == "dynamodb.PutItem"] == [1.0]
    (alarm,) = home.owner.alarms(home.camera.device_id, type="battery_low")
    assert home.owner.call("GET", path_of(home, alarm["alarm_id"])).status == 200


def test_a_stored_alarm_names_neither_person_nor_camera(home: Home) -> None:
    (row,) = rows(home.world, "device/alarm")
    assert "SN0001" not in str(row) and home.owner.account_id not in str(row)
    assert row["expires_at"] == row["arrived_at"] + 7 * DAY
