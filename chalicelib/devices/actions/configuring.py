"""How a camera should be, as its owner sets it, and how it is, as it says itself (B6)."""

from __future__ import annotations

from typing import Any

from msgspec import to_builtins

from chalicelib import ids
from chalicelib.access import actions as access
from chalicelib.access.actions import Opened
from chalicelib.access.records import Device
from chalicelib.accounts.actions.standing import is_set
from chalicelib.devices import rules, shapes
from chalicelib.devices.records import SettingChange
from chalicelib.entry.callers import Caller
from chalicelib.errors import Conflict, NotFound
from chalicelib.stock import shapes as stock_shapes
from chalicelib.store.commit import Write, change, create, done
from chalicelib.store.keys import RawItem


class SettingsChanged(Conflict):
    pass


def change_settings(caller: Caller, opened: Opened, asked: shapes.ChangeSettings) -> shapes.DeviceSettings:
    """Put these settings in place of those of the version that they build on; who may not know of a channel leaves its
    name as it is. Raises NotFound, RightMissing, SettingsChanged, Invalid."""
    device = opened.device
    known = [channel["id"] for channel in device.channels or () if opened.covers(channel["id"])]
    rules.require_channels([channel.id for channel in asked.settings.channels], known)
    as_read = is_set(Device.settings_version, asked.version)
    if not opened.is_own:
        as_read &= is_set(Device.grants, device.grants)
    if asked.version != (device.settings_version or 0):
        raise SettingsChanged
    written = change(
        device,
        when=as_read,
        otherwise=_not_as_read,
        desired=_desired(opened, asked.settings),
        settings_version=asked.version + 1,
    )
    recorded = access.recorded(caller, opened, "settings_changed")
    return done(written, tells_camera(device), recorded, answer=shapes.DeviceSettings.of(opened))


def _desired(opened: Opened, asked: stock_shapes.Settings) -> dict[str, Any]:
    before = (opened.device.desired or {}).get("channels", ())
    unknown = [channel for channel in before if not opened.covers(channel["id"])]
    return {**to_builtins(asked), "channels": [*to_builtins(asked.channels), *unknown]}


def _not_as_read(standing: RawItem | None) -> BaseException:
    return NotFound() if standing is None else SettingsChanged()


# What the camera hears of


def tells_camera(device: Device) -> Write:
    """What makes the camera hear that it ought to be otherwise; committed with what makes it so."""
    return create(SettingChange.new(device.partition_id, ids.new_id()))
