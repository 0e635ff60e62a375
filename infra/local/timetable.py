"""Due times of schedules: `rate(…)` and `cron(…)` as EventBridge reads them, in UTC."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Protocol

_UNITS = {"minute": 60, "hour": 3_600, "day": 86_400}
_RATE = re.compile(r"rate\(([1-9]\d*) (minute|hour|day)(s?)\)")
_CRON = re.compile(r"cron\((\S+) (\S+) (\S+) (\S+) (\S+) (\S+)\)")
_MONTHS = ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"]
_WEEKDAYS = ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"]
_FIRST_YEAR, _LAST_YEAR = 1970, 2199


class NotUnderstood(ValueError):
    """An expression that EventBridge refuses, or that is not taught here."""


class Timetable(Protocol):
    def after(self, second: int) -> int | None:
        """The first due second later than this one; None if there is none any more."""


@dataclass(frozen=True)
class Rate:
    """Counted from the second the rule was made."""

    period_seconds: int
    since: int

    def after(self, second: int) -> int | None:
        return self.since + max(1, (second - self.since) // self.period_seconds + 1) * self.period_seconds


@dataclass(frozen=True)
class Cron:
    minutes: tuple[int, ...]
    hours: tuple[int, ...]
    days: frozenset[int] | None
    months: frozenset[int]
    weekdays: frozenset[int] | None  # 1 is Sunday
    years: frozenset[int]

    def after(self, second: int) -> int | None:
        at = datetime.fromtimestamp(second - second % 60 + 60, UTC)
        for day in self._days_from(at.date()):
            start = (at.hour, at.minute) if day == at.date() else (0, 0)
            for hour in self.hours:
                for minute in self.minutes:
                    if (hour, minute) >= start:
                        return int(datetime(day.year, day.month, day.day, hour, minute, tzinfo=UTC).timestamp())
        return None

    def _days_from(self, day: date) -> Iterator[date]:
        while day.year <= max(self.years):
            if self._holds(day):
                yield day
            day += timedelta(days=1)

    def _holds(self, day: date) -> bool:
        return (
            day.year in self.years
            and day.month in self.months
            and (self.days is None or day.day in self.days)
            and (self.weekdays is None or day.isoweekday() % 7 + 1 in self.weekdays)
        )


def read(expression: str, *, since: int) -> Timetable:
    """`since` is when the rule was made, which is what a rate counts from."""
    if rate := _RATE.fullmatch(expression):
        amount = int(rate[1])
        if (amount == 1) == bool(rate[3]):
            raise NotUnderstood(f"{expression}: EventBridge wants the singular for one and the plural for more")
        return Rate(amount * _UNITS[rate[2]], since)
    if cron := _CRON.fullmatch(expression):
        return _cron(expression, *cron.groups())
    raise NotUnderstood(expression)


def _cron(expression: str, *fields: str) -> Cron:
    minutes, hours, days, months, weekdays, years = fields
    if (days == "?") == (weekdays == "?"):
        raise NotUnderstood(f"{expression}: exactly one of the two day fields is `?`")
    try:
        return Cron(
            minutes=tuple(sorted(_numbers(minutes, 0, 59))),
            hours=tuple(sorted(_numbers(hours, 0, 23))),
            days=None if days == "?" else _numbers(days, 1, 31),
            months=_numbers(months, 1, 12, _MONTHS),
            weekdays=None if weekdays == "?" else _numbers(weekdays, 1, 7, _WEEKDAYS),
            years=_numbers(years, _FIRST_YEAR, _LAST_YEAR),
        )
    except ValueError as error:
        raise NotUnderstood(f"{expression}: {error}") from error


def _numbers(field: str, low: int, high: int, names: list[str] | None = None) -> frozenset[int]:
    return frozenset(number for part in field.split(",") for number in _part(part, low, high, names or []))


def _part(part: str, low: int, high: int, names: list[str]) -> range:
    span, slash, step = part.partition("/")
    if span == "*":
        first, last = low, high
    else:
        first_text, dash, last_text = span.partition("-")
        first = _number(first_text, names)
        last = _number(last_text, names) if dash else high if slash else first
    if not low <= first <= last <= high or (slash and not (step.isdigit() and int(step))):
        raise ValueError(f"{part} is not within {low} to {high}")
    return range(first, last + 1, int(step) if slash else 1)


def _number(text: str, names: list[str]) -> int:
    return names.index(text.upper()) + 1 if text.upper() in names else int(text)
