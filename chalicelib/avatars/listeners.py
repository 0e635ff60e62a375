"""What the house of avatars is told."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any
from urllib.parse import unquote_plus

from chalicelib.avatars import actions
from chalicelib.avatars.actions import Arrival
from chalicelib.entry.queues import Listeners, Message

listeners = Listeners(__name__)


def _arrivals(body: Any) -> Iterator[Arrival]:
    # S3 sends a test event without records when the notification is set up.
    for record in body.get("Records", []):
        stored = record["s3"]["object"]
        yield Arrival(unquote_plus(stored["key"]), stored["size"], datetime.fromisoformat(record["eventTime"]))


@listeners.on_queue("AvatarUploads", batch_size=1)
def on_avatar_uploaded(message: Message) -> None:
    """S3 tells of a picture that somebody uploaded of themselves."""
    for arrival in _arrivals(message.body):
        actions.take_picture(arrival)


@listeners.on_queue("AvatarRemovals", batch_size=1)
def on_avatar_removed(message: Message) -> None:
    """Somebody deleted their picture, or has another: nothing points to it any more, and now it goes."""
    actions.carry_out_removal(message.body["partition_id"], message.body["place_id"])
