"""How far a refund is, and what becomes of an order whose money goes back: each state and each news."""

from __future__ import annotations

from typing import get_args

import pytest

from chalicelib.orders import rules
from chalicelib.orders.rules import PaymentState, Reason, RefundState, State

# From which states of a payment which news of its refund lead on.
CHANGES = {
    "pending": {"refund_due"},
    "succeeded": {"refund_due", "refunding"},
    "failed": {"refund_due", "refunding", "refunded"},
}


@pytest.mark.parametrize("found", get_args(RefundState))
def test_a_refund_goes_forward_and_what_failed_stays_so(found: RefundState) -> None:
    assert {state for state in get_args(PaymentState) if rules.may_change(state, found)} == CHANGES[found]


@pytest.mark.parametrize("reason", get_args(Reason))
def test_an_order_that_is_over_is_owed_back_and_what_went_back_stays_so(reason: Reason) -> None:
    is_over = reason in ("order_over", "device_gone", "plan_changed", "renewal_ended")
    for state in get_args(State):
        stays = state in ("refunded", "charged_back") or not is_over
        assert rules.state_with_refund(state, reason) == (state if stays else "refund_due")


def test_all_goes_back_up_to_the_last_second_of_two_weeks_below_an_hour() -> None:
    last, hour_ms = 14 * 86_400, 3_600_000
    assert [rules.is_early(0, at) for at in (0, last, last + 1)] == [True, True, False]
    assert [rules.is_whole(0, ms, last) for ms in (0, hour_ms - 1, hour_ms)] == [True, True, False]
    assert not rules.is_whole(0, 0, last + 1)
    assert [rules.amount_back(299, left, whole=False) for left in (0, 298, 299, 300)] == [0, 298, 299, 299]
    assert rules.amount_back(299, 0, whole=True) == 299
