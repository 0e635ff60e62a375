"""Orders: placed, paid, invoiced, refunded (B13)."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial

from chalicelib import clock, ids
from chalicelib.access import actions as access
from chalicelib.access.records import Ownership
from chalicelib.accounts.actions import account_writes as accounts
from chalicelib.contacts.actions import addresses
from chalicelib.entry.callers import Caller
from chalicelib.errors import Conflict, Invalid, NotFound, Unavailable
from chalicelib.instants import ms_of
from chalicelib.orders import rules, shapes
from chalicelib.orders.records import Invoice, InvoiceCounter, Order, Payment
from chalicelib.orders.rules import Reason
from chalicelib.outbox.actions import messages
from chalicelib.payments import shapes as payment_shapes
from chalicelib.payments.actions import checkout_url, verified
from chalicelib.plans.actions import ledgers as plans
from chalicelib.plans.actions import quoting
from chalicelib.plans.actions.quoting import CreditChanged, Quote
from chalicelib.plans.records import FreePlan
from chalicelib.plans.shapes import Money
from chalicelib.settings import settings
from chalicelib.store import crypto
from chalicelib.store.commit import Write, change, check, commit, commit_and_answer, create, merge
from chalicelib.store.keys import Key
from chalicelib.store.records import SCHEMA_VERSION, read, read_all
from chalicelib.store.retrying import StaleRead, retrying
from chalicelib.words import Phrase

_TRIES = 5


class PaymentMismatch(Invalid):
    pass


class PriceChanged(Conflict):
    """`to_pay` is what it is now."""


class FreePlanElsewhere(Conflict):
    """`device_id` names the device that has it, and `until` says how long it is not free for another one."""


class _DeviceGone(Exception):
    """Nobody has the device any more for which a plan was paid."""


def price_of(caller: Caller, body: shapes.AskPrice) -> shapes.Price:
    """The price now, and when the plan would run; nothing is stored. Raises PlanUnknown, NotFound, and what `quote` and
    the free plan raise."""
    offer = plans.offered(body.plan_id)
    quote = _quote(_read_ledger(caller, body.device_id, offer), offer, body, clock.now_s())
    price, credit, to_pay = (
        Money(amount=amount, currency=quote.currency) for amount in (quote.price, quote.credit, quote.to_pay)
    )
    begins, ends = clock.at_epoch(quote.begins), clock.at_epoch(quote.ends)
    return shapes.Price(price=price, credit=credit, to_pay=to_pay, begins=begins, ends=ends)


def place_order(caller: Caller, body: shapes.PlaceOrder) -> dict[str, object]:
    """An open order for one of the caller's devices, and where to pay it; one of the free plan is carried out at once.
    Raises PriceChanged, and what `price_of` raises."""
    return retrying(partial(_place_order, caller, body))


def _place_order(caller: Caller, body: shapes.PlaceOrder) -> dict[str, object]:
    offer = plans.offered(body.plan_id)
    held, now = _read_ledger(caller, body.device_id, offer), clock.now()
    quote = _quote(held, offer, body, clock.epoch_s(now))
    if body.to_pay not in (None, quote.to_pay):
        raise PriceChanged(to_pay={"amount": quote.to_pay, "currency": quote.currency})
    order = Order.new(
        caller.account_id,
        f"{ms_of(now):012x}{ids.random_bytes(8).hex()}",
        plan_id=offer.plan_id,
        catalogue_version=offer.version,
        kind=offer.kind,
        keep_days=offer.keep_days,
        period_days=offer.period_days,
        device_id=body.device_id,
        amount=quote.to_pay,
        currency=quote.currency,
        payment_method=body.payment_method,
        ordered_at=clock.epoch_s(now),
        state="open",
        begins=None if quote.credit_of is None else "now",
        credit=quote.credit or None,
        credit_of=quote.credit_of,
    )
    granted = _grant_free(order, held, clock.epoch_s(now)) if offer.is_free else ()
    owned = access.require_alive(body.device_id, otherwise=NotFound("device"))
    return commit_and_answer(create(order), *granted, *owned, answer=_described(order, []))


def _read_ledger(caller: Caller, device_id: str, offer: plans.Offer) -> Ownership:
    """The caller's tie to the device; of the free plan also what says that no other one has it. One consistent read.
    Raises NotFound, FreePlanElsewhere."""
    if access.owner_of(device_id) != caller.account_id:
        raise NotFound("device")
    free = FreePlan.key(caller.account_id)
    found = read_all((plans.key_of(device_id), *([free] if offer.is_free else [])))
    held = found[plans.key_of(device_id)]
    if held is None:
        raise NotFound("device")
    elsewhere = found[free] if offer.is_free else None
    if elsewhere is not None and elsewhere.device_id != device_id and elsewhere.until > clock.now_s():
        raise FreePlanElsewhere(device_id=elsewhere.device_id, until=clock.rfc3339(clock.at_epoch(elsewhere.until)))
    return held


def _quote(held: Ownership, offer: plans.Offer, body: shapes.AskPrice, now: int) -> Quote:
    return quoting.quote(held, offer, body.currency, body.begins, now)


def _grant_free(order: Order, held: Ownership, now: int) -> tuple[Write, ...]:
    """No payment, no invoice, and no mail: the answer tells of it."""
    order.assign(state="paid", paid_at=now, confirmed_at=now)
    return plans.grant_free(held, plans.free(_terms(order), _order_id(order), now), now)


def _granted(order: Order, now: int) -> plans.Grant:
    """The grant of a paid order, worth what is paid and what was credited."""
    worth = int(order.amount) + int(order.credit or 0)
    return plans.bought(_terms(order), _order_id(order), worth, order.currency, now)


def _terms(order: Order) -> plans.Terms:
    """The terms as bought, whatever the catalogue says since."""
    return plans.Terms(
        plan_id=order.plan_id,
        version=int(order.catalogue_version),
        kind=order.kind,
        keep_days=int(order.keep_days),
        period_days=int(order.period_days),
    )


def _described_all(orders: list[Order]) -> list[dict[str, object]]:
    """With their payments, which are one read for all."""
    found = read_all(key for order in orders for key in _payments_of(order))
    return [_described(order, [one for key in _payments_of(order) if (one := found[key])]) for order in orders]


def _payments_of(order: Order) -> list[Key[Payment]]:
    return [Payment.key("", one) for one in (*filter(None, [order.paid_with]), *sorted(order.refunds_due or ()))]


def _described(order: Order, payments: list[Payment]) -> dict[str, object]:
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
        "begins": order.begins or "after",
        "amount": {"amount": int(order.amount), "currency": order.currency},
        "credit": {"amount": int(order.credit or 0), "currency": order.currency},
        "ordered_at": clock.at_epoch(order.ordered_at),
        "payment_method": order.payment_method,
        "invoice_number": order.invoice_number,
        "payments": [_described_payment(one) for one in sorted(payments, key=lambda one: one.received_at)],
        "checkout_url": checkout_url(order_id, int(order.amount), order.currency) if is_open else None,
    }


def _described_payment(payment: Payment) -> dict[str, object]:
    return {
        "reference": payment.payment_reference,
        "amount": {"amount": int(payment.amount), "currency": payment.currency},
        "state": payment.state,
        "at": clock.at_epoch(payment.received_at),
    }


def _order_id(order: Order) -> str:
    # Says where it lies, so that a webhook that knows the order alone finds it without a look-up table.
    return f"{order.pk_id}{order.sort_id}"


def _key_of(order_id: str) -> Key[Order]:
    return Order.key(order_id[: ids.LENGTH], order_id[ids.LENGTH :])


def order_at(order_id: str) -> Order | None:
    (order,) = read(_key_of(order_id))
    found: Order | None = order
    return found


def order_of(order: Order) -> dict[str, object]:
    (found,) = _described_all([order])
    return found


def orders_of(caller: Caller, limit: int, cursor: str | None) -> tuple[list[dict[str, object]], str | None]:
    page = Order.list_of(caller.account_id, newest_first=True, limit=limit, after=cursor)
    return _described_all(page.items), page.cursor


def take_payment(name: str, headers: dict[str, str], body: bytes) -> bool:
    """Apply a provider's webhook to its order; whether anything changed.

    Reported twice, it counts once. Money that buys nothing is noted all the same, and owed back. Raises
    ProviderUnknown, SignatureWrong, PaymentMismatch.
    """
    event = verified(name, headers, body)
    if event is None:
        return False
    attempt = partial(_apply, name, event) if event.outcome == "paid" else partial(_note, event)
    return retrying(attempt, tries=_TRIES, otherwise=Unavailable(retry_after_seconds=2))


def _note(event: payment_shapes.Payment) -> bool:
    """No money came: the order is refused or expired."""
    order = order_at(event.order_id)
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
    order, before = read(_key_of(event.order_id), payment.own_key)
    if before is not None:
        return False
    reason: Reason | None = "order_unknown" if order is None else _settle(event, order, payment)
    if reason is not None:
        _owe_back(order, payment, reason)
    return True


def _settle(event: payment_shapes.Payment, order: Order, payment: Payment) -> Reason | None:
    """None if the order is paid now, or why the money is owed back."""
    reason = rules.reason_to_refund(order.state, is_exact=_is_exact(event, order))
    if reason is None:
        try:
            _pay(order, payment)
        except _DeviceGone:
            return "device_gone"
        except CreditChanged:
            return "plan_changed"
    return reason


def _payment(name: str, event: payment_shapes.Payment) -> Payment:
    return Payment.new(
        "",
        crypto.plain_hash(f"{name} {event.reference}"),
        provider=name,
        payment_reference=event.reference,
        amount=event.amount,
        currency=event.currency,
        received_at=clock.now_s(),
        tax_year=_tax_year(),
    )


def _tax_year() -> int:
    """The year that it is where the seller is."""
    return clock.now().astimezone(clock.zone(settings.seller_time_zone)).year


def _pay(order: Order, payment: Payment) -> None:
    """Order paid, plan granted, invoice numbered: all of it or none. Raises _DeviceGone, CreditChanged."""
    now, year = clock.now_s(), int(payment.tax_year)
    counter, held = read(InvoiceCounter.key("", str(year)), plans.key_of(order.device_id))
    if held is None:
        raise _DeviceGone
    last = 0 if counter is None else int(counter.last)
    number = rules.invoice_number(year, last + 1)
    invoice = Invoice.new(
        "",
        number,
        issued_at=now,
        plan_id=order.plan_id,
        amount=order.amount,
        currency=order.currency,
        payment_method=order.payment_method,
        payment_reference=payment.payment_reference,
    )
    next_number = merge(
        InvoiceCounter.new("", str(year)),
        InvoiceCounter.last.set(last + 1),
        InvoiceCounter.schema_version.set(SCHEMA_VERSION),
        when=InvoiceCounter.pk.does_not_exist() if counter is None else InvoiceCounter.last == last,
        otherwise=StaleRead,
    )
    payment.state = "applied"
    # What was read stays as it is, in case the device is gone.
    same = Order.new(order.pk_id, order.sort_id)
    paid = {"state": "paid", "paid_at": now, "invoice_number": number, "paid_with": payment.sort_id}
    commit(
        create(payment, otherwise=StaleRead),
        change(same, when=Order.state == order.state, otherwise=StaleRead, **paid),
        *access.require_alive(order.device_id, otherwise=_DeviceGone),
        *_grant(order, held, now),
        create(invoice, otherwise=StaleRead),
        next_number,
    )


def _grant(order: Order, held: Ownership, now: int) -> tuple[Write, ...]:
    """Raises CreditChanged where it was to replace what runs, and that is another by now, or was used for too long."""
    if order.credit_of is None:
        return plans.grant(held, _granted(order, now), now)
    if now > order.ordered_at + rules.CREDIT_HOLDS_S:
        raise CreditChanged
    return quoting.grant_now(held, _granted(order, now), order.credit_of, int(order.ordered_at), now)


def _owe_back(order: Order | None, payment: Payment, reason: Reason) -> None:
    """The money is kept with its reason, and whose order it was meant for is notified, if he has an account still."""
    payment.assign(state="refund_due", reason=reason)
    noted = create(payment, otherwise=StaleRead)
    if order is None:
        commit(noted)
        return
    known, unchanged = Order.refunds_due.add({payment.sort_id}), Order.state == order.state
    state = rules.state_with_refund(order.state, reason)
    commit(noted, change(order, known, when=unchanged, otherwise=StaleRead, state=state), *_notices(order, payment))


def _notices(order: Order, payment: Payment) -> tuple[Write, ...]:
    """A mail to the buyer, if he has an account still."""
    account, key = read(*accounts.keys_of(order.pk_id))
    if account is None or key is None:
        return ()
    notice = messages.write(
        account.decrypted_with(key.unlocked()),
        "orders/mail/refund_due",
        reason=payment.reason,
        plan=_plan_name(order, account.language),
        price=_price(payment),
        reference=payment.payment_reference,
    )
    return notice, check(account.own_key, type(account).pk.exists(), otherwise=StaleRead)


def _price(of: Order | Payment) -> str:
    return f"{int(of.amount) / 100:.2f} {of.currency}"


def confirm_by_mail(account_id: str, sort_id: str) -> None:
    """Tell the person that the order is paid, when its stream reports it; delivered again, the mail is not sent
    again."""
    order, account, key = read(Order.key(account_id, sort_id), *accounts.keys_of(account_id))
    if order is None or account is None or key is None or order.state != "paid" or order.confirmed_at is not None:
        return
    account.decrypted_with(key.unlocked())
    addresses.notify(
        account,
        "orders/mail/paid",
        plan=_plan_name(order, account.language),
        price=_price(order),
        invoice_number=order.invoice_number,
    )
    commit(change(order, confirmed_at=clock.now_s()))


def _plan_name(order: Order, language: str) -> str:
    return plans.sold(order.plan_id, order.catalogue_version).name_in(language)


def kept_by_law(ids_of: Iterable[str]) -> list[dict[str, str]]:
    """The lines of a receipt about invoices and payments that outlive their account."""
    # One by one, though a batch were one call: whoever erases is granted what it does with one, and there are few.
    return [_kept_by_law(number, *read(Payment.key("", number))) for number in sorted(ids_of)]


def _kept_by_law(number: str, payment: Payment | None) -> dict[str, str]:
    if payment is None:
        record, year = f"invoice {number}", rules.year_of(number)
    else:
        record, year = f"payment {number}", int(payment.tax_year)
    return {"record": record, "row": "LAW", "until": clock.rfc3339(rules.kept_until(year))}
