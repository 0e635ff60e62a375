"""A day's recordings, listed, one by one, and on a line of time with its alarms."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from chalicelib.access import actions as access
from chalicelib.access.actions import DeviceAccess
from chalicelib.alarms.actions import naming, showing
from chalicelib.errors import Invalid, NotFound
from chalicelib.instants import at_ms, base36, ms_of
from chalicelib.playback import shapes
from chalicelib.playback.actions import calendar, channels
from chalicelib.recordings.actions.readable import RecordedDevice, Run, Segment, readable_on, runs_of, spans_of
from chalicelib.words import Phrase

_ID = re.compile(r"(?P<channel>[A-Za-z0-9_-]{1,32})\.(?P<ms>[0-9a-z]{1,9})")
_CURSOR = re.compile(r"(?P<channel>[A-Za-z0-9_-]{1,32})\.(?P<start>[0-9a-z]{1,9})\.(?P<end>[0-9a-z]{1,9})")


@dataclass(frozen=True)
class Shown:
    """A run of a channel, as far as it lies on one day of the device."""

    channel: str
    run: Run
    start: datetime
    end: datetime

    @property
    def recording_id(self) -> str:
        return f"{self.channel}.{base36(ms_of(self.start))}"

    @property
    def mark(self) -> tuple[int, int, str]:
        """Sorts by time; of no two recordings it is the same."""
        return ms_of(self.start), ms_of(self.end), self.channel

    @property
    def cursor(self) -> str:
        return f"{self.recording_id}.{base36(ms_of(self.end))}"

    def described(self) -> shapes.Recording:
        own = [one for one in self.run.segments if self.start <= one.start]
        return shapes.Recording(
            recording_id=self.recording_id,
            channel=self.channel,
            start=self.start,
            end=self.end,
            duration_ms=ms_of(self.end) - ms_of(self.start),
            size_bytes=sum(one.size_bytes for one in own),
            until=self.run.until,
            codec=None,
        )


def _span(granted: DeviceAccess, day: str | None) -> tuple[datetime, datetime]:
    """Of a day of the device, or of the present one; raises DayInvalid."""
    wanted = calendar.present_day(granted.device).isoformat() if day is None else day
    return naming.span_of_day(granted.device, wanted)


def _standing(
    granted: DeviceAccess, of: RecordedDevice, channel: str | None, begin: datetime, end: datetime
) -> dict[str, list[Segment]]:
    """By channel; raises NotFound."""
    rows = channels.rows_of(granted, channel, begin, end)
    return {one: readable_on(of, one, held, begin, end) for one, held in rows.items()}


def _shown(channel: str, segments: list[Segment], begin: datetime, end: datetime) -> Iterator[Shown]:
    for run in runs_of(segments):
        yield Shown(channel, run, max(run.start, begin), min(run.end, end))


def recordings_of_day(
    granted: DeviceAccess, of: RecordedDevice, search: shapes.RecordingSearch
) -> shapes.Recordings:
    """A page of them, newest first. Raises DayInvalid, NotFound."""
    before = _read_cursor(search.cursor)
    begin, end = _span(granted, search.day)
    by_channel = _standing(granted, of, search.channel, begin, end)
    every = [one for channel, segments in by_channel.items() for one in _shown(channel, segments, begin, end)]
    wanted = [one for one in every if before is None or one.mark < before]
    wanted.sort(key=lambda one: one.mark, reverse=True)
    page = wanted[: search.limit]
    return shapes.Recordings(
        items=[one.described() for one in page], cursor=page[-1].cursor if len(wanted) > len(page) else None
    )


def _read_cursor(text: str | None) -> tuple[int, int, str] | None:
    if text is None:
        return None
    found = _CURSOR.fullmatch(text)
    if found is None:
        raise Invalid(fields={"cursor": Phrase("not_valid")})
    return int(found["start"], 36), int(found["end"], 36), found["channel"]


def find(granted: DeviceAccess, of: RecordedDevice, recording_id: str) -> Shown:
    """The recording that has the moment in its id, or the next of the same channel on that day. Raises NotFound."""
    found = _ID.fullmatch(recording_id)
    if found is None or not granted.covers(found["channel"]) or not of.shown:
        raise NotFound
    channel, moment = found["channel"], at_ms(int(found["ms"], 36))
    begin, end = access.days_of(granted.device).around(moment)
    shown = list(_shown(channel, _standing(granted, of, channel, begin, end)[channel], begin, end))
    named = [one for one in shown if one.start == moment]
    holding = [one for one in shown if one.start <= moment < one.end]
    for one in (*named, *holding, *(one for one in shown if one.start > moment)):
        return one
    raise NotFound


def timeline(granted: DeviceAccess, of: RecordedDevice, search: shapes.DaySearch) -> shapes.Timeline:
    """Raises DayInvalid, NotFound."""
    begin, end = _span(granted, search.day)
    by_channel = _standing(granted, of, search.channel, begin, end)
    every = [segment for segments in by_channel.values() for segment in segments]
    alarms = showing.alarms_between(granted, search.channel, begin, end)
    return shapes.Timeline(
        spans=spans_of(every, begin, end),
        alarms=[shapes.AlarmMark(alarm_id=one.alarm_id, at=one.at, type=one.type) for one in alarms],
        day_start=begin,
        day_end=end,
    )
