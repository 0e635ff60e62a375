"""What a plan costs, in what state it is, and what another period adds."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from chalicelib.plans import rules
from chalicelib.plans.rules import CATALOGUE, PlanUnknown

END = datetime(2026, 3, 1, 12, tzinfo=UTC)
SECOND = timedelta(seconds=1)


def test_every_plan_of_the_catalogue_has_an_id_of_its_own_and_a_price_in_cents() -> None:
    assert len({offer.plan_id for offer in CATALOGUE}) == len(CATALOGUE)
    for offer in CATALOGUE:
        assert type(offer.amount) is int and offer.amount > 0 and offer.currency == "EUR"
        assert offer.keep_days in (3, 7, 30) and offer.period_days in (30, 365)
        assert offer.name_en != offer.name_pl
        assert rules.offer(offer.plan_id) is offer


@pytest.mark.parametrize("plan_id", ["", "gold", "event-7-month ", "EVENT-7-MONTH"])
def test_any_other_plan_is_unknown(plan_id: str) -> None:
    with pytest.raises(PlanUnknown):
        rules.offer(plan_id)


@pytest.mark.parametrize(
    ("now", "state"),
    [
        (END - timedelta(days=30), "active"),
        (END - SECOND, "active"),
        (END, "grace"),
        (END + timedelta(days=7) - SECOND, "grace"),
        (END + timedelta(days=7), "ended"),
        (END + timedelta(days=700), "ended"),
    ],
)
def test_a_plan_is_active_then_in_grace_for_seven_days_then_ended(now: datetime, state: str) -> None:
    assert rules.state_at(END, now) == state
    assert rules.state_at(None, now) == "none"


@pytest.mark.parametrize(
    ("until", "now", "start"),
    [
        (None, END, END),
        (END, END - timedelta(days=3), END),
        (END, END, END),
        (END, END + SECOND, END + SECOND),
        (END, END + timedelta(days=400), END + timedelta(days=400)),
        (None, END + timedelta(microseconds=7), END),
    ],
)
def test_another_period_follows_the_end_of_the_present_one_or_begins_now(
    until: datetime | None, now: datetime, start: datetime
) -> None:
    assert rules.prolonged(until, 30, now) == start + timedelta(days=30)
