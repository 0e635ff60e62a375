"""What Stripe tells of payments: each thing happens there first, and its webhook names it."""

from __future__ import annotations

from tests.payments import fake_stripe
from tests.payments.fake_stripe import FakeStripe

# The one that our cloud asks, while there is one.
_ours: list[FakeStripe] = []


def ask(store: FakeStripe) -> None:
    _ours[:] = [store]


def ours() -> FakeStripe:
    return _ours[0]


def event_of(
    order_id: str, outcome: str, amount: int, currency: str, reference: str, card: str | None = None
) -> bytes:
    """A page of this order was paid by this payment, refused, or left alone until it was over."""
    store = ours()
    kinds = {
        "paid": "checkout.session.completed",
        "refused": "checkout.session.async_payment_failed",
        "expired": "checkout.session.expired",
    }
    done = {"expired": ("expired", "unpaid"), "refused": ("complete", "unpaid"), "paid": ("complete", "paid")}
    status, payment_status = done[outcome]
    page = fake_stripe.session(
        store, f"cs_{outcome}_{reference}", order_id, amount, currency, status=status, payment_status=payment_status,
        url=None,
    )  # fmt: skip
    if outcome == "paid":
        saved = _saved(store, card)
        page["customer"] = saved.get("customer")
        page["payment_intent"] = fake_stripe.intent(store, reference, order_id, amount, currency, **saved)["id"]
    if outcome == "refused":
        failed = fake_stripe.intent(
            store, f"{reference}_failed", order_id, amount, currency, status="requires_payment_method",
            amount_received=0,
        )  # fmt: skip
        page["payment_intent"] = failed["id"]
    return fake_stripe.event(page, kinds[outcome])


def _saved(store: FakeStripe, card: str | None) -> dict[str, str]:
    """What a payment says of the card that was saved by it: one that is charged, or one that is declined with this
    code, and how often: `card_declined 2`."""
    if card is None:
        return {}
    code, _, times = card.partition(" ")
    customer, method = fake_stripe.saved_card(store, code, int(times or 99))
    return {"customer": customer, "payment_method": method, "setup_future_usage": "off_session"}


def card_saved(device_id: str, currency: str) -> bytes:
    """A card was saved without a payment, on a page that our cloud opened for this device."""
    store = ours()
    (*_, page) = [
        one for one in store.of_kind("checkout.session")
        if one["client_reference_id"] == device_id and one["metadata"]["currency"] == currency
    ]  # fmt: skip
    intent = fake_stripe.setup_intent(store, store.new_id("seti"), page["_intent_metadata"])
    page |= {"status": "complete", "setup_intent": intent["id"], "customer": intent["customer"], "url": None}
    return fake_stripe.event(page, "checkout.session.completed")
