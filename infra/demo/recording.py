"""A camera records what its owner's plan allows: always, or around what moves; what storage does not take waits."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from infra.demo.camera import RENEW_BEFORE, Camera, NotBound, Ticket
from infra.demo.client import Json, Refused, Unreachable, instant
from infra.demo.segments import PIECE, Cutter, Film, Init, Segment

LOOK_EVERY_SECONDS = 1.0
# Who bought a plan, or turned privacy mode off, does not wait longer than 15 s.
ASK_AGAIN_SECONDS = 10.0
MOST_WAITING_BYTES = 64 * 1024 * 1024
# An event: what was before it, and so much together; it goes on while something moves towards its end.
BEFORE_PIECES, EVENT_PIECES, STILL_PIECES = 6, 20, 5
REASONS = {
    "NoPlan": "Nothing is recorded: there is no plan.",
    "PrivacyModeOn": "Nothing is recorded: privacy mode is on.",
    "NobodyOwns": "Nothing is recorded: nobody owns the camera.",
    "EventQuotaSpent": "Nothing more is recorded today: the plan's hours are spent.",
}


class NotTaken(Exception):
    """Storage refuses it on a new ticket as well."""


@dataclass
class Sender:
    """Brings segments to storage, each channel's on its ticket, with what a player must know first."""

    camera: Camera
    learn: Callable[[datetime], None] = lambda now: None
    plan: Json = field(default_factory=dict)
    tickets: dict[str, Ticket] = field(default_factory=dict)
    _brought: set[str] = field(default_factory=set)

    @property
    def is_due(self) -> bool:
        ends = [ticket.until for ticket in self.tickets.values()]
        return not ends or self.camera.now() > min(ends) - RENEW_BEFORE

    def ask(self) -> None:
        """Raises Refused where the cloud gives no ticket."""
        self.tickets.clear()
        self._brought.clear()
        answer = self.camera.ask_recording_tickets()
        self.learn(instant(answer["now"]))
        self.plan = answer["plan"]
        self.tickets = {
            each["channel"]: Ticket(each["url"], each["fields"], each["key_prefix"], instant(each["until"]))
            for each in answer["tickets"]
        }

    def send(self, channel: str, segment: Segment) -> None:
        """A ticket that storage no longer takes is replaced once."""
        if self.is_due:
            self.ask()
        if not self._sent(channel, segment):
            self.ask()
            if not self._sent(channel, segment):
                raise NotTaken(segment.name)

    def _sent(self, channel: str, segment: Segment) -> bool:
        ticket = self.tickets.get(channel)
        return ticket is not None and self._knows(ticket, channel, segment.init) and self._put(
            ticket, f"{channel}/{segment.name}", segment.content
        )  # fmt: skip

    def _knows(self, ticket: Ticket, channel: str, init: Init) -> bool:
        """With each ticket anew: whoever reads its prefix need not look at another."""
        name = f"{channel}/{init.name}"
        if name not in self._brought and self._put(ticket, name, init.content):
            self._brought.add(name)
        return name in self._brought

    def _put(self, ticket: Ticket, name: str, content: bytes) -> bool:
        answer = self.camera.upload(ticket, ticket.key_prefix + name, content)
        if answer.status >= 500:
            raise Unreachable(f"Storage answered {answer.status}.")
        return answer.status in (200, 201, 204)


class Backlog:
    """Segments that wait, in order; when they are too many, the oldest go."""

    def __init__(self, most_bytes: int = MOST_WAITING_BYTES) -> None:
        self.most_bytes = most_bytes
        self.dropped = 0
        self._waiting: deque[tuple[str, Segment]] = deque()
        self._changing = threading.Lock()

    def put(self, channel: str, segment: Segment) -> None:
        with self._changing:
            self._waiting.append((channel, segment))
            while len(self._waiting) > 1 and self._size_bytes() > self.most_bytes:
                self._waiting.popleft()
                self.dropped += 1

    def first(self) -> tuple[str, Segment] | None:
        with self._changing:
            return self._waiting[0] if self._waiting else None

    def remove(self, done: tuple[str, Segment]) -> None:
        """It may have been dropped meanwhile."""
        with self._changing:
            if self._waiting and self._waiting[0] is done:
                self._waiting.popleft()

    def _size_bytes(self) -> int:
        return sum(sum(segment.sizes()) for _, segment in self._waiting)


