"""State reports of cameras: each says how it is, and is answered how it ought to be (B6)."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

from msgspec import to_builtins

from chalicelib import clock
from chalicelib.access import actions as access
from chalicelib.access.actions import NobodyOwns
from chalicelib.access.records import Device
from chalicelib.entry.callers import Camera
from chalicelib.instants import ms_of
from chalicelib.stock import rules, shapes
from chalicelib.stock.records import Stock
from chalicelib.store.commit import Write, change, commit, is_set
from chalicelib.store.retrying import StaleRead, retrying


def take_state(camera: Camera, report: shapes.State) -> shapes.Wanted:
    """Note what a camera says of itself, part by part, unless a later report said it otherwise; how it ought to be.

    Raises NobodyOwns.
    """
    device = retrying(partial(_noted_device, camera, report))
    return shapes.Wanted(desired=shapes.desired_of(device), privacy_mode=access.is_private(device), now=clock.now())


def _noted_device(camera: Camera, report: shapes.State) -> Device:
    device = _device_of(camera)
    commit(_noted(device, report), *_sleep_noted(camera, report))
    return device


def _device_of(camera: Camera) -> Device:
    device = access.read_decrypted(camera.device_id)
    if device is None:
        raise NobodyOwns
    return device


def _noted(device: Device, report: shapes.State) -> Write:
    """That it was seen now, and what is news of what it says."""
    parts = _parts_of(device, report)
    times = shapes.state_times_of(device)
    stamp_ms = None if report.at is None else ms_of(report.at)
    times, news = rules.take_report(times, parts, stamp_ms, ms_of(clock.now()))
    changes = {name: value for part in news for name, value in parts[part].items()}
    as_read = is_set(Device.state_times, device.state_times)
    return change(
        device, when=as_read, otherwise=StaleRead, last_seen=clock.now_s(), state_times=times.text,
        **changes,
    )  # fmt: skip


def _sleep_noted(camera: Camera, report: shapes.State) -> Iterator[Write]:
    if report.sleeps is not None and report.sleeps != bool(camera.stock.sleeps):
        same_owner = Stock.device_id == camera.device_id
        yield change(Stock.new(camera.stock.pk_id), sleeps=int(report.sleeps), when=same_owner, otherwise=StaleRead)


def _parts_of(device: Device, report: shapes.State) -> dict[str, dict[str, Any]]:
    """Each part that it speaks of, and what the device's record says of that then."""
    simple = {
        "firmware": report.firmware,
        "lan": None if report.lan is None else to_builtins(report.lan),
        "battery_percent": report.battery_percent,
        "streams": None if report.streams is None else _by_channel(report.streams),
    }
    parts = {name: {name: value} for name, value in simple.items() if value is not None}
    return parts if report.settings is None else {**parts, "settings": _realised(device, report.settings)}


def _by_channel(streams: list[shapes.Stream]) -> list[dict[str, Any]]:
    last = {stream.channel: to_builtins(stream) for stream in streams}
    return list(last.values())


def _realised(device: Device, report: shapes.SettingsOfVersion) -> dict[str, Any]:
    # Versions begin anew with each owner: a higher one than was ever set is of the owner before, and none of ours.
    version = report.version if report.version <= (device.settings_version or 0) else 0
    if version < (device.reported_version or 0):
        return {}
    return {"reported": to_builtins(report.settings), "reported_version": version}
