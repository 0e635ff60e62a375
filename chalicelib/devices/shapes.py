"""Request and response shapes of cameras."""

from __future__ import annotations

from typing import Annotated, Any, Literal, get_args

from msgspec import UNSET, Meta, UnsetType

from chalicelib import clock
from chalicelib.contacts.shapes import OneTimeCode
from chalicelib.devices import rules
from chalicelib.entry.wire import Limit, Name, Page, Shape, Time
from chalicelib.instants import at_ms
from chalicelib.plans.shapes import DevicePlan
from chalicelib.stock import shapes as stock_shapes
from chalicelib.stock.records import Reason
from chalicelib.stock.shapes import Channel, Lan, SerialNumber, Settings, SettingsOfVersion, Stream

TimeZone = Annotated[str, Meta(max_length=64, description="of IANA", extra={"normal": rules.normal_time_zone})]
DevicePassword = Annotated[str, Meta(min_length=1, max_length=128)]


class Wifi(Shape):
    ssid: Annotated[str, Meta(max_length=64)]
    signal_dbm: Annotated[int, Meta(ge=-200, le=100)] | None = None


class Bind(Shape):
    sn: SerialNumber
    code: Annotated[str, Meta(max_length=64, extra={"normal": rules.normal_code})]
    name: Name
    time_zone: TimeZone
    dst: bool
    wifi: Wifi | None = None
    password: DevicePassword | None = None


class ChangeDevice(Shape):
    """Only what is named changes."""

    name: Name | UnsetType = UNSET
    time_zone: TimeZone | UnsetType = UNSET
    dst: bool | UnsetType = UNSET


class ChangeSettings(Shape):
    """`version` is that of the settings which these build on; 0 before any were set."""

    version: Annotated[int, Meta(ge=0, le=2**53)]
    settings: Settings


class Reported(SettingsOfVersion):
    """Settings that the camera reported last; `version` is 0 if none of what was set here."""

    reported_at: Time


class DeviceSettings(Shape):
    """As they should be, and as the camera said that they are; of the channels, those that the caller may know of."""

    desired: SettingsOfVersion
    reported: Reported | None

    @classmethod
    def of(cls, granted: Any) -> DeviceSettings:
        return cls(desired=stock_shapes.desired_of(granted.device, granted.covers), reported=_reported_of(granted))


def _reported_of(granted: Any) -> Reported | None:
    device = granted.device
    if device.reported is None:
        return None
    return Reported(
        version=int(device.reported_version),
        settings=stock_shapes.shown(device.reported, granted.covers),
        reported_at=at_ms(stock_shapes.state_times_of(device).parts["settings"]),
    )


class SetDevicePassword(Shape):
    """`current` is needed where there is one."""

    password: DevicePassword
    current: Annotated[str, Meta(max_length=128)] | None = None


class CheckDevicePassword(Shape):
    password: Annotated[str, Meta(max_length=128)]


class ResetDevicePassword(Shape):
    code: OneTimeCode
    password: DevicePassword


class ChangePrivacyMode(Shape):
    on: bool


class RefusedUpload(Shape):
    """Uploads of the camera that became no alarm, or one without a picture: how often, and when last. Counted until
    seven days have passed without any."""

    reason: Reason
    count: int
    last_at: Time


class Device(Shape):
    """A guest is told what it takes to use it, and of the channels that are shared: not what identifies the device, nor
    the net it is in, nor what is paid for it. `cover_url` is good for five minutes; null where there is no cover."""

    device_id: str
    sn: str | None
    name: str
    model: str
    channels: list[Channel]
    online: bool
    last_seen: Time | None
    time_zone: str
    dst: bool
    rights: list[Literal["owner", "live", "playback", "alarms", "settings"]]
    registered_at: Time | None
    firmware: str | None
    mac: str | None
    country: str | None
    lan: Lan | None
    battery_percent: int | None
    streams: list[Stream] | None
    privacy_mode: bool
    cover_url: str | None
    plan: DevicePlan | None
    refused_uploads: list[RefusedUpload] | None

    @classmethod
    def of(cls, granted: Any) -> Device:
        device = granted.device
        named = {channel["id"]: channel["name"] for channel in (device.desired or {}).get("channels", ())}
        return cls(
            device_id=device.pk_id,
            name=device.name,
            model=device.model,
            channels=[
                Channel(id=one["id"], name=named.get(one["id"]) or one["name"])
                for one in device.channels or []
                if granted.covers(one["id"])
            ],
            online=granted.is_online,
            last_seen=None if granted.last_seen is None else clock.at_epoch(granted.last_seen),
            time_zone=device.time_zone,
            dst=device.dst,
            battery_percent=device.battery_percent,
            streams=_streams(granted),
            privacy_mode=granted.is_private,
            cover_url=granted.cover_url,
            rights=granted.rights,
            **_of_owner(granted),
        )


def _of_owner(granted: Any) -> dict[str, Any]:
    names = ("sn", "registered_at", "firmware", "mac", "country", "lan", "plan", "refused_uploads")
    if not granted.is_own:
        return dict.fromkeys(names)
    device = granted.device
    return {
        "sn": device.sn,
        "registered_at": clock.at_epoch(device.bound_at),
        "firmware": device.firmware,
        "mac": device.mac,
        "country": device.country,
        "lan": None if device.lan is None else Lan(**device.lan),
        "plan": granted.described_plan,
        "refused_uploads": _refused(granted.refused),
    }


def _streams(granted: Any) -> list[Stream] | None:
    """Of the channels that it has and that are shown; None where many devices are asked for."""
    if granted.refused is None:
        return None
    device = granted.device
    shown = {one["id"] for one in device.channels or [] if granted.covers(one["id"])}
    return [Stream(**one) for one in device.streams or [] if one["channel"] in shown]


def _refused(counts: Any) -> list[RefusedUpload] | None:
    """None where nobody asked: an empty list says that nothing was refused."""
    if counts is None:
        return None
    return [
        RefusedUpload(reason=reason, count=int(count), last_at=clock.at_epoch(getattr(counts, f"{reason}_at")))
        for reason in get_args(Reason)
        if (count := getattr(counts, reason, None))
    ]


class DevicesPage(Page):
    limit: Limit = 200


class Devices(Shape):
    """The caller's own come first, and on each page the oldest. `refused_uploads` and `streams` are null
    here: ask for one device."""

    items: list[Device]
    cursor: str | None

    @classmethod
    def of(cls, listed: Any) -> Devices:
        return cls(items=[Device.of(one) for one in listed.items], cursor=listed.cursor)


class Removed(Shape):
    """Ask at `receipt_url` for the state of the erasure, and its receipt."""

    erasure_id: str
    receipt_url: str
