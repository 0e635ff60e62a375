"""The sandbox provider's page: it remembers nothing, so what there is to be paid is looked up in the order."""

from __future__ import annotations

import importlib
from typing import Any

_OF_THE_PRODUCT = ("orders.actions.reading", "payments.sandbox", "payments.shapes", "store.crypto")


def event(order_id: str, outcome: str, reference: str | None = None) -> tuple[dict[str, str], bytes]:
    """Headers and body of the webhook that tells what became of the payment of this order; with a reference, of another
    payment of it."""
    orders, sandbox, shapes, crypto = (importlib.import_module(f"chalicelib.{name}") for name in _OF_THE_PRODUCT)
    order: Any = orders.order_at(order_id)
    amount, currency = (0, "EUR") if order is None else (int(order.amount), order.currency)
    number = reference or f"sandbox-{crypto.plain_hash(order_id)[:16]}"
    told: tuple[dict[str, str], bytes] = sandbox.event(shapes.Payment(order_id, outcome, amount, currency, number))
    return told
