"""Clocks: what time it is by the cloud, and when a frame was filmed."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime

from sowa_agent.packets import TICKS_PER_SECOND

# An answer is under way for a while: a correction of less would follow the network's moods.
LEAST_CORRECTION_S = 0.3
WINDOW_S = 60.0


@dataclass
class Clock:
    """The cloud's time, which its answers tell, carried on by the monotonic clock: the host's may be wrong by a day,
    and may be set while the agent runs. Until the first answer it is the host's."""

    host_s: Callable[[], float] = time.time
    monotonic: Callable[[], float] = time.monotonic
    is_learned: bool = False
    _ahead: float = 0.0

    def __post_init__(self) -> None:
        self._ahead = self.host_s() - self.monotonic()

    def learn(self, now: datetime) -> None:
        """The cloud said what time it is."""
        ahead = now.timestamp() - self.monotonic()
        if not self.is_learned or abs(ahead - self._ahead) >= LEAST_CORRECTION_S:
            self._ahead = ahead
        self.is_learned = True

    def now_s(self) -> float:
        """Seconds since 1970, UTC."""
        return self.at(self.monotonic())

    def at(self, monotonic: float) -> float:
        """What time it was at a moment of the monotonic clock."""
        return monotonic + self._ahead

    def host_is_ahead_s(self) -> float:
        """By how much the host's clock differs from the cloud's."""
        return self.host_s() - self.now_s()

    def wait(self, stopped: threading.Event, seconds: float) -> bool:
        """Whether it was stopped meanwhile."""
        return stopped.wait(max(0.0, seconds))


@dataclass
class FrameClock:
    """When frames of one connection were filmed: a frame can only arrive late, so the least delay of the last minute
    or two is that of the way, and what is above it is buffering. Follows a camera whose crystal drifts."""

    _least: float = math.inf
    _least_before: float = math.inf
    _window_began: float = field(default=-math.inf)

    def see(self, pts: int, arrived: float) -> None:
        if arrived - self._window_began > WINDOW_S:
            self._least_before, self._least, self._window_began = self._least, math.inf, arrived
        self._least = min(self._least, arrived - pts / TICKS_PER_SECOND)

    def filmed(self, pts: int) -> float:
        """The moment of the monotonic clock."""
        return pts / TICKS_PER_SECOND + min(self._least, self._least_before)


def as_utc(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
