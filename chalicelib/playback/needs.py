"""The need of routes about one recording."""

from __future__ import annotations

from dataclasses import dataclass

from chalicelib.access.actions import DeviceAccess
from chalicelib.entry.callers import Caller
from chalicelib.entry.needs import Keys
from chalicelib.recordings.actions.readable import RecordedDevice
from chalicelib.recordings.needs import RecordingsOf
from chalicelib.store.records import Found


@dataclass(frozen=True)
class NamedRecording:
    """The recordings of a device, and by what one of them was asked for: it is not looked for yet."""

    device: DeviceAccess
    of: RecordedDevice
    recording_id: str


@dataclass(frozen=True)
class RecordingOf:
    """The recordings of the device that the path names, for whoever has this right. Raises RightMissing, NotFound."""

    right: str

    def keys(self, account_id: str, device_id: str, recording_id: str) -> Keys:
        return RecordingsOf(self.right).keys(account_id, device_id)

    def admit(self, caller: Caller, found: Found, device_id: str, recording_id: str) -> NamedRecording:
        recordings = RecordingsOf(self.right).admit(caller, found, device_id)
        return NamedRecording(recordings.device, recordings.of, recording_id)
