"""The sandbox provider: it remembers nothing, so what there is to be paid is looked up in the order."""

from __future__ import annotations

import importlib
import secrets
from typing import Any

_OF_THE_PRODUCT = ("orders.actions.reading", "payments.sandbox", "payments.shapes", "store.crypto")
# Cards that are saved on the page: one that pays, and two that do not when nobody is there.
CARDS = {"good": None, "declined": "declined", "confirmed": "authentication_required"}
# What becomes of a payment before it came, and of one that came.
OUTCOMES = ("paid", "refused", "expired")
DISPUTES = {"disputed": "opened", "won": "won", "lost": "lost"}


def event(
    order_id: str, outcome: str, reference: str | None = None, card: str = "good"
) -> tuple[dict[str, str], bytes]:
    """Headers and body of the webhook that tells what became of the payment of this order, or of its dispute; with a
    reference, of another payment of it. What is to renew by itself is paid by this card, which is saved."""
    orders, sandbox, shapes, crypto = _product()
    order: Any = orders.order_at(order_id)
    amount, currency = (0, "EUR") if order is None else (int(order.amount), order.currency)
    number = reference or f"sandbox-{crypto.plain_hash(order_id)[:16]}"
    saves = order is not None and order.renews is not None and outcome == "paid"
    saved = shapes.Card(f"sandbox-customer-{number}", sandbox.card(CARDS[card])) if saves else None
    reported: Any = shapes.Payment(order_id, outcome, amount, currency, number, saved)
    if outcome in DISPUTES:
        reported = shapes.Dispute(order_id, DISPUTES[outcome], number, f"dispute-{crypto.plain_hash(number)[:16]}")
    said: tuple[dict[str, str], bytes] = sandbox.event(reported)
    return said


def card_saved(device_id: str, currency: str, card: str) -> tuple[dict[str, str], bytes]:
    """The same where a card was saved without a payment, for a device's plan."""
    _, sandbox, shapes, _ = _product()
    saved = shapes.Card(f"sandbox-customer-{secrets.token_hex(8)}", sandbox.card(CARDS[card]))
    said: tuple[dict[str, str], bytes] = sandbox.event(shapes.CardSaved(device_id, currency, saved))
    return said


def described(order_id: str) -> dict[str, Any] | None:
    """The order as its buyer is shown it; None where there is none."""
    orders = _product()[0]
    order = orders.order_at(order_id)
    return None if order is None else orders.order_of(order)


def _product() -> tuple[Any, ...]:
    return tuple(importlib.import_module(f"chalicelib.{name}") for name in _OF_THE_PRODUCT)
