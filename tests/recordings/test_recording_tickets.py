"""A camera asks to record."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from tests.conftest import Home
from tests.recordings.plans import CONTINUOUS, EVENT, LONG, subscribe
from tests.recordings.recorded import ask, objects, refused
from tests.scene import filmed


def test_without_a_plan_nothing_is_recorded(home: Home) -> None:
    answer = ask(home)
    assert (answer.status, answer.json["code"]) == (409, "NoPlan")


def test_with_one_each_channel_gets_a_ticket_of_its_own(home: Home) -> None:
    subscribe(home)
    home.camera.equip("1", "door-2")
    answer = ask(home)
    assert answer.status == 200
    assert answer.json["plan"] == {"kind": "continuous", "keep_days": 7}
    assert [one["channel"] for one in answer.json["tickets"]] == ["1", "door-2"]
    now = datetime.fromisoformat(answer.json["now"])
    for one in answer.json["tickets"]:
        folder = f"{one['channel']}-{now:%H%M}"
        assert one["key_prefix"].startswith(f"recordings/7/{now:%Y%m%d}/{home.camera.device_id}/{folder}")
        assert (one["least_bytes"], one["most_bytes"], one["longest_ms"]) == (100, 64 * 1024 * 1024, 60_000)
        assert datetime.fromisoformat(one["until"]) - now == timedelta(hours=1)
    assert answer.json["channels_left"] == answer.json["channels_spent"] == []
    prefixes = {one["key_prefix"] for _ in range(3) for one in ask(home).json["tickets"]}
    assert len(prefixes) == 6


def test_the_named_channels_alone_and_none_that_the_camera_has_not(home: Home) -> None:
    subscribe(home)
    home.camera.equip("1", "2", "3")
    assert [one["channel"] for one in ask(home, channels=["3", "2", "3"]).json["tickets"]] == ["3", "2"]
    answer = ask(home, channels=["1", "9"])
    assert answer.status == 422 and "channels" in answer.json["fields"]
    assert ask(home, channels=[]).status == 422


def test_sixteen_at_a_time_and_the_answer_names_those_left(home: Home) -> None:
    subscribe(home)
    home.camera.equip(*(str(number) for number in range(20)))
    answer = ask(home).json
    assert len(answer["tickets"]) == 16 and answer["channels_left"] == ["16", "17", "18", "19"]
    rest = ask(home, channels=answer["channels_left"]).json["tickets"]
    assert [one["channel"] for one in rest] == answer["channels_left"]


def test_privacy_mode_and_nobodys_camera_get_none(home: Home) -> None:
    subscribe(home)
    home.owner.set_privacy(home.camera.device_id, on=True)
    assert ask(home).json["code"] == "PrivacyModeOn"
    home.owner.set_privacy(home.camera.device_id, on=False)
    assert ask(home).status == 200
    home.owner.call("DELETE", f"/devices/{home.camera.device_id}")
    assert ask(home).json["code"] == "NobodyOwns"


def test_a_ticket_ends_with_the_plan(home: Home) -> None:
    subscribe(home)
    home.world.clock.move_to(home.world.now().timestamp() + 30 * 86_400 - 600)
    ticket = home.camera.recording_ticket()
    assert datetime.fromisoformat(ticket["until"]) - home.world.now() <= timedelta(seconds=600)
    home.world.clock.move_to(home.world.now().timestamp() + 600)
    assert ask(home).json["code"] == "NoPlan"


@pytest.mark.parametrize(
    ("name", "data", "content_type", "status"),
    [
        ("1/20260105T080000.000Z-60000.m4s", filmed("m4s"), "video/mp4", 204),
        ("1/20260105T080000.000Z-60000.ts", filmed("ts"), "video/mp2t", 204),
        ("1/20260105T080000.000Z-60000.m4s", filmed("m4s"), "image/jpeg", 403),
        ("2/20260105T080000.000Z-60000.m4s", filmed("m4s"), "video/mp4", 403),
        ("20260105T080000.000Z-60000.m4s", filmed("m4s"), "video/mp4", 403),
        ("1/20260105T080000.000Z-60000.m4s", b"x" * 99, "video/mp4", 400),
    ],
)
def test_the_form_takes_video_of_its_channel_alone(
    home: Home, name: str, data: bytes, content_type: str, status: int
) -> None:
    subscribe(home)
    ticket = home.camera.recording_ticket()
    assert home.world.upload(ticket, name, data, **{"Content-Type": content_type}).status == status


def test_an_event_plan_says_how_much_is_left(home: Home) -> None:
    subscribe(home, EVENT)
    assert ask(home).json["plan"] == {"kind": "event", "keep_days": 7, "event_ms_left": 7_200_000}
    home.camera.record(20_000)
    home.world.settle()
    said = ask(home).json
    assert said["plan"]["event_ms_left"] == said["tickets"][0]["event_ms_left"] == 7_180_000


def test_what_an_event_plan_has_no_room_for_is_deleted_and_said(home: Home) -> None:
    subscribe(home, EVENT)
    now = home.world.now()
    for minute in range(121):
        home.camera.record(60_000, at=now - timedelta(minutes=minute))
    home.world.settle()
    assert len(objects(home.world)) == 120
    assert refused(home) == {"event_quota_spent": 1}
    answer = ask(home)
    assert (answer.status, answer.json["code"]) == (429, "EventQuotaSpent")
    # The scene's day in Warsaw: it is nine in the morning.
    waits = int(answer.headers["Retry-After"])
    assert 14 * 3600 < waits <= 15 * 3600 + 1
    home.world.clock.move_to(home.world.now().timestamp() + waits)
    assert ask(home).status == 200


@pytest.mark.parametrize(("zone", "reads"), [("America/New_York", 1), ("Europe/Warsaw", 2)])
def test_an_event_is_counted_by_no_row_of_a_day_that_has_not_begun(home: Home, zone: str, reads: int) -> None:
    """By UTC; there the device's day has begun three hours ago, here nine, of which one was yesterday's."""
    subscribe(home, EVENT)
    path = f"/devices/{home.camera.device_id}"
    assert home.owner.call("PATCH", path, {"time_zone": zone}).status == 200
    home.camera.record(20_000)
    home.world.settle()
    home.camera.record(20_000, at=home.world.now() - timedelta(minutes=5))
    home.world.trace.clear()
    home.world.settle()
    assert sum(call.operation in ("GetItem", "BatchGetItem") for call in home.world.trace) == reads
    assert ask(home).json["plan"]["event_ms_left"] == 7_160_000


def test_of_two_channels_one_may_be_spent(home: Home) -> None:
    subscribe(home, EVENT)
    home.camera.equip("1", "2")
    now = home.world.now()
    for minute in range(120):
        home.camera.record(60_000, at=now - timedelta(minutes=minute), channel="2")
    home.world.settle()
    said = ask(home).json
    assert [one["channel"] for one in said["tickets"]] == ["1"] and said["channels_spent"] == ["2"]
    assert ask(home, channels=["2"]).json["code"] == "EventQuotaSpent"


def test_channels_that_are_spent_take_no_place_from_others_and_all_are_read_at_once(home: Home) -> None:
    subscribe(home, EVENT)
    home.camera.equip(*(str(number) for number in range(20)))
    now = home.world.now()
    for minute in range(120):
        home.camera.record(60_000, at=now - timedelta(minutes=minute), channel="2")
    home.world.settle()
    home.world.trace.clear()
    said = ask(home).json
    reads = [call for call in home.world.trace.calls if call.operation in ("BatchGetItem", "GetItem", "Query")]
    assert said["channels_spent"] == ["2"] and said["channels_left"] == ["17", "18", "19"]
    assert len(said["tickets"]) == 16 and len(reads) <= 4


def test_a_change_of_plan_ends_no_ticket(home: Home) -> None:
    subscribe(home, LONG)
    subscribe(home, CONTINUOUS)  # waits behind
    change = home.world.now().timestamp() + 30 * 86_400
    home.world.clock.move_to(change - 600)
    before = home.camera.recording_ticket()
    home.world.clock.move_to(change + 60)
    assert ask(home).json["plan"]["kind"] == "continuous"
    home.camera.record(ticket=before)
    home.world.settle()
    home.owner.refresh()
    assert refused(home) == {} and ["/30/" in one for one in objects(home.world)] == [True]
    home.camera.see(data=b"no picture".ljust(2000))
    assert refused(home) != {}


def test_what_was_taken_long_ago_and_is_told_again_stays_when_the_quota_is_spent(home: Home) -> None:
    subscribe(home, EVENT)
    now = home.world.now()
    for minute in range(120):
        home.camera.record(60_000, at=now - timedelta(minutes=minute))
    home.world.settle()
    assert len(objects(home.world)) == 120
    home.camera.record(60_000, at=now)
    home.world.settle()
    assert len(objects(home.world)) == 120 and refused(home) == {}
    home.camera.record(60_000, at=now - timedelta(minutes=120))
    home.world.settle()
    assert len(objects(home.world)) == 120 and refused(home) == {"event_quota_spent": 1}
