"""The need of routes about one device: who may have it (B9)."""

from __future__ import annotations

from typing import ClassVar

from msgspec import Struct

from chalicelib.access import actions
from chalicelib.access.actions import DeviceAccess
from chalicelib.entry.callers import Caller
from chalicelib.entry.needs import Keys
from chalicelib.store.records import Found


class DeviceOf(Struct, frozen=True):
    """The device that the path names, for its owner (`owner`), for guests with one of RIGHTS as well, or for whoever
    knows of it (None). Raises RightMissing for a guest without the right, NotFound for anybody else.

    `reads_ownership` is False for what is asked often and needs no plan: who may have the device does not hang on it.
    """

    right: str | None
    reads_ownership: bool = True

    def keys(self, account_id: str, device_id: str) -> Keys:
        return actions.keys_of(device_id) if self.reads_ownership else actions.decrypting_keys_of(device_id)

    def admit(self, caller: Caller, found: Found, device_id: str) -> DeviceAccess:
        return actions.admitted(caller.account_id, found, device_id, self.right)


OWNER = DeviceOf("owner")


class OfOwner:
    """Something that lies with a device, for its owner."""

    right: ClassVar[str] = "owner"
