"""The sandbox provider: it remembers nothing, so what there is to be paid is looked up in the order."""

from __future__ import annotations

import importlib
from typing import Any

_OF_THE_PRODUCT = ("orders.actions.reading", "payments.sandbox", "payments.shapes", "store.crypto")
# What becomes of a payment before it came, and of one that came.
OUTCOMES = ("paid", "refused", "expired")
DISPUTES = {"disputed": "opened", "won": "won", "lost": "lost"}


def event(order_id: str, outcome: str, reference: str | None = None) -> tuple[dict[str, str], bytes]:
    """Headers and body of the webhook that tells what became of the payment of this order, or of its dispute; with a
    reference, of another payment of it."""
    orders, sandbox, shapes, crypto = _product()
    order: Any = orders.order_at(order_id)
    amount, currency = (0, "EUR") if order is None else (int(order.amount), order.currency)
    number = reference or f"sandbox-{crypto.plain_hash(order_id)[:16]}"
    reported: Any = shapes.Payment(order_id, outcome, amount, currency, number)
    if outcome in DISPUTES:
        reported = shapes.Dispute(order_id, DISPUTES[outcome], number, f"dispute-{crypto.plain_hash(number)[:16]}")
    said: tuple[dict[str, str], bytes] = sandbox.event(reported)
    return said


def described(order_id: str) -> dict[str, Any] | None:
    """The order as its buyer is shown it; None where there is none."""
    orders = _product()[0]
    order = orders.order_at(order_id)
    return None if order is None else orders.order_of(order)


def _product() -> tuple[Any, ...]:
    return tuple(importlib.import_module(f"chalicelib.{name}") for name in _OF_THE_PRODUCT)
