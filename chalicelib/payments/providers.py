"""Payment providers: the interface that each must implement."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from chalicelib.payments.rules import ProviderUnknown
from chalicelib.payments.shapes import (
    CardSetup,
    Charge,
    Checkout,
    Declined,
    Event,
    Payment,
    Refund,
    RefundRequest,
    Report,
)
from chalicelib.settings import settings


class Provider(Protocol):
    def open_checkout(self, checkout: Checkout) -> str:
        """The address at which the person pays this order, made now unless there is one. Raises Unavailable where the
        provider does not answer: it is asked again later, and what is paid at two addresses is paid twice."""

    def open_card_setup(self, setup: CardSetup) -> str:
        """The address at which the person saves a card. Raises Unavailable."""

    def verified(self, headers: Mapping[str, str], body: bytes) -> Event | Report | None:
        """The payment, dispute or refund that this webhook tells of, or what it is about where that has to be looked
        up; None if it tells of something else. Asks nobody; raises SignatureWrong."""

    def looked_up(self, report: Report) -> Event | None:
        """What has become by now of what a webhook was about; None if that is nothing, or none of our concern. Raises
        Unavailable where the provider does not answer in time for a webhook."""

    def refund(self, wanted: RefundRequest) -> Refund:
        """The refund of this number, made now unless there is one: asked twice, also weeks apart or at the same moment,
        money goes back once. Raises Unavailable where the provider does not answer: it is asked again later."""

    def charge(self, wanted: Charge) -> Payment | Declined:
        """The payment of this order by its saved card, whichever attempt it came from, or why this attempt brought
        none. Raises Unavailable where that is not known: the same attempt is asked for again."""

    def forget_customer(self, customer: str) -> None:
        """Have the provider delete this customer, and the card that was saved for it; asked twice it is done. Raises
        Unavailable: it is asked again later."""


def provider(name: str | None = None) -> Provider:
    """The installation's provider; raises ProviderUnknown if another one is named."""
    if name not in (None, settings.payment_provider):
        raise ProviderUnknown
    # The one is for development, the other drags in a library: each is loaded where it is used.
    if settings.payment_provider == "sandbox":
        from chalicelib.payments import sandbox

        return sandbox.Sandbox()
    if settings.payment_provider == "stripe":
        from chalicelib.payments import stripe_provider

        return stripe_provider.Stripe()
    raise ProviderUnknown
