"""Request and response shapes of cameras, and of their factory."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any, Literal

from msgspec import Meta, convert, field

from chalicelib import typed
from chalicelib.entry.wire import END, Line, Name, Shape, Time, visible
from chalicelib.stock import rules

SerialNumber = Annotated[
    str,
    Meta(
        min_length=4,
        max_length=64,
        pattern="^[A-Z0-9_-]+" + END,
        description="as on the label; small letters are capitals",
        extra={"normal": typed.serial_number},
    ),
]
# As the device writes it; compared in one form.
Mac = Annotated[
    str, Meta(pattern="^([0-9A-Fa-f]{2}[ :.-]?){5}[0-9A-Fa-f]{2}" + END, extra={"normal": typed.tidied})
]

PrintedCode = Annotated[str, Meta(min_length=6, max_length=64, extra={"normal": rules.normal_code})]
# A blank, or what cannot be seen, came with a file and is none of the camera's.
_VISIBLE = r"^[^\s\u00ad\u200b-\u200f\u2060-\u206f\ufeff]+"
FactorySecret = Annotated[str, Meta(min_length=16, max_length=256, pattern=_VISIBLE + END)]
TimeOfDay = Annotated[str, Meta(pattern="^([01][0-9]|2[0-3]):[0-5][0-9]" + END, description="where the device is")]
Day = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
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


class ShowDevices(Shape):
    """Cameras by their serial numbers, as they are printed or scanned."""

    sns: Annotated[list[SerialNumber], Meta(min_length=1, max_length=100)]


class StockedDevice(Shape):
    """A camera as stock has it, and nothing of who owns it: `free` is what may be bound. It is `connected` or was last
    `away_since`; after too many wrong codes nobody can bind it before `locked_until`."""

    sn: str
    state: Literal["absent", "free", "owned"]
    model: str | None = None
    connected: bool = False
    connected_at: Time | None = None
    away_since: Time | None = None
    locked_until: Time | None = None


class ShownDevices(Shape):
    """In the order that was asked for."""

    items: list[StockedDevice]


class BadRow(Shape):
    row: int
    fields: dict[str, str]


class Loaded(Shape):
    loaded: int
    unchanged: int
    bad_rows: list[BadRow]


class LoadedFile(Loaded):
    """Progress of a file; order it again until it is `done`. The counts are of all runs, `bad_rows` the first hundred
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
    """Progress of a file, as when it is loaded."""

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
    """Say `{"action": "ping"}` each `ping_seconds`. Who has lost the connection comes back after
    `reconnect_after_seconds`, which is another number for each camera, so that they do not all come at once. `now` is
    what time it is."""

    channel_url: str
    ping_seconds: int
    reconnect_after_seconds: int
    now: Time


class Activated(HowToConnect):
    camera_token: str


class Period(Shape):
    """On these days from `start` to `end`, on the next day if that is earlier."""

    days: Annotated[list[Day], Meta(min_length=1, max_length=7)]
    start: TimeOfDay
    end: TimeOfDay


class Motion(Shape):
    """Motion that makes an alarm: always, or in the periods of the schedule alone."""

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


EXAMPLE_OF_SETTINGS = {
    "motion": {
        "enabled": True,
        "sensitivity": 4,
        "schedule": [{"days": ["sat", "sun"], "start": "22:00", "end": "06:00"}],
    },
    "night_mode": "auto",
    "microphone": False,
    "speaker_volume_percent": 30,
    "status_light": False,
    "upside_down": False,
    "channels": [{"id": "1", "name": "Gate"}],
}


class SettingsOfVersion(Shape):
    version: Annotated[int, Meta(ge=0, le=2**53)]
    settings: Settings


def desired_of(device: Any, covers: Callable[[str], bool] = lambda channel_id: True) -> SettingsOfVersion:
    return SettingsOfVersion(version=int(device.settings_version or 0), settings=shown(device.desired or {}, covers))


def shown(settings: dict[str, Any], covers: Callable[[str], bool]) -> Settings:
    kept = settings.get("channels", ())
    channels = [{**one, "name": visible(one.get("name", ""))} for one in kept if covers(one["id"])]
    return convert({**settings, "channels": channels}, Settings)


def state_times_of(device: Any) -> rules.StateTimes:
    return rules.StateTimes.of(device.state_times)


class Stream(Shape):
    """What a camera sends of a channel at present; of one that it records at one quality and shows at another, what it
    records. `bitrate_bps` is measured; `dropped_frames` could not be used, and are counted since it was started."""

    channel: ChannelId
    codec: Literal["h264", "h265"]
    width: Annotated[int, Meta(ge=1, le=16_384)]
    height: Annotated[int, Meta(ge=1, le=16_384)]
    bitrate_bps: Annotated[int, Meta(ge=0, le=10**9)] | None = None
    frames_per_second: Annotated[float, Meta(ge=0, le=1_000)] | None = None
    dropped_frames: Annotated[int, Meta(ge=0, le=2**53)] | None = None


class State(Shape):
    """A camera's report of itself at a moment, or now; what it leaves out is as before. Of each part the report of the
    latest moment counts, of equal moments the one that arrives last; a moment more than a minute ahead, or more than
    seven days ago, is that of the arrival. `settings` bear the version that they realise, as the cloud told it.
    `streams` are all that it sends: of a channel that is named twice the last counts."""

    at: Time | None = None
    settings: SettingsOfVersion | None = None
    firmware: Name | None = None
    lan: Lan | None = None
    battery_percent: Annotated[int, Meta(ge=0, le=100)] | None = None
    streams: Annotated[list[Stream], Meta(max_length=64)] | None = None
    sleeps: Sleeps | None = None


class Wanted(Shape):
    """Settings that the camera ought to have, and what time it is."""

    desired: SettingsOfVersion
    privacy_mode: bool
    now: Time
