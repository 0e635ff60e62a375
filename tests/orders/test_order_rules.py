"""What may become of an order, and how invoices are numbered and kept."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import get_args

import pytest

from chalicelib.orders import rules
from chalicelib.orders.rules import Outcome, State

CHANGES = {
    ("open", "paid"),
    ("open", "refused"),
    ("open", "expired"),
    ("refused", "paid"),
    ("refused", "expired"),
    ("expired", "paid"),
    ("expired", "refused"),
}


@pytest.mark.parametrize("outcome", get_args(Outcome))
@pytest.mark.parametrize("state", get_args(State))
def test_money_counts_however_late_and_what_was_paid_stays_so(state: State, outcome: Outcome) -> None:
    assert rules.may_become(state, outcome) == ((state, outcome) in CHANGES)


@pytest.mark.parametrize(
    ("count", "number"), [(1, "S-2026-000001"), (999_999, "S-2026-999999"), (1_000_000, "S-2026-1000000")]
)
def test_an_invoice_is_numbered_by_year_and_count(count: int, number: str) -> None:
    assert rules.invoice_number(2026, count) == number


@pytest.mark.parametrize("count", [1, 1_000_000])
def test_an_invoice_is_kept_to_the_end_of_the_fifth_year_after_its_own(count: int) -> None:
    number = rules.invoice_number(2026, count)
    assert rules.kept_until(number) == datetime(2031, 12, 31, 23, 59, 59, tzinfo=UTC)
