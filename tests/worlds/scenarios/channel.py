"""Cameras connect, commands reach them, live views begin and end."""

from __future__ import annotations

from typing import Any
from unittest.mock import patch
from urllib.parse import urlsplit

from werkzeug.datastructures import Headers

from chalicelib.live.rules import pieces as rules
from infra.local.cloud import Plugged
from infra.local.gateway import Response
from tests.conftest import Home
from tests.live.test_numbered import watched
from tests.scene import Camera
from tests.worlds.invariants import Stored
from tests.worlds.scenarios.cameras import activate, change_settings
from tests.worlds.scenarios.steps import HOUR, job, once, settle, settled
from tests.worlds.sweep import Scenario, leap


def _is_connected(home: Home, stored: Stored) -> int:
    (stock,) = (one for one in stored.first_ids("Stock").values() if one.get("device_id") == home.camera.device_id)
    return int("connection_id" in stock)


def connect(home: Home, state: Any, key: str) -> Response:
    connected = home.world.connect(home.camera.token)
    return Response(connected if isinstance(connected, int) else 200, Headers(), b"")


def _connections(home: Home, state: Any, stored: Stored) -> int:
    return _is_connected(home, stored)


def _disconnect(home: Home, channel: Plugged, key: str) -> None:
    channel.close()


def _disconnections(home: Home, state: Any, stored: Stored) -> int:
    return 1 - _is_connected(home, stored)


def _connected(home: Home) -> Camera:
    home.camera.connect()
    home.world.settle()
    return home.camera


def away_for_long(home: Home) -> None:
    """And nobody has looked yet, but after its connection."""
    home.camera.connect().close()
    home.world.settle()
    leap(home.world, 60)
    job(home.world, "check_connections")
    leap(home.world, 19 * 60)


def never_there(home: Home) -> None:
    """A connection that did not come about, though it was written down; and it is time to ask after it."""
    job(home.world, "check_connections")
    channel = home.camera.connect()
    home.world.settle()
    home.world.channel.connections.pop(channel.id)
    leap(home.world, 60)


def look(home: Home, state: Any, key: str) -> None:
    job(home.world, "check_connections")


def told_offline(home: Home, state: Any, stored: Stored) -> int:
    """Told, or about to be."""
    made = sum(row["type"] == "offline" for row in stored.of("Alarm").values())
    return made + len(stored.of("PresenceChange"))


def _just_missed(home: Home) -> None:
    away_for_long(home)
    assert home.world.run_schedule("check_connections") == {"checked": 1, "told": 1, "missing": 0}


def _back(home: Home) -> None:
    _just_missed(home)
    home.world.settle()
    home.camera.connect()
    home.world.settle()
    leap(home.world, 2 * 60)


def _told_back(home: Home, state: Any, stored: Stored) -> int:
    (stock,) = (one for one in stored.first_ids("Stock").values() if one.get("device_id") == home.camera.device_id)
    return int(stock.get("told_back_at", 0) > stock["told_offline_at"])


def give_command(home: Home, state: Any, key: str) -> Response:
    return home.owner.call(
        "POST", f"/devices/{home.camera.device_id}/commands", {"command": "restart"}, headers=once(key)
    )


def _commands(home: Home, state: Any, stored: Stored) -> int:
    return len(stored.of("Command"))


def command_given(home: Home) -> Plugged:
    """And nobody has been told yet."""
    channel = home.camera.connect()
    home.world.settle()
    assert give_command(home, None, "the-key-of-a-command").status == 202
    return channel


def _sleeping_camera_wakes(home: Home) -> Plugged:
    assert give_command(home, None, "the-key-of-a-command").status == 202
    home.world.settle()
    return home.camera.connect()


def _commands_sent(home: Home, channel: Plugged, stored: Stored) -> int:
    return sum(row["tries"] > 0 for row in stored.of("Command").values())


def _command_sent(home: Home) -> Plugged:
    channel = command_given(home)
    home.world.settle()
    return channel


def _answer_command(home: Home, channel: Plugged, key: str) -> Response:
    return Response(channel.say({"id": channel.messages[0]["id"], "ok": True}), Headers(), b"")


def _commands_answered(home: Home, channel: Plugged, stored: Stored) -> int:
    return sum("answered_at" in row for row in stored.of("Command").values())


def watch(home: Home, state: Any, key: str) -> Response:
    path = f"/devices/{home.camera.device_id}/live"
    return home.owner.call("POST", path, {"channel": "1"}, headers=once(key))


def _three_watched(home: Home) -> None:
    for _ in range(3):
        home.owner.watch(home.camera.device_id)


def _fourth_views(home: Home, state: Any, stored: Stored) -> int:
    assert len(stored.of("Live")) in (0, 3)  # at most five minutes long
    return _views(home, state, stored) - 3


def _views(home: Home, state: Any, stored: Stored) -> int:
    return sum(command["word"] == "live" for command in stored.of("Command").values())


def _watched(home: Home) -> Any:
    """A minute ago, and pieces have come."""
    live = home.owner.watch(home.camera.device_id)
    home.camera.stream(init="a")
    home.camera.stream()
    leap(home.world, 60)
    home.camera.stream()
    return live


def go_on(home: Home, live: Any, key: str) -> Response:
    return home.owner.call("POST", f"/devices/{home.camera.device_id}/live/{live['live_id']}", headers=once(key))


def _goings_on(home: Home, live: Any, stored: Stored) -> int:
    return _views(home, live, stored) - 1


def stop(home: Home, live: Any, key: str) -> Response:
    return home.owner.call("DELETE", f"/devices/{home.camera.device_id}/live/{live['live_id']}", headers=once(key))


