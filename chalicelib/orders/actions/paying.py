"""Payments that providers report: an order is paid, its plan granted and its invoice numbered, or money is owed back
(B13)."""

from __future__ import annotations

from chalicelib import clock
from chalicelib.access import actions as access
from chalicelib.access.records import Ownership
from chalicelib.accounts.actions import account_writes as accounts
from chalicelib.errors import Invalid
from chalicelib.invoices.actions import buyers, documents, numbering
from chalicelib.orders import rules
from chalicelib.orders.actions import cards, paying_back, reading, telling
from chalicelib.orders.records import Order, Payment, SavedCard
from chalicelib.orders.rules import Reason
from chalicelib.payments import shapes as payment_shapes
from chalicelib.plans.actions import ledgers as plans
from chalicelib.plans.actions import quoting
from chalicelib.plans.actions.quoting import CreditChanged
from chalicelib.store.commit import Write, change, commit, create
from chalicelib.store.records import read
from chalicelib.store.retrying import StaleRead
from chalicelib.words import Phrase


class PaymentMismatch(Invalid):
    pass


class _DeviceGone(Exception):
    """Nobody has the device any more for which a plan was paid."""


class _RenewalEnded(Exception):
    """The plan does not renew by itself any more, or its period is another by now."""


def apply(name: str, event: payment_shapes.Payment) -> bool:
    """Apply what became of a payment to its order; whether anything changed. Money that buys nothing is noted all the
    same, and goes back. Raises PaymentMismatch, StaleRead."""
    return _apply(name, event) if event.outcome == "paid" else _note(event)


def _note(event: payment_shapes.Payment) -> bool:
    """No money came: the order is refused or expired, and no card was saved."""
    order = reading.order_at(event.order_id)
    if order is None or not rules.may_become(order.state, event.outcome):
        return False
    if not _is_exact(event, order):
        raise PaymentMismatch(fields={"amount": Phrase("not_the_orders_amount")})
    commit(change(order, state=event.outcome, when=Order.state == order.state, otherwise=StaleRead))
    return True


def _is_exact(event: payment_shapes.Payment, order: Order) -> bool:
    return (event.amount, event.currency) == (int(order.amount), order.currency)


def _apply(name: str, event: payment_shapes.Payment) -> bool:
    """Money came: once for each reference it pays an order, or is owed back."""
    payment = _payment(name, event)
    order, before = read(reading.key_of(event.order_id), payment.own_key)
    if before is not None:
        return False
    reason: Reason | None = "order_unknown" if order is None else _settle(event, order, payment)
    if reason is not None:
        _owe_back(order, payment, reason, _forgotten(name, event))
    return True


def _forgotten(name: str, event: payment_shapes.Payment) -> tuple[Write, ...]:
    """A card that was saved for nothing goes."""
    return () if event.card is None else (cards.due(name, event.card.customer),)


def _settle(event: payment_shapes.Payment, order: Order, payment: Payment) -> Reason | None:
    """None if the order is paid now, or why the money is owed back."""
    reason = rules.reason_to_refund(reading.state_of(order), is_exact=_is_exact(event, order))
    if reason is None:
        try:
            _pay(order, payment, event)
        except _DeviceGone:
            return "device_gone"
        except _RenewalEnded:
            return "renewal_ended"
        except CreditChanged:
            return "plan_changed"
    return reason


def _payment(name: str, event: payment_shapes.Payment) -> Payment:
    now = clock.now_s()
    return Payment.new(
        "",
        reading.payment_id(name, event.reference),
        provider=name,
        payment_reference=event.reference,
        amount=event.amount,
        currency=event.currency,
        received_at=now,
        tax_year=numbering.tax_year(now),
    )


