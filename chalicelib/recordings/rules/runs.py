"""Runs: segments that follow each other without a gap, as recordings are listed and played."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from chalicelib.recordings.rules.segments import GAP, Init, Segment, is_next


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
    that were filmed at the same time (a clock was set back) stay two.
    """
    whole: list[list[Segment]] = []
    open_runs: list[list[Segment]] = []
    for segment in sorted(segments, key=lambda one: (one.start, one.arrived, one.object_key)):
        open_runs = [run for run in open_runs if run[-1].end >= segment.start - GAP]
        fitting = [run for run in open_runs if _goes_on(run[-1], segment)]
        if fitting:
            min(fitting, key=lambda run: abs(segment.start - run[-1].end)).append(segment)
            continue
        whole.append([segment])
        open_runs.append(whole[-1])
    return [Run(tuple(run)) for run in whole]


def _goes_on(before: Segment, after: Segment) -> bool:
    same_kind = before.is_transport_stream == after.is_transport_stream
    same_init = _said_of(before.init) == _said_of(after.init)
    return before.channel == after.channel and same_kind and same_init and is_next(before, after)


def _said_of(init: Init | None) -> tuple[str, str] | None:
    """Some cameras call each init alike, and its bytes tell them apart."""
    return None if init is None else (init.name, init.content)


Span = tuple[datetime, datetime]


def spans_of(segments: Iterable[Segment], begin: datetime, end: datetime) -> list[Span]:
    """When something was filmed, from `begin` to `end`, with what is within a second made one."""
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
