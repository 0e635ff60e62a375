"""Needs of routes about one device: who may have it, and what is read with it (B9)."""

from __future__ import annotations

from dataclasses import dataclass

from chalicelib.contacts.records import Code
from chalicelib.devices.actions import passwords, standing, transferring
from chalicelib.devices.actions.standing import Opened
from chalicelib.devices.actions.transferring import Offered
from chalicelib.devices.records import BindingTries, PasswordTries, Transfer
from chalicelib.entry.callers import Caller
from chalicelib.entry.needs import Keys
from chalicelib.store.records import Found


@dataclass(frozen=True)
class DeviceOf:
    """The device that the path names, for its owner (`owner`), for guests with one of RIGHTS as well, or for whoever
    knows of it (None). Raises RightMissing for a guest without the right, NotFound for anybody else."""

    right: str | None

    def keys(self, account_id: str, device_id: str) -> Keys:
        return standing.places_of(device_id)

    def admit(self, caller: Caller, found: Found, device_id: str) -> Opened:
        return standing.admitted(caller.account_id, found, device_id, self.right)


OWNER = DeviceOf("owner")


@dataclass(frozen=True)
class _OfOwner:
    """Something that lies with a device, for its owner."""

    right: str = OWNER.right or ""


@dataclass(frozen=True)
class WithTries:
    """A device, and how often its password was guessed wrong."""

    device: Opened
    tries: PasswordTries | None


class PasswordOf(_OfOwner):
    """The device with the tries of its password, for its owner."""

    def keys(self, account_id: str, device_id: str) -> Keys:
        return *OWNER.keys(account_id, device_id), PasswordTries.key(device_id)

    def admit(self, caller: Caller, found: Found, device_id: str) -> WithTries:
        return WithTries(OWNER.admit(caller, found, device_id), found[PasswordTries.key(device_id)])


@dataclass(frozen=True)
class WithCode:
    """A device, and the code that was last sent to set its password anew."""

    device: Opened
    code: Code | None


class ResetCodeOf(_OfOwner):
    """The device with the code that was sent for it, for its owner."""

    def keys(self, account_id: str, device_id: str) -> Keys:
        return *OWNER.keys(account_id, device_id), passwords.reset_key(account_id, device_id)

    def admit(self, caller: Caller, found: Found, device_id: str) -> WithCode:
        code = found[passwords.reset_key(caller.account_id, device_id)]
        return WithCode(OWNER.admit(caller, found, device_id), code)


@dataclass(frozen=True)
class WithTransfer:
    """A device, and what was offered of it last."""

    device: Opened
    transfer: Transfer | None


class TransferOf(_OfOwner):
    """The device with its last transfer, for its owner."""

    def keys(self, account_id: str, device_id: str) -> Keys:
        return *OWNER.keys(account_id, device_id), Transfer.key(device_id)

    def admit(self, caller: Caller, found: Found, device_id: str) -> WithTransfer:
        return WithTransfer(OWNER.admit(caller, found, device_id), found[Transfer.key(device_id)])


class OfferedTransfer:
    """The transfer that the path names, for whom it was offered to. Raises NotFound for anybody else."""

    def keys(self, account_id: str, transfer_id: str) -> Keys:
        return transferring.places_of_one(transfer_id)

    def admit(self, caller: Caller, found: Found, transfer_id: str) -> Offered:
        return transferring.offered(caller.account, found, transfer_id)


class OwnBindingTries:
    """How often the caller gave a wrong code for a device."""

    def keys(self, account_id: str) -> Keys:
        return (BindingTries.key(account_id),)

    def admit(self, caller: Caller, found: Found) -> BindingTries | None:
        return found[BindingTries.key(caller.account_id)]
