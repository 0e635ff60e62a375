"""Who takes the money: what every payment provider must do for us."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Protocol

import msgspec
from msgspec import Meta

from chalicelib.errors import Malformed, NotFound
from chalicelib.orders.rules import Outcome
from chalicelib.settings import settings


class SignatureWrong(Malformed):
    en = "The signature of this event is missing, wrong or too old."
    pl = "Podpisu tego zdarzenia brakuje albo jest on błędny lub zbyt stary."


class ProviderUnknown(NotFound):
    en = "This installation does not know this payment provider."
    pl = "Ta instalacja nie zna tego dostawcy płatności."


class Payment(msgspec.Struct, frozen=True):
    """A payment as its provider reports it, once the signature is verified. The reference is the provider's own
    number of the payment: told of again, it is the same money."""

    order_id: Annotated[str, Meta(max_length=128)]
    outcome: Outcome
    amount: Annotated[int, Meta(ge=-(2**53), le=2**53)]
    currency: Annotated[str, Meta(pattern="^[A-Z]{3}$", max_length=3)]
    reference: Annotated[str, Meta(min_length=1, max_length=255)]


class Provider(Protocol):
    def checkout_url(self, order_id: str, amount: int, currency: str) -> str:
        """Where the person pays."""

    def verified(self, headers: Mapping[str, str], body: bytes) -> Payment | None:
        """The payment that this webhook tells of, None if it tells of something else; raises SignatureWrong."""


def provider(name: str | None = None) -> Provider:
    """The installation's provider; raises ProviderUnknown if another one is named."""
    if name not in (None, settings.payment_provider):
        raise ProviderUnknown
    if settings.payment_provider != "sandbox":
        raise ProviderUnknown
    from chalicelib.orders import sandbox

    return sandbox.Sandbox()
