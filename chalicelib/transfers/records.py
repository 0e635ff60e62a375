"""Records of offers to hand a device over."""

from __future__ import annotations

from pynamodb.attributes import NumberAttribute, UnicodeAttribute

from chalicelib.register import rows
from chalicelib.store.records import Item
from chalicelib.store.tags import Time, key, personal, plain


class Transfer(Item):
    """The offer to hand a device over, until it ends: by itself, with the ownership, or by either side."""

    pk_prefix = "device"
    sk_prefix = "transfer"
    void_after_restore = "offered_at"

    transfer_id = key(UnicodeAttribute(), rows.DEVICE_REMOVAL, why="random id")
    address_hash = key(UnicodeAttribute(), rows.DEVICE_REMOVAL, why="keyed hash: whom it is for")
    address = personal(rows.DEVICE_REMOVAL, null=True)
    recorded_in = key(
        UnicodeAttribute(), rows.DEVICE_REMOVAL, why="time and random id: the activity that names the address"
    )
    offered_at = key(Time(), rows.DEVICE_REMOVAL, why="time", exported=True)
    with_plan = plain(NumberAttribute(null=True), why="1 if what is left of the plan goes along", exported=True)
    offers = plain(NumberAttribute(), why="a count")
    found_at = key(UnicodeAttribute(), rows.DEVICE_REMOVAL, why="where the other one finds it", points_to="row")
    ended = plain(NumberAttribute(null=True), why="1 once it was withdrawn or declined")


class Offer(Item):
    """The offer as its addressee finds it, with an account or without."""

    pk_prefix = "address"
    sk_prefix = "offer"
    stream_queue, stream_listener = "Notices", "transfers.on_transfer_offered"
    void_after_restore = "offered_at"

    model = plain(UnicodeAttribute(), why="what was made, before anybody had it", exported=True)
    offered_at = key(Time(), rows.DEVICE_REMOVAL, why="time", exported=True)
    told_at = key(Time(null=True), rows.DEVICE_REMOVAL, why="time: so that it is reported once", exported=True)
