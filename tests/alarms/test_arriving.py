"""A snapshot arrives: it becomes an alarm and a push, or it goes at once and leaves neither."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from urllib.parse import quote_plus

import pytest
from PIL import Image

from chalicelib.alarms import rules
from chalicelib.alarms.records import Alarm
from chalicelib.aws import s3
from chalicelib.errors import NotFound
from chalicelib.store.commit import change, commit
from chalicelib.store.records import read
from infra.local.cloud import DeliveryFaults, LocalCloud
from tests.alarms.snapshots import (
    arrives,
    drawn,
    frame,
    ids_of,
    keys_now,
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
from tests.scene import Camera, Person, elsewhere, jpeg, lose_events, new_camera, rows

DAY = 86_400
ALL_TYPES = ("motion", "person", "sound", "offline", "tamper", "doorbell", "battery_low", "snapshot")


# ── An alarm and its push ────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("kind", ALL_TYPES)
def test_a_snapshot_becomes_an_alarm(home: Home, kind: str) -> None:
    home.camera.equip("1", "yard_2")
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
    second = elsewhere(home.owner)
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
    person.take_pushes("platform-token-of-ola")
    camera.see(2)
    assert len(pushes(world)) == 1


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
    [(60, True), (61, False), (2 * 3600, False), (-7 * DAY, True), (-26 * 365 * DAY, False)],
)
def test_a_stamp_a_minute_ahead_or_a_week_behind_is_believed_else_the_arrival_counts(
    home: Home, off_s: int, believed: bool
) -> None:
    home.world.advance(1)
    arrived = home.world.now()
    stamp = arrived + timedelta(seconds=off_s)
    arrives(home.camera, stamp, kind="person", number=7)
    (alarm,) = home.owner.alarms(home.camera.device_id, type="person")
    assert alarm["at"] == f"{stamp if believed else arrived:%Y-%m-%dT%H:%M:%SZ}"
    assert alarm["until"] == f"{arrived + timedelta(days=7):%Y-%m-%dT%H:%M:%SZ}"


def noted(*lengths: int) -> bytes:
    """A real picture behind segments of a camera's own notes, of these lengths."""
    return jpeg()[:2] + b"".join(segment(0xE1, bytes(length)) for length in lengths) + jpeg()[2:]


@pytest.mark.parametrize(
    ("notes", "looks"), [((60_000,), 1), ((54_000, 20_000), 2), ((65_533,) * 9, 2), ((65_533,) * 60, 3)], ids=str
)
def test_a_picture_whose_size_stands_behind_long_notes_is_shown(home: Home, notes: tuple[int, ...], looks: int) -> None:
    data = noted(*notes)
    home.world.trace.clear()
    arrives(home.camera, number=7, kind="person", data=data)
    assert home.world.trace.names().count("s3.GetObject") == looks
    (alarm_id,) = ids_of(home, type="person")
    one = home.owner.call("GET", path_of(home, alarm_id)).json
    assert one["picture"] == "shown"
    assert home.world.fetch(one["picture_url"]).body == data


def test_a_covered_lens_is_the_picture_of_tamper(home: Home) -> None:
    dark = io.BytesIO()
    Image.new("L", (640, 480)).save(dark, "JPEG", quality=20, optimize=True)
    assert len(dark.getvalue()) < 2500
    small = io.BytesIO()
    Image.new("L", (16, 16)).save(small, "JPEG", quality=20, optimize=True)
    assert len(small.getvalue()) < 461
    for number, data in enumerate((dark.getvalue(), small.getvalue())):
        arrives(home.camera, number=number, kind="tamper", data=data)
    assert len(ids_of(home, type="tamper")) == 2


def test_a_name_with_signs_that_s3_escapes_is_understood(home: Home) -> None:
    """S3 writes keys into its events as into a form."""
    post(home.camera, name_of(home.world.now(), "person", number=7))
    key = objects(home.world)[-1]
    assert "person" in key
    tell(home.world, s3_event(quote_plus(key, safe=""), home.world.now()))
    home.world.settle()
    assert len(ids_of(home, type="person")) == 1


# ── What cannot be shown ─────────────────────────────────────────────────────────────────────────────────────────────

