"""Checkout pages: where an order is paid at the provider, made once for each and kept with it (B13)."""

from __future__ import annotations

from chalicelib import clock
from chalicelib.errors import Unavailable
from chalicelib.orders import rules
from chalicelib.orders.actions import reading
from chalicelib.orders.records import Order
from chalicelib.payments.actions import AmountTooSmall, ProviderRefused, open_checkout
from chalicelib.payments.shapes import Checkout
from chalicelib.plans.actions import ledgers as plans
from chalicelib.store.commit import change, commit
from chalicelib.store.records import read
from chalicelib.store.retrying import StaleRead

# No page lasts for less than that (Stripe): an order that ends sooner gets none.
_SHORTEST_S = 30 * 60


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
                until=int(order.ordered_at) + rules.PAYABLE_S,
                saves_card=order.renews is not None,
            )
        )
    except Unavailable:
        return None


def completed(order: Order, language: str) -> Order:
    """The order with its page, which is asked for now if there was none: nobody has to order again because the provider
    did not answer. One that is over without is noted so; what renews by itself is paid by the card that was saved."""
    if order.state != "open" or order.renewal is not None or order.checkout_url is not None:
        return order
    left_s = int(order.ordered_at) + rules.PAYABLE_S - clock.now_s()
    if left_s <= _SHORTEST_S:
        return _noted(order, state="expired") if left_s < 0 else order
    try:
        url = page_of(order, language)
    except (AmountTooSmall, ProviderRefused):
        return order
    if url is None:
        return order
    return _noted(order, checkout_url=url)


def _noted(order: Order, **values: str) -> Order:
    is_without = Order.checkout_url.does_not_exist() & (Order.state == "open")
    try:
        commit(change(order, when=is_without, otherwise=StaleRead, **values))
    except StaleRead:  # somebody else asked at the same time, or it was paid meanwhile
        (found,) = read(order.own_key)
        return order if found is None else found
    return order
