"""Rules of shares: how many, how long, and to whom not."""

from __future__ import annotations

from datetime import datetime, timedelta

from chalicelib.errors import Conflict, Invalid, TooMany
from chalicelib.words import Phrase

MOST_SHARES = 20
MOST_RECEIVED = 50
INVITATION_LIFE = timedelta(days=7)
MOST_RECORDED = 20
MOST_INVITATIONS_A_DAY = 40
MOST_MAILS_A_DAY = 3


class ShareExists(Conflict):
    pass


class SharedWithOneself(Conflict):
    pass


class TooManyShares(Conflict):
    pass


class TooManyReceived(Conflict):
    pass


class TooManyInvitations(TooMany):
    pass


class AlreadyAccepted(Conflict):
    pass


class NotAccepted(Conflict):
    pass


def require_future(until: datetime | None, now: datetime) -> None:
    if until is not None and until <= now:
        raise Invalid(fields={"until": Phrase("already_past")})


def require_channels(channels: list[str] | None, known: list[str]) -> None:
    """Raises Invalid for a channel that the device does not have."""
    if channels is not None and not set(channels) <= set(known):
        raise Invalid(fields={"channels": Phrase("not_a_channel")})
