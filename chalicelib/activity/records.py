"""What is remembered of what happened."""

from __future__ import annotations

from pynamodb.attributes import UnicodeAttribute

from chalicelib.register import rows
from chalicelib.store.records import Item
from chalicelib.store.tags import Time, key, personal


class Activity(Item):
    """One thing that happened to an account, stored in the commit of what happened and never changed."""

    partition = "account"
    place = "activity"

    at = key(Time(), rows.ACTIVITY_LOG, why="time", told=True)
    act = key(UnicodeAttribute(), rows.ACTIVITY_LOG, why="what happened, by a fixed word", told=True)
    by = key(UnicodeAttribute(), rows.ACTIVITY_LOG, why="owner, guest, heir or operator", told=True)
    who = personal(rows.ACTIVITY_LOG, null=True)
    about = personal(rows.ACTIVITY_LOG, null=True)


class DeviceActivity(Activity):
    """One thing that happened to a device: it goes with the ownership, whoever did it."""

    partition = "device"
