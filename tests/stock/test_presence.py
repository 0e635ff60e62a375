"""Who has a camera is told once that it has gone away, and once that it is back; and when it was seen last."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chalicelib.access import actions as access
from chalicelib.alarms.actions.arrivals import Arrival
from chalicelib.stock import rules as stock_rules
from chalicelib.stock.actions import uploads
from chalicelib.stock.rules import BACK, OFFLINE, Presence, next_of
from infra.local.cloud import LocalCloud
from tests.conftest import Home
from tests.events import event
from tests.scene import new_camera, rows
from tests.worlds.scenarios import sharing

MINUTE, HOUR = 60, 3600


def pushes(home: Home, to: str = "platform-token-of-the-owner") -> list[Any]:
    """Of what is no picture, oldest first."""
    sent = [one["data"]["data"] for one in reversed(home.world.outbox(to)) if one["kind"] == "push"]
    return [data for data in sent if data.get("alarm_id") != home.alarm_id]


def offline_alarms(home: Home, **query: Any) -> list[Any]:
    home.owner.refresh()  # time has passed
    return home.owner.alarms(home.camera.device_id, type="offline", **query)


def wait(world: LocalCloud, minutes: float) -> None:
    """With the schedule, which the world's clock lets fire once an hour at most, and at the end."""
    world.advance(minutes * MINUTE)
    world.run_schedule("check_connections")
    world.settle()


# Told


def test_a_camera_that_goes_away_makes_one_alarm_without_a_picture_and_one_push(home: Home) -> None:
    channel = home.camera.connect()
    wait(home.world, 5)
    channel.close()
    left = f"{home.world.now():%Y-%m-%dT%H:%M:%SZ}"
    wait(home.world, 19)
    assert (offline_alarms(home), pushes(home)) == ([], [])
    wait(home.world, 1)
    (alarm,) = offline_alarms(home)
    assert (alarm["channel"], alarm["at"]) == (None, f"{home.world.now():%Y-%m-%dT%H:%M:%SZ}")
    # That it is no alarm like any other, phones are told in a word.
    told = {"device_id": home.camera.device_id, "alarm_id": alarm["alarm_id"], "type": "offline"}
    assert pushes(home) == [told]
    shown = home.owner.call("GET", f"/devices/{home.camera.device_id}/alarms/{alarm['alarm_id']}").json
    assert (shown["type"], shown["picture_url"]) == ("offline", None)
    assert home.owner.device(home.camera.device_id)["last_seen"] == left
    wait(home.world, 24 * 60)
    assert (len(offline_alarms(home)), len(pushes(home))) == (1, 1)
    assert rows(home.world, "device/presence-change") == []


def test_an_offline_alarm_stands_in_the_list_of_its_day_and_of_each_channel(home: Home) -> None:
    home.camera.connect().close()
    wait(home.world, 20)
    assert len(offline_alarms(home, day="2026-01-05", channel="1")) == 1
    assert offline_alarms(home, day="2026-01-06") == []


def test_a_camera_that_comes_back_is_told_of_once_it_has_stayed(home: Home) -> None:
    home.camera.connect().close()
    wait(home.world, 20)
    (alarm,) = offline_alarms(home)
    home.camera.connect()
    wait(home.world, 1)
    assert len(pushes(home)) == 1
    wait(home.world, 1)
    assert pushes(home)[1:] == [{"device_id": home.camera.device_id, "ended_alarm_id": alarm["alarm_id"]}]
    wait(home.world, 5)
    assert (len(offline_alarms(home)), len(pushes(home))) == (1, 2)


def test_a_connection_that_ends_after_two_hours_and_begins_anew_in_time_is_nothing_to_tell(home: Home) -> None:
    for _ in range(3):
        home.camera.connect()
        for _ in range(14):
            home.world.advance(9 * MINUTE)
            home.world.channel.all_ping()
        wait(home.world, stock_rules.COME_BACK_WITHIN.total_seconds() / MINUTE - 6)
    assert (offline_alarms(home), pushes(home)) == ([], [])
    wait(home.world, 60)
    assert len(pushes(home)) == len(offline_alarms(home)) == 1


def test_a_camera_whose_power_was_cut_is_missed_when_api_gateway_finds_it_silent(home: Home) -> None:
    home.camera.connect()
    wait(home.world, 10)
    wait(home.world, 19)
    assert pushes(home) == []
    wait(home.world, 1)
    assert len(pushes(home)) == 1


def test_a_camera_is_missed_though_the_end_of_its_connection_was_never_told(home: Home) -> None:
    channel = home.camera.connect()
    wait(home.world, 1)  # it came about
    home.world.channel.connections.pop(channel.id)
    wait(home.world, 2 * 60 + 18)
    assert pushes(home) == []
    wait(home.world, 1)
    assert len(pushes(home)) == 1


