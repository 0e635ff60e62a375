"""Request and response shapes of handing a device over."""

from __future__ import annotations

from chalicelib.contacts.shapes import Reached
from chalicelib.devices.shapes import TimeZone
from chalicelib.entry.wire import Listed, Name, Shape, Time


class OfferTransfer(Reached):
    """To whom the device is to be handed over, and whether with what is left of its plan."""

    with_plan: bool = False


class Transfer(Shape):
    transfer_id: str
    until: Time


class Offer(Shape):
    """A device that somebody offers to hand over."""

    transfer_id: str
    model: str
    offered_at: Time
    until: Time


class Offers(Listed):
    items: list[Offer]


class AcceptTransfer(Shape):
    """Nothing comes over from the owner before: without a name it is called as its model."""

    name: Name | None = None
    time_zone: TimeZone = "UTC"
    dst: bool = True
