"""What is remembered of offers to hand a device over."""

from __future__ import annotations

from pynamodb.attributes import NumberAttribute, UnicodeAttribute

from chalicelib.register import rows
from chalicelib.store.records import Item
from chalicelib.store.tags import Time, key, personal, plain


class Transfer(Item):
    """The offer to hand a device over, until it ends: by itself, with the ownership, or by either side."""

    partition = "device"
    place = "transfer"

    transfer_id = key(UnicodeAttribute(), rows.DEVICE_REMOVAL, why="random id")
    address_hash = key(UnicodeAttribute(), rows.DEVICE_REMOVAL, why="keyed hash: whom it is for")
    address = personal(rows.DEVICE_REMOVAL)
    offered_at = key(Time(), rows.DEVICE_REMOVAL, why="time", told=True)
    offers = plain(NumberAttribute(), why="a count")
    found_at = key(UnicodeAttribute(), rows.DEVICE_REMOVAL, why="where the other one finds it", points_to="row")
    ended = plain(NumberAttribute(null=True), why="1 once it was withdrawn or declined")


class Offer(Item):
    """Where the other one finds what is offered to him, with an account or without."""

    partition = "address"
    place = "offer"
    told_to = "TransferOffers"

    model = plain(UnicodeAttribute(), why="what was made, before anybody had it", told=True)
    offered_at = key(Time(), rows.DEVICE_REMOVAL, why="time", told=True)
    told_at = key(Time(null=True), rows.DEVICE_REMOVAL, why="time: so that it is told once", told=True)
