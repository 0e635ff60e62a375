"""Orders as they are read: found by their ids, and described with what was paid for them (B13)."""

from __future__ import annotations

from chalicelib import clock, ids
from chalicelib.entry.callers import Caller
from chalicelib.errors import NotFound
from chalicelib.invoices.actions import documents
from chalicelib.orders import rules
from chalicelib.orders.records import Order, Payment
from chalicelib.plans.actions import ledgers as plans
from chalicelib.store import crypto
from chalicelib.store.keys import Key
from chalicelib.store.records import read, read_all


def order_of(order: Order) -> dict[str, object]:
    (found,) = _described_all([order])
    return found


def orders_of(caller: Caller, limit: int, cursor: str | None) -> tuple[list[dict[str, object]], str | None]:
    page = Order.list_of(caller.account_id, newest_first=True, limit=limit, after=cursor)
    return _described_all(page.items), page.cursor


def invoice_of(
    caller: Caller, order: Order, kind: documents.Kind, format: documents.Format
) -> documents.InvoiceLink | documents.Pending:
    """A link to the order's invoice, or to its credit note. Raises NotFound while it has none."""
    number = order.invoice_number if kind == "invoice" else order.credit_note_number
    if number is None:
        raise NotFound("invoice") if kind == "invoice" else NotFound("credit_note")
    return documents.link_to(caller.account_id, number, format)


def _described_all(orders: list[Order]) -> list[dict[str, object]]:
    """With their payments, which are one read for all."""
    found = read_all(key for order in orders for key in _payments_of(order))
    return [described(order, [one for key in _payments_of(order) if (one := found[key])]) for order in orders]


def _payments_of(order: Order) -> list[Key[Payment]]:
    return [Payment.key("", one) for one in (*filter(None, [order.paid_with]), *sorted(order.refunds_due or ()))]


def state_of(order: Order) -> rules.State:
    """What it is by now, though nobody may have noted that yet. What renews by itself needs no page."""
    is_payable = order.checkout_url is not None or order.renewal is not None
    return rules.state_at(order.state, int(order.ordered_at), clock.now_s(), has_page=is_payable)


def described(order: Order, payments: list[Payment]) -> dict[str, object]:
    order_id, terms = id_of(order), terms_of(order)
    state = state_of(order)
    return {
        "order_id": order_id,
        "state": state,
        "plan_id": terms.plan_id,
        "kind": terms.kind,
        "keep_days": terms.keep_days,
        "period_days": terms.period_days,
        "device_id": order.device_id,
        "begins": order.begins or "after",
        "renew": order.renews is not None or order.renewal is not None,
        "amount": {"amount": int(order.amount), "currency": order.currency},
        "credit": {"amount": int(order.credit or 0), "currency": order.currency},
        "ordered_at": clock.at_epoch(order.ordered_at),
        "payment_method": order.payment_method,
        "invoice_number": order.invoice_number,
        "refunded": _money(order.refund_amount, order.currency),
        "credit_note_number": order.credit_note_number,
        "payments": [_described_payment(one) for one in sorted(payments, key=lambda one: one.received_at)],
        "checkout_url": order.checkout_url if state == "open" else None,
    }


def _described_payment(payment: Payment) -> dict[str, object]:
    return {
        "reference": payment.payment_reference,
        "amount": {"amount": int(payment.amount), "currency": payment.currency},
        "state": payment.state,
        "at": clock.at_epoch(payment.received_at),
        "refund": _money(payment.refund_amount, payment.currency),
        "dispute": payment.dispute_state,
    }


def _money(amount: int | None, currency: str) -> dict[str, object] | None:
    return None if amount is None else {"amount": int(amount), "currency": currency}


def id_of(order: Order) -> str:
    # Says where it lies, so that a webhook that knows the order alone finds it without a look-up table.
    return f"{order.pk_id}{order.sort_id}"


def key_of(order_id: str) -> Key[Order]:
    return Order.key(order_id[: ids.LENGTH], order_id[ids.LENGTH :])


def payment_id(name: str, reference: str) -> str:
    """Of the payment to which its provider gives this number."""
    return crypto.plain_hash(f"{name} {reference}")


def order_at(order_id: str) -> Order | None:
    (order,) = read(key_of(order_id))
    found: Order | None = order
    return found


def renewal_name(device_id: str, renewal: plans.Renewal) -> str:
    """Of the period of this device that is renewed next."""
    return crypto.plain_hash(f"{device_id} {renewal.period}")


def terms_of(order: Order) -> plans.Terms:
    """The terms as bought, whatever the catalogue says since."""
    return plans.Terms(
        plan_id=order.plan_id,
        version=int(order.catalogue_version),
        kind=order.kind,
        keep_days=int(order.keep_days),
        period_days=int(order.period_days),
    )
