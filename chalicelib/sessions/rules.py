"""What holds for tokens and sessions."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from chalicelib.errors import NotSignedIn

ACCESS_LIFE = timedelta(minutes=15)
REFRESH_GRACE = timedelta(seconds=30)
SESSION_LIFE = timedelta(days=90)
STEP_UP_LIFE = timedelta(minutes=10)

ACCESS, REFRESH = "a", "r"
_LONGEST_PART = 128


@dataclass(frozen=True)
class Claim:
    """What a token says of itself: whose it is, which sign-in's, and the secret that must prove it."""

    account_id: str
    session_id: str
    secret: str


def token(kind: str, account_id: str, session_id: str, secret: str) -> str:
    return ".".join((kind, account_id, session_id, secret))


def cut_token(kind: str, text: str | None) -> Claim:
    """Raises NotSignedIn for anything that is not a token of this kind."""
    parts = (text or "").split(".")
    if len(parts) != 4 or parts[0] != kind or not all(part.isascii() and part.isalnum() for part in parts):
        raise NotSignedIn
    if max(map(len, parts)) > _LONGEST_PART:
        raise NotSignedIn
    return Claim(*parts[1:])
