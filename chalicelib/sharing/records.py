"""Records by which invitations are found, and counted; shares themselves lie with the device (access/records.py)."""

from __future__ import annotations

from pynamodb.attributes import NumberAttribute, UnicodeAttribute

from chalicelib.register import rows
from chalicelib.store.records import Item
from chalicelib.store.tags import Time, key, plain


class Invitation(Item):
    """A share that waits at an address, which may have an account, or get one, or not: nobody asks."""

    pk_prefix = "address"
    sk_prefix = "invitation"
    stream_queue, stream_listener = "Notices", "sharing.on_person_invited"
    void_after_restore = "invited_at"

    share_id = key(UnicodeAttribute(), rows.DEVICE_SHARING, why="random id")
    invited_at = key(Time(), rows.DEVICE_SHARING, why="time", exported=True)
    told_at = key(Time(null=True), rows.DEVICE_SHARING, why="time: when a mail or a text message left", exported=True)


class InvitationMails(Item):
    """A count of invitations to an address within a day, whoever sent them."""

    pk_prefix = "address"
    sk_prefix = "invitation-mails"

    sent = plain(NumberAttribute(), why="a count")


class InvitationCount(Item):
    """A count of the people an account has invited on a day."""

    pk_prefix = "account"
    sk_prefix = "invitation-count"

    invited = plain(NumberAttribute(), why="a count")
