"""Segments that a clip is made from, how much they are together, and until when they may be shown."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate
from typing import TypedDict

from chalicelib import clock
from chalicelib.clips.records import CLIPS, Clip
from chalicelib.clips.rules import bounds
from chalicelib.instants import at_ms, ms_of
from chalicelib.recordings.actions.readable import RecordedDevice, Segment, readable_segments


class Limits(TypedDict):
    """The attributes of a clip that its sources decide."""

    made_from_ms: int
    made_to_ms: int
    arrived_from: int
    arrived_to: int
    until: int
    expires_at: int


def whole(clip: Clip) -> Segment:
    """All of what a clip was made from, as one."""
    arrived, duration_ms = clock.at_epoch(clip.arrived_from), int(clip.made_to_ms - clip.made_from_ms)
    return Segment(clip.video, clip.channel, 0, at_ms(clip.made_from_ms), duration_ms, 0, arrived)


def found(of: RecordedDevice, channel: str, from_ms: float, to_ms: float) -> list[Segment]:
    """Those that may be shown now, in order of time."""
    return readable_segments(of, channel, at_ms(from_ms), at_ms(to_ms))


def limits(segments: Sequence[Segment], asked_at: float) -> Limits:
    """The first of a day and of what ends first among these."""
    until = min(clock.epoch_s(min(one.until for one in segments)), int(asked_at + CLIPS.keep.total_seconds()))
    return Limits(
        made_from_ms=ms_of(min(one.start for one in segments)),
        made_to_ms=ms_of(max(one.end for one in segments)),
        arrived_from=clock.epoch_s(min(one.arrived for one in segments)),
        arrived_to=clock.epoch_s(max(one.arrived for one in segments)),
        until=until,
        expires_at=until,
    )


def too_large_from(segments: Sequence[Segment]) -> Segment | None:
    """The first that has no room; None where all have."""
    sums = accumulate(one.size_bytes for one in segments)
    return next((one for one, size in zip(segments, sums, strict=True) if size > bounds.MOST_BYTES), None)
