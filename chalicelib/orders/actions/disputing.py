"""Disputes of payments: what was bought is suspended, runs again, or ends, whoever has it by now (B13)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from chalicelib import clock, ids
from chalicelib.accounts.actions import account_writes as accounts
from chalicelib.errors import Unavailable
from chalicelib.invoices.actions import documents, numbering
from chalicelib.invoices.records import Invoice, InvoiceCounter
from chalicelib.orders import rules
from chalicelib.orders.actions import paying_back, reading, telling
from chalicelib.orders.actions.telling import Buyer
from chalicelib.orders.records import Order, Payment
from chalicelib.payments.shapes import Dispute
from chalicelib.plans.actions import disputes, handed
from chalicelib.plans.actions.disputes import Disputed
from chalicelib.plans.records import HandedPlan
from chalicelib.store.commit import Write, change, commit, is_set
from chalicelib.store.keys import Key
from chalicelib.store.records import read, read_all
from chalicelib.store.retrying import StaleRead

# What the mail is about: nobody is told that what he was not told of is over.
_MAILED = {(None, "opened"), ("won", "opened"), ("opened", "won"), (None, "lost"), ("opened", "lost"), ("won", "lost")}


@dataclass(frozen=True)
class _Known:
    """What is known of what is disputed, by one consistent read: the order counts if it was paid by this very payment,
    and `buyer` is nobody once the account has gone."""

    payment: Payment
    order: Order | None
    buyer: Buyer | None
    handed: HandedPlan | None
    counter: InvoiceCounter | None


@dataclass(frozen=True)
class _Loss:
    """A payment that the payer's bank took: what the credit note is of."""

    plan_id: str
    payment_method: str
    invoice_number: str


def apply(name: str, event: Dispute) -> bool:
    """Apply what became of a dispute to its payment, and to what that bought; whether anything changed. Raises
    StaleRead, and Unavailable where nobody has told of the payment yet."""
    now = clock.now_s()
    known = _read(name, event, now)
    of_same = known.payment.dispute_reference == event.dispute_reference
    before = known.payment.dispute_state
    if not rules.is_news(before, event.outcome, of_same=of_same):
        return False
    disputed = _followed(event, known, now)
    is_mailed = (before, event.outcome) in _MAILED
    notices = _notices(event, known, disputed) if is_mailed else ()
    commit(*_writes(event, known, now), *disputed.writes, *notices)
    return True


def _read(name: str, event: Dispute, now: int) -> _Known:
    """Raises Unavailable."""
    order_key, payment_key = reading.key_of(event.order_id), Payment.key("", reading.payment_id(name, event.reference))
    buyer_keys, handed_key = accounts.keys_of(event.order_id[: ids.LENGTH]), handed.key_of(event.order_id)
    counter_key = numbering.counter_of("credit_note", numbering.tax_year(now))
    found = read_all((order_key, payment_key, *buyer_keys, handed_key, counter_key))
    payment, order = found[payment_key], found[order_key]
    if payment is None:
        raise Unavailable(retry_after_seconds=60)
    account, data_key = found[buyer_keys[0]], found[buyer_keys[1]]
    return _Known(
        payment,
        order if order is not None and order.paid_with == payment.sort_id else None,
        None if account is None or data_key is None else Buyer(account, data_key),
        # Of an order that is gone its id is known, and that it was paid; whoever has the plan since has it still.
        found[handed_key] if order is None or order.paid_with == payment.sort_id else None,
        found[counter_key],
    )


def _followed(event: Dispute, known: _Known, now: int) -> Disputed:
    """What was bought, wherever it lies."""
    is_bought = known.order is not None or (known.handed is not None and known.payment.state == "applied")
    if not is_bought:
        return Disputed(())
    buyer_id = event.order_id[: ids.LENGTH]
    share = Fraction(_lost_of(event, known.payment), max(1, int(known.payment.amount)))
    device_id = None if known.order is None else known.order.device_id
    return disputes.follow(event.order_id, buyer_id, known.handed, event.outcome, share, now, device_id)


def _lost_of(event: Dispute, payment: Payment) -> int:
    return rules.lost_of(int(payment.amount), payment.currency, event.amount, event.currency)


def _notices(event: Dispute, known: _Known, disputed: Disputed) -> Iterable[Write]:
    if known.order is not None and known.buyer is not None:
        lost = _lost_of(event, known.payment)
        yield from telling.notices_of_dispute(known.order, known.buyer, event.outcome, lost)
    if disputed.holder_id is not None and disputed.plan is not None:
        yield from telling.notices_to_holder(disputed.holder_id, disputed.plan, event.outcome)


def _writes(event: Dispute, known: _Known, now: int) -> Iterable[Write]:
    payment = known.payment
    as_read = (Payment.state == payment.state) & is_set(Payment.dispute_state, payment.dispute_state)
    noted: dict[str, Any] = {"dispute_state": event.outcome, "dispute_reference": event.dispute_reference}
    if event.outcome != "lost" or payment.state not in ("applied", "refund_due"):
        yield change(payment, when=as_read, otherwise=StaleRead, **noted)
        return
    amount = _lost_of(event, payment)
    noted["lost_amount"] = amount
    if payment.state == "refund_due":
        yield from _owed_less(payment, noted, as_read)
    else:
        yield from _lost(known, amount, noted, as_read, now)


def _owed_less(payment: Payment, noted: dict[str, Any], as_read: Any) -> Iterable[Write]:
    """Of what was given back, or bought nothing, the bank has paid a part, or all. So much was credited as was left."""
    if rules.owed_still(int(payment.refund_amount), noted["lost_amount"]):
        yield change(payment, when=as_read, otherwise=StaleRead, **noted)
        return
    yield change(payment, when=as_read, otherwise=StaleRead, state="charged_back", **noted)
    yield paying_back.forgotten(payment.sort_id)


def _lost(known: _Known, amount: int, noted: dict[str, Any], as_read: Any, now: int) -> Iterable[Write]:
    """The money is gone by the bank, and does not go back by us. What it bought is credited in the books."""
    payment, order, back = known.payment, known.order, {"refund_amount": amount}
    yield change(payment, when=as_read, otherwise=StaleRead, state="charged_back", **noted, **back)
    loss = _loss(payment, order)
    if loss is None:
        return
    number, issued = numbering.issued(
        "credit_note",
        now,
        known.counter,
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
    else:
        yield documents.requested_for_the_books(number)


def _loss(payment: Payment, order: Order | None) -> _Loss | None:
    """By the order, or by the invoice where the account is gone; None for one of before payments named theirs."""
    if order is not None:
        number = order.invoice_number
        return None if number is None else _Loss(order.plan_id, order.payment_method, number)
    if payment.invoice_number is None:
        return None
    key: Key[Invoice] = Invoice.key("", payment.invoice_number)
    (invoice,) = read(key)
    return None if invoice is None else _Loss(invoice.plan_id, invoice.payment_method, payment.invoice_number)
