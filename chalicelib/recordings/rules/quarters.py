"""Counts of what was filmed on a day (UTC), by quarters of an hour: by these, any time zone's days can be told."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from operator import ge

from chalicelib.instants import ms_of
from chalicelib.recordings.rules.segments import Segment

QUARTER = timedelta(minutes=15)
_QUARTER_MS = QUARTER // timedelta(milliseconds=1)
_IN_A_DAY = 96
_FORM = struct.Struct(f"<{_IN_A_DAY}I{_IN_A_DAY}I")
_MOST = 2**32 - 1


@dataclass(frozen=True)
class Quarters:
    """Milliseconds of video and bytes in each of the 96 quarters; bytes are those of the objects that begin in it."""

    ms: tuple[int, ...] = (0,) * _IN_A_DAY
    size_bytes: tuple[int, ...] = (0,) * _IN_A_DAY

    @classmethod
    def of(cls, blob: bytes | None) -> Quarters:
        if blob is None:
            return cls()
        counts = _FORM.unpack(zlib.decompress(blob, bufsize=_FORM.size))
        return cls(counts[:_IN_A_DAY], counts[_IN_A_DAY:])

    @property
    def blob(self) -> bytes:
        """Compressed: a row of a whole day has to stay below the kilobyte that one write unit pays for."""
        return zlib.compress(_FORM.pack(*self.ms, *self.size_bytes), 9)

    @property
    def total_ms(self) -> int:
        return sum(self.ms)

    @property
    def total_bytes(self) -> int:
        return sum(self.size_bytes)

    def with_all(self, segments: Iterable[Segment]) -> Quarters:
        ms, size_bytes = list(self.ms), list(self.size_bytes)
        for segment in segments:
            for nth, share_ms in _shares(segment):
                ms[nth] = min(_MOST, ms[nth] + share_ms)
            first = nth_of(segment.start)
            size_bytes[first] = min(_MOST, size_bytes[first] + segment.size_bytes)
        return Quarters(tuple(ms), tuple(size_bytes))

    def counted_anew(self, listed: Quarters) -> Quarters:
        """After a listing of all that is there: bytes are as listed; minutes are only ever counted up, whatever was
        deleted."""
        return Quarters(tuple(map(max, self.ms, listed.ms)), listed.size_bytes)

    def holds(self, listed: Quarters) -> bool:
        """Whether it counts all of what a listing has."""
        return self.holds_bytes(listed) and all(map(ge, self.ms, listed.ms))

    def holds_bytes(self, listed: Quarters) -> bool:
        return all(map(ge, self.size_bytes, listed.size_bytes))

    def filled(self) -> Iterator[int]:
        """Those in which something was filmed."""
        return (nth for nth, ms in enumerate(self.ms) if ms)


def nth_of(at: datetime) -> int:
    """The quarter of its day that an instant lies in."""
    at = at.astimezone(UTC)
    return (at.hour * 60 + at.minute) // 15


def day_of(at: datetime) -> str:
    """The day (UTC) of an instant, as rows name it: `20261129`."""
    return f"{at.astimezone(UTC):%Y%m%d}"


def begin_of(day: str, nth: int) -> datetime:
    return datetime.fromisoformat(day).replace(tzinfo=UTC) + nth * QUARTER


def _shares(segment: Segment) -> Iterator[tuple[int, int]]:
    """Each quarter that it was filmed in, with the milliseconds of it; beyond the day's end all is the last one's."""
    at = ms_of(segment.start) % (_IN_A_DAY * _QUARTER_MS)
    nth, end = at // _QUARTER_MS, at + segment.duration_ms
    while at < end:
        until = min(end, (nth + 1) * _QUARTER_MS) if nth < _IN_A_DAY - 1 else end
        yield nth, until - at
        nth, at = nth + 1, until