def test_who_comes_and_goes_is_told_of_once_an_hour(home: Home) -> None:
    for _ in range(4):
        channel = home.camera.connect()
        wait(home.world, 5)
        channel.close()
        wait(home.world, 25)
    told = ["offline" if "alarm_id" in one else "back" for one in pushes(home)]
    assert told == ["offline", "back", "offline", "back"]  # in two hours


def test_a_camera_that_sleeps_is_not_missed(home: Home) -> None:
    home.camera.activate(sleeps=True)
    home.camera.connect().close()
    wait(home.world, 3 * 60)
    assert pushes(home) == []
    home.camera.report(sleeps=False)
    home.camera.connect().close()
    wait(home.world, 20)
    assert len(pushes(home)) == 1


def test_a_camera_that_never_had_a_channel_is_not_offline(home: Home) -> None:
    home.camera.see(2)
    before = len(pushes(home))
    assert len(home.owner.alarms(home.camera.device_id)) == 2
    wait(home.world, 24 * 60)
    assert (offline_alarms(home), len(pushes(home))) == ([], before)


def test_privacy_hides_pictures_and_not_that_the_camera_is_away(home: Home) -> None:
    home.owner.set_privacy(home.camera.device_id, on=True)
    home.camera.connect().close()
    wait(home.world, 20)
    assert len(pushes(home)) == 1


def test_an_activation_that_ends_a_connection_and_opens_none_is_missed(home: Home) -> None:
    home.camera.connect()
    home.camera.activate()
    wait(home.world, 20)
    assert len(pushes(home)) == 1


def test_the_next_owner_hears_nothing_of_before(home: Home) -> None:
    home.stranger.take_pushes("platform-token-of-the-stranger")
    home.camera.connect().close()
    assert home.owner.call("DELETE", f"/devices/{home.camera.device_id}").status == 202
    assert home.stranger.bind(home.camera).status == 201
    wait(home.world, 3 * 60)
    assert (pushes(home), pushes(home, "platform-token-of-the-stranger")) == ([], [])
    home.camera.connect().close()
    wait(home.world, 20)
    assert (len(pushes(home)), len(pushes(home, "platform-token-of-the-stranger"))) == (0, 1)


def test_guests_are_told_who_may_see_alarms(home: Home) -> None:
    home.stranger.take_pushes("platform-token-of-the-stranger")
    share_id = sharing.accepted(home)
    path = f"/devices/{home.camera.device_id}/shares/{share_id}"
    assert home.owner.call("PATCH", path, {"rights": ["alarms"], "channels": ["1"]}).status == 200
    home.world.settle()
    home.camera.connect().close()
    wait(home.world, 20)
    home.stranger.refresh()
    ((of_guest,), (of_owner,)) = pushes(home, "platform-token-of-the-stranger")[-1:], pushes(home)
    assert of_guest == of_owner
    assert len(home.stranger.alarms(home.camera.device_id, type="offline")) == 1


def test_news_that_come_twice_are_told_once(home: Home) -> None:
    channel = home.camera.connect()
    home.world.settle()
    channel.close()
    for _ in range(2):
        home.world.functions.call_by_name(*_disconnected(home, channel.id))
    for _ in range(3):
        wait(home.world, 20)
    assert (len(offline_alarms(home)), len(pushes(home))) == (1, 1)


def _disconnected(home: Home, connection_id: str) -> Any:
    handler = home.world.channel.app.websocket_handlers["$disconnect"]
    said = event("ws_disconnect")
    said["requestContext"]["connectionId"] = connection_id
    return handler.name, handler.handler_string, said


def test_looking_at_many_cameras_is_one_read_a_hundred_and_begins_where_it_stopped(home: Home) -> None:
    home.world.run_schedule("check_connections")
    for number in range(30):
        new_camera(home.world, f"SN1{number:03}").connect().close()
    home.camera.connect().close()
    home.world.clock.move_to(home.world.now().timestamp() + 20 * MINUTE)
    home.world.trace.clear()
    assert home.world.run_schedule("check_connections") == {"checked": 1, "told": 1, "missing": 0}
    calls = home.world.trace.names()
    assert len([name for name in calls if not name.startswith("apigateway")]) <= 6 + 4
    assert len(calls) <= 6 + 4 + 31
    home.world.trace.clear()
    assert home.world.run_schedule("check_connections") == {"checked": 0, "told": 0, "missing": 0}
    assert home.world.trace.names() == 2 * ["dynamodb.GetItem", "dynamodb.Query"]  # of cameras, and of connections


# Seen


