"""Records of a device's plan."""

from __future__ import annotations

from pynamodb.attributes import UnicodeAttribute, UnicodeSetAttribute

from chalicelib.register import rows
from chalicelib.store.records import Item
from chalicelib.store.tags import Time, key, plain


class Plan(Item):
    """The ledger of grants to one ownership of a device, in which what waits becomes what is held by time alone.

    `plan_id` and `until` say of it what ends last; an earlier version knew only them.
    """

    pk_prefix = "device"
    sk_prefix = "plan"

    grants = key(
        UnicodeSetAttribute(null=True),
        rows.CLOUD_STORAGE,
        why="times, entries of the catalogue and random ids of orders",
        exported=True,
    )
    plan_id = plain(UnicodeAttribute(), why="an entry of the catalogue", exported=True)
    until = key(Time(), rows.CLOUD_STORAGE, why="time", exported=True)
