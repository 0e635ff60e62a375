"""What is said about cameras."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Annotated, Any, Literal, get_args

from msgspec import UNSET, Meta, UnsetType, convert, field

from chalicelib import clock
from chalicelib.accounts.shapes import Mac, SerialNumber
from chalicelib.contacts.shapes import OneTimeCode, Reached
from chalicelib.devices import rules
from chalicelib.devices.records import Reason
from chalicelib.entry.wire import END, Line, Name, Shape, visible
from chalicelib.plans.shapes import DevicePlan

PrintedCode = Annotated[str, Meta(min_length=6, max_length=64, extra={"normal": rules.normal_code})]
# A blank, or what cannot be seen, came with a file and is none of the camera's.
_VISIBLE = r"^[^\s\u00ad\u200b-\u200f\u2060-\u206f\ufeff]+"
FactorySecret = Annotated[str, Meta(min_length=16, max_length=256, pattern=_VISIBLE + END)]
TimeZone = Annotated[str, Meta(max_length=64, description="of IANA", extra={"normal": rules.normal_time_zone})]
TimeOfDay = Annotated[str, Meta(pattern="^([01][0-9]|2[0-3]):[0-5][0-9]" + END, description="where the device is")]
Day = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
DevicePassword = Annotated[str, Meta(min_length=1, max_length=128)]
Sleeps = Annotated[bool, Meta(description="between what it does, to spare its battery: nobody is told that it is away")]
ChannelId = Annotated[str, Meta(pattern="^[A-Za-z0-9_-]{1,32}" + END)]


class Made(Shape):
    """A camera as it leaves the factory."""

    sn: SerialNumber
    model: Name
    code: PrintedCode
    secret: FactorySecret


class Load(Shape):
    """Either rows, which are checked one by one, so that a bad one is named and the others are loaded; or the address
    of a file of them in the factory's bucket, `s3://bucket/key`: CSV in UTF-8 with a header, between commas, semicolons
    or tabs, or JSON lines. Blanks round what is said do not count."""

    devices: list[dict[str, Any]] | None = None
    s3: Annotated[str, Meta(max_length=1200)] | None = None


class Unload(Load):
    """The same rows, or the same file; only their serial numbers are looked at."""


class InStock(Shape):
    sn: SerialNumber
    model: Any = None
    code: Any = None
    secret: Any = None


class BadRow(Shape):
    row: int
    fields: dict[str, str]


class Loaded(Shape):
    loaded: int
    unchanged: int
    bad_rows: list[BadRow]


class LoadedFile(Loaded):
    """How far the file is; order it again until it is `done`. The counts are of all runs, `bad_rows` the first hundred
    of this one, by their lines; all of them are written below `bad_rows_at`, for as long as the file itself is kept."""

    bad: int
    bad_rows_at: str | None
    lines: int
    position_bytes: int
    size_bytes: int
    done: bool


class Unloaded(Shape):
    """`absent` were not in stock; what somebody owns is a bad row."""

    unloaded: int
    absent: int
    bad_rows: list[BadRow]


class UnloadedFile(Unloaded):
    """How far the file is, as when it is loaded."""

    bad: int
    bad_rows_at: str | None
    lines: int
    position_bytes: int
    size_bytes: int
    done: bool


class Channel(Shape):
    id: ChannelId
    name: Line = ""


class Lan(Shape):
    ip: Annotated[str, Meta(max_length=45, pattern="^[0-9A-Fa-f:.]+" + END)]
    port: Annotated[int, Meta(ge=1, le=65535)]


class Activate(Shape):
    sn: SerialNumber
    secret: Annotated[str, Meta(max_length=256)]
    mac: Mac
    model: Line
    firmware: Line
    channels: Annotated[list[Channel], Meta(min_length=1, max_length=64)]
    lan: Lan | None = None
    sleeps: Sleeps | None = None


class HowToConnect(Shape):
    """Say anything each `ping_seconds`. Who has lost the connection comes back after `reconnect_after_seconds`, which
    is another number for each camera, so that they do not all come at once. `now` is what time it is."""

    channel_url: str
    ping_seconds: int
    reconnect_after_seconds: int
    now: datetime


class Activated(HowToConnect):
    camera_token: str


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


class Period(Shape):
    """On these days from `start` to `end`, on the next day if that is earlier."""

    days: Annotated[list[Day], Meta(min_length=1, max_length=7)]
    start: TimeOfDay
    end: TimeOfDay


class Motion(Shape):
    """When motion makes an alarm: always, or in the periods of the schedule alone."""

    enabled: bool = True
    sensitivity: Annotated[int, Meta(ge=1, le=5)] = 3
    schedule: Annotated[list[Period], Meta(max_length=21)] = field(default_factory=list)


class Settings(Shape):
    """All of a camera's settings; what is left out is as it was made. Channels that are not named keep their names."""

    motion: Motion = field(default_factory=Motion)
    night_mode: Literal["auto", "on", "off"] = "auto"
    microphone: bool = True
    speaker_volume_percent: Annotated[int, Meta(ge=0, le=100)] = 50
    status_light: bool = True
    upside_down: bool = False
    channels: Annotated[list[Channel], Meta(max_length=64)] = field(default_factory=list)


