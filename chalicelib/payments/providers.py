"""Payment providers: the interface that each must implement."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from chalicelib.payments.rules import ProviderUnknown
from chalicelib.payments.shapes import Event, Refund, RefundRequest
from chalicelib.settings import settings


class Provider(Protocol):
    def checkout_url(self, order_id: str, amount: int, currency: str) -> str:
        """The address at which the person pays."""

    def verified(self, headers: Mapping[str, str], body: bytes) -> Event | None:
        """The payment, dispute or refund that this webhook tells of, None if it tells of something else; raises
        SignatureWrong."""

    def refund(self, wanted: RefundRequest) -> Refund:
        """The refund of this number, made now unless there is one: asked twice, also weeks apart or at the same moment,
        money goes back once. Raises Unavailable where the provider does not answer: it is asked again later."""


def provider(name: str | None = None) -> Provider:
    """The installation's provider; raises ProviderUnknown if another one is named."""
    if name not in (None, settings.payment_provider):
        raise ProviderUnknown
    if settings.payment_provider != "sandbox":
        raise ProviderUnknown
    from chalicelib.payments import sandbox

    return sandbox.Sandbox()
