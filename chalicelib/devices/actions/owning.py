"""Acts of an owner on a device: rename, set privacy mode, remove (B7, B10)."""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace

from chalicelib.access import actions as access
from chalicelib.access.actions import DeviceAccess
from chalicelib.access.records import Device, Ownership
from chalicelib.accounts.actions import account_writes as accounts
from chalicelib.accounts.records import Account
from chalicelib.activity import actions as activity
from chalicelib.devices import rules, shapes
from chalicelib.devices.actions import configuring, presenting
from chalicelib.devices.actions.presenting import Presented
from chalicelib.entry.callers import Caller
from chalicelib.errors import NotFound
from chalicelib.plans.actions import ledgers as plans
from chalicelib.register import erasures
from chalicelib.settings import settings
from chalicelib.stock.actions.presence import NOTHING_REPORTED
from chalicelib.stock.records import Stock
from chalicelib.store import ciphers
from chalicelib.store.commit import Write, change, commit_and_answer, remove
from chalicelib.store.retrying import retrying_from


def change_device(caller: Caller, device: DeviceAccess, **changes: Any) -> Presented:
    """Name, time zone or daylight saving (B7)."""
    (mine,) = presenting.present([device])
    if "time_zone" in changes:
        rules.require_time_zone(changes["time_zone"])
    activity_row = access.record_act(caller, mine, "device_changed")
    return commit_and_answer(change(mine.device, otherwise=NotFound, **changes), activity_row, answer=mine)


def set_privacy_mode(caller: Caller, device: DeviceAccess, *, on: bool) -> Presented:
    """Nothing is taken of the camera from now on, or again from now on; whatever plan it has (B6)."""
    (first,) = presenting.present([device])

    def attempt(mine: Presented) -> Presented:
        if mine.is_private == on:
            return commit_and_answer(change(mine.device, otherwise=NotFound), answer=mine)
        activity_row = access.record_act(caller, mine, "privacy_mode_on" if on else "privacy_mode_off")
        order = configuring.notify_camera(mine.device)
        switched = access.switch_privacy_mode(mine.device, on=on)
        return commit_and_answer(switched, order, activity_row, answer=mine)

    def read_again(mine: Presented) -> Presented:
        again = access.read_again(caller.account_id, mine, "owner")
        return replace(mine, device=again.device, ownership=again.ownership)

    return retrying_from(first, attempt, read_again)


def remove_device(caller: Caller, mine: DeviceAccess) -> shapes.Removed:
    """End the ownership: one commit, after which nobody reads anything of it; the erasure follows (B10)."""
    erasure_id, begun = erasures.begin(subject_of(mine.device))
    answer = shapes.Removed(erasure_id=erasure_id, receipt_url=f"{settings.public_url}/erasures/{erasure_id}")

    def attempt(mine: DeviceAccess) -> shapes.Removed:
        # It outlives the device, whose own record of what happened goes with it.
        activity_row = activity.record(caller.account, "device_removed", who=caller.terminal, about=mine.device.name)
        return commit_and_answer(*end_ownership(mine.device, mine.ownership), *begun, activity_row, answer=answer)

    return retrying_from(mine, attempt, lambda mine: access.read_again(caller.account_id, mine, "owner"))


def subject_of(device: Device) -> tuple[str, str]:
    return Device.pk_prefix, device.pk_id


def end_ownership(
    device: Device, tie: Ownership | None, *, new_owner: str | None = None, loss: Write | None = None
) -> tuple[Write, ...]:
    """Writes that end an ownership immediately: its record, its key, its owner's tie to it, and the camera's, which
    goes to the new owner; `loss` is the owner's side of it, where that has conditions of its own. Raise StaleRead where
    a plan was granted since."""
    camera, is_its = Stock.new(device.stock_id), Stock.device_id == device.pk_id
    released = change(camera, device_id=new_owner, when=is_its, otherwise=NotFound, **NOTHING_REPORTED)
    return *ends_at_owner(device, tie, loss), released


def ends_at_owner(device: Device, tie: Ownership | None, loss: Write | None = None) -> tuple[Write, ...]:
    """The same but for the camera, which may be somebody else's already."""
    device_id = device.pk_id
    return (
        remove(device, when=Device.pk.exists(), otherwise=NotFound),
        remove(ciphers.key_of(device_id)),
        *plans.end_ledger(device_id, tie),
        loss or accounts.loses_device(Account.new(device.account_id)),
    )