class ChangeSettings(Shape):
    """`version` is that of the settings which these build on; 0 before any were set."""

    version: Annotated[int, Meta(ge=0, le=2**53)]
    settings: Settings


class SettingsOfVersion(Shape):
    version: Annotated[int, Meta(ge=0, le=2**53)]
    settings: Settings


class Reported(SettingsOfVersion):
    """What the camera said last; `version` is 0 if none of what was set here."""

    reported_at: datetime


class DeviceSettings(Shape):
    """As they should be, and as the camera said that they are; of the channels, those that the caller may know of."""

    desired: SettingsOfVersion
    reported: Reported | None

    @classmethod
    def of(cls, opened: Any) -> DeviceSettings:
        return cls(desired=desired_of(opened.device, opened.covers), reported=_reported_of(opened))


def desired_of(device: Any, covers: Callable[[str], bool] = lambda channel_id: True) -> SettingsOfVersion:
    return SettingsOfVersion(version=int(device.settings_version or 0), settings=_shown(device.desired or {}, covers))


def _shown(settings: dict[str, Any], covers: Callable[[str], bool]) -> Settings:
    kept = settings.get("channels", ())
    channels = [{**one, "name": visible(one.get("name", ""))} for one in kept if covers(one["id"])]
    return convert({**settings, "channels": channels}, Settings)


def _reported_of(opened: Any) -> Reported | None:
    device = opened.device
    if device.reported is None:
        return None
    return Reported(
        version=int(device.reported_version),
        settings=_shown(device.reported, opened.covers),
        reported_at=clock.at_epoch(state_times_of(device).parts["settings"] / 1000),
    )


def state_times_of(device: Any) -> rules.StateTimes:
    return rules.StateTimes.of(device.state_times, device.state_as_of_ms)


class State(Shape):
    """What a camera says of itself at a moment, or now; what it leaves out is as before. Of each part the report of the
    latest moment counts, of equal moments the one that arrives last; a moment more than a minute ahead, or more than
    seven days ago, is that of the arrival. `settings` bear the version that they realise, as the cloud told it."""

    at: Annotated[datetime, Meta(tz=True)] | None = None
    settings: SettingsOfVersion | None = None
    firmware: Name | None = None
    lan: Lan | None = None
    battery_percent: Annotated[int, Meta(ge=0, le=100)] | None = None
    sleeps: Sleeps | None = None


class Wanted(Shape):
    """What the camera ought to be like, and what time it is."""

    desired: SettingsOfVersion
    privacy_mode: bool
    now: datetime


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
    """What the camera uploaded that became no alarm, or one without a picture: how often, and when last. Counted until
    seven days have passed without any."""

    reason: Reason
    count: int
    last_at: datetime


class Device(Shape):
    """A guest is told what it takes to use it, and of the channels that are shared: not what identifies the device, nor
    the net it is in, nor what is paid for it. `cover_url` is good for five minutes; null where there is no cover."""

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
    battery_percent: int | None
    privacy_mode: bool
    cover_url: str | None
    plan: DevicePlan | None
    refused_uploads: list[RefusedUpload] | None

    @classmethod
    def of(cls, opened: Any) -> Device:
        device = opened.device
        named = {channel["id"]: channel["name"] for channel in (device.desired or {}).get("channels", ())}
        return cls(
            device_id=device.partition_id,
            name=device.name,
            model=device.model,
            channels=[
                Channel(id=one["id"], name=named.get(one["id"]) or one["name"])
                for one in device.channels or []
                if opened.covers(one["id"])
            ],
            online=opened.is_online,
            last_seen=None if opened.last_seen is None else clock.at_epoch(opened.last_seen),
            time_zone=device.time_zone,
            dst=device.dst,
            battery_percent=device.battery_percent,
            privacy_mode=opened.is_private,
            cover_url=opened.cover_url,
            rights=opened.rights,
            **_of_owner(opened),
        )


def _of_owner(opened: Any) -> dict[str, Any]:
    names = ("sn", "registered_at", "firmware", "mac", "country", "lan", "plan", "refused_uploads")
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
        "refused_uploads": _refused(opened.refused),
    }


def _refused(counts: Any) -> list[RefusedUpload]:
    return [
        RefusedUpload(reason=reason, count=int(count), last_at=clock.at_epoch(getattr(counts, f"{reason}_at")))
        for reason in get_args(Reason)
        if (count := getattr(counts, reason, None))
    ]


class Devices(Shape):
    items: list[Device]
    cursor: None = None

    @classmethod
    def of(cls, opened: list[Any]) -> Devices:
        return cls(items=[Device.of(one) for one in opened])


class OfferTransfer(Reached):
    """To whom the device is to be handed over."""


class Transfer(Shape):
    transfer_id: str
    until: datetime


class Offer(Shape):
    """What somebody offers to hand over."""

    transfer_id: str
    model: str
    offered_at: datetime
    until: datetime


class Offers(Shape):
    items: list[Offer]
    cursor: None = None


class AcceptTransfer(Shape):
    """Nothing comes over from the owner before: without a name it is called as its model."""

    name: Name | None = None
    time_zone: TimeZone = "UTC"
    dst: bool = True


class Removed(Shape):
    """Ask at `receipt_url` for the state of the erasure, and its receipt."""

    erasure_id: str
    receipt_url: str
