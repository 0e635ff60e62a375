"""The need of routes about one clip."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from chalicelib.access.actions import DeviceAccess
from chalicelib.clips.records import Clip
from chalicelib.entry.callers import Caller
from chalicelib.entry.needs import Keys
from chalicelib.errors import NotFound
from chalicelib.recordings.actions.readable import RecordedDevice
from chalicelib.recordings.needs import RecordingsOf
from chalicelib.store.records import Found

_RECORDINGS = RecordingsOf("playback")


@dataclass(frozen=True)
class FoundClip:
    """A clip that the caller asked for, and its device."""

    device: DeviceAccess
    of: RecordedDevice
    clip: Clip


class ClipOf:
    """The clip that the path names, for whoever asked for it and may still look. Raises RightMissing, NotFound."""

    right: ClassVar[str] = "playback"

    def keys(self, account_id: str, device_id: str, clip_id: str) -> Keys:
        return *_RECORDINGS.keys(account_id, device_id), Clip.key(device_id, clip_id)

    def admit(self, caller: Caller, found: Found, device_id: str, clip_id: str) -> FoundClip:
        recordings = _RECORDINGS.admit(caller, found, device_id)
        device, clip = recordings.device, found[Clip.key(device_id, clip_id)]
        if clip is None or clip.viewer != device.known_by or not device.covers(clip.channel):
            raise NotFound
        return FoundClip(device, recordings.of, clip)
