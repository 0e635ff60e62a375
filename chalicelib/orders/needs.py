"""The need of routes about one order."""

from __future__ import annotations

from chalicelib.entry.callers import Caller
from chalicelib.entry.needs import Keys
from chalicelib.errors import NotFound
from chalicelib.orders.records import Order
from chalicelib.store.records import Found


class OwnOrder:
    """The caller's order that the path names; its id begins with the account's. Raises NotFound."""

    def keys(self, account_id: str, order_id: str) -> Keys:
        return (Order.key(account_id, order_id.removeprefix(account_id)),)

    def admit(self, caller: Caller, found: Found, order_id: str) -> Order:
        order = found[Order.key(caller.account_id, order_id.removeprefix(caller.account_id))]
        if order is None or not order_id.startswith(caller.account_id):
            raise NotFound
        return order