def test_tickets_and_uploads_of_a_camera_without_a_channel_say_when_it_was_there(home: Home) -> None:
    def last_seen() -> tuple[Any, str]:
        home.owner.refresh()
        return home.owner.device(home.camera.device_id)["last_seen"], f"{home.world.now():%Y-%m-%dT%H:%M:%SZ}"

    home.world.advance(HOUR)
    ticket = home.camera.ask_ticket().json
    seen, now = last_seen()
    assert seen == now
    home.world.advance(30 * MINUTE)
    name = f"1/{home.world.now():%Y%m%dT%H%M%SZ}-motion-000009.jpg"
    assert home.world.upload(ticket, name, b"no picture" * 200).status == 204
    home.world.settle()
    seen, now = last_seen()
    assert seen == now
    home.owner.set_privacy(home.camera.device_id, on=True)
    home.world.advance(HOUR)
    assert home.camera.ask_ticket().status == 409
    seen, now = last_seen()
    assert seen == now


def test_when_it_was_there_last_does_not_go_back(home: Home) -> None:
    """News of an upload come late, with a device that was read before the camera was heard of again."""
    device_id = home.camera.device_id
    read_before, arrived = access.existing([device_id])[device_id], home.world.now()
    home.world.advance(HOUR)
    assert home.camera.ask_ticket().status == 200
    home.owner.refresh()
    seen = home.owner.device(device_id)["last_seen"]
    assert seen == f"{home.world.now():%Y-%m-%dT%H:%M:%SZ}"
    read_before.last_seen = None
    uploads.note_upload(read_before, arrived)
    assert home.owner.device(device_id)["last_seen"] == seen


def test_of_a_camera_with_a_channel_no_ticket_and_no_upload_is_noted(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Arrival, "is_counted", False)  # one upload in eight is
    home.camera.connect()
    assert home.camera.ask_ticket().status == 200
    home.world.settle()
    for number in range(2):
        home.world.clock.move_to(home.world.now().timestamp() + 5 * MINUTE)
        home.world.channel.all_ping()
        home.world.trace.clear()
        home.camera.see(number)
        names = home.world.trace.names()
        assert names.count("dynamodb.UpdateItem") == 1  # that there was a ticket in this hour
        assert names.count("dynamodb.PutItem") == 1  # the alarm


# Rules, and a plain model of them

STEP = 5 * MINUTE


@pytest.mark.parametrize(
    ("seen", "expected"),
    [
        (Presence(None, None, None, None, False), (None, None)),
        (Presence(None, 0, None, None, False), (OFFLINE, None)),
        (Presence(None, 1, None, None, False), (None, 1201)),
        (Presence(None, 0, None, None, True), (None, None)),
        (Presence(None, 0, 0, None, False), (None, None)),
        (Presence(None, 0, 60, 120, False), (None, 3660)),
        (Presence(1100, None, 60, None, False), (None, 1220)),
        (Presence(1080, None, 60, None, False), (BACK, None)),
        (Presence(1080, None, 60, 70, False), (None, None)),
        (Presence(1200 - 7200, None, None, None, False), (None, 2400)),
        (Presence(-7200, None, None, None, False), (OFFLINE, None)),
    ],
)
def test_what_is_told_at_twenty_minutes_past(seen: Presence, expected: tuple[str | None, int | None]) -> None:
    assert next_of(seen, 1200) == expected


def test_a_camera_has_longer_to_come_back_than_it_is_told_to_wait() -> None:
    assert stock_rules.OFFLINE_AFTER > stock_rules.COME_BACK_WITHIN


@settings(max_examples=100, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.booleans(), min_size=1, max_size=60))
def test_whatever_a_camera_does_offline_and_back_take_turns_and_offline_comes_once_an_hour(there: list[bool]) -> None:
    """Looked at every five minutes; at the end it is away for two hours."""
    seen, told = Presence(None, None, None, None, False), []
    for turn, is_there in enumerate([True, *there, *[False] * 24]):
        now_s = turn * STEP
        if is_there and seen.connected_at is None:
            seen = seen._replace(connected_at=now_s, away_since=None)
        elif not is_there and seen.connected_at is not None:
            seen = seen._replace(connected_at=None, away_since=now_s)
        word, _ = next_of(seen, now_s)
        if word is not None:
            told.append((word, now_s))
            seen = seen._replace(**{f"told_{word}_at": now_s})
    words = [word for word, _ in told]
    assert words[::2] == [OFFLINE] * len(words[::2])
    assert words[1::2] == [BACK] * len(words[1::2])
    assert words[-1] == OFFLINE
    times = [at for word, at in told if word == OFFLINE]
    assert all(later - before >= HOUR for before, later in pairwise(times))
