"""Money that goes back: owed in the commit of what causes it, and asked of its provider until it is there (B13)."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from chalicelib import clock
from chalicelib.errors import Unavailable
from chalicelib.orders import rules
from chalicelib.orders.actions import reading, telling
from chalicelib.orders.records import DueRefund, Order, Payment, RefundOrder
from chalicelib.orders.rules import Reason
from chalicelib.payments import actions as payments
from chalicelib.payments.shapes import Refund, RefundRequest
from chalicelib.store import keys
from chalicelib.store.commit import Write, change, commit, create, is_set, put, remove
from chalicelib.store.passes import run_pass
from chalicelib.store.records import read
from chalicelib.store.retrying import StaleRead, retrying

# Of the 300 seconds that the job may take.
BUDGET_S = 240
_PAGE = 100
# A refund may come back to the provider for weeks after it was there; a dispute holds it for months before.
_FOUND_S = 365 * 24 * 60 * 60
# What failed is found for a month, and rings for a day.
_FAILED_S = 30 * 24 * 60 * 60


def owed(payment: Payment, amount: int, reason: Reason, now: int) -> tuple[Write, ...]:
    """Writes by which so much of a payment that was applied goes back. Raises StaleRead on commit where it is so
    already, or is disputed."""
    as_read = (Payment.state == "applied") & is_set(Payment.dispute_state, payment.dispute_state)
    back = {"state": "refund_due", "reason": reason, "refund_amount": amount}
    return change(payment, when=as_read, otherwise=StaleRead, **back), _due(payment, now)


def owed_at_once(payment: Payment, reason: Reason, now: int) -> tuple[Write, ...]:
    """The same of all of a payment that is noted only now, since it buys nothing. Of nothing nothing goes back."""
    amount = int(payment.amount)
    # It may have been about to buy something: the number of that invoice is somebody else's by now.
    payment.assign(state="refund_due", reason=reason, refund_amount=max(0, amount), invoice_number=None)
    noted = create(payment, otherwise=StaleRead)
    return (noted, _due(payment, now)) if amount > 0 else (noted,)


def _due(payment: Payment, now: int) -> Write:
    return create(DueRefund.new("", payment.sort_id, owed_since=now), otherwise=StaleRead)


def found_by(order: Order, payment: Payment, now: int) -> tuple[Write, set[str]]:
    """A write by which whoever hears of a refund of this payment finds its order, and for that order's
    `refunds_found_at` where the row lies, so that it ends with it."""
    row = RefundOrder.new(payment.sort_id, order_id=reading.id_of(order), expires_at=now + _FOUND_S)
    return put(row), {keys.written(row.own_key)}


def forgotten(payment_id: str) -> Write:
    """A write after which nobody is asked for it any more."""
    return remove(DueRefund.key("", payment_id))


# Asking for it


def ask(payment_id: str) -> bool:
    """Ask the provider for a refund that is due; whether anything changed. Where the provider does not answer, and
    while a dispute runs, it stays due, and the clock asks again."""
    due, payment = read(DueRefund.key("", payment_id), Payment.key("", payment_id))
    if due is None or due.failed_at is not None or (payment is not None and payment.dispute_state == "opened"):
        return False
    if payment is None or payment.state not in ("refund_due", "refunding"):
        commit(forgotten(payment_id))  # a restored table has brought back what was there already
        return False
    amount = rules.owed_still(int(payment.refund_amount), int(payment.lost_amount or 0))
    wanted = RefundRequest(payment_id, payment.payment_reference, amount, payment.currency)
    try:
        answer = payments.refund(payment.provider, wanted)
    except Unavailable:
        return False
    return retrying(partial(note, answer))


def note(found: Refund) -> bool:
    """Note how far the provider says that a refund is; whether that is news. Of one that failed the person is told, who
    is paid in another way. Raises StaleRead."""
    payment, due = read(Payment.key("", found.refund_id), DueRefund.key("", found.refund_id))
    if payment is None or payment.refund_amount is None or not rules.may_change(payment.state, found.state):
        return False
    state = {"pending": "refunding", "succeeded": "refunded", "failed": "refund_failed"}[found.state]
    at = {"refunded_at": clock.now_s()} if state == "refunded" else {}
    as_read = Payment.state == payment.state
    commit(
        change(payment, when=as_read, otherwise=StaleRead, state=state, refund_reference=found.refund_reference, **at),
        *([forgotten(payment.sort_id)] if found.state == "succeeded" else []),
        *(_failed(payment, due) if found.state == "failed" else ()),
    )
    return True


def _failed(payment: Payment, due: DueRefund | None) -> tuple[Write, ...]:
    now = clock.now_s()
    since = now if due is None else due.owed_since
    failed = DueRefund.new("", payment.sort_id, owed_since=since, failed_at=now, expires_at=now + _FAILED_S)
    return put(failed), *telling.notices_of_failed_refund(_order_of(payment), payment)


def _order_of(payment: Payment) -> Order | None:
    """The order that it came for, if its buyer has an account still."""
    (found,) = read(RefundOrder.key(payment.sort_id))
    return None if found is None else reading.order_at(found.order_id)


# The clock


def ask_for_all() -> int:
    """Ask for all that is due once more; how many have changed. One that fails keeps no other waiting."""
    return run_pass(_all_due(), lambda due: ask(due.sort_id), budget_s=BUDGET_S)


def _all_due() -> Iterator[DueRefund]:
    return DueRefund.all_of("", page_size=_PAGE)
