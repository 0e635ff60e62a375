"""The clock: the only module that knows the time, with time zones and daylight saving."""

from __future__ import annotations

import time
from datetime import UTC, date, datetime, timedelta, timezone
from functools import cache, lru_cache
from itertools import groupby
from typing import TYPE_CHECKING

from msgspec import Struct

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

_DAY, _WEEK = timedelta(days=1), timedelta(days=7)
_WEEKS_AROUND = 53
# Summer is longer where clocks are put forward for it; some put them back for Ramadan.
_LEAST_WEEKS_OF_A_SEASON = 9

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def now() -> datetime:
    """The present instant, in UTC, to the microsecond."""
    return datetime.now(UTC)


def now_s() -> int:
    """The present second since 1970, as DynamoDB's TTL counts."""
    return int(time.time())


def now_to_ms() -> float:
    """The present instant in seconds since 1970, to the millisecond: for what is compared within a second."""
    return round(time.time(), 3)


def in_(**span: float) -> datetime:
    """The instant that lies this far ahead: `in_(minutes=10)`."""
    return now() + timedelta(**span)


def epoch_s(at: datetime) -> int:
    """The second that it lies in. Counted, not rounded: `timestamp()` puts the last microsecond of 9999 into 10000."""
    return (at - _EPOCH) // timedelta(seconds=1)


def at_epoch(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def rfc3339(at: datetime) -> str:
    """`2026-11-01T10:15:00Z`, with microseconds only where there are any."""
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z")


def from_rfc3339(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


def sleep(seconds: float) -> None:
    time.sleep(seconds)


def wait(seconds: float) -> None:
    """Let others do meanwhile what is waited for. (`sleep` is for trying again what has failed.)"""
    time.sleep(seconds)


def ticks_s() -> float:
    """Seconds that only ever grow, for measuring how long something took."""
    return time.perf_counter()


# Where people are


@cache
def zone(name: str) -> ZoneInfo:
    """A time zone by its IANA name, as the pinned `tzdata` has it: what a machine brings itself may be years old, and
    is never read (https://docs.python.org/3/library/zoneinfo.html#zoneinfo.reset_tzpath)."""
    # Here and not above: most containers never hear of a time zone.
    import zoneinfo

    if zoneinfo.TZPATH:
        zoneinfo.reset_tzpath(())
        zoneinfo.ZoneInfo.clear_cache()
    return zoneinfo.ZoneInfo(name)


def begin_of_day(day: date, zone: ZoneInfo, *, dst: bool) -> datetime:
    """The first instant of this day there, in UTC.

    Without `dst` it is that of a clock which is never put forward: its days are those of standard time all year round.
    """
    midnight = _midnight(day, zone)
    return (midnight if dst else midnight.replace(tzinfo=timezone(standard_offset(day, zone)))).astimezone(UTC)


class LocalDays(Struct, frozen=True):
    """The calendar days of a place, as `begin_of_day` reckons them."""

    zone: ZoneInfo
    dst: bool

    def begin_of(self, day: date) -> datetime:
        return begin_of_day(day, self.zone, dst=self.dst)

    def date_of(self, at: datetime) -> date:
        """The day that an instant lies in."""
        day = at.astimezone(self.zone).date()
        # Without daylight saving the day may begin an hour later, or earlier.
        while self.begin_of(day) > at:
            day -= _DAY
        while self.begin_of(day + _DAY) <= at:
            day += _DAY
        return day

    def around(self, at: datetime) -> tuple[datetime, datetime]:
        """The first instant of the day that an instant lies in, and of the next."""
        day = self.date_of(at)
        return self.begin_of(day), self.begin_of(day + _DAY)


@lru_cache(maxsize=256)
def standard_offset(day: date, zone: ZoneInfo) -> timedelta:
    """The offset from UTC, on this day, of a clock there that is never put forward.

    What a zone's data call daylight saving does not say it: one hour is called two (Inuvik), winter a saving of less
    than nothing (Dublin), summer may be two hours (Troll) or half of one (Lord Howe), and a law may make last summer's
    time the standard (Vancouver). So it is read from what clocks do: a season that both follows and is followed by the
    same earlier time is a summer, and a month of another time in between (Ramadan in Morocco) is no season.
    """
    seasons = _seasons(day, zone)
    own = max(nth for nth, (_, first) in enumerate(seasons) if first <= 0)
    offset = seasons[own][0]
    before = seasons[own - 1][0] if own else offset
    after = seasons[own + 1][0] if own + 1 < len(seasons) else offset
    return before if before == after < offset else offset


def _seasons(day: date, zone: ZoneInfo) -> list[tuple[timedelta, int]]:
    """The offsets that hold one after the other in the year before and the year behind this day, each with its first
    week, counted from the day's own; what is cut off at either end may be longer than it looks."""
    first, last = -min(_WEEKS_AROUND, (day - date.min) // _WEEK), min(_WEEKS_AROUND, (date.max - day) // _WEEK)
    offsets = [(nth, _midnight(day + nth * _WEEK, zone).utcoffset() or timedelta()) for nth in range(first, last + 1)]
    runs = [(offset, [nth for nth, _ in run]) for offset, run in groupby(offsets, key=lambda one: one[1])]
    long = [
        (offset, weeks[0])
        for offset, weeks in runs
        if len(weeks) >= _LEAST_WEEKS_OF_A_SEASON or weeks[0] == first or weeks[-1] == last
    ]
    return [next(run) for _, run in groupby(long, key=lambda one: one[0])]


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=zone)
