"""Payment providers: the interface that each must implement."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from chalicelib.payments.rules import ProviderUnknown
from chalicelib.payments.shapes import Payment
from chalicelib.settings import settings


class Provider(Protocol):
    def checkout_url(self, order_id: str, amount: int, currency: str) -> str:
        """The address at which the person pays."""

    def verified(self, headers: Mapping[str, str], body: bytes) -> Payment | None:
        """The payment that this webhook tells of, None if it tells of something else; raises SignatureWrong."""


def provider(name: str | None = None) -> Provider:
    """The installation's provider; raises ProviderUnknown if another one is named."""
    if name not in (None, settings.payment_provider):
        raise ProviderUnknown
    if settings.payment_provider != "sandbox":
        raise ProviderUnknown
    from chalicelib.payments import sandbox

    return sandbox.Sandbox()
