"""A camera is online while it is connected: whatever order its connections come and go in, and whoever owns it."""

from __future__ import annotations

import os
from collections import Counter
from datetime import datetime, timedelta
from typing import Any

import pytest

from chalicelib.devices import rules
from infra.local.cloud import LocalCloud
from tests.conftest import Home
from tests.scene import Camera, new_camera

# `CAMERAS=10000 pytest tests/devices/test_channel.py -k spread -s` plays all of them.
HOW_MANY = int(os.environ.get("CAMERAS", "200"))


def presence(home: Home, device_id: str | None = None) -> tuple[bool, str | None]:
    home.owner.sign_in()  # time has passed
    device = home.owner.device(device_id or home.camera.device_id)
    return device["online"], device["last_seen"]


def now(world: LocalCloud) -> str:
    return f"{world.now():%Y-%m-%dT%H:%M:%SZ}"


def test_who_is_connected_is_online_and_who_is_not_was_seen_when_it_left(home: Home) -> None:
    assert presence(home)[0] is False
    channel = home.camera.connect()
    home.world.advance(300)
    assert presence(home) == (True, now(home.world))
    channel.close()
    left = now(home.world)
    home.world.advance(300)
    assert presence(home) == (False, left)
    (listed,) = home.owner.call("GET", "/devices").json["items"]
    assert (listed["online"], listed["last_seen"]) == (False, left)


@pytest.mark.parametrize("token", [None, "", "nonsense", "c.aaaa.bbbb"])
def test_nobody_connects_without_the_cameras_token(home: Home, token: str | None) -> None:
    assert home.world.connect(token) == 401
    assert home.world.connect(home.owner.access_token) == 401
    assert home.world.channel.connections == {}


def test_the_news_of_an_older_connections_end_comes_late(home: Home) -> None:
    older, newer = home.camera.connect(), home.camera.connect()
    older.close()
    assert presence(home)[0] is True
    newer.close()
    assert presence(home)[0] is False


def test_an_older_connection_ends_after_the_newer_one(home: Home) -> None:
    older, newer = home.camera.connect(), home.camera.connect()
    newer.close()
    assert presence(home)[0] is False
    older.close()
    assert presence(home)[0] is False


def test_an_activation_ends_what_was_opened_with_the_token_before(home: Home) -> None:
    channel = home.camera.connect()
    old_token = home.camera.token
    assert home.camera.activate().status == 200
    assert presence(home)[0] is False
    assert home.world.connect(old_token) == 401
    channel.say({"id": "any", "ok": True})
    home.world.settle()
    assert not channel.is_open


def test_api_gateway_ends_what_says_nothing_and_what_is_two_hours_old(home: Home) -> None:
    begun = home.world.now()
    silent = home.camera.connect()
    home.world.advance(3600)
    assert not silent.is_open
    seen_at = datetime.fromisoformat(presence(home)[1] or "")
    assert seen_at - begun == timedelta(minutes=10)
    speaking, begun = home.camera.connect(), home.world.now()
    for _ in range(20):
        home.world.advance(9 * 60)
        if speaking.is_open:
            speaking.say({"ping": True})
    assert datetime.fromisoformat(presence(home)[1] or "") - begun == timedelta(hours=2)


def test_a_connection_whose_end_was_never_told_is_not_believed_for_ever(home: Home) -> None:
    channel = home.camera.connect()
    connected = now(home.world)
    home.world.channel.connections.pop(channel.id)
    home.world.advance(2 * 3600 - 1)
    assert presence(home)[0] is True
    home.world.advance(1)
    assert presence(home) == (False, connected)


def test_a_ping_is_no_call_and_no_line(home: Home) -> None:
    channel = home.camera.connect()
    home.world.settle()
    home.world.trace.clear()
    lines = len(home.world.logs.lines())
    channel.say({"ping": True})
    assert home.world.trace.names() == []
    assert len(home.world.logs.lines()) == lines


def test_a_connection_is_written_once_when_it_comes_and_once_when_it_goes(home: Home) -> None:
    home.world.trace.clear()
    channel = home.camera.connect()
    assert home.world.trace.names() == ["dynamodb.GetItem", "dynamodb.TransactWriteItems"]
    home.world.settle()
    home.world.trace.clear()
    channel.close()
    assert home.world.trace.names() == ["dynamodb.GetItem", "dynamodb.GetItem", "dynamodb.TransactWriteItems"]


def test_a_camera_may_be_connected_before_anybody_has_it(home: Home) -> None:
    camera = new_camera(home.world, "SN0042")
    camera.connect()
    answer = home.stranger.bind(camera)
    assert (answer.status, answer.json["online"]) == (201, True)
    assert home.stranger.device(camera.device_id)["online"] is True


def test_the_next_owner_sees_nothing_of_when_it_was_seen_before(home: Home) -> None:
    home.camera.connect().close()
    assert presence(home)[1] is not None
    assert home.owner.call("DELETE", f"/devices/{home.camera.device_id}").status == 202
    home.world.advance(60)
    assert home.stranger.bind(home.camera).status == 201
    device = home.stranger.device(home.camera.device_id)
    assert (device["online"], device["last_seen"]) == (False, None)


def test_a_list_of_twenty_devices_takes_three_calls(world: LocalCloud, home: Home) -> None:
    for number in range(19):
        camera = new_camera(home.world, f"SN1{number:03}", owner=home.owner)
        if number % 2:
            camera.connect()
    home.world.settle()
    home.world.trace.clear()
    items = home.owner.call("GET", "/devices").json["items"]
    assert len(items) == 20
    assert sum(one["online"] for one in items) == 9
    assert len(home.world.trace.names()) == 3


def test_cameras_that_are_all_cut_off_at_once_come_back_spread_over_a_quarter_of_an_hour(
    world: LocalCloud, capsys: Any
) -> None:
    begun = world.now()
    due: list[tuple[datetime, Camera]] = []
    for number in range(HOW_MANY):
        camera = Camera(world, f"SP{number:05}")
        camera.load()
        hint = camera.activate().json["reconnect_after_seconds"]
        # All within one minute, as after an outage.
        due.append((begun + timedelta(seconds=60 * number / HOW_MANY + hint), camera))
    due.sort(key=lambda one: one[0])
    for at, camera in due:
        world.clock.move_to(at.timestamp())
        camera.connect()
    minutes = Counter(int((at - begun).total_seconds() // 60) for at, _ in due)
    spread = max(at for at, _ in due) - min(at for at, _ in due)
    with capsys.disabled():
        print(
            f"\n{HOW_MANY} cameras: {len(world.channel.connections)} are back, over {spread.total_seconds() / 60:.1f} "
            f"min, at most {max(minutes.values())} in a minute, {max(minutes.values()) / HOW_MANY:.1%} of all"
        )
    assert len(world.channel.connections) == HOW_MANY
    assert spread > rules.COME_BACK_WITHIN * 0.9
    assert max(minutes.values()) < HOW_MANY / 15 * 2
