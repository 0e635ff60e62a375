"""The calendar: on which days of the device something was recorded that may be shown."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime, timedelta

from chalicelib import clock
from chalicelib.access import actions as access
from chalicelib.access.actions import DeviceAccess
from chalicelib.access.records import Device
from chalicelib.instants import at_ms
from chalicelib.playback import shapes
from chalicelib.playback.actions import channels
from chalicelib.playback.rules import calendars
from chalicelib.playback.rules.calendars import Counted, Judged
from chalicelib.recordings.actions import days
from chalicelib.recordings.actions.readable import RecordedDevice, readable_on
from chalicelib.recordings.records import RecordingDay

# A row may lag behind what came by a minute, of which the last object lasts another one, until it is counted anew.
_BEHIND, _COUNTED_WITHIN = timedelta(minutes=2), timedelta(minutes=30)
# A quarter of an hour that a day has anything of is longer than the day by no more than itself and what is behind.
_NEAR = timedelta(hours=1)


def present_day(device: Device) -> date:
    return access.days_of(device).date_of(clock.now())


def recorded_days(
    granted: DeviceAccess, of: RecordedDevice, search: shapes.MonthSearch
) -> shapes.RecordedDays:
    """Of a month. Counts decide where they can: what was partly deleted or is partly over is looked at.

    Raises MonthInvalid, NotFound.
    """
    month = calendars.days_of_month(search.month or f"{present_day(granted.device):%Y-%m}")
    spans = _spans(month, access.days_of(granted.device).begin_of)
    begin, end = spans[0][1], spans[-1][2]
    rows = channels.rows_of(granted, search.channel, begin, end)
    if not of.shown:
        return shapes.RecordedDays(days=[])
    indexes = [_Index(of, channel, held) for channel, held in sorted(rows.items())]
    found = [day for day, *span in spans if any(index.has_any(*span) for index in indexes)]
    return shapes.RecordedDays(days=[day.isoformat() for day in found])


def _spans(month: list[date], begin_of: Callable[[date], datetime]) -> list[tuple[date, datetime, datetime]]:
    """Each day with its first instant and that of the next; raises MonthInvalid where there is none in UTC."""
    try:
        begins = [begin_of(day) for day in [*month, month[-1] + timedelta(days=1)]]
    except (ValueError, OverflowError) as cause:
        raise calendars.MonthInvalid from cause
    return [(day, begins[number], begins[number + 1]) for number, day in enumerate(month)]


class _Index:
    """Index of the days of a channel, by its rows."""

    def __init__(self, of: RecordedDevice, channel: str, rows: list[RecordingDay]) -> None:
        self._of, self._channel, self._rows = of, channel, rows
        since, running = min(one.since for one in of.shown), of.shown[-1]
        # Of what was filmed by a plan that was moved away, each object has to be looked at.
        certain = clock.at_epoch(running.since) if running.until is None else None
        self._judged = Judged(clock.now(), clock.at_epoch(since), certain)
        self._hidden = of.hidden_spans(channel)
        self._counted = [one for row in rows for one in _counted(row)]

    def has_any(self, begin: datetime, end: datetime) -> bool:
        # Thousands may be hidden, and each quarter of an hour is held against those of its day.
        near = [span for span in self._hidden if span[0] - end < _NEAR and begin - span[1] < _NEAR]
        certain = calendars.has_any(self._counted, replace(self._judged, hidden=near), begin, end)
        return bool(self._look(begin, end)) if certain is None else certain

    def _look(self, begin: datetime, end: datetime) -> bool:
        rows = days.between(self._rows, begin, end)
        return bool(readable_on(self._of, self._channel, rows, begin, end))


def _counted(row: RecordingDay) -> list[Counted]:
    parts = days.parts_of(row)
    if not parts:
        return []
    least, until = timedelta(days=min(part.keep_days for part in parts)), clock.at_epoch(int(row.until))
    found = [Counted(one.begin, one.end, one.reach, least, until) for one in days.quarters_with_objects(row)]
    if found and clock.now() < until - least + _COUNTED_WITHIN:
        found[-1] = replace(found[-1], reach=max(found[-1].reach, at_ms(row.last_ms) + _BEHIND))
    return found
