"""Rules of orders."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

State = Literal["open", "paid", "refused", "expired", "refund_due", "refunded", "charged_back"]
DisputeOutcome = Literal["opened", "won", "lost"]
RefundState = Literal["pending", "succeeded", "failed"]
PaymentState = Literal["applied", "refund_due", "refunding", "refunded", "refund_failed", "charged_back"]
Outcome = Literal["paid", "refused", "expired"]
Reason = Literal[
    "order_unknown", "order_paid", "order_over", "amount_differs", "device_gone", "plan_changed", "asked_for",
    "renewal_ended",
]  # fmt: skip

# A provider that does not answer is asked again for so long, before an attempt to renew counts as failed.
ANSWERS_WITHIN_S = 12 * 60 * 60

# For so long what was credited stays what it was: who pays later would have used it meanwhile.
CREDIT_HOLDS_S = 24 * 60 * 60

# For so long an order can be paid: all of its pages end then, whenever each was made.
PAYABLE_S = 24 * 60 * 60 - 300
# Of one account, of orders that can be paid still.
MOST_OPEN = 10

# Within so long the whole price goes back, if less than that was recorded.
WHOLE_WITHIN_S = 14 * 24 * 60 * 60
WHOLE_BELOW_MS = 60 * 60 * 1000
# Of one camera only once in that time: else nobody would ever pay who gives back every fortnight.
WHOLE_EVERY_S = 365 * 24 * 60 * 60
# Of what a provider has taken on banks make days; after two weeks somebody has to look.
BANKS_TAKE_S = 14 * 24 * 60 * 60
# Where the money is that bought nothing, or no more: on its way, or there.
OVER: tuple[State, ...] = ("expired", "refund_due", "refunded", "charged_back")


def may_become(state: State, outcome: Outcome) -> bool:
    """A refused payment may be tried again; nothing changes a paid order, nor one that is over."""
    return state in ("open", "refused") and state != outcome


def state_at(state: State, ordered_at: int, now: int, *, has_page: bool) -> State:
    """The state of an order by now: one for which there was no page as long as it could be paid is over. Of a page
    the provider says that it has ended."""
    return "expired" if state == "open" and not has_page and now > ordered_at + PAYABLE_S else state


def reason_to_refund(state: State, *, is_exact: bool) -> Reason | None:
    """The reason that money which came for an order buys nothing; None if it pays the order. `is_exact` says that it is
    the order's amount, in the order's currency."""
    if state == "paid":
        return "order_paid"
    if state in OVER:
        return "order_over"
    return None if is_exact else "amount_differs"


def state_with_refund(state: State, reason: Reason) -> State:
    """The state of an order whose money is owed back; one that is paid, or can still be, stays as it is."""
    if state in ("refunded", "charged_back"):
        return state
    return "refund_due" if reason in ("order_over", "device_gone", "plan_changed", "renewal_ended") else state


def is_whole(paid_at: int, recorded_ms: int, now: int) -> bool:
    """Whether the whole price of an order goes back, and not just what is left of it."""
    return is_early(paid_at, now) and recorded_ms < WHOLE_BELOW_MS


def whole_until(given: Iterable[str], camera: str, now: int) -> int | None:
    """Until when nothing of this camera goes back whole, since something did; None if it may now."""
    times = [int(text.partition(" ")[2]) for text in given if text.partition(" ")[0] == camera]
    return max((until for until in times if until > now), default=None)


def with_whole(given: Iterable[str], camera: str, now: int) -> set[str]:
    """What is remembered once another price goes back whole."""
    return {*(text for text in given if int(text.partition(" ")[2]) > now), f"{camera} {now + WHOLE_EVERY_S}"}


def is_early(paid_at: int, now: int) -> bool:
    return now <= paid_at + WHOLE_WITHIN_S


def amount_back(paid: int, left: int, *, whole: bool) -> int:
    """What goes back of an order for which so much was paid, and of which so much is left.

    What is left is worth what was paid for it in money and by credit, to the second. Of that the money goes back first,
    and never more than was paid: what was credited is money of another order, and had been used for this one.
    """
    return paid if whole else min(paid, left)


def lost_of(paid: int, currency: str, said: int | None, said_currency: str | None) -> int:
    """How much of a payment the bank took: what the dispute is about, and all of it where that is said in another
    currency, or not at all."""
    return paid if not said or said_currency != currency else min(paid, said)


def owed_still(owed: int, lost: int) -> int:
    """What of a refund is to be paid yet, once the bank has given the payer so much of the same payment."""
    return max(0, owed - lost)


def is_news(
    known: DisputeOutcome | None, found: DisputeOutcome, *, of_same: bool
) -> bool:
    """Whether news of a dispute change what is known of a payment's disputes, in whatever order they come, of the same
    dispute or another. What is over stays so, and nothing follows on one that is lost."""
    if known == "lost" or (of_same and known == "won"):
        return False
    if found == "lost":
        return True
    return found == "won" if of_same else known != "opened"


def may_change(state: PaymentState, found: RefundState) -> bool:
    """Whether news of a refund change where it is. What was there may still come back to the provider, and what failed
    stays so, whichever news come last."""
    if found == "failed":
        return state in ("refund_due", "refunding", "refunded")
    return state == "refund_due" or (found == "succeeded" and state == "refunding")


# Then somebody may have paid who has no plan; a provider has not done for a day what it was asked; an alarm has rung.
_EVENTS_TAKE_S, _REFUNDS_TAKE_S, _FAILURES_RING_S = 60 * 60, 24 * 60 * 60, 24 * 60 * 60


def event_overdue_s(since: int, now: int) -> int:
    """For how long an operator has had to look after an event that cannot be looked up at its provider."""
    return max(0, now - since - _EVENTS_TAKE_S)


def refund_overdue_s(state: PaymentState, since: int, now: int) -> int:
    """For how long an operator has had to look after a refund that is so far."""
    banks_take_s = BANKS_TAKE_S if state == "refunding" else 0
    return max(0, now - since - banks_take_s - _REFUNDS_TAKE_S)


def failure_overdue_s(failed_at: int, now: int) -> int:
    """For how long an operator has had to look after a refund that failed: from the first second on, for a day."""
    return now - failed_at + 1 if now < failed_at + _FAILURES_RING_S else 0
