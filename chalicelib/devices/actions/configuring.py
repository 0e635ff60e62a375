"""Settings of cameras: desired, as the owner sets them, and reported, as the camera says (B6)."""

from __future__ import annotations

from typing import Any

from msgspec import to_builtins

from chalicelib import ids
from chalicelib.access import actions as access
from chalicelib.access.actions import DeviceAccess
from chalicelib.access.records import Device
from chalicelib.devices import rules, shapes
from chalicelib.devices.records import SettingChange
from chalicelib.entry.callers import Caller
from chalicelib.errors import Conflict, NotFound
from chalicelib.stock import shapes as stock_shapes
from chalicelib.store.commit import Write, change, commit_and_answer, create, is_set
from chalicelib.store.keys import RawItem


class SettingsChanged(Conflict):
    pass


def change_settings(caller: Caller, granted: DeviceAccess, body: shapes.ChangeSettings) -> shapes.DeviceSettings:
    """Put these settings in place of those of the version that they build on; who may not know of a channel leaves its
    name as it is. Raises NotFound, RightMissing, SettingsChanged, Invalid."""
    device = granted.device
    known = [channel["id"] for channel in device.channels or () if granted.covers(channel["id"])]
    rules.require_channels([channel.id for channel in body.settings.channels], known)
    as_read = is_set(Device.settings_version, body.version)
    if not granted.is_own:
        as_read &= is_set(Device.grants, device.grants)
    if body.version != (device.settings_version or 0):
        raise SettingsChanged
    written = change(
        device,
        when=as_read,
        otherwise=_not_as_read,
        desired=_desired(granted, body.settings),
        settings_version=body.version + 1,
    )
    activity_row = access.record_act(caller, granted, "settings_changed")
    return commit_and_answer(written, notify_camera(device), activity_row, answer=shapes.DeviceSettings.of(granted))


def _desired(granted: DeviceAccess, body: stock_shapes.Settings) -> dict[str, Any]:
    before = (granted.device.desired or {}).get("channels", ())
    unknown = [channel for channel in before if not granted.covers(channel["id"])]
    return {**to_builtins(body), "channels": [*to_builtins(body.channels), *unknown]}


def _not_as_read(existing: RawItem | None) -> BaseException:
    return NotFound() if existing is None else SettingsChanged()


# Notifying the camera


def notify_camera(device: Device) -> Write:
    """A write that has the camera notified of changed settings; committed with the change."""
    return create(SettingChange.new(device.pk_id, ids.new_id()))
