"""Asking the installation's provider where a person pays, what became of a payment, and for money back (B13)."""

from __future__ import annotations

from collections.abc import Mapping

from chalicelib.payments.providers import provider
from chalicelib.payments.shapes import Event, Refund, RefundRequest


def checkout_url(order_id: str, amount: int, currency: str) -> str:
    """The address at which the person pays."""
    return provider().checkout_url(order_id, amount, currency)


def verified(name: str, headers: Mapping[str, str], body: bytes) -> Event | None:
    """The payment, dispute or refund that the webhook of this provider tells of, None if it tells of something else.
    Raises ProviderUnknown, SignatureWrong."""
    return provider(name).verified(headers, body)


def refund(name: str, wanted: RefundRequest) -> Refund:
    """Money goes back by the provider that took it, once for each number of a refund. Raises ProviderUnknown,
    Unavailable."""
    return provider(name).refund(wanted)
