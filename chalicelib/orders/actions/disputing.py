"""Disputes of payments: what was bought is suspended, runs again, or ends (B13)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from chalicelib import clock
from chalicelib.errors import Unavailable
from chalicelib.invoices.actions import documents, numbering
from chalicelib.invoices.records import Invoice, InvoiceCounter
from chalicelib.orders import rules
from chalicelib.orders.actions import paying_back, reading, telling
from chalicelib.orders.records import Order, Payment
from chalicelib.payments.shapes import Dispute
from chalicelib.plans.actions import ledgers as plans
from chalicelib.store.commit import Write, change, commit, is_set
from chalicelib.store.keys import Key
from chalicelib.store.records import read
from chalicelib.store.retrying import StaleRead

# What the mail is about: nobody is told that what he was not told of is over.
_MAILED = {(None, "opened"), ("won", "opened"), ("opened", "won"), (None, "lost"), ("opened", "lost"), ("won", "lost")}


@dataclass(frozen=True)
class _Loss:
    """A payment that the payer's bank took: what the credit note is of."""

    plan_id: str
    payment_method: str
    invoice_number: str
    counter: InvoiceCounter | None


def apply(name: str, event: Dispute) -> bool:
    """Apply what became of a dispute to its payment, and to what that bought; whether anything changed. Raises
    StaleRead, and Unavailable where nobody has told of the payment yet. What the event says of the order counts if that
    was paid by this very payment."""
    found, payment = read(
        reading.key_of(event.order_id), Payment.key("", reading.payment_id(name, event.reference))
    )
    if payment is None:
        raise Unavailable(retry_after_seconds=60)
    of_same = payment.dispute_reference == event.dispute_reference
    before = payment.dispute_state
    if not rules.is_news(before, event.outcome, of_same=of_same):
        return False
    order: Order | None = found if found is not None and found.paid_with == payment.sort_id else None
    is_mailed = (before, event.outcome) in _MAILED
    notices = telling.notices_of_dispute(order, event.outcome) if is_mailed and order is not None else ()
    commit(*_writes(event, payment, order), *notices)
    return True


def _writes(event: Dispute, payment: Payment, order: Order | None) -> Iterable[Write]:
    as_read = (Payment.state == payment.state) & is_set(Payment.dispute_state, payment.dispute_state)
    noted: dict[str, Any] = {"dispute_state": event.outcome, "dispute_reference": event.dispute_reference}
    if event.outcome != "lost" or payment.state not in ("applied", "refund_due"):
        yield change(payment, when=as_read, otherwise=StaleRead, **noted)
        yield from _on_ledger(event, order)
        return
    yield from _lost(payment, order, {**noted, "state": "charged_back"}, as_read)
    yield from _on_ledger(event, order)


def _on_ledger(event: Dispute, order: Order | None) -> tuple[Write, ...]:
    """What was bought, wherever it lies: suspended, released, or taken back."""
    if order is None:
        return ()
    now, source = clock.now_s(), plans.source_of("order", reading.id_of(order))
    granted = plans.granted(order.pk_id, source, now)
    if granted.held is None:
        return ()
    if event.outcome == "opened":
        return plans.suspend(granted.held, source, now)
    if event.outcome == "won":
        return plans.release(granted.held, source, now)
    return plans.taken_back(granted.held, source, now)[0]


def _lost(payment: Payment, order: Order | None, values: dict[str, Any], as_read: Any) -> Iterable[Write]:
    """The money is gone by the bank, and does not go back by us. What it bought is credited in the books."""
    amount, was_applied = int(payment.amount), payment.state == "applied"
    now = clock.now_s()
    loss = _loss(payment, order, now) if was_applied else None
    # Of a plan that was given back before, so much was credited as was left of it.
    back = {"refund_amount": amount} if was_applied else {}
    yield change(payment, when=as_read, otherwise=StaleRead, **values, **back)
    if not was_applied:
        yield paying_back.forgotten(payment.sort_id)
    if loss is None:
        return
    number, issued = numbering.issued(
        "credit_note",
        now,
        loss.counter,
        plan_id=loss.plan_id,
        amount=amount,
        currency=payment.currency,
        payment_method=loss.payment_method,
        payment_reference=payment.payment_reference,
        corrects=loss.invoice_number,
    )
    yield from issued
    if order is not None:
        said = {**back, "refunded_at": now, "credit_note_number": number}
        yield change(order, when=Order.state == order.state, otherwise=StaleRead, state="charged_back", **said)
        yield documents.requested(order.pk_id, number)


def _loss(payment: Payment, order: Order | None, now: int) -> _Loss | None:
    """By the order, or by the invoice where the account is gone; None for one of before payments named theirs."""
    number = payment.invoice_number if order is None else order.invoice_number
    if number is None:
        return None
    key: Key[Invoice] = Invoice.key("", number)
    invoice, counter = read(key, numbering.counter_of("credit_note", numbering.tax_year(now)))
    if invoice is None:
        return None
    return _Loss(invoice.plan_id, invoice.payment_method, number, counter)