def _stops(home: Home, live: Any, stored: Stored) -> int:
    return sum(command["word"] == "stop_live" for command in stored.of("Command").values())


def _video_has_come(home: Home) -> Any:
    live = home.owner.watch(home.camera.device_id)
    home.camera.stream(kind="ts")
    return live


def _look(home: Home, live: Any, key: str) -> Response:
    return home.world.call("GET", urlsplit(live["playlist_url"]).path)


def _asleep(home: Home) -> Any:
    return home.owner.watch(home.camera.device_id), home.camera.ask_ticket("live").json


def _wait(home: Home, state: Any, key: str) -> Response:
    """The camera wakes while the answer waits; if it looked as often as it may, it would be tried to death for long."""
    live, ticket = state
    home.world.meanwhile = lambda: home.world.upload(ticket, f"1/{home.world.now():%Y%m%dT%H%M%S}.000Z-1000.ts", b"ts")
    try:
        with patch.object(rules, "LOOKS_AFTER_S", (1.0,)):
            return _look(home, live, key)
    finally:
        home.world.meanwhile = None


def _numbered_video_goes_on(home: Home) -> Any:
    live, camera = watched(home)
    camera.film()
    return live


def _shown_to_its_second(home: Home, live: Any, stored: Stored) -> int:
    """Rows of views whose window has moved on to the piece that came last."""
    return sum("a-1.m4s" in str(row.get("window", "")) for row in stored.of("Live").values())


def _first_looks(home: Home, live: Any, stored: Stored) -> int:
    return sum("listed_from" in row for row in stored.of("Live").values())


def _views_that_waited(home: Home, live: Any, stored: Stored) -> int:
    return sum("waited_at" in row for row in stored.of("Live").values())


def _ask_live_ticket(home: Home, state: Any, key: str) -> Response:
    return home.camera.ask_ticket("live")


def _video_of_an_hour_ago(home: Home) -> None:
    for number in range(3):
        home.camera.stream(init=f"a{number}")
    leap(home.world, HOUR)


def _sweep_video(home: Home, state: Any, key: str) -> None:
    job(home.world, "sweep_live_video")


def _settings_just_changed(home: Home) -> None:
    assert change_settings(home, None, "the-key-of-a-change").status == 200


SCENARIOS = (
    Scenario(
        "activate a camera that is connected", "POST /cameras/activation", _connected, activate, _disconnections
    ),
    Scenario("a camera connects", "camera_connected", settled, connect, _connections),
    Scenario(
        "a camera goes away",
        "camera_disconnected",
        lambda home: home.camera.connect(),
        _disconnect,
        _disconnections,
        is_asked=False,
    ),
    Scenario("a camera is missed", "check_connections", away_for_long, look, told_offline, is_asked=False),
    Scenario(
        "a connection is not there", "check_connections", never_there, look, _disconnections, is_asked=False
    ),
    Scenario("a camera is back", "check_connections", _back, look, _told_back, is_asked=False),
    Scenario(
        "a camera that is away is told of",
        ("forward_item_changes", "on_presence_changed"),
        _just_missed,
        settle,
        told_offline,
        is_asked=False,
    ),
    Scenario(
        "give a command",
        "POST /devices/{device_id}/commands",
        lambda home: home.camera.connect(),
        give_command,
        _commands,
        at_most=2,
        keeps_answer=True,
    ),
    Scenario(
        "a command is brought",
        ("forward_item_changes", "on_command_given"),
        command_given,
        settle,
        _commands_sent,
        is_asked=False,
    ),
    Scenario(
        "a mailbox is emptied", "on_mailbox_opened", _sleeping_camera_wakes, settle, _commands_sent, is_asked=False
    ),
    Scenario("a command is answered", "camera_said", _command_sent, _answer_command, _commands_answered),
    Scenario(
        "watch a fourth time", "POST /devices/{device_id}/live", _three_watched, watch, _fourth_views, at_most=2,
        keeps_answer=True,
    ),
    Scenario(
        "watch live", "POST /devices/{device_id}/live", settled, watch, _views, at_most=2, keeps_answer=True
    ),
    Scenario(
        "go on watching",
        "POST /devices/{device_id}/live/{live_id}",
        _watched,
        go_on,
        _goings_on,
        at_most=2,
        keeps_answer=True,
    ),
    Scenario(
        "stop watching",
        "DELETE /devices/{device_id}/live/{live_id}",
        _watched,
        stop,
        _stops,
        may_say=(404,),
        keeps_answer=True,
    ),
    Scenario(
        "look for the first time", "GET /live/{capability}/playlist.m3u8", _video_has_come, _look, _first_looks,
    ),
    Scenario(
        "look before there is a picture", "GET /live/{capability}/playlist.m3u8", _asleep, _wait, _views_that_waited,
        is_asked=False,  # who asks again is told that there is no picture yet, which is true
    ),
    Scenario(
        "look at numbered video", ("GET /live/{capability}/playlist.m3u8", "show_live"), _numbered_video_goes_on, _look,
        _shown_to_its_second,
    ),
    Scenario("get a ticket for live video", "POST /cameras/tickets", settled, _ask_live_ticket),
    Scenario(
        "live video passes",
        "sweep_live_video",
        _video_of_an_hour_ago,
        _sweep_video,
        is_asked=False,
        within_seconds=HOUR,
    ),
    Scenario(
        "the camera hears of settings",
        ("forward_item_changes", "on_settings_changed"),
        _settings_just_changed,
        settle,
        _commands,
        is_asked=False,
    ),
)
