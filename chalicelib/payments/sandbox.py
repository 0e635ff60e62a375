"""A payment provider without money, for development and tests; it signs its webhooks the way Stripe does."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import get_args
from urllib.parse import urlencode

import msgspec

from chalicelib.errors import Malformed
from chalicelib.payments import signatures
from chalicelib.payments.shapes import (
    CardSaved,
    CardSetup,
    Charge,
    Checkout,
    Declined,
    DeclineReason,
    Dispute,
    DisputeOutcome,
    Event,
    Outcome,
    Payment,
    Refund,
    RefundRequest,
    RefundState,
    Report,
)
from chalicelib.settings import settings
from chalicelib.store import crypto

_HEADER = "sandbox-signature"
# What each type of event tells of: `payment.paid` of a payment, which stands under the type's first word.
_EVENTS: dict[str, type[Event]] = {
    **{f"payment.{outcome}": Payment for outcome in get_args(Outcome)},
    **{f"dispute.{outcome}": Dispute for outcome in get_args(DisputeOutcome)},
    **{f"refund.{state}": Refund for state in get_args(RefundState)},
    "card.saved": CardSaved,
}
# What a saved card says of itself, which is all that is known of it: `sandbox-card-declined-2` is declined two times.
CARD, NEVER = "sandbox-card", 99


class _Event(msgspec.Struct):
    type: str | None
    payment: msgspec.Raw = msgspec.Raw()
    dispute: msgspec.Raw = msgspec.Raw()
    refund: msgspec.Raw = msgspec.Raw()
    card: msgspec.Raw = msgspec.Raw()


class Sandbox:
    def open_checkout(self, checkout: Checkout) -> str:
        return f"{settings.public_url}/_local/payments/{checkout.order_id}"

    def open_card_setup(self, setup: CardSetup) -> str:
        query = urlencode({"currency": setup.currency})
        return f"{settings.public_url}/_local/cards/{setup.device_id}?{query}"

    def verified(self, headers: Mapping[str, str], body: bytes) -> Event | None:
        signatures.require(headers.get(_HEADER, ""), body)
        try:
            event = msgspec.json.decode(body, type=_Event)
            if event.type not in _EVENTS:
                return None
            said: msgspec.Raw = getattr(event, event.type.partition(".")[0])
            return msgspec.json.decode(said, type=_EVENTS[event.type])
        except (ValueError, RecursionError) as cause:
            raise Malformed from cause

    def looked_up(self, report: Report) -> Event | None:
        return None  # its webhooks say all that there is

    def refund(self, wanted: RefundRequest) -> Refund:
        # No money moves, so nothing has to be remembered: the same number is the same refund.
        return Refund(wanted.refund_id, "succeeded", f"sandbox-refund-{crypto.plain_hash(wanted.refund_id)[:16]}")

    def charge(self, wanted: Charge) -> Payment | Declined:
        # The first attempt that the card lets through is the one that paid, whichever is asked for.
        reason, times = _declines(wanted.card.payment_method)
        if reason is not None and wanted.attempt <= times:
            return Declined(reason)
        number = crypto.plain_hash(wanted.order_id)[:16]
        return Payment(wanted.order_id, "paid", wanted.amount, wanted.currency, f"sandbox-renewal-{number}")

    def forget_customer(self, customer: str) -> None:
        """There is nothing of it."""


def card(reason: DeclineReason | None = None, times: int = NEVER) -> str:
    """The number of a card that is declined for this reason so many times."""
    return CARD if reason is None else f"{CARD}-{reason}-{times}"


def _declines(number: str) -> tuple[DeclineReason | None, int]:
    reason, _, times = number.removeprefix(f"{CARD}-").rpartition("-")
    known = next((one for one in get_args(DeclineReason) if one == reason), None)
    return known, int(times) if times.isdecimal() and times.isascii() else 0


def event(reported: Event) -> tuple[dict[str, str], bytes]:
    """Headers and body of the webhook that tells what became of this payment, dispute or refund."""
    if isinstance(reported, CardSaved):
        kind, outcome = "card", "saved"
    else:
        kind = type(reported).__name__.lower()
        outcome = reported.state if isinstance(reported, Refund) else reported.outcome
    body = json.dumps({"type": f"{kind}.{outcome}", kind: msgspec.to_builtins(reported)}).encode()
    return {"Content-Type": "application/json", "Sandbox-Signature": signatures.header_of(body)}, body
