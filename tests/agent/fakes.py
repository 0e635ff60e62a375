"""A clock that tests move, a cloud that keeps what it is given, and sources that follow a script."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sowa_agent.clocks import Clock, as_utc
from sowa_agent.cloud import Answer, CloudClient, Identity, Ticket, Unreachable, Wire
from sowa_agent.packets import Codec, Init, Packet, Piece
from sowa_agent.source import Session, SourceAddress, SourceProblem, Why

NOON_S = 1_793_534_400.0
IDENTITY = Identity("SN0001", "factory-secret-0123456789", "02:00:5e:10:00:42", "Agent", "1", (("0", "Lens"),))
INIT = Init(b"init" * 50, "h264", 64, 48, False, "init-a.mp4")


@dataclass
class MovedClock(Clock):
    """Stands still but for `advance` and what is waited for; it says noon at first, and is `host_ahead_s` wrong."""

    moved_s: float = 0.0
    host_ahead_s: float = 0.0

    def __post_init__(self) -> None:
        self.monotonic = lambda: self.moved_s
        self.host_s = lambda: NOON_S + self.moved_s + self.host_ahead_s
        super().__post_init__()

    def advance(self, seconds: float) -> None:
        self.moved_s += seconds

    def wait(self, stopped: threading.Event, seconds: float) -> bool:
        self.advance(seconds)
        return stopped.is_set()

    @property
    def true_s(self) -> float:
        return NOON_S + self.moved_s


@dataclass
class FakeCloud(Wire):
    """Gives tickets of a quarter of an hour, and takes what comes on one that is good."""

    url: str = "http://cloud"
    clock: MovedClock = field(default_factory=MovedClock)
    plan: dict[str, Any] = field(default_factory=lambda: {"kind": "continuous", "keep_days": 7})
    refusals: list[tuple[int, str]] = field(default_factory=list)
    is_gone: bool = False
    token: str = ""
    ticket_life_s: float = 900.0
    asked: list[str] = field(default_factory=list)
    reports: list[dict[str, Any]] = field(default_factory=list)
    objects: dict[str, bytes] = field(default_factory=dict)
    metadata: dict[str, dict[str, str]] = field(default_factory=dict)
    tickets: int = 0
    # By whose id a ticket's prefix is told from another owner's, where that matters.
    ownership: str = ""
    wanted: dict[str, Any] = field(default_factory=dict)
    is_private: bool = False
    # What it says instead in each answer that says so much.
    odd: dict[str, Any] = field(default_factory=dict)
    # Called with each upload, which may fail in its middle.
    on_upload: Callable[[str], None] = lambda name: None

    def names(self) -> list[str]:
        """Without what comes before the channel."""
        return [key.partition("/")[2] for key in self.objects]

    def client(self) -> CloudClient:
        return CloudClient(self, IDENTITY, self.clock, self.clock.advance, self.token)

    def ask(self, method: str, path: str, body: dict[str, Any], token: str, idempotency_key: str) -> Answer:
        if self.is_gone:
            raise Unreachable("No answer.")
        self.asked.append(str(body.get("kind", path)))
        answer = self._answered(path, body, token)
        return Answer(answer.status, json.dumps({**answer.json, **self.odd}).encode())

    def _answered(self, path: str, body: dict[str, Any], token: str) -> Answer:
        if self.refusals:
            status, code = self.refusals.pop(0)
            return _answer(status, code=code)
        if path == "/cameras/activation":
            self.token = f"token-{len(self.asked)}"
            how = {"channel_url": "ws://cloud/channel", "ping_seconds": 570, "reconnect_after_seconds": 400}
            return _answer(200, camera_token=self.token, **how, now=self._now())
        if token != self.token:
            return _answer(401, code="NotSignedIn")
        return self._state(body) if path == "/cameras/state" else self._tickets(body)

    def _state(self, report: dict[str, Any]) -> Answer:
        self.reports.append(report)
        desired = {"version": 3, "settings": self.wanted}
        return _answer(200, desired=desired, privacy_mode=self.is_private, now=self._now())

    def _tickets(self, body: dict[str, Any]) -> Answer:
        if body["kind"] != "recording":
            return _answer(200, now=self._now(), **self._ticket())
        tickets = [{"channel": channel, **self._ticket()} for channel in body["channels"]]
        return _answer(200, now=self._now(), plan=dict(self.plan), tickets=tickets)

    def _ticket(self) -> dict[str, Any]:
        self.tickets += 1
        until = as_utc(self.clock.true_s + self.ticket_life_s).isoformat()
        return {"url": "http://s3", "fields": {"policy": until}, "key_prefix": self._prefix(), "until": until}

    def _prefix(self) -> str:
        return f"recordings/7/20260105/{self.ownership}/0-{self.tickets}/" if self.ownership else f"{self.tickets}/"

    def _now(self) -> str:
        return as_utc(self.clock.true_s).isoformat()

    def upload(self, ticket: Ticket, name: str, content: bytes | Path, more: Mapping[str, str] | None = None) -> int:
        if self.is_gone:
            raise Unreachable("No answer.")
        self.on_upload(name)
        if self.clock.true_s > ticket.until_s:
            return 403
        self.objects[ticket.key_prefix + name] = content if isinstance(content, bytes) else content.read_bytes()
        self.metadata[ticket.key_prefix + name] = dict(more or {})
        return 204


def _answer(status: int, **said: Any) -> Answer:
    return Answer(status, json.dumps(said).encode())


def piece(number: int, length_s: float = 0.5, *, key_every: int = 4, init: Init = INIT, shift_s: float = 0.0) -> Piece:
    """The pieces of a steady stream, of which each fourth begins with a key frame."""
    content = f"<{number}>".encode().ljust(100, b"-")
    return Piece(init, content, NOON_S + number * length_s + shift_s, length_s, number % key_every == 0, number)


@dataclass
class ScriptedSession:
    """Gives these packets, moving the clock to when they arrive, and then ends, or raises what it was given."""

    given: tuple[Packet, ...]
    clock: MovedClock
    end: SourceProblem | None = None
    codec: Codec = "h264"
    frame_ticks: int = 9_000
    reorders: bool = False
    sound: Any = None
    heard: str = ""
    is_closed: bool = False

    def packets(self) -> Iterator[Packet]:
        began = self.clock.moved_s
        for each in self.given:
            self.clock.moved_s = began + each.arrived
            yield Packet(each.data, each.pts, each.dts, self.clock.moved_s, each.is_key, each.kind)
        if self.end is not None:
            raise self.end

    def close(self) -> None:
        self.is_closed = True


@dataclass
class Script:
    """What happens each time that a source is opened: a session, or why there is none; then the agent is stopped."""

    events: list[ScriptedSession | Why]
    stopped: threading.Event
    opened: int = 0

    def __call__(self, source: SourceAddress) -> Session:
        if self.opened == len(self.events):
            self.stopped.set()
            raise SourceProblem(Why.ENDED)
        event = self.events[self.opened]
        self.opened += 1
        if isinstance(event, Why):
            raise SourceProblem(event)
        return event
