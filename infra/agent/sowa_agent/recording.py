"""Recording of a channel: what the plan allows is cut into segments, always or around what moves."""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from typing import Any

from sowa_agent import answers
from sowa_agent.packets import Init, Piece
from sowa_agent.ring import Ring
from sowa_agent.spool import OpenSegment, Spool

# The first comes soon, so that whoever bought a plan sees that it works; each object costs a request.
FIRST_S, LONGEST_S, SHORTEST_S = 14.0, 60.0, 1.0
# A key frame that comes a little later than those before it must not make an object too long.
MARGIN_S = 0.25
# What clocks differ by is no gap, and is made good a little with each object. The cloud takes a second for a gap.
LEAP_S, SLEW_S = 0.9, 0.05
# An event: what was before it, so much together, or more where key frames are rare; it goes on while something moves
# towards its end. It is one object, a little longer than itself at most.
BEFORE_S, AFTER_S, EVENT_S, STILL_S = 6.0, 8.0, 20.0, 5.0
LONGEST_EVENT_S = 22.0

log = logging.getLogger(__name__)

Plan = dict[str, Any]


def plan_of(said: Any) -> Plan:
    """As the cloud says it; without `event_ms_left` there is no bound. Raises ValueError."""
    plan: Plan = {"kind": answers.field(said, "kind", str), "keep_days": answers.field(said, "keep_days", int)}
    if said.get("event_ms_left") is not None:
        plan["event_ms_left"] = answers.field(said, "event_ms_left", int)
    return plan


@dataclass
class Cutter:
    """Writes pieces into segments, each from a key frame on where there are any; cuts where what comes does not go on,
    and at the last key frame before it would be too long."""

    spool: Spool
    channel: str
    first_s: float = FIRST_S
    longest_s: float = LONGEST_S
    _open: OpenSegment | None = None
    _init: Init | None = None
    _start_s: float = 0.0
    _length_s: float = 0.0
    _end_s: float | None = None
    _is_first: bool = True
    _since_key_s: float = 0.0

    @property
    def is_writing(self) -> bool:
        return self._open is not None

    def add(self, piece: Piece) -> None:
        """Raises OSError where the disk does not take it: what is open ends, and the next key frame begins."""
        if not self._goes_on(piece):
            self.cut()
        elif self._is_long_enough(piece):
            self._close()
            self._is_first = False
        if self._open is None and not self._may_begin(piece):
            return
        try:
            self._write(piece)
        except OSError:
            self._end()
            raise

    def cut(self) -> None:
        """Nothing that goes on comes for a while: the rest, as it is."""
        self._close()
        self._end_s, self._is_first = None, True

    def _may_begin(self, piece: Piece) -> bool:
        """Between two key frames only where the segment before ends."""
        return piece.begins_with_key or self._end_s is not None

    def _goes_on(self, piece: Piece) -> bool:
        expected_s = self._start_s + self._length_s if self._open else self._end_s
        return expected_s is not None and piece.init is self._init and abs(piece.start_s - expected_s) <= LEAP_S

    def _is_long_enough(self, piece: Piece) -> bool:
        longest_s = self.first_s if self._is_first else self.longest_s
        if self._length_s + piece.duration_s > longest_s:
            return True
        return piece.begins_with_key and self._length_s + self._since_key_s > longest_s - MARGIN_S

    def _write(self, piece: Piece) -> None:
        if self._open is None:
            self._open = self.spool.begin(self.channel, piece.init)
            self._init, self._length_s, self._start_s = piece.init, 0.0, self._beginning(piece)
        self._open.append(piece)
        self._length_s += piece.duration_s
        self._since_key_s = piece.duration_s if piece.begins_with_key else self._since_key_s + piece.duration_s

    def _beginning(self, piece: Piece) -> float:
        if self._end_s is None:
            return piece.start_s
        return self._end_s + min(max(piece.start_s - self._end_s, -SLEW_S), SLEW_S)

    def _close(self) -> None:
        segment, self._open = self._open, None
        if segment is None:
            return
        self._end_s = self._start_s + self._length_s
        if self._length_s >= SHORTEST_S:
            segment.close(self._start_s, min(round(self._length_s * 1000), round(LONGEST_S * 1000)))
        else:
            segment.discard()

    def _end(self) -> None:
        """What has been written is whole, and on a full disk it can still be given its name."""
        segment = self._open
        try:
            self.cut()
        except OSError:
            if segment is not None:
                segment.discard()
            self._end_s, self._is_first = None, True


@dataclass
class Recorder:
    """One channel's: `see` gets each piece that is filmed, and what the plan asks for goes into the spool."""

    spool: Spool
    channel: str
    ring: Ring
    plan: Plan | None = None
    _always: Cutter = field(init=False)
    _event: Cutter = field(init=False)
    _event_ends_s: float = 0.0
    _last_moved_s: float = float("-inf")
    _last_number: int = -1
    _disk_fails: bool = False

    def __post_init__(self) -> None:
        self._always = Cutter(self.spool, self.channel)
        self._event = Cutter(self.spool, self.channel, LONGEST_EVENT_S, LONGEST_EVENT_S)

    @property
    def is_by_events(self) -> bool:
        """Whether it goes by what moves."""
        return self.plan is not None and self.plan["kind"] == "event"

    def moved(self, at_s: float) -> None:
        """Something moved."""
        self._last_moved_s = max(self._last_moved_s, at_s)

    def see(self, piece: Piece) -> None:
        try:
            self._see(piece)
            self._disk_fails &= not (self._always.is_writing or self._event.is_writing)
        except OSError as error:
            if not self._disk_fails:
                log.error("Channel %s is not recorded: the disk does not take it (%s).", self.channel, error.strerror)
            self._disk_fails = True

    def rest(self) -> None:
        """Nothing is recorded for a while."""
        self._event_ends_s = 0.0
        self._always.cut()
        self._event.cut()

    def _see(self, piece: Piece) -> None:
        plan = self.plan
        if plan is None or plan.get("event_ms_left", 1) <= 0:
            self.rest()
        elif plan["kind"] == "event":
            self._always.cut()
            self._see_in_events(piece, plan)
        else:
            self._event.cut()  # of the plan before, whose file it would write into
            self._always.add(piece)
            self._last_number = piece.number

    def _see_in_events(self, piece: Piece, plan: Plan) -> None:
        new = [piece]
        if piece.start_s >= self._event_ends_s:
            if self._last_moved_s <= piece.end_s - STILL_S:
                self._event.cut()
                return
            new = self._not_written(piece)
            self._event_ends_s = max(new[0].start_s + EVENT_S, self._last_moved_s + AFTER_S)
        for each in new:
            self._event.add(each)
            self._last_number = each.number
            plan["event_ms_left"] = plan.get("event_ms_left", 0) - round(each.duration_s * 1000)

    def _not_written(self, piece: Piece) -> list[Piece]:
        """Where an event begins also what was before it, from a key frame on."""
        before = self.ring.since(self._last_moved_s - BEFORE_S)
        return [each for each in before if each.number > self._last_number] or [piece]