def _pay(order: Order, payment: Payment, event: payment_shapes.Payment) -> None:
    """Order paid, plan granted, invoice numbered: all of it or none. Raises _DeviceGone, _RenewalEnded,
    CreditChanged."""
    # One moment, so that at the turn of a year number, date and tax are of the same one.
    now, year = int(payment.received_at), int(payment.tax_year)
    counter, held, saved, account, key = read(
        numbering.counter_of("invoice", year), plans.key_of(order.device_id), SavedCard.key(order.pk_id),
        *accounts.keys_of(order.pk_id),
    )  # fmt: skip
    if held is None or account is None or key is None:
        raise _DeviceGone
    _require_wanted(order, held)
    cipher = key.unlocked()
    buyer = buyers.from_stored(order.decrypted_with(cipher).invoice_to)
    buyer_id, named = (None, ()) if buyer is None else buyers.kept(buyer, year)
    number, invoiced = numbering.issued(
        "invoice",
        now,
        counter,
        plan_id=order.plan_id,
        amount=order.amount,
        currency=order.currency,
        payment_method=order.payment_method,
        payment_reference=payment.payment_reference,
        sold=numbering.sold_to(account.decrypted_with(cipher).country, buyer, reading.terms_of(order), now),
        buyer_id=buyer_id,
    )
    payment.assign(state="applied", invoice_number=number)
    # What was read stays as it is, in case the device is gone.
    same = Order.new(order.pk_id, order.sort_id)
    paid = {"state": "paid", "paid_at": now, "invoice_number": number, "paid_with": payment.sort_id}
    commit(
        create(payment, otherwise=StaleRead),
        change(same, when=Order.state == order.state, otherwise=StaleRead, **paid),
        *access.require_alive(order.device_id, otherwise=_DeviceGone),
        *_grant(order, held, now, event.card),
        *_saved(order, saved, payment.provider, event.card),
        *invoiced,
        *named,
        documents.requested(order.pk_id, number),
    )


def _require_wanted(order: Order, held: Ownership) -> None:
    """That a period that was ordered by itself is still the one that is renewed next. Raises _RenewalEnded."""
    renewal = plans.renewal_of(held)
    if order.renewal is None:
        return
    if renewal is None or reading.renewal_name(order.device_id, renewal) != order.renewal:
        raise _RenewalEnded


def _saved(order: Order, before: SavedCard | None, name: str, card: payment_shapes.Card | None) -> tuple[Write, ...]:
    """What was saved beside the payment: kept if that was wanted."""
    if card is None:
        return ()
    return (cards.due(name, card.customer),) if order.renews is None else cards.kept(order.pk_id, before, name, card)


def _grant(order: Order, held: Ownership, now: int, card: payment_shapes.Card | None) -> tuple[Write, ...]:
    """Raises CreditChanged where it was to replace what runs, and that is another by now, or was used for too long."""
    renews_in = None if order.renews is None or card is None else order.currency
    if order.credit_of is None:
        return plans.grant(held, _granted(order, now), now, renews_in)
    if now > order.ordered_at + rules.CREDIT_HOLDS_S:
        raise CreditChanged
    return quoting.grant_now(held, _granted(order, now), order.credit_of, int(order.ordered_at), now, renews_in)


def _granted(order: Order, now: int) -> plans.Grant:
    """The grant of a paid order, worth what is paid and what was credited."""
    worth = int(order.amount) + int(order.credit or 0)
    return plans.bought(reading.terms_of(order), reading.id_of(order), worth, order.currency, now)


def _owe_back(order: Order | None, payment: Payment, reason: Reason, forgotten: tuple[Write, ...]) -> None:
    """The money goes back, with its reason, and whoever ordered is told, if he has an account still."""
    now = clock.now_s()
    noted = paying_back.owed_at_once(payment, reason, now)
    if order is None:
        commit(*noted, *forgotten)
        return
    found, found_at = paying_back.found_by(order, payment, now)
    known = Order.refunds_due.add({payment.sort_id}), Order.refunds_found_at.add(found_at)
    state = rules.state_with_refund(order.state, reason)
    changed = change(order, *known, when=Order.state == order.state, otherwise=StaleRead, state=state)
    commit(*noted, *forgotten, changed, found, *telling.notices_of_refund(order, payment))
