"""The need of routes about the recordings of one device."""

from __future__ import annotations

from dataclasses import dataclass

from chalicelib.access.actions import DeviceAccess
from chalicelib.access.needs import DeviceOf
from chalicelib.access.records import Ownership
from chalicelib.entry.callers import Caller
from chalicelib.entry.needs import Keys
from chalicelib.recordings.actions.readable import RecordedDevice
from chalicelib.store.records import Found


@dataclass(frozen=True)
class Recordings:
    """The recordings of a device, for whoever has access to it."""

    device: DeviceAccess
    of: RecordedDevice


@dataclass(frozen=True)
class RecordingsOf:
    """The recordings of the device that the path names, with its plan, for whoever has this right. Raises RightMissing,
    NotFound."""

    right: str

    def keys(self, account_id: str, device_id: str) -> Keys:
        return DeviceOf(self.right).keys(account_id, device_id)

    def admit(self, caller: Caller, found: Found, device_id: str) -> Recordings:
        device = DeviceOf(self.right).admit(caller, found, device_id)
        return Recordings(device, RecordedDevice(device.device, found[Ownership.of_device(device_id)]))
