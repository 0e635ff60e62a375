"""Rules of orders."""

from __future__ import annotations

from typing import Literal

State = Literal["open", "paid", "refused", "expired", "refund_due"]
Outcome = Literal["paid", "refused", "expired"]
Reason = Literal["order_unknown", "order_paid", "order_over", "amount_differs", "device_gone", "plan_changed"]

# For so long what was credited stays what it was: who pays later would have used it meanwhile.
CREDIT_HOLDS_S = 24 * 60 * 60


def may_become(state: State, outcome: Outcome) -> bool:
    """A refused payment may be tried again; nothing changes a paid order, nor one that is over."""
    return state in ("open", "refused") and state != outcome


def reason_to_refund(state: State, *, is_exact: bool) -> Reason | None:
    """The reason that money which came for an order buys nothing; None if it pays the order. `is_exact` says that it is
    the order's amount, in the order's currency."""
    if state == "paid":
        return "order_paid"
    if state in ("expired", "refund_due"):
        return "order_over"
    return None if is_exact else "amount_differs"


def state_with_refund(state: State, reason: Reason) -> State:
    """The state of an order whose money is owed back; one that is paid, or can still be, stays as it is."""
    return "refund_due" if reason in ("order_over", "device_gone", "plan_changed") else state
