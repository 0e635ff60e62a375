"""The demo's camera: the agent, with footage as its source, in a world whose clock the demo moves."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from threading import Event
from typing import IO, Any

from infra.demo.client import Backstage, Unreachable, Wire, instant
from sowa_agent import cloud
from sowa_agent.camera import LOOK_S, Camera
from sowa_agent.clocks import Clock
from sowa_agent.lens import LensConfig
from sowa_agent.opening import Opener
from sowa_agent.source import SourceAddress
from sowa_agent.spool import Spool

# By then all that shows a moment has been filmed.
SHOWN_AFTER_S = 3.0
# Where nothing moves for so long, somebody rings.
STILL_S = 8.0
BLOCK_BYTES = 64 * 1024
TAKEN = (200, 201, 204)


@dataclass(frozen=True)
class Upload:
    """An object that storage took from the camera; its name says what of."""

    key: str
    content: bytes
    init: bytes = b""

    @property
    def name(self) -> str:
        return self.key.rpartition("/")[2]

    @property
    def start(self) -> datetime:
        return instant(self.name.partition("-")[0])

    @property
    def seconds(self) -> float:
        """Of a segment."""
        return int(self.name.split("-")[1]) / 1000

    @property
    def end(self) -> datetime:
        return self.start + timedelta(seconds=self.seconds)


class CameraWire(cloud.Wire):
    """The camera's requests go the way of all others of the demo; what came of them is kept."""

    def __init__(self, wire: Wire, before: Callable[[], None]) -> None:
        super().__init__(wire.url)
        self._wire, self._before = wire, before
        self._taken: dict[str, Upload] = {}
        self._init = b""
        self.alarm_tickets = 0
        self.loses_an_answer = False

    def pictures(self) -> list[Upload]:
        return [upload for upload in self._taken.values() if upload.name.endswith(".jpg")]

    def segments(self) -> list[Upload]:
        return [upload for upload in self._taken.values() if upload.name.endswith(".m4s")]

    def send(self, method: str, url: str, body: bytes | IO[bytes] | None, headers: Mapping[str, str]) -> cloud.Answer:
        self._before()
        try:
            answer = self._wire.send(method, url, _all_of(body), headers)
        except Unreachable as problem:
            raise cloud.Unreachable(str(problem)) from None
        return cloud.Answer(answer.status, answer.body)

    def ask(self, method: str, path: str, body: cloud.Json, token: str, idempotency_key: str) -> cloud.Answer:
        answer = super().ask(method, path, body, token, idempotency_key)
        if body.get("kind") == "alarm" and answer.status in TAKEN:
            self.alarm_tickets += 1
        return answer

    def upload(
        self, ticket: cloud.Ticket, name: str, content: bytes | Path, more: Mapping[str, str] | None = None
    ) -> int:
        status = super().upload(ticket, name, content, more)
        if status in TAKEN:
            sent = content.read_bytes() if isinstance(content, Path) else content
            self._init = sent if name.endswith(".mp4") else self._init
            self._taken[ticket.key_prefix + name] = Upload(ticket.key_prefix + name, sent, self._init)
        if self.loses_an_answer and name.endswith(".jpg"):
            self.loses_an_answer = False
            raise cloud.Unreachable("The answer was lost.")
        return status


def _all_of(body: bytes | IO[bytes] | None) -> bytes | None:
    return body if body is None or isinstance(body, bytes) else b"".join(iter(partial(body.read, BLOCK_BYTES), b""))


class WorldClock(Clock):
    """Whoever waits by it does not: the time has passed at once, for the cloud as well when it is asked next."""

    def __init__(self, backstage: Backstage, on_wait: Callable[[], None]) -> None:
        self._backstage, self._on_wait, self._waited_s = backstage, on_wait, 0.0
        super().__init__(monotonic=lambda: backstage.seconds() + self._waited_s)

    def pause(self, seconds: float) -> None:
        self._waited_s += seconds
        self._on_wait()

    def wait(self, stopped: Event, seconds: float) -> bool:
        self.pause(seconds)
        return stopped.is_set()

    def catch_up(self) -> None:
        waited_s, self._waited_s = self._waited_s, 0.0
        if waited_s:
            self._backstage.advance(waited_s)


class DemoCamera:
    """An agent's camera of one channel that films when it is told to; all of it runs in the thread of who tells."""

    def __init__(
        self,
        wire: Wire,
        backstage: Backstage,
        identity: cloud.Identity,
        source: Path,
        spool: Path,
        pause: Callable[[float], Any],
    ) -> None:
        self.clock = WorldClock(backstage, self._on_wait)
        self.wire = CameraWire(wire, self.clock.catch_up)
        self.cloud = cloud.CloudClient(self.wire, identity, self.clock, pause)
        ((channel, name),) = identity.channels
        opener = Opener(self.clock.monotonic, self.clock.pause)
        lens = LensConfig(channel, name, SourceAddress(str(source)))
        self._agent = Camera(self.cloud, (lens,), Spool(spool), opener)
        self._agent.spool.prepare()
        self._ends = self._rings = self._looked = 0.0
        self._before = 0

    def film(self, length: timedelta) -> None:
        """Its source from the beginning, for so long; what moves makes alarms, and what the plan allows is recorded."""
        now = self.clock.monotonic()
        self._ends, self._rings = now + length.total_seconds(), now + STILL_S
        self._before = len(self.wire.pictures())
        self._agent.stopped.clear()
        self._agent.lenses[0].main.run()
        self._agent.alarms.clear()
        self._agent.look()
        self.clock.catch_up()

    def _on_wait(self) -> None:
        """What the agent's other threads do meanwhile."""
        now = self.clock.monotonic()
        if now >= self._ends:
            self._agent.stopped.set()
        elif now - self._looked >= LOOK_S:
            self._looked = now
            self._ring_if_still(now)
            self._agent.look()
            self._agent.alarms.look(self.clock.now_s() - SHOWN_AFTER_S)

    def _ring_if_still(self, now: float) -> None:
        if now >= self._rings and len(self.wire.pictures()) == self._before:
            self._agent.lenses[0].see_event(self.clock.now_s(), "doorbell")
