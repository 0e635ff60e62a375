"""What a source gave the agent, counted beside it: a recording is compared with that, and not with the time that
passed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from sowa_agent.clocks import Clock
from sowa_agent.opening import Open
from sowa_agent.packets import TICKS_PER_SECOND, Packet
from sowa_agent.source import Session, SourceAddress, SourceProblem, Why

# Before and after a time in which nothing may be kept: a segment's rest of less than a second and the fragment that is
# open; the wait for a key frame, and a fragment.
BEFORE_S, AFTER_S = 2.0, 2.0
JUMP = 60 * TICKS_PER_SECOND


@dataclass
class Counted:
    """Opens sources. `frames` says of each session when its frames came, from the first key frame on; `excused` when
    nothing of what came had to be kept, and `jumped` when time stamps did, all in seconds of the monotonic clock;
    `refusals` what opening failed by."""

    open_source: Open
    clock: Clock
    frames: list[list[float]] = field(default_factory=list)
    excused: list[tuple[float, float]] = field(default_factory=list)
    refusals: list[Why] = field(default_factory=list)
    jumped: list[float] = field(default_factory=list)

    def __call__(self, source: SourceAddress) -> Session:
        try:
            session: Any = self.open_source(source)
        except SourceProblem as problem:
            self.refusals.append(problem.why)
            raise
        packets = session.packets()
        session.packets = lambda: self._counted(packets)
        return session  # type: ignore[no-any-return]

    def _counted(self, packets: Iterator[Packet]) -> Iterator[Packet]:
        came, last = list[float](), None
        self.frames.append(came)
        for packet in packets:
            if came or packet.is_key:
                came.append(packet.arrived)
            if last is not None and packet.pts is not None and abs(packet.pts - last) > JUMP:
                self.jumped.append(packet.arrived)
            last = packet.pts
            yield packet

    def excuse(self, since: float) -> None:
        """From then until now."""
        self.excused.append((since - BEFORE_S, self.clock.monotonic() + AFTER_S))

    def came_since(self, moment: float) -> int:
        return sum(arrived > moment for came in self.frames for arrived in came)

    def jumps_since(self, moment: float) -> int:
        return sum(arrived > moment for arrived in self.jumped)

    def given(self) -> int:
        """Frames."""
        return sum(map(len, self.frames))

    def least_kept(self, shortest: int) -> int:
        """How many frames had to be kept, if of each session a rest that is shorter than `shortest` need not."""
        return sum(max(0, sum(map(self._had_to_be_kept, came)) - shortest) for came in self.frames)

    def _had_to_be_kept(self, arrived: float) -> bool:
        return not any(begin <= arrived <= end for begin, end in self.excused)
