"""Calendars: whether a day has recordings that may be shown, as far as its counts alone can tell."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from chalicelib.errors import Invalid
from chalicelib.words import Phrase

# A camera's clock may be ahead of the arrival by as much.
_AHEAD = timedelta(minutes=1)


class MonthInvalid(Invalid):
    pass


@dataclass(frozen=True)
class Counted:
    """A quarter of an hour, by UTC, in which objects begin, as the index counts them: until when the last of them may
    go on, the least for which they are kept, and the end of keeping of whatever began on that day."""

    begin: datetime
    end: datetime
    reach: datetime
    least_kept: timedelta
    until: datetime


@dataclass(frozen=True)
class Judged:
    """By what is judged: the present, since when what arrived may be shown, since when all of it is, if that is known,
    and the spans that hide what they touch."""

    now: datetime
    since: datetime
    all_since: datetime | None
    hidden: Sequence[tuple[datetime, datetime]] = field(default=())

    def may_show(self, one: Counted) -> bool | None:
        """Whether something that begins in the quarter may be shown, if that is certain."""
        is_over = one.until <= self.now or one.until - one.least_kept < self.since
        if is_over or any(begin <= one.begin and one.end <= end for begin, end in self.hidden):
            return False
        earliest = one.begin - _AHEAD
        stays = self.all_since is not None and earliest >= self.all_since and earliest + one.least_kept > self.now
        is_touched = any(begin < one.reach and one.begin < end for begin, end in self.hidden)
        return True if stays and not is_touched else None


def has_any(counted: Iterable[Counted], judged: Judged, begin: datetime, end: datetime) -> bool | None:
    """Whether something of what was filmed from `begin` to `end` may be shown; None where somebody has to look."""
    near = [one for one in counted if one.begin < end and begin < one.reach]
    shown = [(one, judged.may_show(one)) for one in near]
    if any(may and begin <= one.begin and one.end <= end for one, may in shown):
        return True
    return False if all(may is False for _, may in shown) else None


def days_of_month(month: str) -> list[date]:
    """`2026-11`; raises MonthInvalid."""
    try:
        first = date.fromisoformat(f"{month}-01")
        following = (first + timedelta(days=31)).replace(day=1)
    except (ValueError, OverflowError) as cause:
        raise MonthInvalid(fields={"month": Phrase("not_a_month")}) from cause
    return [first + timedelta(days=number) for number in range((following - first).days)]
