"""Signatures of webhooks, as Stripe makes them: HMAC-SHA256 over a time and the very bytes of the body."""

from __future__ import annotations

import hashlib
import hmac

from chalicelib import clock
from chalicelib.payments.rules import SignatureWrong
from chalicelib.settings import settings
from chalicelib.store import crypto

TOLERANCE_S = 300
# Seconds since 1970 have ten until the year 2286; of thousands, Python refuses to make a number.
_MOST_DIGITS = 12


def require(header: str, body: bytes) -> None:
    """The header's time is at most five minutes away, before or after, and one of its signatures is ours: while a
    secret is being replaced, there are two. Raises SignatureWrong.

    Stripe's own library looks at no time to come, answers a signature with an umlaut by a TypeError, and reads a body
    as text; it would also have to be loaded for each webhook.
    """
    parts = [part.strip().partition("=")[::2] for part in header.split(",")]
    stamps, signatures = ([value for name, value in parts if name == wanted] for wanted in ("t", "v1"))
    if len(stamps) != 1 or not _is_near(stamps[0]):
        raise SignatureWrong
    ours = _signature(stamps[0], body)
    if not any(crypto.same(each, ours) for each in signatures):
        raise SignatureWrong


def header_of(body: bytes) -> str:
    """The header of a webhook that is sent now."""
    stamp = str(clock.now_s())
    return f"t={stamp},v1={_signature(stamp, body)}"


def _is_near(stamp: str) -> bool:
    is_number = stamp.isascii() and stamp.isdigit() and len(stamp) <= _MOST_DIGITS
    return is_number and abs(clock.now_s() - int(stamp)) <= TOLERANCE_S


def _signature(stamp: str, body: bytes) -> str:
    secret = settings.payment_webhook_secret.encode()
    return hmac.new(secret, stamp.encode() + b"." + body, hashlib.sha256).hexdigest()
