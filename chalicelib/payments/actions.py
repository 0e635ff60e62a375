"""Asking the installation's provider where a person pays, and what became of a payment (B13)."""

from __future__ import annotations

from collections.abc import Mapping

from chalicelib.payments.providers import provider
from chalicelib.payments.shapes import Payment


def checkout_url(order_id: str, amount: int, currency: str) -> str:
    """The address at which the person pays."""
    return provider().checkout_url(order_id, amount, currency)


def verified(name: str, headers: Mapping[str, str], body: bytes) -> Payment | None:
    """The payment that the webhook of this provider tells of, None if it tells of something else. Raises
    ProviderUnknown, SignatureWrong."""
    return provider(name).verified(headers, body)
