"""Rules of tokens and sessions."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from msgspec import Struct

from chalicelib.errors import NotSignedIn

ACCESS_LIFE = timedelta(minutes=15)
# So long the exact repeat of a refresh is answered also when the successor was used.
REFRESH_REPEATED = timedelta(hours=24)
SESSION_LIFE = timedelta(days=90)
STEP_UP_LIFE = timedelta(minutes=10)
# So long the exact repeat of what made an account and began its first session is answered with new tokens.
REPEAT_LIFE = timedelta(hours=24)
# So long the exact repeat of a sign-in is not asked for its second factor again: that one was used up by the first.
SIGN_IN_REPEATED = timedelta(minutes=10)
# More than anybody has terminals, and few enough to be listed in one page and ended in one transaction.
MOST_SESSIONS = 50

ACCESS, REFRESH = "a", "r"
_LONGEST_PART = 128
_MONTH_S = 30 * 86_400
# 128 bits: as many as one can search for.
LASTING_CHARACTERS = 26


class Claim(Struct, frozen=True):
    """The claims of a token: whose it is, which sign-in's, and the secret that must prove it."""

    account_id: str
    session_id: str
    secret: str

    @property
    def lasting(self) -> str:
        """The common beginning of all access tokens of a sign-in. It is stored nowhere, not even hashed."""
        return self.secret[:LASTING_CHARACTERS]


def token(kind: str, account_id: str, session_id: str, secret: str) -> str:
    return ".".join((kind, account_id, session_id, secret))


def parse_token(kind: str, text: str | None) -> Claim:
    """Raises NotSignedIn for anything that is not a token of this kind."""
    parts = (text or "").split(".")
    if len(parts) != 4 or parts[0] != kind or not all(part.isascii() and part.isalnum() for part in parts):
        raise NotSignedIn
    if max(map(len, parts)) > _LONGEST_PART:
        raise NotSignedIn
    return Claim(*parts[1:])


def is_first_use_in_month(opened_at: float, used_at: float, now: float) -> bool:
    """Whether a session's use is the first in one of the months of 30 days that began with its opening."""
    return int(now - opened_at) // _MONTH_S > int(used_at - opened_at) // _MONTH_S


def beyond(most: int, sessions: Iterable[Any]) -> list[Any]:
    """The sessions to end so that `most` are left: those of a session generation that is over first, then the longest
    unused."""
    newest_first = sorted(sessions, key=lambda one: (one.session_generation, one.rotated_at), reverse=True)
    return newest_first[most:]
