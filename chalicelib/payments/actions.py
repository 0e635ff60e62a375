"""Asking the installation's provider where a person pays, what became of a payment, for money back, and for money by a
saved card (B13)."""

from __future__ import annotations

from collections.abc import Mapping

from chalicelib.payments.providers import provider
from chalicelib.payments.rules import AmountTooSmall as AmountTooSmall  # what opening a checkout raises
from chalicelib.payments.rules import ProviderRefused as ProviderRefused
from chalicelib.payments.rules import ProviderUnknown as ProviderUnknown  # what a provider of before is
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


def open_checkout(checkout: Checkout) -> str:
    """The address at which the person pays. Raises Unavailable where the provider does not answer,
    AmountTooSmall, ProviderRefused."""
    return provider().open_checkout(checkout)


def open_card_setup(setup: CardSetup) -> str:
    """The address at which the person saves a card. Raises Unavailable where the provider does not answer."""
    return provider().open_card_setup(setup)


def verified(name: str, headers: Mapping[str, str], body: bytes) -> Event | Report | None:
    """The payment, dispute or refund that the webhook of this provider tells of, or what it is about, for `looked_up`;
    None if it tells of something else. Raises ProviderUnknown, SignatureWrong."""
    return provider(name).verified(headers, body)


def looked_up(name: str, report: Report) -> Event | None:
    """What has become by now of what a webhook was about. Raises ProviderUnknown, Unavailable."""
    return provider(name).looked_up(report)


def refund(name: str, wanted: RefundRequest) -> Refund:
    """Money goes back by the provider that took it, once for each number of a refund. Raises ProviderUnknown,
    Unavailable."""
    return provider(name).refund(wanted)


def charge(name: str, wanted: Charge) -> Payment | Declined:
    """An order is paid by a saved card, once for all of its attempts, or an attempt was declined. Raises
    ProviderUnknown, Unavailable where that is not known."""
    return provider(name).charge(wanted)


def forget_customer(name: str, customer: str) -> None:
    """The provider deletes a customer and the card that was saved for it. Raises ProviderUnknown, Unavailable."""
    provider(name).forget_customer(customer)
