"""What may become of an order."""

from __future__ import annotations

from collections.abc import Callable
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


HOUR, DAY = 60 * 60, 24 * 60 * 60


@pytest.mark.parametrize(
    ("overdue", "patience"),
    [
        (lambda now: rules.event_overdue_s(7, 7 + now), HOUR),
        (lambda now: rules.refund_overdue_s("refund_due", 7, 7 + now), DAY),
        (lambda now: rules.refund_overdue_s("refunding", 7, 7 + now), 15 * DAY),
    ],
)
def test_money_that_waits_is_overdue_a_second_after_its_time(overdue: Callable[[int], int], patience: int) -> None:
    assert [overdue(patience + seconds) for seconds in (-patience, -1, 0, 1, DAY)] == [0, 0, 0, 1, DAY]


def test_a_refund_that_failed_is_overdue_at_once_and_for_a_day() -> None:
    assert [rules.failure_overdue_s(7, 7 + seconds) for seconds in (0, DAY - 1, DAY)] == [1, DAY, 0]
