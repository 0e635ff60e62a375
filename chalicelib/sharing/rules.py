"""What holds for shares: how many, how long, and to whom not."""

from __future__ import annotations

from datetime import datetime, timedelta

from chalicelib.errors import Conflict, Invalid, TooMany, Words

MOST_SHARES = 20
MOST_RECEIVED = 50
INVITATION_LIFE = timedelta(days=7)
MOST_INVITATIONS_A_DAY = 40
MOST_MAILS_A_DAY = 3


class ShareExists(Conflict):
    en = "You share this device with this person already, or have invited them."
    pl = "To urządzenie jest już udostępnione tej osobie albo czeka na nią zaproszenie."


class SharedWithOneself(Conflict):
    en = "This device is your own."
    pl = "To urządzenie należy do Ciebie."


class TooManyShares(Conflict):
    en = "A device can be shared with 20 people."
    pl = "Urządzenie można udostępnić 20 osobom."


class TooManyReceived(Conflict):
    en = "50 devices are shared with you already. Leave one of them first."
    pl = "Masz już 50 udostępnionych urządzeń. Najpierw zrezygnuj z jednego z nich."


class TooManyInvitations(TooMany):
    en = "You have invited many people today. Please come back tomorrow."
    pl = "Dziś zaproszono już wiele osób. Wróć jutro."


class AlreadyAccepted(Conflict):
    en = "You have accepted this share already. You can leave it."
    pl = "To udostępnienie zostało już przyjęte. Możesz z niego zrezygnować."


class NotAccepted(Conflict):
    en = "You have not accepted this share yet. You can decline it."
    pl = "To udostępnienie nie zostało jeszcze przyjęte. Możesz odmówić."


def require_future(until: datetime | None, now: datetime) -> None:
    if until is not None and until <= now:
        raise Invalid(fields={"until": Words("is over", "już minęło")})


def require_channels(channels: list[str] | None, known: list[str]) -> None:
    """Raises Invalid for a channel that the device does not have."""
    if channels is not None and not set(channels) <= set(known):
        raise Invalid(fields={"channels": Words("is not a channel of the device", "nie jest kanałem urządzenia")})
