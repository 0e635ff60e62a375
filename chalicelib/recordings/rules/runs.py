"""Runs: segments that follow each other without a gap, as recordings are listed and played."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from chalicelib.recordings.rules.segments import GAP, Init, Segment


@dataclass(frozen=True)
class Run:
    """Segments of one channel that were filmed one behind the other with the same init; never empty."""

    segments: tuple[Segment, ...]

    @property
    def start(self) -> datetime:
        return self.segments[0].start

    @property
    def end(self) -> datetime:
        return self.segments[-1].end

    @property
    def until(self) -> datetime:
        """That of its last segment."""
        return self.segments[-1].until

    @property
    def size_bytes(self) -> int:
        return sum(one.size_bytes for one in self.segments)


def runs_of(segments: Iterable[Segment]) -> list[Run]:
    """The runs of these segments, in order of their beginnings.

    A segment goes on the run whose end is nearest to its start, if that is within a second and has the same init: two
    that were filmed at the same time (a clock was set back) stay two. Thousands may be: a camera whose clock nobody
    believes brings what it kept at once. So what may be gone on with stands in order of its end.
    """
    whole: list[list[Segment]] = []
    ends: dict[_Kind, list[tuple[datetime, int]]] = {}
    for segment in sorted(segments, key=lambda one: (one.start, one.arrived, one.object_key)):
        open_runs = ends.setdefault(_kind(segment), [])
        nth = _nearest(open_runs, segment)
        number = len(whole) if nth is None else open_runs.pop(nth)[1]
        if nth is None:
            whole.append([])
        whole[number].append(segment)
        insort(open_runs, (segment.end, number))
    return [Run(tuple(run)) for run in whole]


# What one run has in common: its channel, its container, and its init.
_Kind = tuple[str, bool, tuple[str, str] | None]


def _kind(segment: Segment) -> _Kind:
    return segment.channel, segment.is_transport_stream, _said_of(segment.init)


def _nearest(open_runs: list[tuple[datetime, int]], segment: Segment) -> int | None:
    """Of runs in order of their ends the one that it goes on; of two that are as near the one that began first."""
    above = bisect_left(open_runs, (segment.start, -1))
    below = bisect_left(open_runs, (open_runs[above - 1][0], -1)) if above else None
    near = [nth for nth in (below, above) if nth is not None and nth < len(open_runs)]
    fitting = [nth for nth in near if abs(segment.start - open_runs[nth][0]) <= GAP]
    return min(fitting, key=lambda nth: (abs(segment.start - open_runs[nth][0]), open_runs[nth][1]), default=None)


def _said_of(init: Init | None) -> tuple[str, str] | None:
    """Some cameras call each init alike, and its bytes tell them apart."""
    return None if init is None else (init.name, init.content)


Span = tuple[datetime, datetime]


def spans_of(segments: Iterable[Segment], begin: datetime, end: datetime) -> list[Span]:
    """Spans in which something was filmed, from `begin` to `end`; those within a second of each other are one."""
    spans: list[Span] = []
    for one in sorted(segments, key=lambda segment: segment.start):
        start, stop = max(one.start, begin), min(one.end, end)
        if stop <= start:
            continue
        if spans and start <= spans[-1][1] + GAP:
            spans[-1] = (spans[-1][0], max(spans[-1][1], stop))
        else:
            spans.append((start, stop))
    return spans