NO_PICTURES = {
    "text": b"x" * 2048,
    "a JPEG cut in its header": jpeg()[:20].ljust(2048, b"\0"),
    "no frame at all": drawn(),
    "above 25 megapixels": drawn(frame(5000, 5001)),
    "notes that go on behind the end": drawn(b"\xff\xe1\xff\xff", size=2000),
    "fill bytes and nothing else": b"\xff\xd8".ljust(200_000, b"\xff"),
}


def refusals(home: Home) -> dict[str, int]:
    """How often what was not taken, as the owner sees it."""
    home.world.settle()
    return {one["reason"]: one["count"] for one in home.owner.device(home.camera.device_id)["refused_uploads"]}


@pytest.mark.parametrize("what", NO_PICTURES)
def test_what_cannot_be_shown_makes_an_alarm_without_a_picture(home: Home, what: str) -> None:
    before, told = objects(home.world), len(pushes(home.world))
    arrives(home.camera, number=7, kind="person", data=NO_PICTURES[what])
    (alarm_id,) = ids_of(home, type="person")
    one = home.owner.call("GET", path_of(home, alarm_id)).json
    assert (one["picture"], one["picture_url"]) == ("unreadable", None)
    assert objects(home.world) == before
    assert len(pushes(home.world)) == told + 1
    assert refusals(home) == {"picture_unreadable": 1}
    assert home.world.failures == []


def test_an_alarm_without_its_picture_is_read_and_deleted_like_any_other(home: Home) -> None:
    arrives(home.camera, number=7, kind="person", data=NO_PICTURES["text"])
    (alarm_id,) = ids_of(home, type="person")
    assert home.owner.call("POST", path_of(home, alarm_id) + "/read").json["picture"] == "unreadable"
    assert home.owner.call("DELETE", path_of(home, alarm_id)).status == 204
    home.world.settle()
    assert ids_of(home) == [home.alarm_id]
    assert len([row for row in rows(home.world, "device/alarm") if "channel" in row]) == 1


# ── What is no alarm ─────────────────────────────────────────────────────────────────────────────────────────────────


def leaves_nothing(home: Home, upload: Callable[[], object]) -> None:
    before = objects(home.world), ids_of(home), len(pushes(home.world))
    upload()
    assert (objects(home.world), ids_of(home), len(pushes(home.world))) == before
    assert home.world.failures == []
    assert all(not messages for messages in home.world.dump()["queues"].values())


def test_the_last_size_that_is_still_let_in_is_25_megapixels(home: Home) -> None:
    arrives(home.camera, number=7, data=drawn(frame(5000, 5000)))
    assert len(ids_of(home)) == 2


NAMES = [
    "x.jpg",
    "1/x.jpg",
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
    "1/" + "a" * 850 + ".jpg",
]
UNKNOWN = [
    *((name, "name_unknown") for name in NAMES),
    ("1/20260105T080000Z-earthquake-a.jpg", "type_unknown"),
    ("2/20260105T080000Z-motion-a.jpg", "channel_unknown"),
]


@pytest.mark.parametrize(("name", "reason"), UNKNOWN)
def test_what_is_not_understood_is_deleted_and_the_owner_and_the_operator_see_why(
    home: Home, name: str, reason: str
) -> None:
    leaves_nothing(home, lambda: post(home.camera, name))
    (counted,) = home.owner.device(home.camera.device_id)["refused_uploads"]
    assert counted == {"reason": reason, "count": 1, "last_at": f"{home.world.now():%Y-%m-%dT%H:%M:%SZ}"}
    (said,) = [line for line in map(json.loads, home.world.dump()["logs"]) if "refused" in line]
    assert [(one["reason"], one["device_id"]) for one in said["refused"]] == [(reason, home.camera.device_id)]
    assert said["_aws"]["CloudWatchMetrics"][0]["Metrics"] == [{"Name": "refused_uploads", "Unit": "Count"}]
    assert name not in str(said)
    (local,) = home.world.refused()
    assert (local["reason"], local["device_id"], local["key"].endswith(name)) == (reason, home.camera.device_id, True)


