"""Checkout pages: where an order is paid at the provider, made once for each and kept with it (B13)."""

from __future__ import annotations

from chalicelib import clock
from chalicelib.errors import Unavailable
from chalicelib.orders.actions import reading
from chalicelib.orders.records import Order
from chalicelib.payments.actions import AmountTooSmall, ProviderRefused, open_checkout
from chalicelib.payments.shapes import Checkout
from chalicelib.plans.actions import ledgers as plans
from chalicelib.store.commit import change, commit
from chalicelib.store.records import read
from chalicelib.store.retrying import StaleRead

# An order for which there was no page in that time is not asked for again: its price and its credit are of that day.
_OPENED_WITHIN_S = 24 * 60 * 60


def page_of(order: Order, language: str) -> str | None:
    """The page on which this order is paid; None where the provider does not answer. Raises AmountTooSmall,
    ProviderRefused."""
    try:
        return open_checkout(
            Checkout(
                order_id=reading.id_of(order),
                amount=int(order.amount),
                currency=order.currency,
                method=order.payment_method,
                name=plans.sold(order.plan_id, int(order.catalogue_version)).name_in(language),
                language=language,
                ordered_at=int(order.ordered_at),
            )
        )
    except Unavailable:
        return None


def completed(order: Order, language: str) -> Order:
    """The order with its page, which is asked for now if there was none: nobody has to order again because the provider
    did not answer."""
    age_s = clock.now_s() - int(order.ordered_at)
    if order.state != "open" or order.checkout_url is not None or age_s > _OPENED_WITHIN_S:
        return order
    try:
        url = page_of(order, language)
    except (AmountTooSmall, ProviderRefused):
        return order
    if url is None:
        return order
    is_without = Order.checkout_url.does_not_exist() & (Order.state == "open")
    try:
        commit(change(order, checkout_url=url, when=is_without, otherwise=StaleRead))
    except StaleRead:  # somebody else asked at the same time, or it was paid meanwhile
        (found,) = read(order.own_key)
        return order if found is None else found
    return order
