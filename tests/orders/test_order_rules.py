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
        ("refunded", True, "order_over", "refunded"),
        ("charged_back", True, "order_over", "charged_back"),
    ],
)
def test_money_pays_what_waits_for_just_that_amount_and_is_owed_back_otherwise(
    state: State, is_exact: bool, reason: Reason | None, then: State | None
) -> None:
    assert rules.reason_to_refund(state, is_exact=is_exact) == reason
    if reason is not None:
        assert rules.state_with_refund(state, reason) == then


@pytest.mark.parametrize(
    ("paid", "left", "whole", "back"),
    [(299, 150, False, 150), (299, 150, True, 299), (299, 448, False, 299), (299, 448, True, 299), (1, 1, False, 1)],
)
def test_money_goes_back_before_credit_and_never_more_than_was_paid(
    paid: int, left: int, whole: bool, back: int
) -> None:
    assert rules.amount_back(paid, left, whole=whole) == back


@pytest.mark.parametrize(
    ("later_s", "recorded_ms", "whole"),
    [
        (0, 0, True),
        (14 * 86_400, 3_599_999, True),
        (14 * 86_400, 3_600_000, False),
        (14 * 86_400 + 1, 0, False),
    ],
)
def test_the_whole_price_goes_back_for_two_weeks_below_an_hour(later_s: int, recorded_ms: int, whole: bool) -> None:
    assert rules.is_whole(1_767_600_000, recorded_ms, 1_767_600_000 + later_s) == whole


NEWS = {
    ("refund_due", "pending"), ("refund_due", "succeeded"), ("refund_due", "failed"), ("refunding", "succeeded"),
    ("refunding", "failed"), ("refunded", "failed"),
}  # fmt: skip


@pytest.mark.parametrize("found", get_args(rules.RefundState))
@pytest.mark.parametrize("state", get_args(rules.PaymentState))
def test_a_refund_goes_on_and_what_failed_stays_so(state: rules.PaymentState, found: rules.RefundState) -> None:
    assert rules.may_change(state, found) == ((state, found) in NEWS)


def test_an_order_whose_device_is_gone_has_its_money_owed_back() -> None:
    assert rules.state_with_refund("open", "device_gone") == "refund_due"
