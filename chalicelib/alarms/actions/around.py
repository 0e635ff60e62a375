"""Recordings around an alarm: the span of its channel that has the moment, or lies next to it."""

from __future__ import annotations

from datetime import datetime, timedelta

from chalicelib.access.records import Device, Ownership
from chalicelib.alarms import shapes
from chalicelib.recordings.actions.readable import RecordedDevice, readable_segments, spans_of

# So far from it at most, and what comes no nearer than that is not about it.
_AROUND, _NEAR = timedelta(minutes=5), timedelta(seconds=15)


def recorded_around(device: Device, held: Ownership, channel: str, at: datetime) -> shapes.Recorded | None:
    """The span of its channel that has the moment, or begins or ends next to it."""
    begin, end = at - _AROUND, at + _AROUND
    spans = spans_of(readable_segments(RecordedDevice(device, held), channel, begin, end), begin, end)
    near = [span for span in spans if span[0] - _NEAR <= at <= span[1] + _NEAR]
    if not near:
        return None
    first, last = min(near, key=lambda span: max(span[0] - at, at - span[1]))
    return shapes.Recorded(from_=first, to=last)
