"""What each door costs, counted: AWS calls, read and write units, and bytes of log, as a table that is committed."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any
from unittest.mock import patch
from urllib.parse import urlsplit

from chalicelib import clock
from chalicelib.alarms import rules as alarm_rules
from chalicelib.stock.actions.presence import check_at, check_when_opened
from chalicelib.stock.records import Stock
from chalicelib.store.commit import commit
from infra.local.cloud import LocalCloud, Plugged
from infra.local.gateway import Response
from tests.conftest import Home
from tests.factors import App, Key, asked, recovery_codes
from tests.identities.people import maja
from tests.identities.platforms import google_picture
from tests.recordings.plans import CONTINUOUS, EVENT, subscribe
from tests.request_shapes import shape_of
from tests.routes import Request, all_routes, request_for
from tests.scene import Person

TABLE = Path(__file__).with_name("costs.md")
_HEAD = """# What each door costs

Counted in the local cloud, in a world with one camera and one alarm, with an `Idempotency-Key` on each mutation, in a
warm container. A transaction's units are double, as DynamoDB charges them. `make costs` writes this table anew; a test
compares.

| door | AWS calls | read units | write units | log bytes | which calls |
|---|---:|---:|---:|---:|---|
"""
_FOOT = """
An alarm costs one invocation, one read of the device, one ranged read of the picture, one write of at most 1 KB, and
one publication for each terminal that hears of it. S3's PUT is the camera's own. A minute of video is as many
invocations as it has objects, and costs one write of at most 1 KB; of an event plan each object does.
"""


@dataclass(frozen=True)
class Cost:
    """One row."""

    route: str
    calls: tuple[str, ...]
    read_units: float
    write_units: float
    log_bytes: int
    shapes: frozenset[str]

    def row(self) -> str:
        counted = Counter(self.calls)
        which = ", ".join(name if count == 1 else f"{count} {name}" for name, count in counted.items()) or "none"
        return (
            f"| `{self.route}` | {len(self.calls)} | {self.read_units:g} | {self.write_units:g} "
            f"| {self.log_bytes} | {which} |"
        )


def measured(home: Home, restore: Callable[[], None]) -> Iterator[Cost]:
    """Every door in turn, each in the same world; `restore` puts it back."""
    for route in all_routes():
        restore()
        # The first call of a container fetches what later ones have.
        home.owner.call("GET", "/keys")
        request = request_for(route, home)
        yield _counted(home, route.name, partial(_succeed, request, home))
    restore()
    yield from _sign_ins(home)
    restore()
    assert home.camera.upload(100).status == 204
    yield _counted(home, "on_picture_uploaded", partial(_uncounted, home.world))
    restore()
    yield _counted(home, PAGE, partial(ask_page, home, page_of_twenty(home)))
    restore()
    asked_for = home.owner.command(home.camera.device_id, "snapshot").json["command_id"]
    home.world.settle()
    assert home.camera.answer_with_picture(asked_for).status == 204
    yield _counted(home, "on_picture_uploaded, asked for", partial(_uncounted, home.world))
    restore()
    assert home.owner.upload_cover(home.camera.device_id).status == 204
    yield _counted(home, "on_cover_uploaded", home.world.settle)
    restore()
    home.owner.step_up()
    home.owner.offer(home.camera.device_id, email=home.stranger.email)
    yield _counted(home, "on_transfer_offered", home.world.settle)
    restore()
    assert home.owner.upload_avatar().status == 204
    yield _counted(home, "on_avatar_uploaded", home.world.settle)
    restore()
    maja(home.world, picture=google_picture())
    yield _counted(home, "on_picture_offered", home.world.settle)
    restore()
    yield from _channel(home)
    restore()
    yield _first_picture(home)
    restore()
    yield from _live_pieces(home)
    restore()
    yield _looks(home)
    restore()
    yield _looks_after_connections(home)
    for plan_id in (CONTINUOUS, EVENT):
        restore()
        yield from _recordings(home, plan_id)
    for name in (
        "sweep_expired_pictures", "sweep_live_video", "sweep_expired_recordings", "reconcile_recordings", "end_plans",
        "resume_erasures", "check_connections", "warn_of_plan_ends", "check_inactive_accounts", "ask_for_refunds",
        "look_up_delayed_events", "renew_plans",
    ):
        restore()
        yield _counted(home, f"{name}, nothing due", partial(home.world.run_schedule, name))


def _succeed(request: Request, home: Home) -> None:
    answer = request.send(home)
    assert answer.status == request.route.status, answer.body


def _sign_ins(home: Home) -> Iterator[Cost]:
    """Of somebody who has every second factor there is."""
    stranger, key = home.stranger, Key()
    app = App.added(stranger)
    key.add_to(stranger)
    code = recovery_codes(stranger)[0]
    yield _counted(home, "POST /sessions, without its second factor", partial(asked, stranger))
    ways = {"code of an app": app.next_code(), "passkey": key.sign(asked(stranger)["passkey"])}
    for way, factor in {**ways, "recovery code": {"recovery_code": code}}.items():
        yield _counted(home, f"POST /sessions, with a {way}", partial(_sign_in, stranger, factor))


def _sign_in(person: Person, factor: dict[str, Any]) -> None:
    key = {"Idempotency-Key": f"key-of-{next(iter(factor))}-0123456789"}
    assert person.sign_in(factor=factor, **key).status == 201


PAGE = "GET /devices/{device_id}/alarms, a page of twenty"


def page_of_twenty(home: Home) -> Person:
    """Alarms of most of a day, the newest three of which were looked at, and their owner."""
    for number in range(1, 25):
        _pass(home.world, 1800 + 1237 * number % 2500)
        home.camera.see(number)
    owner = Person(**vars(home.owner))  # whose tokens are of a time that is put back
    assert owner.sign_in().status == 201
    path = f"/devices/{home.camera.device_id}/alarms"
    for alarm in owner.alarms(home.camera.device_id)[:3]:
        assert owner.call("POST", f"{path}/{alarm['alarm_id']}/read").status == 200
    return owner


def ask_page(home: Home, owner: Person) -> Response:
    path = f"/devices/{home.camera.device_id}/alarms"
    answer = owner.call("GET", path, query={"limit": 20}, headers={"Accept-Encoding": "gzip"})
    assert answer.status == 200 and answer.headers["Content-Encoding"] == "gzip"
    return answer


def _uncounted(world: LocalCloud) -> None:
    """One upload in eight costs a write that counts it; tests/bench/money.py adds that."""
    with patch.object(alarm_rules, "COUNTED_ONE_IN", 2**33):
        world.settle()


def _channel(home: Home) -> Iterator[Cost]:
    """A connection that finds the mailbox empty, a command all the way, and the end; and one for which something
    waits."""
    home.world.run_schedule("check_connections")
    channels: list[Plugged] = []
    yield _counted(home, "camera_connected", lambda: channels.append(home.camera.connect()))
    (channel,) = channels
    home.world.settle()
    yield _counted(home, "a ping", lambda: channel.say({"action": "ping"}))
    _pass(home.world, 60)  # it has begun, and is not asked after once more
    assert home.owner.command(home.camera.device_id).status == 202
    yield _counted(home, "on_command_given", home.world.settle)
    answer = {"id": channel.messages[0]["id"], "ok": True}
    yield _counted(home, "camera_said, an answer", lambda: channel.say(answer))
    _pass(home.world, 2 * 3600 - 60)
    yield _counted(home, "camera_disconnected", channel.close)
    owner = Person(**vars(home.owner))  # whose tokens are of a time that is put back
    assert owner.sign_in().status == 201
    assert owner.command(home.camera.device_id).status == 202
    home.world.settle()
    yield _counted(home, "camera_connected, a command waits", lambda: channels.append(home.camera.connect()))
    yield _counted(home, "on_mailbox_opened", home.world.settle)
    yield _counted(home, "camera_disconnected, before its time", channels[-1].close)


def _pass(world: LocalCloud, seconds: float) -> None:
    """Let time pass, and nothing happen by it yet."""
    world.clock.move_to(world.now().timestamp() + seconds)


def _first_picture(home: Home) -> Cost:
    """A live view's first answer, of a camera that takes four seconds to wake: it wakes as it would elsewhere, so what
    it asks itself is not counted."""
    live = home.owner.watch(home.camera.device_id)
    ticket, until = home.camera.ask_ticket("live").json, home.world.now() + timedelta(seconds=4)

    def wake() -> None:
        if home.world.now() >= until:
            home.world.meanwhile = None
            _send_numbered(home, ticket, 0)

    home.world.meanwhile = wake
    return _counted(home, f"{_PLAYLIST}, the first", partial(_ask_at_the_door, home, live))


_PLAYLIST = "GET /live/{capability}/playlist.m3u8"


def _live_pieces(home: Home) -> Iterator[Cost]:
    """One that its camera numbered, in the playlist and led to; at the address of live views' own."""
    live, ticket = home.owner.watch(home.camera.device_id), home.camera.ask_ticket("live").json
    for number in range(3):
        home.world.advance(2)
        _send_numbered(home, ticket, number)
        told = _counted(home, f"{_PLAYLIST}, a numbered piece more", partial(_ask_at_the_door, home, live))
    yield told
    shown = _ask_at_the_door(home, live).decode().splitlines()[-1]
    lead = partial(_ask_at_the_door, home, live, shown)
    yield _counted(home, "GET /live/{capability}/media/{place}, at its door", lead)


