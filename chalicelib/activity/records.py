"""Records of the audit log."""

from __future__ import annotations

from pynamodb.attributes import UnicodeAttribute

from chalicelib.register import rows
from chalicelib.store.records import Item
from chalicelib.store.tags import Time, key, personal


class Activity(Item):
    """One act upon an account, stored in the commit of the act itself; all that changes is that an address which an
    invitation was about becomes the person who answered.

    Other people are in it by their ids alone, so that nothing of them is left with its owner once they have gone.
    """

    pk_prefix = "account"
    sk_prefix = "activity"

    at = key(Time(), rows.ACTIVITY_LOG, why="time", exported=True)
    act = key(UnicodeAttribute(), rows.ACTIVITY_LOG, why="what happened, by a fixed word", exported=True)
    by = key(UnicodeAttribute(), rows.ACTIVITY_LOG, why="owner, guest, heir or operator", exported=True)
    who = personal(rows.ACTIVITY_LOG, null=True)
    # Sealed as what it is: nothing is looked up by it, and of who has gone no id is left in the clear.
    who_id = personal(rows.ACTIVITY_LOG, null=True)
    about = personal(rows.ACTIVITY_LOG, null=True)
    about_id = personal(rows.ACTIVITY_LOG, null=True)
    # Is what that person was invited by still an address of his?
    address_hash = personal(rows.ACTIVITY_LOG, null=True, withheld="it is a keyed hash, of another person's address")


class DeviceActivity(Activity):
    """One act upon a device: it goes with the ownership, whoever did it."""

    pk_prefix = "device"
