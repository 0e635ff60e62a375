"""`python -m tests.bench.computing [PART …]`: instructions of one warm call of each part that infra/prices.yaml says
the computing of, or of those that are named.

The packaged functions, as `make bench` counts them; AWS answers out of memory.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple
from unittest.mock import patch

from infra.local import module_caches
from infra.local.cloud import LocalCloud
from infra.package import bundle, interpreter
from tests import costs
from tests.bench import packages, recorded
from tests.bench.counting import Handler
from tests.conftest import Home
from tests.recordings.plans import CONTINUOUS, subscribe
from tests.scene import new_camera, new_person

INSTRUCTIONS_A_MS = 3e6
_FEW, _MANY = 3, 13


class Called(NamedTuple):
    """A call that a scenario makes: by which name its function is known, and where the bundle has it."""

    function: str
    handler: str


API = Called("sowa-api", bundle.API_HANDLER)
LIVE = Called("show_live", "chalicelib.live.function_urls.show_live")
PICTURE = Called("on_picture_uploaded", "chalicelib.alarms.listeners.on_picture_uploaded")
RECORDING = Called("on_recording_uploaded", "chalicelib.recordings.listeners.on_recording_uploaded")
COMMAND = Called("on_command_due", "chalicelib.shared_queues.on_command_due")


def _app(name: str) -> Called:
    return Called(name, f"app.{name}")


def main() -> None:
    python = interpreter.of_lambda(os.environ)
    with tempfile.TemporaryDirectory() as folder:
        recording = Path(folder) / "recording.json"
        found = dict(_recorded())
        handlers = {part: one.pop("handler") for part, one in found.items() if part != "environment"}
        recording.write_text(json.dumps(found))
        packages.lay_out_ours(Path(folder) / "ours", Path(folder) / "installed", python)
        for part in sys.argv[1:] or handlers:
            count = Handler(handlers[part], (Path(folder) / "ours",), python).warm(
                recording, part, least=_FEW, most=_MANY
            )
            print(f"{part}: {count / 1e6:.2f} M, {count / INSTRUCTIONS_A_MS:.2f} ms of a vCPU", flush=True)


def _recorded() -> Iterator[tuple[str, Any]]:
    with recorded.world_to_record() as (world, environment):
        yield "environment", environment
        yield from _scenarios(world)


def _scenarios(world: LocalCloud) -> Iterator[tuple[str, Any]]:
    owner = new_person(world)
    camera = new_camera(world, owner=owner)
    assert owner.take_pushes("a" * 163).status == 204
    home = Home(world, owner, owner, camera, "")
    path = f"/devices/{camera.device_id}"

    def recorded_call(part: str, called: Called, act: Callable[[], object]) -> tuple[str, Any]:
        return part, _recorded_call(world, called, act)

    for number in range(20):
        camera.see(number)
        world.advance(20)
    assert camera.upload(100).status == 204
    yield recorded_call("alarm", PICTURE, world.settle)
    yield recorded_call("ticket", API, camera.ask_ticket)
    yield recorded_call("list", API, partial(owner.alarms, camera.device_id, limit=20))
    alarm_id = owner.alarms(camera.device_id)[0]["alarm_id"]
    yield recorded_call("picture", API, lambda: owner.call("GET", f"{path}/alarms/{alarm_id}"))
    channels: list[Any] = []
    yield recorded_call("connect", _app("camera_connected"), lambda: channels.append(camera.connect()))
    world.settle()
    assert owner.command(camera.device_id).status == 202
    yield recorded_call("command", COMMAND, world.settle)
    answer = {"id": channels[0].messages[0]["id"], "ok": True}
    yield recorded_call("answer", _app("camera_said"), lambda: channels[0].say(answer))
    yield recorded_call("begin", API, lambda: owner.watch(camera.device_id))
    yield from _of_live(world, home, recorded_call)
    yield recorded_call("disconnect", _app("camera_disconnected"), channels[0].close)
    subscribe(home, CONTINUOUS)
    camera.forget_tickets()
    yield recorded_call("init", RECORDING, partial(_bring_init, world, camera))
    camera.record(60_000)
    world.settle()
    world.advance(60)
    camera.record(60_000)
    yield recorded_call("segment", RECORDING, world.settle)


def _of_live(world: LocalCloud, home: Home, recorded_call: Any) -> Iterator[tuple[str, Any]]:
    live, ticket = home.owner.watch(home.camera.device_id), home.camera.ask_ticket("live").json
    for number in range(3):
        world.advance(2)
        costs._send_numbered(home, ticket, number)
        if number < 2:
            costs._ask_at_the_door(home, live)
    yield recorded_call("playlist", LIVE, partial(costs._ask_at_the_door, home, live))
    shown = costs._ask_at_the_door(home, live).decode().splitlines()[-1]
    yield recorded_call("piece", LIVE, partial(costs._ask_at_the_door, home, live, shown))


def _bring_init(world: LocalCloud, camera: Any) -> None:
    camera.recording_ticket()
    camera._bring_init(camera.recording_tickets["1"], "1", "a")
    world.settle()


def _recorded_call(world: LocalCloud, called: Called, act: Callable[[], object]) -> dict[str, Any]:
    """The event of that call, and what AWS answered while it ran, of a container that has just started."""
    found: list[dict[str, Any]] = []
    original = world.functions.call

    def call(name: str, function: Any, event: Any) -> Any:
        if name != called.function or found:
            return original(name, function, event)
        module_caches.forget()
        with recorded.replies() as replied:
            answer = original(name, function, event)
        found.append({"event": event, "replies": recorded._by_name(replied), "handler": called.handler})
        return answer

    with patch.object(world.functions, "call", call):
        act()
    (one,) = found
    return one


if __name__ == "__main__":
    main()
