"""Schedules are due when EventBridge says so."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import pairwise

import pytest
from chalice.app import Cron, Rate

from infra.local.timetable import NotUnderstood, read


def _second(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp())


def _due(expression: str, after: str, count: int = 3, since: str = "2026-01-05T08:00:07") -> list[str]:
    timetable, second, due = read(expression, since=_second(since)), _second(after), []
    for _ in range(count):
        following = timetable.after(second)
        if following is None:
            break
        second = following
        due.append(datetime.fromtimestamp(second, UTC).strftime("%Y-%m-%dT%H:%M:%S"))
    return due


@pytest.mark.parametrize(
    ("expression", "after", "due"),
    [
        # A rate counts from when the rule was made.
        ("rate(5 minutes)", "2026-01-05T08:00:07", ["2026-01-05T08:05:07", "2026-01-05T08:10:07"]),
        ("rate(5 minutes)", "2026-01-05T08:05:06", ["2026-01-05T08:05:07", "2026-01-05T08:10:07"]),
        ("rate(1 hour)", "2026-01-05T09:30:00", ["2026-01-05T10:00:07", "2026-01-05T11:00:07"]),
        ("rate(2 days)", "2026-01-05T08:00:07", ["2026-01-07T08:00:07", "2026-01-09T08:00:07"]),
        ("rate(1 hour)", "2020-01-01T00:00:00", ["2026-01-05T09:00:07"]),
        ("cron(30 3 * * ? *)", "2026-01-05T03:29:59", ["2026-01-05T03:30:00", "2026-01-06T03:30:00"]),
        ("cron(30 3 * * ? *)", "2026-01-05T03:30:00", ["2026-01-06T03:30:00"]),
        ("cron(*/20 * * * ? *)", "2026-01-05T23:39:00", ["2026-01-05T23:40:00", "2026-01-06T00:00:00"]),
        ("cron(0 */6 * * ? *)", "2026-01-05T17:00:00", ["2026-01-05T18:00:00", "2026-01-06T00:00:00"]),
        ("cron(0 0 1 * ? *)", "2026-01-05T00:00:00", ["2026-02-01T00:00:00", "2026-03-01T00:00:00"]),
        ("cron(0 12 ? * 2 *)", "2026-01-05T12:00:00", ["2026-01-12T12:00:00"]),  # 2 is Monday
        ("cron(0 12 ? * MON-FRI *)", "2026-01-09T12:00:00", ["2026-01-12T12:00:00"]),
        ("cron(0 12 ? * 1 *)", "2026-01-05T12:00:00", ["2026-01-11T12:00:00"]),  # 1 is Sunday
        ("cron(0 0 29 2 ? *)", "2026-01-05T12:00:00", ["2028-02-29T00:00:00"]),
        ("cron(15,45 8 * JAN ? *)", "2026-01-05T08:15:00", ["2026-01-05T08:45:00", "2026-01-06T08:15:00"]),
        ("cron(0 0 1 1 ? 2027)", "2026-01-05T12:00:00", ["2027-01-01T00:00:00"]),
    ],
)
def test_a_schedule_is_due_at(expression: str, after: str, due: list[str]) -> None:
    assert _due(expression, after, len(due)) == due


def test_what_is_over_is_never_due_again() -> None:
    assert _due("cron(0 0 1 1 ? 2026)", "2026-01-05T00:00:00") == []


def test_what_chalice_writes_is_understood() -> None:
    written = [Rate(1, Rate.HOURS), Rate(5, Rate.MINUTES), Rate(2, Rate.DAYS), Cron(0, 3, "*", "*", "?", "*")]
    for expression in written:
        assert _due(expression.to_string(), "2026-01-05T08:00:07", 1)


def test_due_instants_only_grow() -> None:
    timetable = read("cron(*/7 */5 * * ? *)", since=0)
    instants = range(_second("2026-01-05T00:00:00"), _second("2026-01-06T00:00:00"), 60)
    following = [timetable.after(second) for second in instants]
    assert all(second < due for second, due in zip(instants, following, strict=True) if due)
    assert all(a <= b for a, b in pairwise(following) if a and b)


@pytest.mark.parametrize(
    "expression",
    [
        "rate(0 minutes)",
        "rate(1 hours)",
        "rate(2 hour)",
        "rate(5 weeks)",
        "cron(0 3 * * * *)",  # one of the two day fields has to be `?`
        "cron(0 3 ? * ? *)",
        "cron(60 3 * * ? *)",
        "cron(0 3 L * ? *)",
        "cron(0 3 * * ?)",
        "cron(*/0 3 * * ? *)",
        "every day",
    ],
)
def test_what_eventbridge_refuses_or_nobody_taught_is_refused(expression: str) -> None:
    with pytest.raises(NotUnderstood):
        read(expression, since=0)
