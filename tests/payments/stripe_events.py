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


def event_of(order_id: str, outcome: str, amount: int, currency: str, reference: str) -> bytes:
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
        page["payment_intent"] = fake_stripe.intent(store, reference, order_id, amount, currency)["id"]
    if outcome == "refused":
        failed = fake_stripe.intent(
            store, f"{reference}_failed", order_id, amount, currency, status="requires_payment_method",
            amount_received=0,
        )  # fmt: skip
        page["payment_intent"] = failed["id"]
    return fake_stripe.event(page, kinds[outcome])
