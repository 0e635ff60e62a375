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


class HowToConnect(Shape):
    """Say anything each `ping_seconds`. Who has lost the connection comes back after `reconnect_after_seconds`, which
    is another number for each camera, so that they do not all come at once."""

    channel_url: str
    ping_seconds: int
    reconnect_after_seconds: int


class Activated(HowToConnect):
    camera_token: str


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
    device_id: str
    sn: str
    name: str
    model: str
    channels: list[Channel]
    online: bool
    last_seen: datetime | None
    time_zone: str
    dst: bool
    rights: list[Literal["owner", "live", "playback", "alarms", "settings"]]
    registered_at: datetime
    firmware: str | None
    mac: str | None
    country: str | None
    lan: Lan | None
    plan: DevicePlan

    @classmethod
    def of(cls, owned: Any) -> Device:
        device = owned.device
        return cls(
            device_id=device.partition_id,
            sn=device.sn,
            name=device.name,
            model=device.model,
            channels=[Channel(**channel) for channel in device.channels or []],
            online=owned.is_online,
            last_seen=None if owned.last_seen is None else clock.at_epoch(owned.last_seen),
            time_zone=device.time_zone,
            dst=device.dst,
            rights=["owner", "live", "playback", "alarms", "settings"],
            registered_at=clock.at_epoch(device.bound_at),
            firmware=device.firmware,
            mac=device.mac,
            country=device.country,
            lan=None if device.lan is None else Lan(**device.lan),
            plan=owned.described_plan,
        )


class Devices(Shape):
    items: list[Device]
    cursor: None = None

    @classmethod
    def of(cls, owned: list[Any]) -> Devices:
        return cls(items=[Device.of(one) for one in owned])


class Removed(Shape):
    """Ask at `receipt_url` for the state of the erasure, and its receipt."""

    erasure_id: str
    receipt_url: str
