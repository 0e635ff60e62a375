"""Listeners of alarms."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from chalicelib.alarms.actions import deleting, ingesting, notifying
from chalicelib.alarms.actions.arrivals import Arrival
from chalicelib.entry.object_events import created_objects
from chalicelib.entry.queues import Listeners, Message
from chalicelib.push.actions import recipients
from chalicelib.push.actions.recipients import Recipients
from chalicelib.stock.actions import uploads

listeners = Listeners(__name__)


def _arrivals(body: Any) -> Iterator[Arrival]:
    return (Arrival(one.object_key, one.at, one.size_bytes, one.request_id) for one in created_objects(body))


def _recipients(bodies: list[Any]) -> dict[str, Recipients]:
    channels: dict[str, set[str | None]] = {}
    for arrival in (arrival for body in bodies for arrival in _arrivals(body) if arrival.device_id):
        channels.setdefault(arrival.device_id, set()).update(arrival.channels_notified)
    return recipients.of_devices(channels)


@listeners.on_objects("AlarmPictures", prepare=_recipients)
def on_picture_uploaded(message: Message, devices: dict[str, Recipients]) -> dict[str, object]:
    """S3 tells of snapshots that cameras uploaded. The log says what was not taken, and why."""
    refused: list[uploads.Refused] = []
    for arrival in _arrivals(message.body):
        found = devices.get(arrival.device_id)
        if found is not None:
            uploads.note_upload(found.device, arrival.arrived)
        refused += ingesting.take_picture(arrival, found, is_first_try=message.tries == 1)
    return uploads.log_of(refused)


@listeners.on_shared_queue("Cleanups")
def on_alarms_removed(message: Message) -> None:
    """Somebody deleted alarms: they are unreadable already, and now they go."""
    deleting.carry_out_removal(message.body["partition_id"], message.body["sort_id"])


@listeners.on_shared_queue("Pushes")
def on_presence_changed(message: Message) -> None:
    """A camera has gone away and not come back, or has come back."""
    notifying.notify_presence(message.body["partition_id"], message.body["sort_id"], is_repeat=message.tries > 1)
