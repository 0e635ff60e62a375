"""Placing orders: the price as it is shown, and the order that may be paid (B13)."""

from __future__ import annotations

from functools import partial

from chalicelib import clock, ids
from chalicelib.access import actions as access
from chalicelib.access.records import Device, Ownership
from chalicelib.accounts.actions import regions
from chalicelib.entry.callers import Caller
from chalicelib.errors import Conflict, Invalid, NotFound
from chalicelib.instants import ms_of
from chalicelib.invoices.actions import buyers
from chalicelib.invoices.actions.buyers import Buyer
from chalicelib.orders import shapes
from chalicelib.orders.actions import checkout, opening, reading
from chalicelib.orders.records import OpenOrders, Order
from chalicelib.plans.actions import ledgers as plans
from chalicelib.plans.actions import quoting
from chalicelib.plans.actions.quoting import Quote
from chalicelib.plans.records import FreePlan
from chalicelib.plans.shapes import Money
from chalicelib.store.commit import Write, commit_and_answer, create
from chalicelib.store.records import read_all
from chalicelib.store.retrying import retrying
from chalicelib.words import Phrase


class PriceChanged(Conflict):
    """`to_pay` is what it is now."""


class RenewedByCard(Invalid):
    pass


class FreePlanElsewhere(Conflict):
    """`device_id` names the device that has it, and `until` says how long it is not free for another one."""


def price_of(caller: Caller, body: shapes.AskPrice) -> shapes.Price:
    """The price now, and when the plan would run; nothing is stored. Raises PlanUnknown, NotFound, and what `quote` and
    the free plan raise."""
    offer = plans.offered(body.plan_id)
    held, _, _ = _read(caller, body.device_id, offer)
    quote = _quote(held, offer, body, clock.now_s())
    price, credit, to_pay = (
        Money(amount=amount, currency=quote.currency) for amount in (quote.price, quote.credit, quote.to_pay)
    )
    begins, ends = clock.at_epoch(quote.begins), clock.at_epoch(quote.ends)
    return shapes.Price(price=price, credit=credit, to_pay=to_pay, begins=begins, ends=ends)


def place_order(caller: Caller, body: shapes.PlaceOrder) -> dict[str, object]:
    """An open order for one of the caller's devices, and where to pay it; one of the free plan is carried out at once.
    Raises PriceChanged, CountryUnknown, InvoiceToInvalid, RenewedByCard, NothingToRenew, AmountTooSmall, TooManyOrders,
    and what `price_of` raises."""
    return retrying(partial(_place_order, caller, body, _named(body.invoice_to)))


def _named(invoice_to: shapes.InvoiceTo | None) -> Buyer | None:
    if invoice_to is None:
        return None
    regions.endpoint_of(invoice_to.country)
    return buyers.buyer_of(invoice_to.name, invoice_to.address, invoice_to.country, invoice_to.vat_number)


def _place_order(caller: Caller, body: shapes.PlaceOrder, buyer: Buyer | None) -> dict[str, object]:
    offer = plans.offered(body.plan_id)
    _require_renewable(body, offer)
    held, device, open_orders = _read(caller, body.device_id, offer)
    now = clock.now()
    quote = _quote(held, offer, body, clock.epoch_s(now))
    if body.to_pay not in (None, quote.to_pay):
        raise PriceChanged(to_pay={"amount": quote.to_pay, "currency": quote.currency})
    order = Order.new(
        caller.account_id,
        f"{ms_of(now):012x}{ids.random_bytes(8).hex()}",
        cipher=caller.cipher,
        plan_id=offer.plan_id,
        catalogue_version=offer.version,
        kind=offer.kind,
        keep_days=offer.keep_days,
        period_days=offer.period_days,
        device_id=body.device_id,
        stock_id=device.stock_id,
        amount=quote.to_pay,
        currency=quote.currency,
        payment_method=body.payment_method,
        ordered_at=clock.epoch_s(now),
        state="open",
        begins=None if quote.credit_of is None else "now",
        credit=quote.credit or None,
        credit_of=quote.credit_of,
        renews="by card" if body.renew else None,
        invoice_to=None if buyer is None else buyers.stored(buyer),
    )
    if offer.is_free:
        writes = _grant_free(order, held, clock.epoch_s(now))
    else:
        writes = (opening.counted(order, open_orders),)
        # Before the commit: a page of an order that does not come to be is shown to nobody.
        order.assign(checkout_url=checkout.page_of(order, caller.account.language))
    owned = access.require_alive(body.device_id, otherwise=NotFound("device"))
    return commit_and_answer(create(order), *writes, *owned, answer=reading.described(order, []))


def _require_renewable(body: shapes.PlaceOrder, offer: plans.Offer) -> None:
    if body.renew and offer.is_free:
        raise plans.NothingToRenew
    if body.renew and body.payment_method not in ("card", "sandbox"):
        raise RenewedByCard(fields={"payment_method": Phrase("renewed_by_card")})


def _read(
    caller: Caller, device_id: str, offer: plans.Offer
) -> tuple[Ownership, Device, OpenOrders | None]:
    """The caller's tie to the device, the device, and which orders are open; of the free plan also what says that no
    other device has it. One consistent read. Raises NotFound, FreePlanElsewhere."""
    if access.owner_of(device_id) != caller.account_id:
        raise NotFound("device")
    free, open_orders = FreePlan.key(caller.account_id), opening.key_of(caller.account_id)
    found = read_all((plans.key_of(device_id), Device.key(device_id), free if offer.is_free else open_orders))
    held, device = found[plans.key_of(device_id)], found[Device.key(device_id)]
    if held is None or device is None:
        raise NotFound("device")
    if not offer.is_free:
        return held, device, found[open_orders]
    elsewhere = found[free]
    if elsewhere is not None and elsewhere.device_id != device_id and elsewhere.until > clock.now_s():
        raise FreePlanElsewhere(device_id=elsewhere.device_id, until=clock.rfc3339(clock.at_epoch(elsewhere.until)))
    return held, device, None


def _quote(held: Ownership, offer: plans.Offer, body: shapes.AskPrice, now: int) -> Quote:
    return quoting.quote(held, offer, body.currency, body.begins, now)


def _grant_free(order: Order, held: Ownership, now: int) -> tuple[Write, ...]:
    """No payment, no invoice, and no mail: the answer tells of it."""
    order.assign(state="paid", paid_at=now, confirmed_at=now)
    return plans.grant_free(held, plans.free(reading.terms_of(order), reading.id_of(order), now), now)