def test_refusals_are_counted_by_reason_for_seven_days_and_guests_do_not_see_them(home: Home) -> None:
    assert home.owner.device(home.camera.device_id)["refused_uploads"] == []
    for name in ("x.jpg", "y.jpg", "2/20260105T080000Z-motion-a.jpg"):
        post(home.camera, name)
    assert refusals(home) == {"name_unknown": 2, "channel_unknown": 1}
    (listed,) = home.owner.call("GET", "/devices").json["items"]
    assert listed["refused_uploads"] is None  # they are asked for one device
    share_id = home.owner.share(home.camera.device_id, email=home.stranger.email).json["share_id"]
    home.stranger.call("POST", f"/shares/{share_id}/accept")
    assert home.stranger.device(home.camera.device_id)["refused_uploads"] is None
    home.world.clock.move_to(home.world.now().timestamp() + 7 * DAY)
    home.owner.refresh()
    assert refusals(home) == {}


def test_a_camera_that_never_said_which_channels_it_has_may_use_any(home: Home) -> None:
    from chalicelib.access.records import Device
    from chalicelib.store.commit import change, commit
    from chalicelib.store.records import read

    (device,) = read(Device.key(home.camera.device_id))
    commit(change(device, channel_ids=None))
    arrives(home.camera, number=7, kind="person", channel="9")
    assert len(ids_of(home, type="person")) == 1


def test_what_s3_refused_itself_is_seen_locally_too(home: Home) -> None:
    post(home.camera, "1/ś\u0007.jpg", b"x" * 99)
    (local,) = home.world.refused()
    assert (local["reason"], local["key"].endswith("1/ś\u0007.jpg")) == ("EntityTooSmall", True)


@pytest.mark.parametrize("key", ["alarms/x.jpg", "alarms/20260105/x.jpg", "alarms/20260105/nobody/1/x.jpg", "alarms//"])
def test_what_lies_where_no_device_is_is_deleted_on_arrival(home: Home, key: str) -> None:
    leaves_nothing(home, lambda: put_object(home.world, key, jpeg()))


def test_what_arrives_for_a_dead_ownership_is_deleted_on_arrival(home: Home) -> None:
    ticket = home.camera.ask_ticket().json
    assert len(home.owner.alarms(home.camera.device_id)) == 1
    home.owner.call("DELETE", f"/devices/{home.camera.device_id}")
    home.stranger.bind(home.camera)
    home.stranger.take_pushes("platform-token-of-the-stranger")
    told = len(pushes(home.world))
    assert home.world.upload(ticket, name_of(home.world.now(), number=7), jpeg()).status == 204
    home.world.settle()
    assert objects(home.world) == [] and rows(home.world, "device/alarm") == []
    assert home.stranger.alarms(home.camera.device_id) == []
    assert len(pushes(home.world)) == told
    assert [one["reason"] for one in home.world.refused()] == ["nobody_owns"]
    assert "refused_uploads" not in str(home.world.dump()["logs"])  # it is no fault of anybody's


def test_a_picture_that_is_gone_before_its_event_is_no_alarm(home: Home) -> None:
    key = f"alarms/2026010508/{home.camera.device_id}/{name_of(home.world.now(), number=7)}"
    leaves_nothing(home, lambda: tell(home.world, s3_event(key, home.world.now())))


# ── Events that come twice, late, or wrong ───────────────────────────────────────────────────────────────────────────


def delivered_again(home: Home, name: str) -> None:
    (key,) = [key for key in keys_now(home.world) if key.endswith(name)]
    tell(home.world, s3_event(key, home.world.now()))
    home.world.settle()


def test_an_event_that_comes_twice_makes_one_alarm_of_which_the_same_push_is_sent_again(home: Home) -> None:
    name = arrives(home.camera, number=7)
    first = pushes(home.world)[0]["data"]
    delivered_again(home, name)
    assert len(ids_of(home)) == 2
    assert [push["data"] == first for push in pushes(home.world)] == [True, True, False]


def test_twice_at_once_too(home: Home) -> None:
    name = name_of(home.world.now(), number=7)
    post(home.camera, name)
    delivered_again(home, name)
    assert len(ids_of(home)) == 2
    assert len({str(push["data"]) for push in pushes(home.world)}) == 2


def test_a_picture_whose_stamp_is_not_believed_is_still_one_alarm(home: Home) -> None:
    name = arrives(home.camera, home.world.now() - timedelta(days=400), number=7)
    delivered_again(home, name)
    assert len(ids_of(home)) == 2


