"""The world's clock: it ticks or is stopped, and when it jumps, everything happens that would have happened."""

from __future__ import annotations

import heapq
import math
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any, Protocol, Self

import time_machine
from chalice.app import Chalice, ScheduledEventConfig

from infra.local.functions import ACCOUNT, REGION, Functions
from infra.local.pollers import Pollers
from infra.local.timetable import Timetable, read

HOUR, DAY = 3_600, 86_400
# Lambda tries an asynchronous call three times in all.
TRIES = 3
MAX_EVERY_HOURS = 24

Lag = float | None


class Expiry(Protocol):
    def delete_expired(self, now: float, lag: Lag) -> int: ...

    def apply_lifecycle(self, now: float, lag: Lag) -> int: ...


@dataclass(frozen=True)
class Schedule:
    name: str
    handler: str
    timetable: Timetable


@dataclass
class Passage:
    """The outcome of a jump of the clock. `every_hours` above 1 says that frequent schedules fired less often, to be
    done in time."""

    fired: int = 0
    every_hours: int = 1


@dataclass(frozen=True)
class _Kept:
    seconds: float = 0.0
    seen: float = 0.0
    lag: Lag = 0.0
    last_hours: dict[str, int] = field(default_factory=dict)


class Clock:
    """The time everybody in this process sees, within."""

    def __init__(self, at: datetime, *, tick: bool) -> None:
        self._travel = time_machine.travel(at, tick=tick)
        self._traveller: Any = None
        self._at = at
        self.tick = self.is_ticking = tick

    def __enter__(self) -> Self:
        self._traveller = self._travel.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._travel.stop()

    def now(self) -> datetime:
        return datetime.fromtimestamp(time.time(), UTC)

    def move_to(self, seconds: float, *, tick: bool | None = None) -> None:
        """Nobody may be in the middle of anything. Never goes back but in `restore`."""
        self.is_ticking = self.tick if tick is None else tick
        self._traveller.move_to(datetime.fromtimestamp(seconds, UTC), tick=self.is_ticking)


class Calendar:
    """The schedules, TTL and lifecycle, and delayed messages: everything that time itself makes happen."""

    def __init__(self, clock: Clock, app: Chalice, functions: Functions, pollers: Pollers, expiry: Expiry) -> None:
        self._clock = clock
        self._functions = functions
        self._pollers = pollers
        self._expiry = expiry
        now = time.time()
        self.schedules = {one.name: one for one in _schedules(app, int(now))}
        self._kept = _Kept(seen=now)

    @property
    def lag(self) -> Lag:
        """The delay of AWS's own deletions, in seconds; None is never."""
        return self._kept.lag

    @lag.setter
    def lag(self, lag: Lag) -> None:
        self._kept = replace(self._kept, lag=lag)

    def run(self, name: str) -> Any:
        """The job's answer; what it raises is raised."""
        schedule = self.schedules[name]
        return self._functions.call_by_name(name, schedule.handler, self._event(name))

    def advance(self, seconds: float, *, within_seconds: float | None = None, every_hours: int = 1) -> Passage:
        """Let that much time pass.

        A schedule that falls due fires at most once per hour of the clock (or once in `every_hours`), and once at the
        end. `within_seconds` of real time, as far as that can be done by letting schedules of several times a day fire
        only every few hours.
        """
        with self._functions.rwlock.exclusive():
            try:
                return _Jump(self, time.time(), seconds, within_seconds, every_hours).go()
            finally:
                self._clock.move_to(time.time())  # it stood still on the way

    def keep_up(self) -> None:
        """Run what the ticking of the clock has made due since the last look; each due instant counts."""
        now, seen = time.time(), self._kept.seen
        self._kept = replace(self._kept, seen=now)
        for schedule in self.schedules.values():
            due = schedule.timetable.after(int(seen))
            while due is not None and due <= now:
                self.fire(schedule)
                due = schedule.timetable.after(due)

    def fire(self, schedule: Schedule) -> None:
        for _ in range(TRIES):
            well, _answer = self._functions.attempt(schedule.name, schedule.handler, self._event(schedule.name))
            if well:
                break

    def reap(self) -> None:
        now = time.time()
        self._expiry.delete_expired(now, self.lag)
        self._expiry.apply_lifecycle(now, self.lag)
        self._pollers.forget(now)

    def snapshot(self) -> _Kept:
        return replace(self._kept, seconds=time.time(), last_hours=dict(self._kept.last_hours))

    def restore(self, kept: _Kept) -> None:
        self._kept = replace(kept, last_hours=dict(kept.last_hours))
        self._clock.move_to(kept.seconds)

    def _event(self, name: str) -> dict[str, Any]:
        return {
            "version": "0",
            "id": self._functions.new_id(),
            "detail-type": "Scheduled Event",
            "source": "aws.events",
            "account": ACCOUNT,
            "time": self._clock.now().strftime("%Y-%m-%dT%H:%M:%SZ"),
            "region": REGION,
            "resources": [f"arn:aws:events:{REGION}:{ACCOUNT}:rule/sowa-{name}"],
            "detail": {},
        }


