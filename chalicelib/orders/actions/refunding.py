"""Refunds that buyers ask for: the plan ends, a credit note is numbered, and the money goes back (B13)."""

from __future__ import annotations

from dataclasses import dataclass

from chalicelib import clock
from chalicelib.access.records import Ownership
from chalicelib.entry.callers import Caller
from chalicelib.errors import Conflict, NotFound, NotSignedIn
from chalicelib.invoices.actions import documents, numbering
from chalicelib.invoices.records import InvoiceCounter
from chalicelib.orders import rules, shapes
from chalicelib.orders.actions import paying_back, reading, telling
from chalicelib.orders.records import Order, Payment, WholeRefunds
from chalicelib.plans.actions import handed
from chalicelib.plans.actions import ledgers as plans
from chalicelib.plans.actions.ledgers import Granted
from chalicelib.recordings.actions import usage
from chalicelib.store.commit import Write, absent, change, check, commit_and_answer, is_set, put
from chalicelib.store.records import read
from chalicelib.store.retrying import StaleRead, retrying_from

_TRIES = 5


class NotPaid(Conflict):
    pass


class NothingWasPaid(Conflict):
    pass


class RefundedAlready(Conflict):
    """`amount` is what went back, and `credit_note_number` names its document."""


class PaymentDisputed(Conflict):
    pass


class NothingLeft(Conflict):
    pass


class PlanHandedOver(Conflict):
    pass


@dataclass(frozen=True)
class _Decided:
    """What goes back of which payment, and from where the plan is taken."""

    payment: Payment
    held: Ownership
    counter: InvoiceCounter | None
    amount: int
    is_whole: bool
    refunds: WholeRefunds | None
    whole_again_at: int | None


def refund(caller: Caller, order: Order, body: shapes.AskRefund) -> shapes.Refund:
    """The plan of a paid order ends wherever it lies, and the money goes back: all of it within fourteen days if less
    than an hour was recorded, of one camera once a year, else what is left. Raises NotPaid, NothingWasPaid,
    RefundedAlready, PaymentDisputed, NothingLeft, PlanHandedOver; NotFound if the account was closed meanwhile."""
    return retrying_from(order, lambda latest: _refund(caller, latest, body), _read_again, tries=_TRIES)


def _read_again(order: Order) -> Order:
    (found,) = read(order.own_key)
    if found is None:
        raise NotFound("order")
    again: Order = found
    return again


def amount_of(order: Order) -> shapes.Refundable:
    """What would go back now; nothing is stored. Raises what `refund` raises."""
    decided = retrying_from(order, lambda latest: _decide(latest, clock.now_s()), _read_again, tries=_TRIES)
    again_at = decided.whole_again_at
    return shapes.Refundable(
        amount=shapes.Money(amount=decided.amount, currency=order.currency),
        is_whole=decided.is_whole,
        whole_again_from=None if again_at is None else clock.at_epoch(again_at),
    )


def _refund(caller: Caller, order: Order, body: shapes.AskRefund) -> shapes.Refund:
    now = clock.now_s()
    decided = _decide(order, now)
    number, noted = numbering.issued(
        "credit_note",
        now,
        decided.counter,
        plan_id=order.plan_id,
        amount=decided.amount,
        currency=order.currency,
        payment_method=order.payment_method,
        payment_reference=decided.payment.payment_reference,
        corrects=order.invoice_number,
    )
    order.decrypted_with(caller.account.cipher)
    found, found_at = paying_back.found_by(order, decided.payment, now)
    back = {"refund_amount": decided.amount, "refunded_at": now, "credit_note_number": number}
    answer = shapes.Refund(shapes.Money(amount=decided.amount, currency=order.currency), number)
    return commit_and_answer(
        change(
            order, Order.refunds_found_at.add(found_at), when=Order.state == "paid", otherwise=StaleRead,
            state="refunded", refund_reason=body.reason, **back,
        ),
        *paying_back.owed(decided.payment, decided.amount, "asked_for", now),
        found,
        *plans.taken_back(decided.held, _source_of(order), now)[0],
        *_remembered(order, decided, now),
        *noted,
        documents.requested(order.pk_id, number),
        telling.notice_of_refund(caller.account, order),
        check(caller.account.own_key, type(caller.account).pk.exists(), otherwise=NotSignedIn),
        answer=answer,
    )  # fmt: skip


def _decide(order: Order, now: int) -> _Decided:
    _require_paid(order)
    granted = plans.granted(order.pk_id, _source_of(order), now)
    payment, counter, refunds = read(
        Payment.key("", order.paid_with),
        numbering.counter_of("credit_note", numbering.tax_year(now)),
        WholeRefunds.key(order.pk_id),
    )
    if payment is None or payment.state != "applied":
        raise StaleRead
    if payment.dispute_state == "opened" or granted.is_suspended:
        raise PaymentDisputed
    if granted.held is None:
        raise _why_nothing(order)
    again_at = rules.whole_until(_given(refunds), _camera_of(order), now)
    could_be, left = _is_whole(order, granted, now), granted.worth
    whole = could_be and again_at is None
    amount = rules.amount_back(int(order.amount), left, whole=whole)
    return _Decided(payment, granted.held, counter, amount, whole, refunds, again_at if could_be else None)


def _given(refunds: WholeRefunds | None) -> set[str]:
    return set() if refunds is None else set(refunds.given or ())


def _camera_of(order: Order) -> str:
    """By its serial number: bound again by the same person it is the same one."""
    return str(order.stock_id or order.device_id)


def _remembered(order: Order, decided: _Decided, now: int) -> tuple[Write, ...]:
    """A write that remembers that a whole price went back. Raises StaleRead on commit where another one did since."""
    if not decided.is_whole:
        return ()
    before, expires_at = decided.refunds, now + rules.WHOLE_EVERY_S
    given = rules.with_whole(_given(before), _camera_of(order), now)
    row = WholeRefunds.new(order.pk_id, given=given, expires_at=expires_at)
    as_read = absent(WholeRefunds) if before is None else is_set(WholeRefunds.given, before.given)
    return (put(row, when=as_read, otherwise=StaleRead),)


def _why_nothing(order: Order) -> Conflict:
    (row,) = read(handed.key_of(reading.id_of(order)))
    return NothingLeft() if row is None or row.account_id == order.pk_id else PlanHandedOver()


def _require_paid(order: Order) -> None:
    if order.state in ("refunded", "charged_back"):
        raise RefundedAlready(
            amount={"amount": int(order.refund_amount), "currency": order.currency},
            credit_note_number=order.credit_note_number,
        )
    if order.state != "paid":
        raise NotPaid
    if order.paid_with is None:
        raise NothingWasPaid


def _source_of(order: Order) -> str:
    return plans.source_of("order", reading.id_of(order))


def _is_whole(order: Order, granted: Granted, now: int) -> bool:
    if not rules.is_early(int(order.paid_at), now):
        return False
    # What was recorded on a device that is gone nobody knows any more: it may have been all the time.
    recorded_ms = granted.elsewhere_s * 1000
    for device_id, spans in granted.spans.items():
        if not rules.is_whole(int(order.paid_at), recorded_ms, now):
            return False
        recorded_ms += usage.recorded_ms(device_id, spans)
    return rules.is_whole(int(order.paid_at), recorded_ms, now)
