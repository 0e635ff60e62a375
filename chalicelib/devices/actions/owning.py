"""What an owner does with a device: call it something else, and take it away (B7, B10)."""

from __future__ import annotations

from typing import Any

from chalicelib import clock
from chalicelib.access import actions as access
from chalicelib.access.actions import Opened
from chalicelib.access.records import Device
from chalicelib.accounts.actions import standing as accounts
from chalicelib.activity import actions as activity
from chalicelib.devices import rules, shapes
from chalicelib.devices.actions import configuring, presenting
from chalicelib.entry.callers import Caller
from chalicelib.errors import NotFound
from chalicelib.register import erasures
from chalicelib.settings import settings
from chalicelib.stock.actions.presence import NOTHING_TOLD
from chalicelib.stock.records import Stock
from chalicelib.store import ciphers
from chalicelib.store.commit import Write, change, done, remove


def change_device(caller: Caller, device: Opened, **changes: Any) -> Opened:
    """Name, time zone or daylight saving (B7)."""
    (mine,) = presenting.present([device])
    if "time_zone" in changes:
        rules.require_time_zone(changes["time_zone"])
    recorded = access.recorded(caller, mine, "device_changed")
    return done(change(mine.device, otherwise=NotFound, **changes), recorded, answer=mine)


def set_privacy_mode(caller: Caller, device: Opened, *, on: bool) -> Opened:
    """Nothing is taken of the camera from now on, or again from now on; whatever plan it has (B6)."""
    (mine,) = presenting.present([device])
    if mine.is_private == on:
        return done(change(mine.device, otherwise=NotFound), answer=mine)
    now = clock.now_to_ms()
    news = {"private_since": now, "private_until": None} if on else {"private_until": now}
    recorded = access.recorded(caller, mine, "privacy_mode_on" if on else "privacy_mode_off")
    told = configuring.tells_camera(mine.device)
    return done(change(mine.device, otherwise=NotFound, **news), told, recorded, answer=mine)


def remove_device(caller: Caller, mine: Opened) -> shapes.Removed:
    """End the ownership: one commit, after which nobody reads anything of it; the erasure follows (B10)."""
    erasure_id, begun = erasures.begin(subject_of(mine.device))
    answer = shapes.Removed(erasure_id=erasure_id, receipt_url=f"{settings.public_url}/erasures/{erasure_id}")
    losing = accounts.loses_device(caller.account, mine.device.partition_id)
    # It outlives the device, whose own record of what happened goes with it.
    recorded = activity.happened(caller.account, "device_removed", who=caller.terminal, about=mine.device.name)
    return done(*cut(mine.device), losing, *begun, recorded, answer=answer)


def subject_of(device: Device) -> tuple[str, str]:
    return Device.partition, device.partition_id


def cut(device: Device, *, heir: str | None = None) -> tuple[Write, ...]:
    """What ends an ownership at once: its record, its key, and the camera's tie to it, which goes to its heir."""
    device_id = device.partition_id
    return (
        remove(device, when=Device.pk.exists(), otherwise=NotFound),
        remove(ciphers.key_of(device_id)),
        change(
            Stock.new(device.stock_id), device_id=heir, when=Stock.device_id == device_id, otherwise=NotFound,
            **NOTHING_TOLD,
        ),
    )