def test_duplicated_late_and_shuffled_events_come_to_the_same_alarms(home: Home) -> None:
    home.world.delivery_faults = DeliveryFaults(duplicated=0.5, delayed=0.5, reordered=True, seed=3)
    for number in range(20):
        post(home.camera, name_of(home.world.now(), number=number + 50), jpeg(number))
    home.world.advance(600)
    assert len(ids_of(home, limit=100)) == len(objects(home.world)) == 21
    assert len({push["data"]["data"]["alarm_id"] for push in pushes(home.world)}) == 21


def test_news_that_come_again_when_its_channel_is_gone_leave_a_shown_picture_as_it_is(home: Home) -> None:
    home.camera.equip("1", "2")
    name = arrives(home.camera, number=7, channel="2")
    home.camera.equip("1")
    before = objects(home.world), len(pushes(home.world)), refusals(home)
    delivered_again(home, name)
    assert (objects(home.world), len(pushes(home.world)), refusals(home)) == before
    # But nothing new comes of a channel that is gone.
    ticket = home.camera.ask_ticket().json
    assert home.world.upload(ticket, name_of(home.world.now(), number=8, channel="2"), jpeg()).status == 204
    assert refusals(home) == {"channel_unknown": 1}
    assert objects(home.world) == before[0]


def test_a_push_that_failed_is_made_again_with_the_next_try(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    from infra.strict_moto import DIES_BEFORE

    monkeypatch.setattr("chalicelib.alarms.rules.COUNTED_ONE_IN", 2**33)  # or one in eight is one write more
    post(home.camera, name_of(home.world.now(), number=7))
    home.world.faults.fail(4, DIES_BEFORE)
    home.world.advance(61)
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


# ── The same name again ──────────────────────────────────────────────────────────────────────────────────────────────


def shown(home: Home, alarm_id: str) -> tuple[str, bytes | None]:
    one = home.owner.call("GET", path_of(home, alarm_id)).json
    assert (one["picture"] == "shown") == (one["picture_url"] is not None)
    return one["picture"], None if one["picture_url"] is None else home.world.fetch(one["picture_url"]).body


@pytest.mark.parametrize("clock", ["2026-01-05T07:59:30", "2000-01-01T00:00:05"])
def test_a_camera_that_boots_anew_does_not_meet_its_earlier_names(home: Home, clock: str) -> None:
    """Its clock, if it has none, and its counter begin where they began, so the names are the same."""
    name = name_of(datetime.fromisoformat(clock).replace(tzinfo=UTC), "person", number=1)
    for number in (20, 21):
        assert post(home.camera, name, jpeg(number)).status == 204
        home.world.settle()
    told = pushes(home.world)
    assert len(told) == 3
    first, second = ids_of(home, type="person")
    assert {shown(home, one) for one in (first, second)} == {("shown", jpeg(20)), ("shown", jpeg(21))}
    kept = shown(home, second)
    assert home.owner.call("DELETE", path_of(home, first)).status == 204
    home.world.settle()
    assert shown(home, second) == kept


@pytest.mark.parametrize("off_s", [0, 3600, -400 * DAY])
def test_a_picture_that_is_sent_again_on_its_ticket_is_the_same_event(home: Home, off_s: int) -> None:
    """The answer was lost on its way; that the camera's clock is wrong makes no difference."""
    ticket, name = home.camera.ask_ticket().json, name_of(home.world.now() + timedelta(seconds=off_s), "person")
    for _ in range(3):
        assert home.world.upload(ticket, name, jpeg(20)).status == 204
        home.world.advance(40)
    (alarm_id,) = ids_of(home, type="person")
    assert shown(home, alarm_id) == ("shown", jpeg(20))
    assert len(pushes(home.world)) == 2
    assert refusals(home) == {}


def test_a_name_that_comes_again_is_the_same_event_though_its_stamp_is_believed_only_the_second_time(
    home: Home,
) -> None:
    """Of a clock that is a little more ahead than is believed."""
    ticket, name = home.camera.ask_ticket().json, name_of(home.world.now() + timedelta(seconds=75), "person")
    home.world.upload(ticket, name, jpeg(20))
    home.world.advance(20)
    home.world.upload(ticket, name, jpeg(20))
    home.world.settle()
    (alarm_id,) = ids_of(home, type="person")
    assert shown(home, alarm_id) == ("shown", jpeg(20))


OTHERS = {"another picture": jpeg(21), "no picture": b"x" * 2048}


@pytest.mark.parametrize(("others", "off_s"), [("another picture", 0), ("no picture", -400 * DAY)])
def test_an_alarms_picture_never_changes_under_it(home: Home, others: str, off_s: int) -> None:
    ticket, name = home.camera.ask_ticket().json, name_of(home.world.now() + timedelta(seconds=off_s), "person")
    home.world.upload(ticket, name, jpeg(20))
    home.world.settle()
    (alarm_id,) = ids_of(home, type="person")
    assert shown(home, alarm_id) == ("shown", jpeg(20))
    home.world.upload(ticket, name, OTHERS[others])
    # Before the news of it has come, and after.
    assert shown(home, alarm_id) == ("unreadable", None)
    home.world.settle()
    assert shown(home, alarm_id) == ("unreadable", None)
    assert len(objects(home.world)) == 1
    assert len(pushes(home.world)) == 2
    assert refusals(home) == {"picture_replaced": 1}
    # What it was at first does not come back under it.
    home.world.upload(ticket, name, jpeg(20))
    home.world.settle()
    assert shown(home, alarm_id) == ("unreadable", None)
    assert len(objects(home.world)) == 1 and ids_of(home, type="person") == [alarm_id]


@pytest.mark.parametrize("is_noted", [True, False])
def test_a_picture_of_before_is_known_by_the_etag_that_was_noted_or_by_none(home: Home, *, is_noted: bool) -> None:
    ticket, name = home.camera.ask_ticket().json, name_of(home.world.now(), "person")
    home.world.upload(ticket, name, jpeg(20))
    home.world.settle()
    (alarm_id,) = ids_of(home, type="person")
    (alarm,) = read(Alarm.key(home.camera.device_id, alarm_id))
    assert alarm is not None and alarm.etag is not None and alarm.picture_etag is None
    before = s3.etag(alarm.picture) if is_noted else None
    commit(change(alarm, etag=None, picture_etag=before, otherwise=NotFound))
    assert shown(home, alarm_id) == ("shown", jpeg(20))
    home.world.upload(ticket, name, jpeg(21))
    assert shown(home, alarm_id) == (("unreadable", None) if is_noted else ("shown", jpeg(21)))
    home.world.settle()
    assert refusals(home) == ({"picture_replaced": 1} if is_noted else {})


@pytest.mark.parametrize("bodies", [(jpeg(20), jpeg(21)), (jpeg(20), b"x" * 2048), (b"x" * 2048, jpeg(20))])
def test_two_uploads_of_a_name_are_one_alarm_in_whatever_order_they_are_told_of(
    home: Home, bodies: tuple[bytes, bytes]
) -> None:
    home.world.delivery_faults = DeliveryFaults(duplicated=0.7, delayed=0.5, reordered=True, seed=2)
    ticket, name = home.camera.ask_ticket().json, name_of(home.world.now(), "person")
    for body in bodies:
        home.world.upload(ticket, name, body)
    home.world.advance(600)
    (alarm_id,) = ids_of(home, type="person")
    state, data = shown(home, alarm_id)
    # The later one may have come before anybody looked; then it is the picture.
    assert (state, data) in {("unreadable", None), *(("shown", body) for body in bodies)}
    assert data != b"x" * 2048
    assert len(objects(home.world)) == 1 + (data is not None)


def test_a_picture_that_is_gone_leaves_no_dead_link(home: Home) -> None:
    from chalicelib.aws import s3

    with home.world.aws.outside():
        s3.delete(keys_now(home.world))
    assert shown(home, home.alarm_id) == ("unreadable", None)


@pytest.mark.parametrize("ids", ["one", "all"])
def test_what_was_deleted_does_not_come_back_when_its_name_is_uploaded_again(home: Home, ids: str) -> None:
    """The answer to the first upload was lost, so the camera sends the picture again, after its alarm was deleted."""
    ticket, name = home.camera.ask_ticket().json, name_of(home.world.now(), "person")
    home.world.upload(ticket, name, jpeg(20))
    home.world.settle()
    (alarm_id,) = ids_of(home, type="person")
    alarms = f"/devices/{home.camera.device_id}/alarms"
    assert home.owner.call("DELETE", f"{alarms}/{alarm_id}" if ids == "one" else alarms).status == 204
    for seconds in (0, 120, 3000):
        home.world.advance(seconds)
        pushed = len(pushes(home.world))
        home.world.upload(ticket, name, jpeg(20))
        home.world.settle()
        home.owner.refresh()
        assert ids_of(home, type="person") == []
        assert len(pushes(home.world)) == pushed
        assert [one for one in objects(home.world) if name in str(one)] == []
    home.world.advance(2 * 3600)
    assert "person" not in str(rows(home.world, "device/alarm"))


def test_what_was_deleted_does_not_come_back_while_its_row_is_there(home: Home) -> None:
    ticket, name = home.camera.ask_ticket().json, name_of(home.world.now(), "person")
    home.world.upload(ticket, name, jpeg(20))
    home.world.settle()
    (alarm_id,) = ids_of(home, type="person")
    assert home.owner.call("DELETE", path_of(home, alarm_id)).status == 204
    home.world.upload(ticket, name, jpeg(20))
    home.world.advance(120)
    assert len(objects(home.world)) == 1
    assert len(pushes(home.world)) == 2


# ── Late ─────────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("told_after_s", [0, 90])
def test_a_backlog_keeps_its_times_and_is_one_push_that_says_it_is_late(home: Home, told_after_s: int) -> None:
    home.world.delivery_faults = DeliveryFaults(delayed=float(told_after_s > 0), delay_seconds=told_after_s)
    friday = home.world.now() - timedelta(days=2)
    for number in range(12):
        post(home.camera, name_of(friday + timedelta(hours=number), "person", number=number), jpeg(number))
    home.world.advance(told_after_s + 1)
    times = [alarm["at"] for alarm in home.owner.alarms(home.camera.device_id, type="person")]
    assert times == [f"{friday + timedelta(hours=number):%Y-%m-%dT%H:%M:%SZ}" for number in reversed(range(12))]
    late, new = pushes(home.world)
    assert (late["data"]["data"]["late"], "late" in new["data"]["data"]) == ("true", False)
    assert late["data"]["data"]["alarm_id"] in ids_of(home, type="person")


def test_late_alarms_are_told_of_again_after_a_while_and_new_ones_always(home: Home) -> None:
    hour = timedelta(hours=1)
    for pause_s, told in ((0, 1), (599, 1), (1, 2)):
        home.world.advance(pause_s)
        arrives(home.camera, home.world.now() - hour, number=pause_s)
        assert sum("late" in push["data"]["data"] for push in pushes(home.world)) == told
    arrives(home.camera, number=9)
    assert "late" not in pushes(home.world)[0]["data"]["data"]


# ── What it costs ────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_batch_costs_one_read_and_each_alarm_one_small_write(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    # But for one in eight, which is counted: see test_too_many_uploads.py.
    monkeypatch.setattr(rules, "COUNTED_ONE_IN", 2**33)
    cameras: list[Camera] = [home.camera, new_camera(home.world, "SN0002", owner=home.owner)]
    for number in range(10):
        name = name_of(home.world.now(), number=number + 50)
        post(cameras[number % 2], name, jpeg(number))
        (key,) = [key for key in keys_now(home.world) if key.endswith(name)]
        tell(home.world, s3_event(key, home.world.now()))
    lose_events(home.world, "on_picture_uploaded")
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
    home.camera.equip("c" * 32)
    name = f"{'c' * 32}/{home.world.now():%Y%m%dT%H%M%SZ}-battery_low-{'r' * 64}.jpg"
    post(home.camera, name)
    home.world.trace.clear()
    home.world.settle()
    assert [call.write_units for call in home.world.trace if call.name == "dynamodb.PutItem"] == [1.0]
    (alarm,) = home.owner.alarms(home.camera.device_id, type="battery_low")
    assert home.owner.call("GET", path_of(home, alarm["alarm_id"])).status == 200


def test_a_stored_alarm_says_nothing_personal_and_no_serial_number(home: Home) -> None:
    """The owner's random id is part of the device's own, and is no more personal than that."""
    (row,) = rows(home.world, "device/alarm")
    assert not [told for told in ("SN0001", home.owner.email, home.owner.nickname) if told in str(row)]
    assert row["expires_at"] == row["arrived_at"] + 7 * DAY
