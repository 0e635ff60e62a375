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
from chalicelib.payments.shapes import Outcome, Payment
from chalicelib.settings import settings
from chalicelib.store import crypto

_HEADER = "sandbox-signature"
_TOLERANCE_S = 300
# Seconds since 1970 have ten until the year 2286; of thousands, Python refuses to make a number.
_MOST_DIGITS = 12
_EVENTS = tuple(f"payment.{outcome}" for outcome in get_args(Outcome))


class _Event(msgspec.Struct):
    type: str | None
    payment: msgspec.Raw = msgspec.Raw()


class Sandbox:
    def checkout_url(self, order_id: str, amount: int, currency: str) -> str:
        return f"{settings.public_url}/_local/payments/{order_id}"

    def verified(self, headers: Mapping[str, str], body: bytes) -> Payment | None:
        _require_signature(headers.get(_HEADER, ""), body)
        try:
            event = msgspec.json.decode(body, type=_Event)
            return msgspec.json.decode(event.payment, type=Payment) if event.type in _EVENTS else None
        except ValueError as cause:
            raise Malformed from cause


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


def event(payment: Payment) -> tuple[dict[str, str], bytes]:
    """Headers and body of the webhook that tells what became of this payment."""
    body = json.dumps({"type": f"payment.{payment.outcome}", "payment": msgspec.to_builtins(payment)}).encode()
    stamp = str(clock.now_s())
    return {"Content-Type": "application/json", "Sandbox-Signature": f"t={stamp},v1={_signature(stamp, body)}"}, body
