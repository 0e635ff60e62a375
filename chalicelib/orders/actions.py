"""Ordering a plan, and what follows when it is paid (B13)."""

from __future__ import annotations

from typing import Any

from chalicelib import clock, ids
from chalicelib.accounts.actions import addresses
from chalicelib.accounts.actions import standing as accounts
from chalicelib.aws.commit import change, commit, create, done, merge
from chalicelib.aws.table import read
from chalicelib.devices.actions import standing as devices
from chalicelib.errors import Invalid, NotFound, Unavailable, Words
from chalicelib.orders import rules
from chalicelib.orders.providers import Payment, provider
from chalicelib.orders.records import Invoice, InvoiceCounter, Order
from chalicelib.plans import actions as plans
from chalicelib.plans.actions import Terms
from chalicelib.sessions.actions.standing import Caller

_TRIES = 5


class PaymentMismatch(Invalid):
    en = "The payment does not match its order."
    pl = "Płatność nie zgadza się z zamówieniem."


class _DeviceGone(Exception):
    """Nobody has the device any more for which a plan was paid."""


class _NumberTaken(Exception):
    """Another invoice took the number first: take the next one."""


def place_order(caller: Caller, plan_id: str, device_id: str, payment_method: str) -> dict[str, Any]:
    """An open order for one of the caller's devices, and where to pay it. Raises PlanUnknown, NotFound."""
    offer = plans.offered(plan_id)
    if device_id not in (caller.account.device_ids or ()):
        raise NotFound
    now = clock.now()
    order = Order.new(
        caller.account_id,
        f"{int(now.timestamp() * 1000):012x}{ids.random_bytes(8).hex()}",
        plan_id=plan_id,
        catalogue_version=offer.version,
        kind=offer.kind,
        keep_days=offer.keep_days,
        period_days=offer.period_days,
        device_id=device_id,
        amount=offer.amount,
        currency=offer.currency,
        payment_method=payment_method,
        ordered_at=clock.epoch_s(now),
        state="open",
    )
    return done(create(order), answer=described(order))


def _terms(order: Order) -> Terms:
    """What was bought, whatever the catalogue says since."""
    if order.period_days is None:  # an earlier version wrote down the plan's id alone
        return plans.sold(order.plan_id, None)
    return Terms(
        plan_id=order.plan_id,
        version=int(order.catalogue_version),
        kind=order.kind,
        keep_days=int(order.keep_days),
        period_days=int(order.period_days),
    )


def described(order: Order) -> dict[str, Any]:
    order_id, terms = _order_id(order), _terms(order)
    is_open = order.state == "open"
    return {
        "order_id": order_id,
        "state": order.state,
        "plan_id": terms.plan_id,
        "kind": terms.kind,
        "keep_days": terms.keep_days,
        "period_days": terms.period_days,
        "device_id": order.device_id,
        "amount": {"amount": int(order.amount), "currency": order.currency},
        "ordered_at": clock.at_epoch(order.ordered_at),
        "payment_method": order.payment_method,
        "invoice_number": order.invoice_number,
        "checkout_url": provider().checkout_url(order_id, int(order.amount), order.currency) if is_open else None,
    }


def _order_id(order: Order) -> str:
    # Says where it lies, so that a webhook that knows the order alone finds it without a look-up table.
    return f"{order.partition_id}{order.place_id}"


def order_at(order_id: str) -> Order | None:
    (order,) = read(Order.key(order_id[:ids.LENGTH], order_id[ids.LENGTH:]))
    found: Order | None = order
    return found


def place_of(account_id: str, order_id: str) -> tuple[Any, ...]:
    """Where this order lies if it is the caller's, and nowhere else."""
    return (Order.key(account_id, order_id.removeprefix(account_id)),)


def order_of(caller: Caller) -> dict[str, Any]:
    (order,) = caller.along
    if order is None:
        raise NotFound
    return described(order)


