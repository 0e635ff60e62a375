"""What is said about cameras."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from msgspec import UNSET, Meta, UnsetType

from chalicelib import clock
from chalicelib.entry.wire import END, Shape
from chalicelib.plans.shapes import DevicePlan

SerialNumber = Annotated[str, Meta(min_length=4, max_length=64, pattern="^[A-Za-z0-9_-]+" + END)]
PrintedCode = Annotated[str, Meta(min_length=6, max_length=64)]
FactorySecret = Annotated[str, Meta(min_length=16, max_length=256)]
Name = Annotated[str, Meta(min_length=1, max_length=64, pattern=r"\S")]
TimeZone = Annotated[str, Meta(max_length=64)]
Mac = Annotated[str, Meta(pattern="^([0-9A-Fa-f]{2}[:-]?){5}[0-9A-Fa-f]{2}" + END)]
ChannelId = Annotated[str, Meta(pattern="^[A-Za-z0-9_-]{1,32}" + END)]


class Made(Shape):
    """A camera as it leaves the factory."""

    sn: SerialNumber
    model: Annotated[str, Meta(min_length=1, max_length=64)]
    code: PrintedCode
    secret: FactorySecret


class Load(Shape):
    """Rows are checked one by one, so that a bad one is named and the others are loaded."""

    devices: list[dict[str, Any]]


class BadRow(Shape):
    row: int
    fields: dict[str, str]


class Loaded(Shape):
    loaded: int
    unchanged: int
    bad_rows: list[BadRow]


class Channel(Shape):
    id: ChannelId
    name: Annotated[str, Meta(max_length=64)] = ""


class Lan(Shape):
    ip: Annotated[str, Meta(max_length=45, pattern="^[0-9A-Fa-f:.]+" + END)]
    port: Annotated[int, Meta(ge=1, le=65535)]


class Activate(Shape):
    sn: SerialNumber
    secret: Annotated[str, Meta(max_length=256)]
    mac: Mac
    model: Annotated[str, Meta(max_length=64)]
    firmware: Annotated[str, Meta(max_length=64)]
    channels: Annotated[list[Channel], Meta(min_length=1, max_length=64)]
    lan: Lan | None = None


class Activated(Shape):
    camera_token: str
    channel_url: str


class Wifi(Shape):
    ssid: Annotated[str, Meta(max_length=64)]
    signal_dbm: Annotated[int, Meta(ge=-200, le=100)] | None = None


class Bind(Shape):
    sn: SerialNumber
    code: Annotated[str, Meta(max_length=64)]
    name: Name
    time_zone: TimeZone
    dst: bool
    wifi: Wifi | None = None
    password: Annotated[str, Meta(min_length=1, max_length=128)] | None = None


class ChangeDevice(Shape):
    """Only what is named changes."""

    name: Name | UnsetType = UNSET
    time_zone: TimeZone | UnsetType = UNSET
    dst: bool | UnsetType = UNSET


class Device(Shape):
    """A guest is told what it takes to use it, and of the channels that are shared: not what identifies the device, nor
    the net it is in, nor what is paid for it."""

    device_id: str
    sn: str | None
    name: str
    model: str
    channels: list[Channel]
    online: bool
    last_seen: datetime | None
    time_zone: str
    dst: bool
    rights: list[Literal["owner", "live", "playback", "alarms", "settings"]]
    registered_at: datetime | None
    firmware: str | None
    mac: str | None
    country: str | None
    lan: Lan | None
    plan: DevicePlan | None

    @classmethod
    def of(cls, opened: Any) -> Device:
        device = opened.device
        channels = [Channel(**channel) for channel in device.channels or []]
        return cls(
            device_id=device.partition_id,
            name=device.name,
            model=device.model,
            channels=[channel for channel in channels if opened.covers(channel.id)],
            online=False,
            last_seen=None if device.last_seen is None else clock.at_epoch(device.last_seen),
            time_zone=device.time_zone,
            dst=device.dst,
            rights=opened.rights,
            **_of_owner(opened),
        )


def _of_owner(opened: Any) -> dict[str, Any]:
    names = ("sn", "registered_at", "firmware", "mac", "country", "lan", "plan")
    if not opened.is_own:
        return dict.fromkeys(names)
    device = opened.device
    return {
        "sn": device.sn,
        "registered_at": clock.at_epoch(device.bound_at),
        "firmware": device.firmware,
        "mac": device.mac,
        "country": device.country,
        "lan": None if device.lan is None else Lan(**device.lan),
        "plan": opened.described_plan,
    }


class Devices(Shape):
    items: list[Device]
    cursor: None = None

    @classmethod
    def of(cls, opened: list[Any]) -> Devices:
        return cls(items=[Device.of(one) for one in opened])


class Removed(Shape):
    """Ask at `receipt_url` for the state of the erasure, and its receipt."""

    erasure_id: str
    receipt_url: str
