"""What is remembered of where shares are found; they themselves lie with the device (devices/records.py)."""

from __future__ import annotations

from pynamodb.attributes import NumberAttribute, UnicodeAttribute

from chalicelib.register import rows
from chalicelib.store.records import Item
from chalicelib.store.tags import Time, key, plain


class Invitation(Item):
    """A share that waits at an address, which may have an account, or get one, or not: nobody asks."""

    partition = "address"
    place = "invitation"
    told_to = "Invitations"

    share_id = key(UnicodeAttribute(), rows.DEVICE_SHARING, why="random id")
    told_at = key(Time(null=True), rows.DEVICE_SHARING, why="time: when a mail or a text message left", told=True)


class InvitationMails(Item):
    """How many invitations were sent to an address within a day, whoever sent them."""

    partition = "address"
    place = "invitation-mails"

    sent = plain(NumberAttribute(), why="a count")


class InvitationCount(Item):
    """How many people an account has invited on a day."""

    partition = "account"
    place = "invitation-count"

    invited = plain(NumberAttribute(), why="a count")


class Received(Item):
    """A device that is shared with this person. That it goes, however it does, is told, and ends the share."""

    partition = "account"
    place = "received"
    told_to = "ReceivedShares"
    told_of = frozenset({"INSERT", "REMOVE"})

    accepted_at = key(Time(), rows.DEVICE_SHARING, why="time", told=True)
