"""Segments of video: when each was filmed, until when it is kept, and which init a player needs before it."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import groupby, pairwise

# A camera's clock may be a little ahead.
AHEAD = timedelta(minutes=1)
# What is further from the end of the segment before it is a gap, or an overlap.
GAP = timedelta(seconds=1)
# A segment that came by so much later than its neighbour was sent again, and what arrived meanwhile is not its own.
_SENT_AGAIN = timedelta(seconds=5)


@dataclass(frozen=True)
class Init:
    """An object that a player has to read before segments of fragmented MP4."""

    object_key: str
    arrived: datetime

    @property
    def folder(self) -> str:
        return folder_of(self.object_key)

    @property
    def name(self) -> str:
        return self.object_key.rpartition("/")[2]


@dataclass(frozen=True)
class Segment:
    """One uploaded object of video. `start` is when it was filmed, by the camera's stamp if that is believed, else by
    its arrival; `init` is what a player needs before it: None for a transport stream, which needs none."""

    object_key: str
    channel: str
    keep_days: int
    start: datetime
    duration_ms: int
    size_bytes: int
    arrived: datetime
    fragments: tuple[int, ...] = ()
    is_transport_stream: bool = False
    init: Init | None = None

    @property
    def end(self) -> datetime:
        return self.start + timedelta(milliseconds=self.duration_ms)

    @property
    def until(self) -> datetime:
        """The end of its keeping: it is readable before, and unreadable from then on."""
        return self.arrived + timedelta(days=self.keep_days)

    @property
    def folder(self) -> str:
        return folder_of(self.object_key)

    @property
    def name(self) -> str:
        return self.object_key.rpartition("/")[2]

    @property
    def is_playable(self) -> bool:
        return self.is_transport_stream or self.init is not None

    def overlaps(self, begin: datetime, end: datetime) -> bool:
        return self.start < end and begin < self.end


def folder_of(object_key: str) -> str:
    """The ticket's own beginning of keys."""
    return object_key.rpartition("/")[0]


def filmed_at(stamp: datetime, arrived: datetime, keep_days: int) -> datetime:
    """The camera's stamp if its clock may have been right (at most a minute ahead of the arrival, and behind by no more
    than is kept), else the arrival."""
    is_believed = arrived - timedelta(days=keep_days) <= stamp <= arrived + AHEAD
    return stamp if is_believed else arrived


def is_next(before: Segment, after: Segment) -> bool:
    """Whether it goes on where the other ends, without a gap or an overlap of more than a second."""
    return abs(after.start - before.end) <= GAP


def without_doubles(segments: Iterable[Segment]) -> list[Segment]:
    """In order of time; of what was uploaded twice on two tickets (same moment, length and size) the first."""
    first: dict[tuple[str, datetime, int, int], Segment] = {}
    for one in sorted(segments, key=lambda segment: (segment.arrived, segment.object_key)):
        first.setdefault((one.channel, one.start, one.duration_ms, one.size_bytes), one)
    return sorted(first.values(), key=lambda one: (one.start, one.arrived, one.object_key))


# Inits


def with_inits(segments: Iterable[Segment], inits: Iterable[Init]) -> list[Segment]:
    """The same segments, each with its init where it needs one and there is any.

    A camera brings its init on each ticket. On one that has several, a segment belongs to the last that came before it;
    where it came on no ticket of its own, to the last before it on an earlier one.
    """
    by_folder: dict[str, list[Init]] = {}
    in_turn = sorted(inits, key=lambda one: (one.arrived, one.object_key))
    for init in in_turn:
        by_folder.setdefault(init.folder, []).append(init)
    ordered = sorted(segments, key=lambda one: (one.folder, one.arrived, one.start))
    found: list[Segment] = []
    for folder, group in groupby(ordered, key=lambda one: one.folder):
        own, of_ticket = by_folder.get(folder), list(group)
        found += _paired(of_ticket, own) if own else [_with_earlier(in_turn, one) for one in of_ticket]
    return [replace(one, init=None) if one.is_transport_stream else one for one in found]


def _with_earlier(inits: list[Init], segment: Segment) -> Segment:
    count = bisect_right(inits, segment.arrived, key=lambda init: init.arrived)
    return replace(segment, init=inits[count - 1] if count else None)


def _paired(arrived: list[Segment], inits: list[Init]) -> list[Segment]:
    """The segments of one ticket, in order of arrival, with its inits."""
    # S3 tells arrivals by the second. Of a camera that brings an init as it begins to film, what came in the same
    # second was filmed before; most bring it with the first segment.
    brings_early = arrived[0].arrived - inits[0].arrived > GAP
    paired: list[Segment] = []
    for segment in arrived:
        earlier = [init for init in inits if init.arrived <= segment.arrived]
        if brings_early and len(earlier) > 1 and earlier[-1].arrived == segment.arrived:
            earlier.pop()
        paired.append(replace(segment, init=earlier[-1] if earlier else inits[0]))
    return _with_those_sent_again(sorted(paired, key=lambda one: (one.start, one.arrived)))


def _with_those_sent_again(filmed: list[Segment]) -> list[Segment]:
    """A segment whose first upload was lost came after a later init, and belongs where it was filmed."""
    repaired = list(filmed)
    for nth, neighbours in enumerate(_neighbours(filmed)):
        late = filmed[nth].arrived - filmed[nth].end
        beside = [one for one in neighbours if late > one.arrived - one.end + _SENT_AGAIN]
        theirs = {one.init for one in beside}
        if len(theirs) == 1 and filmed[nth].init not in {one.init for one in neighbours}:
            repaired[nth] = replace(filmed[nth], init=beside[0].init)
    return repaired


def _neighbours(filmed: list[Segment]) -> Iterator[list[Segment]]:
    """Of each those before and after that it goes on from, or that go on from it."""
    follows = [False, *(is_next(before, after) for before, after in pairwise(filmed)), False]
    for nth in range(len(filmed)):
        before = [filmed[nth - 1]] if follows[nth] else []
        after = [filmed[nth + 1]] if follows[nth + 1] else []
        yield before + after
