"""A camera is online while it is connected: whatever order its connections come and go in, and whoever owns it."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta
from operator import itemgetter
from typing import Any

import pytest

from chalicelib.stock import rules as stock_rules
from infra import applier
from infra.local import dump
from infra.local.channel import TOO_MANY, Throttle
from infra.local.cloud import LocalCloud, Plugged
from infra.package.template import DEPLOYED
from infra.strict_moto.faults import Crash, Kind
from tests.conftest import Home
from tests.scene import Camera, lines_of, new_camera
from tests.worlds.invariants import Stored
from tests.worlds.sweep import without_waiting

# `CAMERAS=10000 pytest -n 0 tests/stock/test_channel.py -k spread` plays all of them, in some ten minutes.
HOW_MANY = int(os.environ.get("CAMERAS", "200"))


def presence_shown(home: Home, device_id: str | None = None) -> tuple[bool, str | None]:
    home.owner.sign_in()  # time has passed
    device = home.owner.device(device_id or home.camera.device_id)
    return device["online"], device["last_seen"]


def now(world: LocalCloud) -> str:
    return f"{world.now():%Y-%m-%dT%H:%M:%SZ}"


def test_who_is_connected_is_online_and_who_is_not_was_seen_when_it_left(home: Home) -> None:
    assert presence_shown(home)[0] is False
    channel = home.camera.connect()
    home.world.advance(300)
    assert presence_shown(home) == (True, now(home.world))
    channel.close()
    left = now(home.world)
    home.world.advance(300)
    assert presence_shown(home) == (False, left)
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
    assert presence_shown(home)[0] is True
    newer.close()
    assert presence_shown(home)[0] is False


def test_an_older_connection_ends_after_the_newer_one(home: Home) -> None:
    older, newer = home.camera.connect(), home.camera.connect()
    newer.close()
    assert presence_shown(home)[0] is False
    older.close()
    assert presence_shown(home)[0] is False


def test_an_activation_ends_what_was_opened_with_the_token_before(home: Home) -> None:
    channel = home.camera.connect()
    old_token = home.camera.token
    assert home.camera.activate().status == 200
    assert presence_shown(home)[0] is False
    assert home.world.connect(old_token) == 401
    home.world.settle()
    assert not channel.is_open
    assert home.camera.connect().is_open


def test_an_activation_whose_hanging_up_is_lost_ends_it_with_what_is_said_next(home: Home) -> None:
    channel = home.camera.connect()
    home.world.faults.refuse("apigatewaymanagementapi")
    with without_waiting():
        assert home.camera.activate().status == 200
    home.world.faults.clear()
    home.world.settle()
    assert channel.is_open and presence_shown(home)[0] is False
    channel.say({"id": "any", "ok": True})
    home.world.settle()
    assert not channel.is_open


def test_an_activation_hangs_up_on_nobody_but_its_own_camera(home: Home) -> None:
    channel = home.camera.connect()
    other = new_camera(home.world, "SN0002")
    home.world.trace.clear()
    other.activate()
    home.world.settle()
    assert channel.is_open and "apigatewaymanagementapi.DeleteConnection" not in home.world.trace.names()


def test_api_gateway_ends_what_says_nothing_and_what_is_two_hours_old(home: Home) -> None:
    begun = home.world.now()
    silent = home.camera.connect()
    home.world.advance(3600)
    assert not silent.is_open
    seen_at = datetime.fromisoformat(presence_shown(home)[1] or "")
    assert seen_at - begun == timedelta(minutes=10)
    speaking, begun = home.camera.connect(), home.world.now()
    for _ in range(20):
        home.world.advance(9 * 60)
        if speaking.is_open:
            speaking.say({"action": "ping"})
    assert datetime.fromisoformat(presence_shown(home)[1] or "") - begun == timedelta(hours=2)


def test_a_connection_whose_end_was_never_told_is_not_believed_for_ever(home: Home) -> None:
    channel = home.camera.connect()
    connected = now(home.world)
    home.world.advance(60)
    home.world.run_schedule("check_connections")  # it came about
    home.world.channel.connections.pop(channel.id)
    home.world.advance(2 * 3600 - 61)
    assert presence_shown(home)[0] is True
    home.world.advance(1)
    assert presence_shown(home) == (False, connected)


def test_a_connection_that_did_not_come_about_leaves_no_camera_online(home: Home) -> None:
    home.world.run_schedule("check_connections")
    home.world.faults.fail(4, Kind.DIES_AFTER)  # it is written down, and nobody answers
    assert home.world.connect(home.camera.token) == 502
    home.world.faults.clear()
    assert home.owner.device(home.camera.device_id)["online"] is True
    begun = home.world.now().timestamp()
    home.world.clock.move_to(begun + 59)  # as long as that it could still be answered
    assert home.world.run_schedule("check_connections")["missing"] == 0
    home.world.clock.move_to(begun + 60)
    assert home.world.run_schedule("check_connections")["missing"] == 1
    assert presence_shown(home)[0] is False
    home.camera.connect()
    home.world.settle()
    assert presence_shown(home)[0] is True


def test_api_gateway_is_asked_once_after_each_connection(home: Home) -> None:
    home.world.run_schedule("check_connections")
    others = [new_camera(home.world, f"SN1{number:03}") for number in range(3)]
    channels = [camera.connect() for camera in (home.camera, *others)]
    home.world.settle()
    home.world.channel.connections.pop(channels[1].id)
    home.world.clock.move_to(home.world.now().timestamp() + 60)
    asked = "apigatewaymanagementapi.GetConnection"
    for missing, times in ((1, 4), (0, 0)):
        home.world.trace.clear()
        assert home.world.run_schedule("check_connections")["missing"] == missing
        assert home.world.trace.names().count(asked) == times
    assert all(channel.is_open for channel in (channels[0], *channels[2:]))
    assert sum("connection_id" in row for row in Stored(dump.dump()).of("Stock").values()) == 3


def test_who_dies_while_it_asks_after_connections_leaves_them_to_the_next_run(home: Home) -> None:
    home.world.run_schedule("check_connections")
    channel = home.camera.connect()
    home.world.settle()
    home.world.channel.connections.pop(channel.id)
    home.world.clock.move_to(home.world.now().timestamp() + 60)
    home.world.trace.clear()
    assert home.world.run_schedule("check_connections")["missing"] == 1
    calls = home.world.trace.names()
    last_write = len(calls) - calls[::-1].index("dynamodb.UpdateItem")
    home.world.clock.move_to(home.world.now().timestamp() + 60)
    again = home.camera.connect()
    home.world.channel.connections.pop(again.id)
    home.world.clock.move_to(home.world.now().timestamp() + 60)
    home.world.faults.fail(last_write, Kind.DIES_BEFORE)
    with pytest.raises(Crash):
        home.world.run_schedule("check_connections")
    home.world.faults.clear()
    assert presence_shown(home)[0] is True
    assert home.world.run_schedule("check_connections")["missing"] == 1
    assert presence_shown(home)[0] is False


def test_a_ping_is_no_call_and_no_line_and_no_function(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    channel = home.camera.connect()
    home.world.settle()
    home.world.trace.clear()
    lines = len(lines_of(home.world))
    functions: list[str] = []
    call = home.world.functions.call_by_name

    def noted(name: str, handler: str, told: Any) -> Any:
        functions.append(name)
        return call(name, handler, told)

    monkeypatch.setattr(home.world.functions, "call_by_name", noted)
    assert channel.say({"action": "ping"}) == 200
    assert functions == []
    assert channel.say({"ping": True}) == 200  # as it was said before there was a route for it
    assert functions == ["camera_said"]
    assert home.world.trace.names() == []
    assert len(home.world.logs.lines()) == lines


@pytest.mark.parametrize("said", ['{"action": true}', '{"action": ["ping"]}', '["action"]', '"ping"', "5", "no json"])
def test_what_names_no_route_comes_to_the_function(home: Home, said: str) -> None:
    channel = home.camera.connect()
    assert channel.say(said) in (400, 422)


def test_a_connection_is_written_once_when_it_comes_and_once_when_it_goes(home: Home) -> None:
    get, put, update = "dynamodb.GetItem", "dynamodb.PutItem", "dynamodb.UpdateItem"
    look, whose, mailbox = put, put, "dynamodb.Query"  # a look, lest nobody misses it
    home.world.trace.clear()
    channel = home.camera.connect()
    assert home.world.trace.names() == [get, look, whose, update, mailbox]
    home.world.settle()
    home.world.trace.clear()
    channel.close()
    assert home.world.trace.names() == [get, get, look, update]


def test_a_connection_that_lasted_is_written_once_when_it_goes(home: Home) -> None:
    """That it is looked for then was noted when it came."""
    channel = home.camera.connect()
    home.world.settle()
    home.world.clock.move_to(home.world.now().timestamp() + 2 * 3600)
    home.world.trace.clear()
    channel.close()
    assert home.world.trace.names() == ["dynamodb.GetItem", "dynamodb.GetItem", "dynamodb.UpdateItem"]


def test_a_camera_may_be_connected_before_anybody_has_it(home: Home) -> None:
    camera = new_camera(home.world, "SN0042")
    camera.connect()
    answer = home.stranger.bind(camera)
    assert (answer.status, answer.json["online"]) == (201, True)
    assert home.stranger.device(camera.device_id)["online"] is True


def test_the_next_owner_sees_nothing_of_when_it_was_seen_before(home: Home) -> None:
    home.camera.connect().close()
    assert presence_shown(home)[1] is not None
    assert home.owner.call("DELETE", f"/devices/{home.camera.device_id}").status == 202
    home.world.advance(60)
    assert home.stranger.bind(home.camera).status == 201
    device = home.stranger.device(home.camera.device_id)
    assert (device["online"], device["last_seen"]) == (False, None)


def test_a_list_of_twenty_devices_takes_four_calls(world: LocalCloud, home: Home) -> None:
    for number in range(19):
        camera = new_camera(home.world, f"SN1{number:03}", owner=home.owner)
        if number % 2:
            camera.connect()
    home.world.settle()
    home.world.trace.clear()
    items = home.owner.call("GET", "/devices").json["items"]
    assert len(items) == 20
    assert sum(one["online"] for one in items) == 9
    assert len(home.world.trace.names()) == 4


@pytest.fixture
def throttle(world: LocalCloud) -> Iterator[Throttle]:
    """The deployed stage's, which is meant for ten thousand cameras."""
    stage = applier.load(DEPLOYED)["Parameters"]
    share = HOW_MANY / 10_000
    figures = (stage[name]["Default"] * share for name in ("ChannelPerSecond", "ChannelAtOnce"))
    world.channel.throttle = Throttle(*figures)
    yield world.channel.throttle
    world.channel.throttle = None


