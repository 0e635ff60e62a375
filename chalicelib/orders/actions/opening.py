"""Open orders: how many an account may have at a time (B13)."""

from __future__ import annotations

from chalicelib import clock
from chalicelib.errors import TooMany
from chalicelib.orders import rules
from chalicelib.orders.actions import reading
from chalicelib.orders.records import OpenOrders, Order
from chalicelib.store.commit import Write, absent, is_set, put
from chalicelib.store.keys import Key
from chalicelib.store.records import read_all
from chalicelib.store.retrying import StaleRead


class TooManyOrders(TooMany):
    """`most` can be open at a time."""


def key_of(account_id: str) -> Key[OpenOrders]:
    """The row to read, consistently, before `counted`."""
    return OpenOrders.key(account_id)


def counted(order: Order, before: OpenOrders | None) -> Write:
    """A write by which this order is one of those that are open. Raises TooManyOrders; on commit StaleRead where
    another one was opened since."""
    now = clock.now_s()
    left = {} if before is None else {one: _time_of(one) + rules.PAYABLE_S for one in before.order_ids or ()}
    left = {one: until for one, until in left.items() if until > now}
    if len(left) >= rules.MOST_OPEN:
        left = _still_open(order.pk_id, left)
    if len(left) >= rules.MOST_OPEN:
        raise TooManyOrders(retry_after_seconds=min(left.values()) - now, most=rules.MOST_OPEN)
    row = OpenOrders.new(order.pk_id, order_ids={*left, order.sort_id}, expires_at=now + rules.PAYABLE_S)
    as_read = absent(OpenOrders) if before is None else is_set(OpenOrders.order_ids, before.order_ids)
    return put(row, when=as_read, otherwise=StaleRead)


def _still_open(account_id: str, ids_of: dict[str, int]) -> dict[str, int]:
    found = read_all(Order.key(account_id, one) for one in ids_of)
    orders = {one: found[Order.key(account_id, one)] for one in ids_of}
    is_open = {one for one, order in orders.items() if order is not None and reading.state_of(order) == "open"}
    return {one: until for one, until in ids_of.items() if one in is_open}


def _time_of(sort_id: str) -> int:
    return int(sort_id[:12], 16) // 1000
