"""What may become of an order."""

from __future__ import annotations

from typing import get_args

import pytest

from chalicelib.orders import rules
from chalicelib.orders.rules import Outcome, Reason, State

CHANGES = {
    ("open", "paid"),
    ("open", "refused"),
    ("open", "expired"),
    ("refused", "paid"),
    ("refused", "expired"),
}


@pytest.mark.parametrize("outcome", get_args(Outcome))
@pytest.mark.parametrize("state", get_args(State))
def test_who_was_refused_may_try_again_and_what_was_paid_or_is_over_stays_so(state: State, outcome: Outcome) -> None:
    assert rules.may_become(state, outcome) == ((state, outcome) in CHANGES)


@pytest.mark.parametrize(
    ("state", "is_exact", "reason", "then"),
    [
        ("open", True, None, None),
        ("refused", True, None, None),
        ("open", False, "amount_differs", "open"),
        ("refused", False, "amount_differs", "refused"),
        ("paid", True, "order_paid", "paid"),
        ("paid", False, "order_paid", "paid"),
        ("expired", True, "order_over", "refund_due"),
        ("expired", False, "order_over", "refund_due"),
        ("refund_due", True, "order_over", "refund_due"),
    ],
)
def test_money_pays_what_waits_for_just_that_amount_and_is_owed_back_otherwise(
    state: State, is_exact: bool, reason: Reason | None, then: State | None
) -> None:
    assert rules.reason_to_refund(state, is_exact=is_exact) == reason
    if reason is not None:
        assert rules.state_with_refund(state, reason) == then


def test_an_order_whose_device_is_gone_has_its_money_owed_back() -> None:
    assert rules.state_with_refund("open", "device_gone") == "refund_due"
