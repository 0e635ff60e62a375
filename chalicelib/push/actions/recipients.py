"""Recipients of pushes about devices: owners and guests, read consistently when there is something to say (B11)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from msgspec import Struct

from chalicelib.access import actions as access
from chalicelib.access.records import Device
from chalicelib.sessions.actions import audience
from chalicelib.sessions.actions.audience import Target
from chalicelib.store import ciphers
from chalicelib.store.keys import Key
from chalicelib.store.records import Found, Record, read_all

# Of each account that was asked for, the terminals that take pushes; none of one that does not exist, or that has
# restricted processing.
Targets = Mapping[str, list[Target]]


class Recipients(Struct, frozen=True):
    """A device that is alive, and the terminals of its owner and of those guests that were read with it; nobody is
    notified of a device whose owner has restricted processing."""

    device: Device
    targets: Targets
    is_restricted: bool

    @property
    def of_owner(self) -> list[Target]:
        return [] if self.is_restricted else self.targets[self.device.account_id]

    def of_channel(self, channel: str | None) -> list[Target]:
        """The terminals of those who may see alarms of this channel, or of any, now; it must be one of those that the
        guests were read for."""
        guests = [] if self.is_restricted else access.guests_with(self.device, "alarms", channel)
        return [*self.of_owner, *(target for guest in guests for target in self.targets[guest])]


def of_devices(channels: Mapping[str, Iterable[str | None]]) -> dict[str, Recipients]:
    """The recipients of those of the devices that are alive, for these channels of each: one consistent read for all of
    them and their owners, and another one only if there are guests."""
    owners = {access.owner_of(device_id) for device_id in channels}
    found = read_all((*map(Device.key, channels), *_keys_of(owners)))
    devices = {device_id: device for device_id in channels if (device := access.alive(found, device_id)) is not None}
    guests = {guest for one, device in devices.items() for guest in _guests_of(device, channels[one])}
    targets = {**_targets(found, owners), **read_targets(guests - owners)}
    return {
        one: Recipients(device, targets, access.is_restricted(found, one)) for one, device in devices.items()
    }


def of_device(device_id: str, channel: str | None = None) -> Recipients | None:
    """The same of one device; None if it is not alive."""
    return of_devices({device_id: [channel]}).get(device_id)


def read_targets(account_ids: Iterable[str]) -> Targets:
    """The terminals of these accounts; one consistent read."""
    wanted = sorted(account_ids)
    return _targets(read_all(_keys_of(wanted)), wanted)


def _guests_of(device: Device, channels: Iterable[str | None]) -> Iterator[str]:
    for channel in channels:
        yield from access.guests_with(device, "alarms", channel)


def _keys_of(account_ids: Iterable[str]) -> Iterator[Key[Record]]:
    for account_id in account_ids:
        yield from (ciphers.key_of(account_id), audience.key_of(account_id))


def _targets(found: Found, account_ids: Iterable[str]) -> Targets:
    return {one: _targets_of(found, one) for one in account_ids}


def _targets_of(found: Found, account_id: str) -> list[Target]:
    key = found[ciphers.key_of(account_id)]
    is_notified = key is not None and not key.is_restricted
    return audience.targets_of(found[audience.key_of(account_id)]) if is_notified else []
