"""Records of the audit log."""

from __future__ import annotations

from pynamodb.attributes import UnicodeAttribute

from chalicelib.register import rows
from chalicelib.store.records import Item
from chalicelib.store.tags import Time, key, personal


class Activity(Item):
    """One act upon an account, stored in the commit of the act itself and never changed."""

    pk_prefix = "account"
    sk_prefix = "activity"

    at = key(Time(), rows.ACTIVITY_LOG, why="time", exported=True)
    act = key(UnicodeAttribute(), rows.ACTIVITY_LOG, why="what happened, by a fixed word", exported=True)
    by = key(UnicodeAttribute(), rows.ACTIVITY_LOG, why="owner, guest, heir or operator", exported=True)
    who = personal(rows.ACTIVITY_LOG, null=True)
    about = personal(rows.ACTIVITY_LOG, null=True)


class DeviceActivity(Activity):
    """One act upon a device: it goes with the ownership, whoever did it."""

    pk_prefix = "device"
