"""Needs of routes about one device: who may have it, and what is read with it (B9)."""

from __future__ import annotations

from dataclasses import dataclass

from chalicelib.access.actions import DeviceAccess
from chalicelib.access.needs import OWNER, OfOwner
from chalicelib.contacts.records import Code
from chalicelib.devices.actions import passwords
from chalicelib.devices.records import BindingTries, PasswordTries
from chalicelib.entry.callers import Caller
from chalicelib.entry.needs import Keys
from chalicelib.store.records import Found


@dataclass(frozen=True)
class WithTries:
    """A device, and how often its password was guessed wrong."""

    device: DeviceAccess
    tries: PasswordTries | None


class PasswordOf(OfOwner):
    """The device with the tries of its password, for its owner."""

    def keys(self, account_id: str, device_id: str) -> Keys:
        return *OWNER.keys(account_id, device_id), PasswordTries.key(device_id)

    def admit(self, caller: Caller, found: Found, device_id: str) -> WithTries:
        return WithTries(OWNER.admit(caller, found, device_id), found[PasswordTries.key(device_id)])


@dataclass(frozen=True)
class WithCode:
    """A device, and the code that was last sent to set its password anew."""

    device: DeviceAccess
    code: Code | None


class ResetCodeOf(OfOwner):
    """The device with the code that was sent for it, for its owner."""

    def keys(self, account_id: str, device_id: str) -> Keys:
        return *OWNER.keys(account_id, device_id), passwords.reset_key(account_id, device_id)

    def admit(self, caller: Caller, found: Found, device_id: str) -> WithCode:
        code = found[passwords.reset_key(caller.account_id, device_id)]
        return WithCode(OWNER.admit(caller, found, device_id), code)


class OwnBindingTries:
    """The caller's count of wrong codes for a device."""

    def keys(self, account_id: str) -> Keys:
        return (BindingTries.key(account_id),)

    def admit(self, caller: Caller, found: Found) -> BindingTries | None:
        return found[BindingTries.key(caller.account_id)]