def _send_numbered(home: Home, ticket: Any, number: int) -> None:
    start = home.world.now() - timedelta(seconds=2)
    said = {"start": f"{start:%Y%m%dT%H%M%S}.000Z", "duration-ms": "2000"}
    fields = {f"x-amz-meta-{name}": value for name, value in said.items()}
    assert home.world.upload(ticket, f"1/a-{number}.ts", b"ts", **fields).status == 204


def _ask_at_the_door(home: Home, live: Any, more: str = "playlist.m3u8") -> bytes:
    answer = home.world.call("GET", f"{urlsplit(live['playlist_url']).path.rpartition('/')[0]}/{more}")
    assert answer.status in (200, 302), answer.body
    return answer.body


def _looks(home: Home) -> Cost:
    """A page of cameras that are looked at, of which nothing is to be told."""
    home.world.run_schedule("check_connections")
    home.world.advance(60)
    now_s = clock.now_s()
    for number in range(100):
        commit(check_at(Stock.new(f"camera{number:03}"), now_s))
    return _counted(home, "check_connections, 100 due", partial(home.world.run_schedule, "check_connections"))


def _looks_after_connections(home: Home) -> Cost:
    """A page of connections that began a minute ago, and are there."""
    home.world.run_schedule("check_connections")
    first, connections = home.camera.connect(), home.world.channel.connections
    home.world.settle()
    for number in range(1, 100):
        one = replace(connections[first.id], id=f"connection{number:03}")
        connections[one.id] = one
        check_when_opened(Stock.new(f"camera{number:03}"), one.id, clock.now_s())
    _pass(home.world, 60)
    name = "check_connections, 100 connected"
    return _counted(home, name, partial(home.world.run_schedule, "check_connections"))


