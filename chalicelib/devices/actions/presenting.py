"""A device is shown with its camera, which knows whether it is there."""

from __future__ import annotations

from msgspec import Struct

from chalicelib import clock
from chalicelib.access import actions as access
from chalicelib.access.actions import DeviceAccess
from chalicelib.access.records import Device, Ownership
from chalicelib.entry.callers import Caller
from chalicelib.plans.actions import ledgers as plans
from chalicelib.plans.shapes import DevicePlan
from chalicelib.stock.actions import presence
from chalicelib.stock.records import RefusedUploads, Stock
from chalicelib.store.records import read_all


class Presented(DeviceAccess, frozen=True):
    """The same device with its camera, and what that uploaded in vain, if it was asked."""

    stock: Stock | None = None
    refused: RefusedUploads | None = None

    @property
    def described_plan(self) -> DevicePlan:
        return plans.described(self.ownership)

    @property
    def is_online(self) -> bool:
        return self.stock is not None and presence.is_online(self.stock)

    @property
    def last_seen(self) -> float | None:
        """Now, if it is online; else what is known of it since it has this owner."""
        if self.is_online:
            return clock.now_s()
        # Of a connection whose end was never reported, its beginning is known, perhaps from before it had this owner.
        begun = None if self.stock is None else self.stock.connected_at
        left = None if self.stock is None else self.stock.away_since
        known = [time for time in (begun, left) if time is not None and time >= self.device.bound_at]
        return max([*known, *([] if self.device.last_seen is None else [self.device.last_seen])], default=None)


class Listed(Struct, frozen=True):
    """A page of a person's devices; `cursor` is None if nothing follows."""

    items: list[Presented]
    cursor: str | None


def listed(caller: Caller, limit: int, cursor: str | None) -> Listed:
    """A page of the devices that the caller may know of, his own first. What was uploaded in vain is said of one alone,
    so that three items are read of each of his own: a hundred are three calls."""
    page = access.page_of_devices(caller, limit, cursor)
    found = read_all(Stock.key(one.device.stock_id) for one in page.items)
    shown = [
        Presented(one.device, one.ownership, one.grant, found[Stock.key(one.device.stock_id)]) for one in page.items
    ]
    return Listed(shown, page.cursor)


def present(granted: list[DeviceAccess]) -> list[Presented]:
    """The same with their cameras, which know whether they are connected, and what those uploaded in vain; one read
    for all."""
    keys = [(Stock.key(one.device.stock_id), RefusedUploads.key(one.device.pk_id)) for one in granted]
    found = read_all(key for pair in keys for key in pair)
    return [
        Presented(one.device, one.ownership, one.grant, found[stock], found[refused] or _none_refused(one.device))
        for one, (stock, refused) in zip(granted, keys, strict=True)
    ]


def present_new(device: Device, tie: Ownership, stock: Stock) -> Presented:
    """A device that has just got its owner, for whom nothing was uploaded yet."""
    return Presented(device, tie, stock=stock, refused=_none_refused(device))


def _none_refused(device: Device) -> RefusedUploads:
    return RefusedUploads.new(device.pk_id)
