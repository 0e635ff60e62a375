"""What is remembered of shares; what each of them allows lies on the device itself (devices/records.py, Grant)."""

from __future__ import annotations

from pynamodb.attributes import NumberAttribute, UnicodeAttribute, UnicodeSetAttribute

from chalicelib.aws.table import Item
from chalicelib.register.rows import B9
from chalicelib.register.tags import Time, key, personal, plain


class Share(Item):
    """One person whom the owner lets use a device, or has invited to; it says what the device grants."""

    partition = "device"
    place = "share"

    address = personal(B9)
    address_hash = key(UnicodeAttribute(), B9, why="keyed hash: where the invitation lies")
    rights = key(UnicodeSetAttribute(), B9, why="what is allowed, of four words", told=True)
    channels = key(UnicodeSetAttribute(null=True), B9, why="which of the device's channels; none for all", told=True)
    until = key(Time(null=True), B9, why="time", told=True)
    invited_at = key(Time(), B9, why="time", told=True)
    accepted_at = key(Time(null=True), B9, why="time", told=True)
    named_at = key(UnicodeAttribute(), B9, why="where the other person finds it", points_to="row")


class Invitation(Item):
    """A share that waits at an address, which may have an account, or get one, or not: nobody asks."""

    partition = "address"
    place = "invitation"
    told_to = "Invitations"

    share_id = key(UnicodeAttribute(), B9, why="random id")
    told_at = key(Time(null=True), B9, why="time: when a mail or a text message left", told=True)


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

    accepted_at = key(Time(), B9, why="time", told=True)
