"""How a camera should be, as its owner sets it, and how it is, as it says itself (B6)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from msgspec import to_builtins

from chalicelib import clock
from chalicelib.accounts.actions.standing import is_set
from chalicelib.devices import rules, shapes
from chalicelib.devices.actions import standing
from chalicelib.devices.actions.standing import NobodyOwns, Opened
from chalicelib.devices.records import Device, Stock
from chalicelib.entry.callers import Caller, Camera
from chalicelib.errors import Conflict, NotFound, Unavailable
from chalicelib.store import ciphers
from chalicelib.store.commit import Write, change, commit, done
from chalicelib.store.keys import RawItem
from chalicelib.store.records import read

_TRIES = 4


class SettingsChanged(Conflict):
    en = "Somebody else changed these settings meanwhile. Look at them again first."
    pl = "Ktoś zmienił w międzyczasie te ustawienia. Najpierw obejrzyj je ponownie."


class _Moved(Exception):
    """The camera said something else since its state was read: read again."""


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
    recorded = standing.recorded(caller, opened, "settings_changed")
    return done(written, standing.tells_camera(device), recorded, answer=shapes.DeviceSettings.of(opened))


def _desired(opened: Opened, asked: shapes.Settings) -> dict[str, object]:
    before = (opened.device.desired or {}).get("channels", ())
    unknown = [channel for channel in before if not opened.covers(channel["id"])]
    return {**to_builtins(asked), "channels": [*to_builtins(asked.channels), *unknown]}


def _not_as_read(standing: RawItem | None) -> BaseException:
    return NotFound() if standing is None else SettingsChanged()


def take_state(camera: Camera, told: shapes.State) -> shapes.Wanted:
    """Note what a camera says of itself, part by part, unless a later report said it otherwise; how it ought to be.

    Raises NobodyOwns.
    """
    for _ in range(_TRIES):
        device = _device_of(camera)
        try:
            commit(_noted(device, told), *_sleep_noted(camera, told))
        except _Moved:
            continue
        return shapes.Wanted(
            desired=shapes.desired_of(device), privacy_mode=standing.is_private(device), now=clock.now()
        )
    raise Unavailable(retry_after_seconds=1)


def _device_of(camera: Camera) -> Device:
    device_id = camera.device_id
    device, key = (None, None) if device_id is None else read(Device.key(device_id), ciphers.key_of(device_id))
    if device is None or key is None:
        raise NobodyOwns
    opened: Device = device.opened(key.unlocked())
    return opened


def _noted(device: Device, told: shapes.State) -> Write:
    """That it was seen now, and what is news of what it says."""
    said = _said(device, told)
    times = shapes.state_times_of(device)
    stamp_ms = None if told.at is None else int(told.at.timestamp() * 1000)
    times, news = rules.take_report(times, said, stamp_ms, int(clock.now().timestamp() * 1000))
    changes = {name: value for part in news for name, value in said[part].items()}
    as_read = is_set(Device.state_times, device.state_times)
    return change(
        device, when=as_read, otherwise=_Moved, last_seen=clock.now_s(), state_times=times.text, state_as_of_ms=None,
        **changes,
    )  # fmt: skip


def _sleep_noted(camera: Camera, told: shapes.State) -> Iterator[Write]:
    if told.sleeps is not None and told.sleeps != bool(camera.stock.sleeps):
        same_owner = Stock.device_id == camera.device_id
        yield change(
            Stock.new(camera.stock.partition_id), sleeps=int(told.sleeps), when=same_owner, otherwise=_Moved
        )


def _said(device: Device, told: shapes.State) -> dict[str, dict[str, Any]]:
    """Each part that it speaks of, and what the device's record says of that then."""
    simple = {
        "firmware": told.firmware,
        "lan": None if told.lan is None else to_builtins(told.lan),
        "battery_percent": told.battery_percent,
    }
    said = {name: {name: value} for name, value in simple.items() if value is not None}
    return said if told.settings is None else {**said, "settings": _realised(device, told.settings)}


def _realised(device: Device, told: shapes.SettingsOfVersion) -> dict[str, Any]:
    # Versions begin anew with each owner: a higher one than was ever set is of the owner before, and none of ours.
    version = told.version if told.version <= (device.settings_version or 0) else 0
    if version < (device.reported_version or 0):
        return {}
    return {"reported": to_builtins(told.settings), "reported_version": version}
