"""A payment provider without money, for development and tests; it signs its webhooks the way Stripe does."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Mapping
from typing import get_args

import msgspec

from chalicelib import clock
from chalicelib.errors import Malformed
from chalicelib.payments.rules import SignatureWrong
from chalicelib.payments.shapes import (
    Dispute,
    DisputeOutcome,
    Event,
    Outcome,
    Payment,
    Refund,
    RefundRequest,
    RefundState,
)
from chalicelib.settings import settings
from chalicelib.store import crypto

_HEADER = "sandbox-signature"
_TOLERANCE_S = 300
# Seconds since 1970 have ten until the year 2286; of thousands, Python refuses to make a number.
_MOST_DIGITS = 12
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
    def checkout_url(self, order_id: str, amount: int, currency: str) -> str:
        return f"{settings.public_url}/_local/payments/{order_id}"

    def verified(self, headers: Mapping[str, str], body: bytes) -> Event | None:
        _require_signature(headers.get(_HEADER, ""), body)
        try:
            event = msgspec.json.decode(body, type=_Event)
            if event.type not in _EVENTS:
                return None
            said: msgspec.Raw = getattr(event, event.type.partition(".")[0])
            return msgspec.json.decode(said, type=_EVENTS[event.type])
        except ValueError as cause:
            raise Malformed from cause

    def refund(self, wanted: RefundRequest) -> Refund:
        # No money moves, so nothing has to be remembered: the same number is the same refund.
        return Refund(wanted.refund_id, "succeeded", f"sandbox-refund-{crypto.plain_hash(wanted.refund_id)[:16]}")


def _require_signature(header: str, body: bytes) -> None:
    parts = dict(part.partition("=")[::2] for part in header.split(","))
    stamp = parts.get("t", "")
    if not (stamp.isascii() and stamp.isdigit() and len(stamp) <= _MOST_DIGITS):
        raise SignatureWrong
    if abs(clock.now_s() - int(stamp)) > _TOLERANCE_S:
        raise SignatureWrong
    if not crypto.same(parts.get("v1", ""), _signature(stamp, body)):
        raise SignatureWrong


def _signature(stamp: str, body: bytes) -> str:
    secret = settings.payment_webhook_secret.encode()
    return hmac.new(secret, stamp.encode() + b"." + body, hashlib.sha256).hexdigest()


def event(reported: Event) -> tuple[dict[str, str], bytes]:
    """Headers and body of the webhook that tells what became of this payment, dispute or refund."""
    kind = type(reported).__name__.lower()
    outcome = reported.state if isinstance(reported, Refund) else reported.outcome
    body = json.dumps({"type": f"{kind}.{outcome}", kind: msgspec.to_builtins(reported)}).encode()
    stamp = str(clock.now_s())
    return {"Content-Type": "application/json", "Sandbox-Signature": f"t={stamp},v1={_signature(stamp, body)}"}, body
