"""Recordings are deleted by their owner: one, or a span of time."""

from __future__ import annotations

from chalicelib import clock
from chalicelib.access.actions import DeviceAccess
from chalicelib.entry.callers import Caller
from chalicelib.playback import shapes
from chalicelib.playback.actions import channels, showing
from chalicelib.playback.rules import capabilities
from chalicelib.recordings.actions import deleting
from chalicelib.recordings.actions.readable import RecordedDevice


def delete_one(caller: Caller, granted: DeviceAccess, of: RecordedDevice, recording_id: str) -> None:
    """Raises NotFound, TooManyDeletions."""
    shown = showing.find(granted, of, recording_id)
    deleting.delete_one(caller, of, shown.channel, shown.start, shown.end)


def delete_span(
    caller: Caller, granted: DeviceAccess, of: RecordedDevice, body: shapes.DeleteRecordings
) -> None:
    """Delete a span, up to now at most: nobody deletes what is not there yet. Raises NotFound, RangeInvalid."""
    now = clock.now()
    end = now if body.to is None else min(body.to, now)
    capabilities.require_range(body.from_, end)
    if body.channel is not None:
        channels.require_known(granted, body.channel)
    deleting.delete_span(caller, of, body.channel, body.from_, end)
