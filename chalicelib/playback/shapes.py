"""Request and response shapes of playback."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, field

from chalicelib.alarms.shapes import AlarmType
from chalicelib.entry.wire import Cursor, Limit, Shape, Time
from chalicelib.stock.shapes import ChannelId


class MonthSearch(Shape):
    """Without a month that of now; without a channel each that may be seen."""

    channel: ChannelId | None = None
    month: Annotated[str, Meta(max_length=10, description="`2026-11`")] | None = None


class RecordedDays(Shape):
    """The days of the device on which something was recorded that may be shown, in order."""

    days: list[str]


class DaySearch(Shape):
    """Without a day that of now; without a channel each that may be seen."""

    channel: ChannelId | None = None
    day: Annotated[str, Meta(max_length=10, description="`2026-11-03`, the device's")] | None = None


class RecordingSearch(DaySearch):
    limit: Limit = 50
    cursor: Cursor = None


class Recording(Shape):
    """Video of a channel without a gap of more than a second, cut at the device's midnight. `until` is the end of
    keeping of its last part; what was filmed across midnight has its bytes on the day on which it began. `codec` is not
    told yet."""

    recording_id: str
    channel: str
    start: Time
    end: Time
    duration_ms: int
    size_bytes: int
    until: Time
    codec: str | None


class Recordings(Shape):
    items: list[Recording]
    cursor: str | None


class AlarmMark(Shape):
    alarm_id: str
    at: Time
    type: AlarmType


class Timeline(Shape):
    """The device's day from `day_start` to `day_end`: `spans` are the beginnings and ends of what was recorded, in
    order; of several channels what any of them recorded. `alarms` is empty for who may not see them."""

    spans: list[tuple[Time, Time]]
    alarms: list[AlarmMark]
    day_start: Time
    day_end: Time


class AskPlaylist(Shape):
    """At most 24 hours; objects that begin earlier or end later are played whole. A refusal's `at` says up to when a
    playlist can go: where the kind of video changes, or one can hold no more."""

    channel: ChannelId
    from_: Time = field(name="from")
    to: Time


class Playlist(Shape):
    """`playlist_url` is HLS that any player plays, and needs no sign-in: it is a secret. What it plays lies elsewhere:
    a browser's own player needs `<video crossorigin="anonymous">`."""

    playlist_url: str
    until: Time


class DeleteRecordings(Shape):
    """Without a channel of each; without a time from the first, or up to now: who says nothing deletes everything.
    Objects that begin earlier or end later go whole, and what arrives later of that time goes, too. Where there were
    too many deletions, the refusal's `range` says what may be deleted instead."""

    channel: ChannelId | None = None
    from_: Time | None = field(name="from", default=None)
    to: Time | None = None
