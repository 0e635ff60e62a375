"""Rows of days: which days a channel filmed on, where those segments lie, and how much there is."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from chalicelib import clock
from chalicelib.instants import at_ms, ms_of
from chalicelib.recordings.records import RecordingDay
from chalicelib.recordings.rules import names, quarters
from chalicelib.recordings.rules.quarters import Quarters
from chalicelib.recordings.rules.segments import Segment, without_doubles
from chalicelib.recordings.rules.uploads import Part, Upload, joined
from chalicelib.store.commit import Write, change, commit, create
from chalicelib.store.keys import Key
from chalicelib.store.retrying import StaleRead

# Whoever asks for the first days that a calendar has is shown none of them.
EARLIEST = datetime(1970, 1, 2, tzinfo=UTC)
_LONGEST = timedelta(milliseconds=names.LONGEST_MS)
# An order may be given back within fourteen days, by how much was recorded; and the day's own length, and some.
_COUNTED_FOR = timedelta(days=16)
# An object of a minute is a second shorter where a key frame came sooner.
_MINUTE_MS, _A_MINUTES_MS = 60_000, 59_000
# Of so many segments the row remembers that they are counted: what is told again is told again within minutes.
_REMEMBERED, _MARK_BYTES = 24, 4
# Of what is uploaded as it is filmed the news have come so long after it.
_LIVE = timedelta(minutes=2)
# TTL takes a row some time after the last object has gone.
_LEEWAY = timedelta(days=2)


def key_of(device_id: str, channel: str, day: str) -> Key[RecordingDay]:
    return RecordingDay.key(device_id, f"{channel}.{day}")


def key_of_segment(device_id: str, segment: Segment) -> Key[RecordingDay]:
    return key_of(device_id, segment.channel, quarters.day_of(segment.start))


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
    day, counted, last = row.day, quarters_of(row), at_ms(row.last_ms)
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
    first, last = _first_day(begin), quarters.day_of(end)
    return RecordingDay.list_of(device_id, first=f"{channel}.{first}", last=f"{channel}.{last}").items


def _first_day(begin: datetime) -> str:
    """Before it, nothing began that may have been filmed then; nobody filmed before 1970."""
    return quarters.day_of(max(begin, EARLIEST) - _LONGEST)


def between(rows: Iterable[RecordingDay], begin: datetime, end: datetime) -> list[RecordingDay]:
    """Of these rows the ones of such days."""
    first, last = _first_day(begin), quarters.day_of(end)
    return [row for row in rows if first <= row.day <= last]


def all_rows(device_id: str, channel: str | None = None) -> list[RecordingDay]:
    """Those of a channel, or of all, the oldest day of each first."""
    of_channel = "" if channel is None else f"{channel}."
    return RecordingDay.list_of(device_id, first=of_channel, last=of_channel).items


def count(row: RecordingDay | None, device_id: str, upload: Upload, segment: Segment) -> RecordingDay:
    """Count one more segment on its day, if the row is as it was read; the row as it is then. Raises StaleRead."""
    part = upload.part
    start_ms, end_ms, until = ms_of(segment.start), ms_of(segment.end), clock.epoch_s(segment.until)
    counted, marks = quarters_of(row).with_all([segment]), _marks_with(row, segment)
    if row is None:
        day = Counted(counted, (part,), start_ms, end_ms, until, marks)
        sort_id = key_of_segment(device_id, segment).sort_id
        row = RecordingDay.new(device_id, sort_id, writes=1, **day.values(segment.start))
        commit(create(row, otherwise=StaleRead))
        return row
    day = Counted(
        counted,
        (*parts_of(row), part),
        min(start_ms, int(row.first_ms)),
        max(end_ms, int(row.last_ms)),
        max(until, int(row.until)),
        marks,
    )
    commit(_change(row, day.values(segment.start)))
    return row


def know(row: RecordingDay, upload: Upload) -> RecordingDay:
    """Note where something lies that is counted already, if that is not known yet; the row as it is then. Raises
    StaleRead."""
    if not _knows(row, upload):
        commit(_change(row, {"prefixes": {one.text for one in joined([*parts_of(row), upload.part])}}))
    return row


def _knows(row: RecordingDay, upload: Upload) -> bool:
    part = upload.part
    return any(
        one.where == part.where and one.first <= part.first and part.last <= one.last for one in parts_of(row)
    )


def _change(row: RecordingDay, values: dict[str, Any]) -> Write:
    writes = int(row.writes)
    return change(row, when=RecordingDay.writes == writes, otherwise=StaleRead, **values, writes=writes + 1)


@dataclass(frozen=True)
class Counted:
    """Counts of a day: where its segments lie, and how much was filmed and stored."""

    quarters: Quarters
    parts: Iterable[Part]
    first_ms: int
    last_ms: int
    until: int
    marks: list[bytes]

    def values(self, at: datetime) -> dict[str, Any]:
        """As attributes; `at` is any moment of the day."""
        expires_at = max(
            self.until + int(_LEEWAY.total_seconds()),
            clock.epoch_s(quarters.begin_of(quarters.day_of(at), 0) + _COUNTED_FOR),
        )
        return {
            "quarters": self.quarters.blob,
            "recorded_ms": self.quarters.total_ms,
            "size_bytes": self.quarters.total_bytes,
            "prefixes": {one.text for one in joined(self.parts)} or None,
            "first_ms": self.first_ms,
            "last_ms": self.last_ms,
            "until": self.until,
            "counted_lately": b"".join(self.marks[-_REMEMBERED:]) or None,
            "expires_at": expires_at,
        }


def is_counted(row: RecordingDay | None, segment: Segment) -> bool:
    """Whether it is one of those that the row counted last: news come twice, and a camera that heard no answer uploads
    again."""
    return _mark_of(segment) in _marks_of(row)


def may_be_forgotten(row: RecordingDay | None, segment: Segment) -> bool:
    """Whether it may have been counted though the row does not remember: as many others as it remembers may have been
    counted since. Of what is uploaded as it is filmed, that takes longer than its news do."""
    return len(_marks_of(row)) >= _REMEMBERED and not _is_live(segment)


def _is_live(segment: Segment) -> bool:
    # Where its stamp is not believed, all that a camera kept may have come at once.
    is_believed = segment.start != segment.arrived
    remembered = _REMEMBERED * timedelta(milliseconds=segment.duration_ms)
    return is_believed and clock.now() - segment.end <= min(_LIVE, remembered)


def _marks_with(row: RecordingDay | None, segment: Segment) -> list[bytes]:
    """Its mark is the last to go; but a backlog's, by which a listing is asked instead, goes before any of what was
    uploaded as it was filmed."""
    known, own = _marks_of(row), _mark_of(segment)
    return [*known, own] if _is_live(segment) else [own, *known[1 - _REMEMBERED :]]


def _marks_of(row: RecordingDay | None) -> list[bytes]:
    lately = b"" if row is None else bytes(row.counted_lately or b"")
    return [lately[at : at + _MARK_BYTES] for at in range(0, len(lately), _MARK_BYTES)]


def _mark_of(segment: Segment) -> bytes:
    # The same one on another ticket is the same.
    _, start, said, size_bytes = segment.as_uploaded
    return hashlib.blake2b(f"{ms_of(start)} {said} {size_bytes}".encode(), digest_size=_MARK_BYTES).digest()


def is_due(row: RecordingDay | None, upload: Upload, segment: Segment) -> bool:
    """Whether it is written now, or counted with the next listing: about once a minute of video, however short its
    objects are, and whenever a part is not known yet; but not what only a listing can tell to be new."""
    if row is None or not _knows(row, upload):
        return True
    is_long = segment.duration_ms >= _A_MINUTES_MS
    is_minute_over = is_long or int(row.writes) * _MINUTE_MS < ms_of(segment.end) - int(row.first_ms)
    return is_minute_over and not may_be_forgotten(row, segment)


def counted_anew(
    row: RecordingDay | None, device_id: str, channel: str, day: str, stored: list[Segment], parts: Iterable[Part]
) -> Write | None:
    """The row as a listing of all its parts has it; None where it says so already."""
    if not stored:
        return None if row is None or row.prefixes is None else _change(row, _nothing_left(row))
    # What came twice is counted once, and kept until both are over.
    single = without_doubles(stored)
    counted = Counted(
        quarters_of(row).counted_anew(Quarters().with_all(single)),
        parts,
        min(ms_of(one.start) for one in single),
        max(ms_of(one.end) for one in single),
        max(clock.epoch_s(one.until) for one in stored),
        [_mark_of(one) for one in sorted(single, key=lambda one: (_is_live(one), one.arrived))],
    )
    values = counted.values(stored[0].start)
    if row is None:
        return create(RecordingDay.new(device_id, f"{channel}.{day}", writes=1, **values), otherwise=StaleRead)
    return None if _says(row, values) else _change(row, values)


def _nothing_left(row: RecordingDay) -> dict[str, Any]:
    """Of a day on which everything was deleted: its minutes alone."""
    counted = quarters_of(row).counted_anew(Quarters())
    return {"quarters": counted.blob, "size_bytes": 0, "prefixes": None, "counted_lately": None}


def _says(row: RecordingDay, values: dict[str, Any]) -> bool:
    said = {name: getattr(row, name) for name in values}
    return values == {name: bytes(one) if isinstance(one, bytes) else one for name, one in said.items()}
