"""Webhooks of payment providers: each event is verified, and given to whom it is about (B13)."""

from __future__ import annotations

from functools import partial

from chalicelib.errors import Unavailable
from chalicelib.invoices.actions import numbering
from chalicelib.invoices.actions.turns import Turns
from chalicelib.orders.actions import disputing, paying, paying_back
from chalicelib.payments.actions import verified
from chalicelib.payments.shapes import Dispute, Event, Payment, Refund
from chalicelib.store.commit import waiting_at_most
from chalicelib.store.retrying import retrying_from

_TRIES = 5
# Providers give up after some seconds, and tell it again; three are promised.
_PATIENCE_S = 1.6


def take_event(name: str, headers: dict[str, str], body: bytes) -> bool:
    """Apply what a provider's webhook tells of; whether anything changed. Reported twice, it counts once. Raises
    ProviderUnknown, SignatureWrong, PaymentMismatch, and Unavailable for what cannot be done now: then the provider
    tells it again."""
    event = verified(name, headers, body)
    if event is None:
        return False
    # Of many who are paid at once, each but the first would number in vain, again and again.
    with waiting_at_most(_PATIENCE_S), Turns("invoice", numbering.tax_year()) as turns:
        return retrying_from(
            event,
            partial(_taken, name),
            partial(_again, turns),
            tries=_TRIES,
            otherwise=Unavailable(retry_after_seconds=2),
        )


def _again(turns: Turns, event: Event) -> Event:
    if isinstance(event, Payment) and event.outcome == "paid":
        turns.wait()
    return event


def _taken(name: str, event: Event) -> bool:
    if isinstance(event, Dispute):
        return disputing.apply(name, event)
    if isinstance(event, Refund):
        return paying_back.note(event)
    return paying.apply(name, event)
