"""Segments of video: when each was filmed, until when it is kept, and which init a player needs before it."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import groupby

# A camera's clock may be a little ahead.
AHEAD = timedelta(minutes=1)
# What is further from the end of the segment before it is a gap, or an overlap.
GAP = timedelta(seconds=1)
# A segment on whose ticket no init came has that of an earlier one, if it is no older than this: as far back is listed,
# whatever span is asked for.
INIT_HOLDS = timedelta(hours=2)
# So much a delay may differ within an encoder's work: networks do, and objects' lengths.
_UNCERTAIN = timedelta(seconds=65)


@dataclass(frozen=True)
class _Object:
    object_key: str

    @property
    def folder(self) -> str:
        """The ticket's own beginning of keys."""
        return self.object_key.rpartition("/")[0]

    @property
    def name(self) -> str:
        return self.object_key.rpartition("/")[2]


@dataclass(frozen=True)
class Init(_Object):
    """An object that a player has to read before segments of fragmented MP4; `content` is the same where its bytes
    are, and empty where nobody listed it."""

    arrived: datetime
    content: str = field(default="", compare=False)


@dataclass(frozen=True)
class Segment(_Object):
    """One uploaded object of video. `start` is when it was filmed, by the camera's stamp if that is believed, else by
    its arrival; `init` is what a player needs before it: None for a transport stream, which needs none."""

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
    def as_uploaded(self) -> tuple[str, datetime, str, int]:
        """Channel, moment, the camera's own word for moment and length, and size: the same of what was uploaded twice.
        (Where no stamp is believed, all that arrived in a second has one moment.)"""
        said = self.name.rpartition(".")[0].split("-")[:2]
        return self.channel, self.start, "-".join(said), self.size_bytes

    @property
    def is_playable(self) -> bool:
        return self.is_transport_stream or self.init is not None

    def overlaps(self, begin: datetime, end: datetime) -> bool:
        return self.start < end and begin < self.end


def filmed_at(stamp: datetime, arrived: datetime, keep_days: int) -> datetime:
    """The camera's stamp if its clock may have been right (at most a minute ahead of the arrival, and behind by no more
    than is kept), else the arrival."""
    is_believed = arrived - timedelta(days=keep_days) <= stamp <= arrived + AHEAD
    return stamp if is_believed else arrived


def without_doubles(segments: Iterable[Segment]) -> list[Segment]:
    """In order of time; of what was uploaded twice on two tickets the first."""
    first: dict[tuple[str, datetime, str, int], Segment] = {}
    for one in sorted(segments, key=lambda segment: (segment.arrived, segment.object_key)):
        first.setdefault(one.as_uploaded, one)
    return sorted(first.values(), key=lambda one: (one.start, one.arrived, one.object_key))


# Inits


@dataclass(frozen=True)
class _Session:
    """The work of an encoder with one init, as uploads tell of it: since when the init is known, when the first
    segment behind it began, and by how much that was late, or its clock behind."""

    known_since: datetime
    first_start: datetime
    delay: timedelta

    def may_have(self, segment: Segment) -> bool:
        """Whether a segment may be of it: not from before it began, by a clock that is as much behind. (Where no stamp
        is believed, the arrival stands for the start, and is late by less than nothing.)"""
        return segment.start >= self.first_start - GAP and _delay(segment) >= self.delay - _UNCERTAIN


def _delay(segment: Segment) -> timedelta:
    return segment.arrived - segment.end


def with_inits(segments: Iterable[Segment], inits: Iterable[Init]) -> list[Segment]:
    """The same segments, each with its init where it needs one and there is any.

    A camera brings its init on each ticket. On one that has several, a segment belongs to the last encoder that may
    have made it: one that was sent again, or late, to an earlier one. Where none came on its ticket, it belongs to the
    last that came before it on an earlier one.
    """
    in_turn = sorted(inits, key=lambda one: (one.arrived, one.object_key))
    by_folder = {folder: list(group) for folder, group in groupby(sorted(in_turn, key=_folder), key=_folder)}
    ordered = sorted(segments, key=lambda one: (one.folder, one.arrived, one.start))
    tickets = {folder: list(group) for folder, group in groupby(ordered, key=_folder)}
    sessions = _sessions(in_turn, by_folder, tickets)
    found = []
    for folder, of_ticket in tickets.items():
        own = by_folder.get(folder)
        if own is None:
            found += [replace(one, init=_last_before(in_turn, one)) for one in of_ticket]
        else:
            early = _brings_early(of_ticket, own)
            found += [replace(one, init=_of_ticket(one, own, sessions, early=early)) for one in of_ticket]
    return [replace(one, init=None) if one.is_transport_stream else one for one in found]


def _folder(one: Init | Segment) -> str:
    return one.folder


def _last_before(inits: list[Init], segment: Segment) -> Init | None:
    count = bisect_right(inits, segment.arrived, key=lambda init: init.arrived)
    init = inits[count - 1] if count else None
    return init if init is not None and segment.arrived - init.arrived <= INIT_HOLDS else None


def _brings_early(of_ticket: list[Segment], inits: list[Init]) -> bool:
    """Whether the camera brings an init as it begins to film, and not with the first segment: what came in the same
    second, by which S3 tells arrivals, was filmed before then."""
    return of_ticket[0].arrived - inits[0].arrived > GAP


def _sessions(
    inits: list[Init], by_folder: dict[str, list[Init]], tickets: dict[str, list[Segment]]
) -> dict[str, _Session]:
    """By the names of inits: the same one is brought again on each ticket."""
    found: dict[str, _Session] = {}
    for init in inits:
        of_ticket = tickets.get(init.folder)
        if init.name in found or not of_ticket:
            continue
        early = _brings_early(of_ticket, by_folder[init.folder])
        nth = (bisect_right if early else bisect_left)(of_ticket, init.arrived, key=lambda one: one.arrived)
        if nth < len(of_ticket):
            first = of_ticket[nth]
            found[init.name] = _Session(init.arrived, first.start, _delay(first))
    return found


def _of_ticket(segment: Segment, inits: list[Init], sessions: dict[str, _Session], *, early: bool) -> Init:
    count = (bisect_left if early else bisect_right)(inits, segment.arrived, key=lambda init: init.arrived)
    came = inits[:count] or inits[:1]
    if len(came) == 1:
        return came[0]
    known = [(sessions[init.name], init) for init in came if init.name in sessions]
    fitting = [one for one in known if one[0].may_have(segment)]
    return max(fitting, key=lambda one: one[0].known_since)[1] if fitting else came[-1]