class _Jump:
    """One passage of time, step by step: the clock only stops where something happens."""

    def __init__(
        self, calendar: Calendar, now: float, seconds: float, within_seconds: float | None, every_hours: int
    ) -> None:
        self._calendar = calendar
        self._now = now
        self._end = now + seconds
        self._pace = _Pace(now, self._end, within_seconds, every_hours)
        self._due_at_all: dict[str, Schedule] = {}
        self._fired_now: set[str] = set()
        self._last_hours = calendar._kept.last_hours
        self.passage = Passage()

    def go(self) -> Passage:
        calendar = self._calendar
        calendar._pollers.settle()
        steps = self._steps()
        while steps and steps[0][0] <= self._end:
            at, name = heapq.heappop(steps)
            self._move(at)
            self._take(at, name, lambda step: heapq.heappush(steps, step))
            calendar._pollers.settle()
            self._await_messages(steps)
        self._arrive()
        calendar._kept = replace(calendar._kept, seen=self._end)
        self.passage.every_hours = self._pace.every_hours
        return self.passage

    def _steps(self) -> list[tuple[float, str]]:
        """The first due instant of each schedule, and the first midnight (named by nothing)."""
        steps: list[tuple[float, str]] = [((self._now // DAY + 1) * DAY, "")]
        for schedule in self._calendar.schedules.values():
            if (due := schedule.timetable.after(int(self._calendar._kept.seen))) is not None:
                steps.append((due, schedule.name))
        heapq.heapify(steps)
        self._await_messages(steps)
        return steps

    def _take(self, at: float, name: str, push: Callable[[tuple[float, str]], None]) -> None:
        if name == _MESSAGE:
            return  # settling comes next anyway
        if not name:
            self._calendar.reap()
            push((at + DAY, ""))
            return
        schedule = self._calendar.schedules[name]
        self._due_at_all[name] = schedule
        # Of the clock: what fell due while it was put forward by hand (`move_to`) is made up for once, and not once for
        # each hour that nobody lived through.
        hour = int(self._now // HOUR)
        if self._last_hours.get(name) != hour:
            self._fire(schedule, hour)
        self._pace.measure(at)
        following = schedule.timetable.after((hour + self._pace.every_hours) * HOUR - 1)
        if following is not None:
            push((following, name))

    def _arrive(self) -> None:
        self._move(self._end)
        self._calendar.reap()
        self._calendar._pollers.settle()
        for name, schedule in self._due_at_all.items():
            if name not in self._fired_now:
                self._fire(schedule, int(self._end // HOUR))
                self._calendar._pollers.settle()
        self._calendar.reap()
        self._calendar._pollers.settle()

    def _fire(self, schedule: Schedule, hour: int) -> None:
        self._last_hours[schedule.name] = hour
        self._fired_now.add(schedule.name)
        self.passage.fired += 1
        self._calendar.fire(schedule)

    def _move(self, at: float) -> None:
        """The clock is stopped on the way, or what takes long would be late for what comes next."""
        if at > self._now:
            self._now = at
            self._fired_now.clear()
        self._calendar._clock.move_to(self._now, tick=False)

    def _await_messages(self, steps: list[tuple[float, str]]) -> None:
        due = self._calendar._pollers.next_due()
        if due is not None and self._now < due and not any(name == _MESSAGE and at == due for at, name in steps):
            heapq.heappush(steps, (due, _MESSAGE))


_MESSAGE = "\0message"


class _Pace:
    """Watches how fast a jump goes, and stretches the hours between firings if it would not arrive in time."""

    def __init__(self, start: float, end: float, within_seconds: float | None, every_hours: int) -> None:
        self.every_hours = every_hours
        self._end = end
        self._within = within_seconds
        self._began = time.monotonic()
        self._since, self._since_real = start, self._began

    def measure(self, at: float) -> None:
        if self._within is None or at - self._since < HOUR:
            return
        now = time.monotonic()
        if now - self._since_real < 0.5:
            return
        projected = (self._end - at) * (now - self._since_real) / (at - self._since)
        left = max(self._within - (now - self._began), 0.01)
        if projected > left:
            self.every_hours = min(MAX_EVERY_HOURS, math.ceil(self.every_hours * projected / left))
            self._since, self._since_real = at, now


def _schedules(app: Chalice, since: int) -> Iterable[Schedule]:
    for one in app.event_sources:
        if isinstance(one, ScheduledEventConfig):
            expression = one.schedule_expression
            text = expression if isinstance(expression, str) else expression.to_string()
            yield Schedule(one.name, one.handler_string, read(text, since=since))
