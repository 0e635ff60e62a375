"""Cards that are saved at either provider, as tests play them."""

from __future__ import annotations

from typing import Any

from chalicelib.payments import sandbox
from chalicelib.payments.shapes import Card, CardSaved, DeclineReason
from chalicelib.settings import settings
from infra.local.gateway import Response
from tests.conftest import Home
from tests.orders.payment_events import send, signature
from tests.payments import fake_stripe, stripe_events

# As Stripe says it.
_CODES: dict[DeclineReason, str] = {
    "declined": "card_declined",
    "authentication_required": "authentication_required",
    "card_gone": "",
}


def is_stripe() -> bool:
    return bool(settings.payment_provider == "stripe")


def new_card(reason: DeclineReason | None = None, times: int = 99) -> Card:
    """A card that a person has saved; it is declined for this reason, and so many times."""
    if not is_stripe():
        return Card("sandbox-customer", sandbox.card(reason, times))
    store = stripe_events.ours()
    customer, method = fake_stripe.saved_card(store, "" if reason is None else _CODES[reason], times)
    if reason == "card_gone":
        store.get(method)["customer"] = None
    return Card(customer, method)


def saving(reason: DeclineReason | None = None, times: int = 99) -> dict[str, Any]:
    """What the event of a payment says beside, by which such a card is saved."""
    if is_stripe():
        return {"card": "" if reason is None else f"{_CODES[reason]} {times}"}
    return {"card": {"customer": "sandbox-customer", "payment_method": sandbox.card(reason, times)}}


def tell_card_saved(home: Home, device_id: str, currency: str = "EUR", customer: str = "sandbox-customer") -> Response:
    """The person saves a card on the page that was opened for this device."""
    if is_stripe():
        body = stripe_events.card_saved(device_id, currency)
    else:
        _, body = sandbox.event(CardSaved(device_id, currency, Card(customer, sandbox.card())))
    return send(home.world, body, signature(home.world, body))