def _recordings(home: Home, plan_id: str) -> Iterator[Cost]:
    """A camera that recorded already today, by this plan."""
    kind = plan_id.partition("-")[0]
    home.camera.forget_tickets()
    subscribe(home, plan_id)
    _told(home, "", 60_000)
    yield _counted(home, f"POST /cameras/tickets, to record, {kind}", home.camera.recording_ticket)
    home.camera._bring_init(home.camera.recording_tickets["1"], "1", "a")
    yield _counted(home, f"on_recording_uploaded, {kind}, an init", home.world.settle)
    lengths = {"20 s": [20_000]} if kind == "event" else {"a minute in six objects": 6 * [10_000], "a minute": [60_000]}
    for length, how_long_ms in lengths.items():
        _told(home, "", *how_long_ms)  # the first of a ticket names its prefix
        yield _told(home, f"on_recording_uploaded, {kind}, {length}", *how_long_ms)
        home.world.advance(10 * 60)
        name = f"reconcile_recordings, a camera's day, {kind}, {length}"
        yield _counted(home, name, partial(home.world.run_schedule, "reconcile_recordings"))


def _told(home: Home, name: str, *how_long_ms: int) -> Cost:
    told = []
    for ms in how_long_ms:
        home.world.advance(ms / 1000)
        home.camera.record(ms)
        told.append(_counted(home, name, home.world.settle))
    return Cost(
        name,
        tuple(call for one in told for call in one.calls),
        sum(one.read_units for one in told),
        sum(one.write_units for one in told),
        sum(one.log_bytes for one in told),
        frozenset().union(*(one.shapes for one in told)),
    )


def _counted(home: Home, name: str, act: Callable[[], object]) -> Cost:
    home.world.trace.clear()
    lines = len(home.world.logs.lines())
    act()
    calls = [call for call in home.world.trace if call.name not in _NOT_OURS]
    # Deployed, the stream's filter lets a forwarder see only what somebody listens to.
    written = [line for line in home.world.logs.lines()[lines:] if '"door":"forward_' not in line]
    return Cost(
        name,
        tuple(call.name for call in calls),
        sum(call.read_units for call in calls),
        sum(call.write_units for call in calls),
        sum(len(_steady(line)) for line in written),
        frozenset(shape_of(call) for call in calls if call.service == "dynamodb"),
    )


# What Lambda itself does to bring events, and a camera to bring a picture.
_NOT_OURS = {
    "sqs.ReceiveMessage", "sqs.DeleteMessage", "sqs.DeleteMessageBatch", "sqs.GetQueueAttributes",
    "sqs.ChangeMessageVisibility", "dynamodbstreams.GetRecords",
}  # fmt: skip


def _steady(line: str) -> str:
    # A duration has more or fewer digits from run to run.
    return re.sub(r'"latency_ms":[0-9.]+', '"latency_ms":0.000', line)


def table(costs: list[Cost]) -> str:
    return _HEAD + "\n".join(cost.row() for cost in costs) + "\n" + _FOOT