def test_cameras_that_all_come_at_once_are_let_in_spread_over_a_quarter_of_an_hour(
    world: LocalCloud, throttle: Throttle, capsys: Any
) -> None:
    begun = world.now()
    cameras = [Camera(world, f"SP{number:05}") for number in range(HOW_MANY)]
    hints = [_loaded_and_told_when_to_come_back(camera) for camera in cameras]
    # An outage is over, and all of them try within the same second, as no camera ought to. Then they do as they were
    # told.
    refused = [(hint, camera) for hint, camera in zip(hints, cameras, strict=True) if not _is_let_in(world, camera)]
    again = []
    for hint, camera in sorted(refused, key=itemgetter(0)):
        world.clock.move_to(begun.timestamp() + max(1, hint))
        again.append(_is_let_in(world, camera))
    minutes = Counter(int(hint // 60) for hint, _ in refused)
    with capsys.disabled():
        print(
            f"\n{HOW_MANY} cameras at once: {HOW_MANY - len(refused)} are let in, {len(refused)} are told to wait and "
            f"{sum(again)} of them let in later, over {max(hints) / 60:.1f} min, at most {max(minutes.values())} in a "
            f"minute, {max(minutes.values()) / HOW_MANY:.1%} of all"
        )
    assert len(refused) > HOW_MANY * 0.9
    assert all(again)
    assert len(world.channel.connections) == HOW_MANY
    # As it lies there now: when time passes, who says nothing is cut off.
    assert sum("connection_id" in row for row in Stored(dump.dump()).of("Stock").values()) == HOW_MANY
    assert max(hints) - min(hints) > stock_rules.COME_BACK_WITHIN.total_seconds() * 0.9
    assert max(minutes.values()) < HOW_MANY / 15 * 2


def _loaded_and_told_when_to_come_back(camera: Camera) -> float:
    camera.load()
    return float(camera.activate().json["reconnect_after_seconds"])


def _is_let_in(world: LocalCloud, camera: Camera) -> bool:
    answer = world.connect(camera.token)
    assert isinstance(answer, Plugged) or answer == TOO_MANY
    return isinstance(answer, Plugged)
