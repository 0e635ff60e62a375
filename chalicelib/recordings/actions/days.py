"""Rows of days: which days a channel filmed on, where those segments lie, and how much there is."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from chalicelib import clock
from chalicelib.recordings.actions.listing import Part, Upload, joined
from chalicelib.recordings.records import RecordingDay
from chalicelib.recordings.rules import names, quarters
from chalicelib.recordings.rules.deletions import ms_of
from chalicelib.recordings.rules.quarters import Quarters
from chalicelib.recordings.rules.segments import Segment
from chalicelib.store.commit import Write, change, commit, create
from chalicelib.store.keys import Key
from chalicelib.store.retrying import StaleRead

_LONGEST = timedelta(milliseconds=names.LONGEST_MS)
# An order may be given back within fourteen days, by how much was recorded; and the day's own length, and some.
_COUNTED_FOR = timedelta(days=16)
_MINUTE_MS = 60_000
# TTL takes a row some time after the last object has gone.
_LEEWAY = timedelta(days=2)


def key_of(device_id: str, channel: str, day: str) -> Key[RecordingDay]:
    return RecordingDay.key(device_id, f"{channel}.{day}")


def key_of_segment(device_id: str, segment: Segment) -> Key[RecordingDay]:
    return key_of(device_id, segment.channel, quarters.day_of(segment.start))


def channel_of(row: RecordingDay) -> str:
    return row.sort_id.rpartition(".")[0]


def day_of(row: RecordingDay) -> str:
    """`20261129`."""
    return row.sort_id.rpartition(".")[2]


def quarters_of(row: RecordingDay | None) -> Quarters:
    return Quarters.of(None if row is None or row.quarters is None else bytes(row.quarters))


@dataclass(frozen=True)
class Quarter:
    """A quarter of an hour in which objects begin that were there when they were counted last; `reach` is until when
    the last of them may go on."""

    begin: datetime
    end: datetime
    reach: datetime


def quarters_with_objects(row: RecordingDay) -> list[Quarter]:
    """Those of a day, in order."""
    day, counted, last = day_of(row), quarters_of(row), clock.at_epoch(int(row.last_ms) / 1000)
    found = []
    for nth in (nth for nth, size_bytes in enumerate(counted.size_bytes) if size_bytes):
        begin = quarters.begin_of(day, nth)
        end = begin + quarters.QUARTER
        goes_on = counted.ms[nth + 1] > 0 if nth + 1 < len(counted.ms) else last > end
        found.append(Quarter(begin, end, min(end + _LONGEST, last) if goes_on else end))
    return found


def parts_of(row: RecordingDay) -> list[Part]:
    return sorted(Part.of(text) for text in row.prefixes or ())


def rows_between(device_id: str, channel: str, begin: datetime, end: datetime) -> list[RecordingDay]:
    """The rows of the days on which anything began that may have been filmed between; one query."""
    first, last = quarters.day_of(begin - _LONGEST), quarters.day_of(end)
    return RecordingDay.list_of(device_id, first=f"{channel}.{first}", last=f"{channel}.{last}").items


def between(rows: Iterable[RecordingDay], begin: datetime, end: datetime) -> list[RecordingDay]:
    """Of these rows the ones of such days."""
    first, last = quarters.day_of(begin - _LONGEST), quarters.day_of(end)
    return [row for row in rows if first <= day_of(row) <= last]


def all_rows(device_id: str, channel: str | None = None) -> list[RecordingDay]:
    """Those of a channel, or of all, the oldest day of each first."""
    of_channel = "" if channel is None else f"{channel}."
    return RecordingDay.list_of(device_id, first=of_channel, last=of_channel).items


def count(row: RecordingDay | None, device_id: str, upload: Upload, segment: Segment) -> RecordingDay:
    """Count one more segment on its day, if the row is as it was read; the row as it is then. Raises StaleRead."""
    counted = quarters_of(row).with_segment(segment)
    part = Part(segment.keep_days, upload.let_in, upload.ticket.opened, upload.ticket.opened)
    parts = joined([*(() if row is None else parts_of(row)), part])
    until = max(clock.epoch_s(segment.until), 0 if row is None else int(row.until))
    values: dict[str, Any] = {
        **_counts(counted),
        "prefixes": {one.text for one in parts},
        "first_ms": min(ms_of(segment.start), ms_of(segment.start) if row is None else int(row.first_ms)),
        "last_ms": max(ms_of(segment.end), 0 if row is None else int(row.last_ms)),
        "counted_to": _mark_of(segment),
        "writes": 1 if row is None else int(row.writes) + 1,
        "until": until,
        "expires_at": _expires_at(quarters.day_of(segment.start), until),
    }
    if row is None:
        row = RecordingDay.new(device_id, key_of_segment(device_id, segment).sort_id, **values)
        commit(create(row, otherwise=StaleRead))
    else:
        commit(change(row, when=RecordingDay.writes == int(row.writes), otherwise=StaleRead, **values))
    return row


def is_counted(row: RecordingDay | None, segment: Segment) -> bool:
    """Whether the row knows of it, or of one that came later: news come twice, and a camera that heard no answer
    uploads again. What is passed over so is counted with the next listing."""
    if row is None or row.counted_to is None:
        return False
    return _mark_of(segment) <= row.counted_to or bool(row.counted_to.endswith(f" {segment.object_key}"))


def _mark_of(segment: Segment) -> str:
    return f"{clock.epoch_s(segment.arrived):010} {segment.object_key}"


def is_due(row: RecordingDay | None, upload: Upload, segment: Segment) -> bool:
    """Whether it is written now, or counted with a later one: on the average once a minute of video, however short its
    objects are, and whenever a part is not known yet."""
    if row is None:
        return True
    opened = upload.ticket.opened
    known = any(
        part.where == (segment.keep_days, upload.let_in) and part.first <= opened <= part.last for part in parts_of(row)
    )
    return not known or int(row.writes) * _MINUTE_MS <= ms_of(segment.end) - int(row.first_ms)


def counted_anew(
    row: RecordingDay | None, device_id: str, channel: str, day: str, standing: Iterable[Segment], parts: Iterable[Part]
) -> Write | None:
    """The row as a listing of all its parts has it; None where it says so already."""
    segments = list(standing)
    counted = quarters_of(row).counted_anew(Quarters().with_all(segments))
    if row is None and not segments:
        return None
    until = max((clock.epoch_s(one.until) for one in segments), default=0 if row is None else int(row.until))
    values: dict[str, Any] = {
        **_counts(counted),
        "prefixes": {one.text for one in joined(parts)} if segments else None,
        "first_ms": min((ms_of(one.start) for one in segments), default=0 if row is None else int(row.first_ms)),
        "last_ms": max((ms_of(one.end) for one in segments), default=0 if row is None else int(row.last_ms)),
        "counted_to": max(map(_mark_of, segments), default=None),
        "until": until,
        "expires_at": _expires_at(day, until),
    }
    if row is None:
        return create(RecordingDay.new(device_id, f"{channel}.{day}", **values), otherwise=StaleRead)
    if all(_as_stored(getattr(row, name)) == value for name, value in values.items()):
        return None
    writes = int(row.writes)
    return change(row, when=RecordingDay.writes == writes, otherwise=StaleRead, **values, writes=writes + 1)


def _as_stored(value: object) -> object:
    return bytes(value) if isinstance(value, (bytes, bytearray)) else value


def _counts(counted: Quarters) -> dict[str, object]:
    return {"quarters": counted.blob, "recorded_ms": counted.total_ms, "size_bytes": counted.total_bytes}


def _expires_at(day: str, until: int) -> int:
    of_refund = clock.epoch_s(quarters.begin_of(day, 0) + _COUNTED_FOR)
    return max(until + int(_LEEWAY.total_seconds()), of_refund)
