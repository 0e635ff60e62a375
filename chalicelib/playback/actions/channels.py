"""Channels that a person may look back at, and the index of each."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from itertools import groupby

from chalicelib.access.actions import DeviceAccess
from chalicelib.errors import NotFound
from chalicelib.playback.rules.capabilities import NothingRecorded
from chalicelib.recordings.actions import days
from chalicelib.recordings.actions.readable import Segment
from chalicelib.recordings.records import RecordingDay

Rows = dict[str, list[RecordingDay]]


def rows_of(granted: DeviceAccess, channel: str | None, begin: datetime, end: datetime) -> Rows:
    """By channel, of the one that was asked for or of all that the person may see, the rows of the days on which
    anything began that may have been filmed between; one query.

    Raises NotFound for a channel that the device never had, or that this person may not see.
    """
    device_id = granted.device.pk_id
    if channel is None:
        every = days.between(days.all_rows(device_id), begin, end)
        by_channel = {one: list(rows) for one, rows in groupby(every, key=lambda row: row.channel)}
        return {one: rows for one, rows in by_channel.items() if granted.covers(one)}
    if not granted.covers(channel):
        raise NotFound("channel")
    rows = days.rows_between(device_id, channel, begin, end)
    if not rows:
        require_known(granted, channel)
    return {channel: rows}


def require_known(granted: DeviceAccess, channel: str) -> None:
    """That the camera says it has the channel, or that there are recordings of one that it had; raises NotFound."""
    if not granted.covers(channel):
        raise NotFound("channel")
    said = granted.device.channel_ids
    if said is not None and channel not in said and not days.all_rows(granted.device.pk_id, channel):
        raise NotFound("channel")


def require_recorded(granted: DeviceAccess, channel: str, segments: Sequence[Segment]) -> None:
    """That any were found of this channel; raises NothingRecorded, and NotFound where there is no such channel."""
    if not segments:
        require_known(granted, channel)
        raise NothingRecorded