@dataclass
class Recorder:
    """`see` is told of each piece that is filmed, and a thread of its own (`run`) asks for tickets and sends."""

    sender: Sender
    channels: list[str]
    say: Callable[[str], Any] = print
    backlog: Backlog = field(default_factory=Backlog)
    stopped: threading.Event = field(default_factory=threading.Event)
    segments_sent: int = 0
    _always: Cutter = field(default_factory=Cutter)
    _event: Cutter = field(default_factory=lambda: Cutter(EVENT_PIECES, EVENT_PIECES))
    _before: deque[tuple[Init, bytes, datetime]] = field(default_factory=lambda: deque(maxlen=BEFORE_PIECES))
    _event_left: int = 0
    _last_moved: int = 0
    _asked: float = float("-inf")
    _said: str = ""

    @property
    def is_wanted(self) -> bool:
        """Whether there is anything to film for."""
        return bool(self.sender.tickets) and self.sender.plan.get("event_ms_left", 1) > 0

    # What is filmed

    def see(self, init: Init, piece: bytes, start: datetime, *, moved: bool) -> None:
        if not self.is_wanted:
            self.rest()
        elif self.sender.plan["kind"] == "event":
            self._keep(self._of_event(init, piece, start, moved))
        else:
            self._keep(self._always.add(init, piece, start))

    def rest(self) -> None:
        """Nothing is filmed for a while."""
        self._before.clear()
        self._event_left = 0
        self._keep(self._always.cut() + self._event.cut())

    def _of_event(self, init: Init, piece: bytes, start: datetime, moved: bool) -> list[Segment]:
        """A piece is recorded while an event lasts; until there is one, the last few are remembered."""
        self._last_moved = 0 if moved else self._last_moved + 1
        self._before.append((init, piece, start))
        if self._event_left == 0 and self._last_moved == 0:
            self._event_left = EVENT_PIECES
        if self._event_left == 0:
            return []
        closed = [done for each in self._before for done in self._event.add(*each)]
        self._event_left = max(0, self._event_left - len(self._before))
        self._before.clear()
        if self._event_left == 0 and self._last_moved < STILL_PIECES:
            self._event_left = EVENT_PIECES
        elif self._event_left == 0:
            closed += self._event.cut()
        return closed

    def _keep(self, segments: list[Segment]) -> None:
        for segment in segments:
            if "event_ms_left" in self.sender.plan:
                self.sender.plan["event_ms_left"] -= len(segment.pieces) * 1000
            for channel in self.channels:
                self.backlog.put(channel, segment)

    # What is sent

    def run(self) -> None:
        """Until `stopped`; then what waits is tried once more."""
        while not self.stopped.wait(LOOK_EVERY_SECONDS):
            self.look()
        self.look()

    def look(self) -> None:
        """Asks for tickets where they are due, and sends what waits, the oldest first."""
        try:
            if self.sender.is_due or not self.is_wanted:
                self._ask()
            while self.sender.tickets and (waiting := self.backlog.first()) is not None:
                self._send(waiting)
        except Refused as refused:
            self._tell(REASONS.get((refused.answer.json or {}).get("code"), str(refused)))
        except (NotBound, Unreachable) as problem:
            self._tell(str(problem))

    def _ask(self) -> None:
        if time.monotonic() - self._asked < ASK_AGAIN_SECONDS:
            return
        self._asked = time.monotonic()
        self.sender.ask()
        self._tell(f"It records ({self.sender.plan['kind']}, {self.sender.plan['keep_days']} days).")

    def _send(self, waiting: tuple[str, Segment]) -> None:
        try:
            self.sender.send(*waiting)
            self.segments_sent += 1
        except NotTaken as refused:
            self.say(f"Storage does not take {refused}; it is dropped.")
        self.backlog.remove(waiting)

    def _tell(self, line: str) -> None:
        """Once, and not again with each try."""
        if line != self._said:
            self._said = line
            self.say(line)


def record(camera: Camera, film: Film, since: datetime, until: datetime) -> list[Segment]:
    """Uploads the film to every channel as if it had been filmed then."""
    sender = Sender(camera)
    segments = list(film.segments(since, until))
    for segment in segments:
        for channel in camera.channels:
            sender.send(str(channel["id"]), segment)
    return segments


def lasted(segments: list[Segment]) -> float:
    """Seconds of film."""
    return sum(len(segment.pieces) for segment in segments) * PIECE.total_seconds()