def orders_of(caller: Caller, limit: int, cursor: str | None) -> tuple[list[dict[str, Any]], str | None]:
    page = Order.list_of(caller.account_id, newest_first=True, limit=limit, after=cursor)
    return [described(order) for order in page.items], page.cursor


def take_payment(name: str, headers: dict[str, str], body: bytes) -> bool:
    """What a provider's webhook says becomes of an order; whether anything changed.

    Told twice, it counts once. Raises ProviderUnknown, SignatureWrong, PaymentMismatch.
    """
    payment = provider(name).verified(headers, body)
    if payment is None:
        return False
    for _ in range(_TRIES):
        try:
            return _apply(payment)
        except (plans.PlanChanged, _NumberTaken, _Moved):
            continue
    raise Unavailable(retry_after_seconds=2)


class _Moved(Exception):
    """The order is not as it was read."""


def _apply(payment: Payment) -> bool:
    order = order_at(payment.order_id)
    if order is None or not rules.may_become(order.state, payment.outcome):
        return False
    if (payment.amount, payment.currency) != (int(order.amount), order.currency):
        raise PaymentMismatch(fields={"amount": Words("is not the order's", "nie jest kwotą zamówienia")})
    unchanged = Order.state == order.state
    if payment.outcome != "paid":
        commit(change(order, state=payment.outcome, when=unchanged, otherwise=_Moved))
        return True
    try:
        _pay(order, payment.reference, unchanged)
    except _DeviceGone:
        commit(change(order, state="refund_due", when=unchanged, otherwise=_Moved))
    return True


def _pay(order: Order, reference: str, unchanged: Any) -> None:
    """Order paid, plan granted, invoice numbered: all of it or none."""
    now = clock.now()
    counter, held = read(InvoiceCounter.key("", str(now.year)), plans.place_of(order.device_id))
    last = 0 if counter is None else int(counter.last)
    number = rules.invoice_number(now.year, last + 1)
    invoice = Invoice.new(
        "",
        number,
        issued_at=clock.epoch_s(now),
        plan_id=order.plan_id,
        amount=order.amount,
        currency=order.currency,
        payment_method=order.payment_method,
        payment_reference=reference,
    )
    next_number = merge(
        InvoiceCounter.new("", str(now.year)),
        InvoiceCounter.last.set(last + 1),
        InvoiceCounter.form.set(1),
        when=InvoiceCounter.pk.does_not_exist() if counter is None else InvoiceCounter.last == last,
        otherwise=_NumberTaken,
    )
    paid = {"state": "paid", "paid_at": clock.epoch_s(now), "invoice_number": number}
    commit(
        change(order, when=unchanged, otherwise=_Moved, **paid),
        devices.must_stand(order.device_id, otherwise=_DeviceGone),
        plans.grant(order.device_id, held, _terms(order), _order_id(order), clock.epoch_s(now)),
        create(invoice, otherwise=_NumberTaken),
        next_number,
    )


def confirm_by_mail(account_id: str, place_id: str) -> None:
    """Tell the person that the order is paid, once its stream has told us; told again, the mail is not sent again."""
    order, account, key = read(Order.key(account_id, place_id), *accounts.places_of(account_id))
    if order is None or account is None or key is None or order.state != "paid" or order.confirmed_at is not None:
        return
    account.opened(key.unlocked())
    addresses.tell(
        account,
        "orders/mail/paid",
        plan=_plan_name(order, account.language),
        price=f"{int(order.amount) / 100:.2f} {order.currency}",
        invoice_number=order.invoice_number,
    )
    commit(change(order, confirmed_at=clock.now_s()))


def _plan_name(order: Order, language: str) -> str:
    offer = plans.sold(order.plan_id, order.catalogue_version)
    return offer.name_pl if language == "pl" else offer.name_en


def kept(number: str) -> dict[str, str]:
    """What a receipt says of an invoice that outlives its buyer's account."""
    return {"record": f"invoice {number}", "row": "LAW", "until": clock.rfc3339(rules.kept_until(number))}
