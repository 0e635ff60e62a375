"""A camera that does everything wrong for two days, and a plain list of what it filmed and who may see it."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from tests.conftest import Home
from tests.scene import box, segment_stamp

S = timedelta(seconds=1)
AHEAD, KEEP = 60 * S, timedelta(days=7)


@dataclass(frozen=True)
class Filmed:
    """A segment as the camera knows it: its own bytes, the init that it was encoded with, and its stamp."""

    number: int
    init: str
    stamp: datetime
    ms: int
    size: int

    @property
    def body(self) -> bytes:
        mark = f"segment-{self.number:06}".encode()
        return box("moof", 32) + (8 + self.size).to_bytes(4) + b"mdat" + mark.ljust(self.size, b".")

    @property
    def name(self) -> str:
        return f"1/{segment_stamp(self.stamp)}-{self.ms}.m4s"


@dataclass
class Kept:
    """An upload that was answered with 204: what it shows, and when it came."""

    filmed: Filmed
    arrived: datetime
    folder: str
    start: datetime = field(init=False)

    def __post_init__(self) -> None:
        is_believed = self.arrived - KEEP <= self.filmed.stamp <= self.arrived + AHEAD
        self.start = self.filmed.stamp if is_believed else self.arrived

    @property
    def end(self) -> datetime:
        return self.start + timedelta(milliseconds=self.filmed.ms)


class Chaos:
    """The camera and its owner, by a seed; `kept` is the model."""

    def __init__(self, home: Home, seed: int) -> None:
        self.home, self.random = home, random.Random(seed)  # noqa: S311  # repeatable is the point
        self.kept: dict[str, Kept] = {}
        self.private: list[list[datetime]] = []
        self.clock_is_off = timedelta(0)
        self.backlog: list[Filmed] = []
        self.ticket: Any = None
        self.brought: set[str] = set()
        self.encoder, self.numbers = 0, 0
        self.refused_tickets = 0

    # The camera

    def live(self, minutes: int) -> None:
        """So many minutes of filming, with something going wrong every few."""
        for _ in range(minutes):
            self.home.world.clock.move_to(self.home.world.now().timestamp() + self._length_s())
            act = self.random.choices(
                [self._film, self._late, self._send_backlog, self._twice, self._restart, self._jump, self._gap,
                 self._privacy, self._overlap, self._again_on_a_new_ticket],
                [70, 8, 6, 4, 3, 2, 2, 2, 2, 2],
            )[0]  # fmt: skip
            act()
            if self._is_private_now() and self.random.random() < 0.2:
                self._privacy()
            if self.random.random() < 0.3:
                self.home.world.settle()
        self._send_backlog()
        self.home.world.settle()

    def _length_s(self) -> float:
        self.length_ms = self.random.choice((60_000, 60_000, 60_000, 59_960, 20_000, 1_000))
        return self.length_ms / 1000

    def _new(self, *, before: timedelta = timedelta(0)) -> Filmed:
        self.numbers += 1
        start = self.home.world.now() + self.clock_is_off - timedelta(milliseconds=self.length_ms) - before
        start = start.replace(microsecond=start.microsecond // 1000 * 1000)
        return Filmed(self.numbers, f"e{self.encoder}", start, self.length_ms, 200 + self.random.randrange(200))

    def _film(self) -> None:
        self._send(self._new())

    def _late(self) -> None:
        self.backlog.append(self._new())

    def _send_backlog(self) -> None:
        if self.random.random() < 0.4:
            self.random.shuffle(self.backlog)
        while self.backlog:
            self._send(self.backlog.pop(0))

    def _twice(self) -> None:
        one = self._new()
        self._send(one)
        self._send(one)

    def _again_on_a_new_ticket(self) -> None:
        """As a camera does that heard no answer and lost its ticket."""
        one = self._new()
        self._send(one)
        self.ticket = None
        self._send(one)

    def _restart(self) -> None:
        self.encoder += 1
        if self.random.random() < 0.5:
            self.ticket = None
        self._film()

    def _jump(self) -> None:
        jumps = (timedelta(0), 30 * S, -40 * S, timedelta(hours=-3), timedelta(hours=2), timedelta(days=-400))
        self.clock_is_off = self.random.choice(jumps)
        self.encoder += 1
        self._film()

    def _gap(self) -> None:
        self.home.world.clock.move_to(self.home.world.now().timestamp() + self.random.choice((1.5, 300, 4000)))

    def _overlap(self) -> None:
        """Two encoders at once."""
        self._film()
        self._send(self._new(before=timedelta(milliseconds=self.length_ms // 3)))

    def _send(self, one: Filmed) -> None:
        ticket = self._valid_ticket()
        if ticket is None:
            return
        folder = ticket["key_prefix"]
        if f"{folder}{one.init}" not in self.brought:
            init = box("ftyp", 32) + box("moov", 600) + one.init.encode()
            if self.home.world.upload(ticket, f"1/init-{one.init}.mp4", init).status == 204:
                self.brought.add(f"{folder}{one.init}")
        if self.home.world.upload(ticket, one.name, one.body).status == 204:
            arrived = self.home.world.now().replace(microsecond=0)
            self.kept[f"{folder}{one.name}"] = Kept(one, arrived, folder)

    def _valid_ticket(self) -> Any:
        held = self.ticket
        if held is None or datetime.fromisoformat(held["until"]) <= self.home.world.now():
            answer = self.home.world.call(
                "POST", "/cameras/tickets", {"kind": "recording"}, token=self.home.camera.token
            )
            self.refused_tickets += answer.status == 409
            self.ticket = answer.json["tickets"][0] if answer.status == 200 else None
        return self.ticket

    # Its owner

    def _privacy(self) -> None:
        is_on, now = self._is_private_now(), self.home.world.now()
        if is_on:
            self.private[-1].append(now)
        else:
            self.private.append([now])
        self.home.owner.refresh()
        self.home.owner.set_privacy(self.home.camera.device_id, on=not is_on)
        # Nobody expects a moment to be told apart from the next within a second.
        self.home.world.clock.move_to(now.timestamp() + 2)

    def _is_private_now(self) -> bool:
        return bool(self.private) and len(self.private[-1]) == 1

    # The model

    def shown(self, plan_runs: list[tuple[datetime, datetime]]) -> dict[int, Kept]:
        """What may be seen now, by the number of the segment; the plan ran in these spans, and runs now."""
        now = self.home.world.now()
        found: dict[int, Kept] = {}
        for one in sorted(self.kept.values(), key=lambda kept: (kept.arrived, kept.folder)):
            is_planned = any(begin <= one.arrived < end for begin, end in plan_runs)
            if is_planned and now < one.arrived + KEEP and not self._is_private(one):
                found.setdefault(one.filmed.number, one)
        return found

    def _is_private(self, one: Kept) -> bool:
        return any(self._overlaps(one, span) for span in self.private)

    def _overlaps(self, one: Kept, span: list[datetime]) -> bool:
        since, until = span[0], span[1] if len(span) > 1 else None
        filmed = since <= one.end and (until is None or one.start < until)
        brought = since < one.arrived + S and (until is None or one.arrived < until)
        return filmed or brought


def days_of(begin: datetime, end: datetime) -> Iterator[tuple[datetime, datetime]]:
    """In pieces that one playlist may show."""
    while begin < end:
        yield begin, min(end, begin + timedelta(hours=24))
        begin += timedelta(hours=24)
