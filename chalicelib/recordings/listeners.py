"""Listeners of recordings."""

from __future__ import annotations

from typing import Any

from chalicelib.entry.object_events import created_objects
from chalicelib.entry.queues import Listeners, Message
from chalicelib.recordings.actions import arrivals, deleting
from chalicelib.recordings.actions.arrivals import Arrival, ReadTogether
from chalicelib.stock.actions import uploads

listeners = Listeners(__name__)


def _arrivals(body: Any) -> list[Arrival]:
    return [Arrival(one.object_key, one.at, one.size_bytes) for one in created_objects(body)]


def _read_together(bodies: list[Any]) -> ReadTogether:
    return arrivals.read_together(arrival for body in bodies for arrival in _arrivals(body))


@listeners.on_objects("RecordingUploads", prepare=_read_together)
def on_recording_uploaded(message: Message, together: ReadTogether) -> dict[str, object]:
    """S3 tells of video that cameras uploaded. The log says what was not taken, and why."""
    return uploads.log_of(
        [one for arrival in _arrivals(message.body) for one in arrivals.take_upload(arrival, together)]
    )


@listeners.on_queue("RecordingRemovals", batch_size=1)
def on_recordings_removed(message: Message) -> None:
    """Somebody deleted recordings: they are unreadable already, and now they go."""
    deleting.carry_out_removal(message.body["partition_id"], message.body["sort_id"])
