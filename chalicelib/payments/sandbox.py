"""A payment provider without money, for development and tests; it signs its webhooks the way Stripe does."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import get_args

import msgspec

from chalicelib.errors import Malformed
from chalicelib.payments import signatures
from chalicelib.payments.shapes import (
    Checkout,
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
}


class _Event(msgspec.Struct):
    type: str | None
    payment: msgspec.Raw = msgspec.Raw()
    dispute: msgspec.Raw = msgspec.Raw()
    refund: msgspec.Raw = msgspec.Raw()


class Sandbox:
    def open_checkout(self, checkout: Checkout) -> str:
        return f"{settings.public_url}/_local/payments/{checkout.order_id}"

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


def event(reported: Event) -> tuple[dict[str, str], bytes]:
    """Headers and body of the webhook that tells what became of this payment, dispute or refund."""
    kind = type(reported).__name__.lower()
    outcome = reported.state if isinstance(reported, Refund) else reported.outcome
    body = json.dumps({"type": f"{kind}.{outcome}", kind: msgspec.to_builtins(reported)}).encode()
    return {"Content-Type": "application/json", "Sandbox-Signature": signatures.header_of(body)}, body
