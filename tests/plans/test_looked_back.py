"""What is due is looked for on the days on which it may be, the longest due first, and on no others."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from chalicelib.plans.actions import ledgers
from chalicelib.plans.records import PlanEnd, PlanRenewal, PlanWarning

NOON = datetime(2026, 3, 10, 12, tzinfo=UTC)


def at(hour: int) -> int:
    return int(NOON.replace(hour=hour).timestamp())


def days_back(count: int) -> list[str]:
    return [f"{NOON - timedelta(days=days):%Y%m%d}" for days in reversed(range(count + 1))]


def test_the_ends_of_plans(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    now = at(12)

    def all_of(day: str, **_: Any) -> list[SimpleNamespace]:
        asked.append(day)
        return [SimpleNamespace(day=day, ends_at=now + seconds) for seconds in (-1, 0, 1)]

    monkeypatch.setattr(PlanEnd, "all_of", all_of)
    found = list(ledgers.due_ends(now, looked_back_days=1))
    assert asked == days_back(1) == ["20260309", "20260310"]
    assert [(one.day, one.ends_at - now) for one in found] == [(day, left) for day in asked for left in (-1, 0)]
    asked.clear()
    list(ledgers.due_ends(now))
    assert asked == days_back(34)


@pytest.mark.parametrize("kind", [PlanWarning, PlanRenewal])
@pytest.mark.parametrize(("hour", "count"), [(0, 34), (1, 1), (5, 1), (6, 34), (12, 34), (18, 34), (23, 1)])
def test_warnings_and_renewals_of_today_and_yesterday_and_four_times_a_day_of_weeks(
    monkeypatch: pytest.MonkeyPatch, hour: int, count: int, kind: Any
) -> None:
    asked: list[tuple[str, str, str | None]] = []
    first, last = SimpleNamespace(items=["first"], cursor="more"), SimpleNamespace(items=["last"], cursor=None)
    pages = {None: first, "more": last}

    def list_of(day: str, *, first: str, last: str, limit: int, after: str | None) -> SimpleNamespace:
        asked.append((day, last, after))
        return pages[after]

    monkeypatch.setattr(kind, "list_of", list_of)
    now = at(hour)
    assert [*ledgers.due(kind, now)] == ["first", "last"] * (count + 1)
    assert [(day, after) for day, _, after in asked] == [(day, after) for day in days_back(count) for after in pages]
    assert {last for _, last, _ in asked} == {f"{now:012d}."}
