"""The need of routes about one live view."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from chalicelib.access.actions import DeviceAccess
from chalicelib.access.needs import DeviceOf
from chalicelib.entry.callers import Caller
from chalicelib.entry.needs import Keys
from chalicelib.errors import NotFound
from chalicelib.live.actions.views import key_of
from chalicelib.live.records import Live
from chalicelib.store.records import Found

_DEVICE = DeviceOf("live")


@dataclass(frozen=True)
class View:
    """A live view that the caller began, and its device."""

    device: DeviceAccess
    live: Live


class LiveViewOf:
    """The live view that the path names, for whoever began it and may still look. Raises RightMissing, NotFound."""

    right: ClassVar[str] = "live"

    def keys(self, account_id: str, device_id: str, live_id: str) -> Keys:
        return *_DEVICE.keys(account_id, device_id), key_of(device_id, live_id)

    def admit(self, caller: Caller, found: Found, device_id: str, live_id: str) -> View:
        device, live = _DEVICE.admit(caller, found, device_id), found[key_of(device_id, live_id)]
        if live is None or live.live_id != live_id or live.viewer != device.known_by:
            raise NotFound
        return View(device, live)
