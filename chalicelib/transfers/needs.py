"""Needs of routes about handing a device over (B10)."""

from __future__ import annotations

from dataclasses import dataclass

from chalicelib.access.actions import DeviceAccess
from chalicelib.access.needs import OWNER, OfOwner
from chalicelib.entry.callers import Caller
from chalicelib.entry.needs import Keys
from chalicelib.store.records import Found
from chalicelib.transfers import actions
from chalicelib.transfers.actions import Offered
from chalicelib.transfers.records import Transfer


@dataclass(frozen=True)
class WithTransfer:
    """A device, and what was offered of it last."""

    device: DeviceAccess
    transfer: Transfer | None


class TransferOf(OfOwner):
    """The device with its last transfer, for its owner."""

    def keys(self, account_id: str, device_id: str) -> Keys:
        return *OWNER.keys(account_id, device_id), Transfer.key(device_id)

    def admit(self, caller: Caller, found: Found, device_id: str) -> WithTransfer:
        return WithTransfer(OWNER.admit(caller, found, device_id), found[Transfer.key(device_id)])


@dataclass(frozen=True)
class OfferedTransfer:
    """The transfer that the path names, for whom it was offered to; with `is_shown` one of which something may be shown
    now. Raises NotFound for anybody else."""

    is_shown: bool = False

    def keys(self, account_id: str, transfer_id: str) -> Keys:
        return actions.keys_of_one(transfer_id)

    def admit(self, caller: Caller, found: Found, transfer_id: str) -> Offered:
        if self.is_shown:
            actions.require_shown(found, transfer_id)
        return actions.offered(caller.account, found, transfer_id)
