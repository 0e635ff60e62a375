"""Queue listeners of avatars."""

from __future__ import annotations

from chalicelib.avatars.actions.galleries import Arrival
from chalicelib.avatars.actions.portraits import GALLERY
from chalicelib.entry.object_events import created_objects
from chalicelib.entry.queues import Listeners, Message

listeners = Listeners(__name__)


@listeners.on_shared_queue("ImageUploads")
def on_avatar_uploaded(message: Message) -> None:
    """S3 tells of a picture that somebody uploaded of themselves."""
    for one in created_objects(message.body):
        GALLERY.take(Arrival(one.object_key, one.size_bytes, one.at))


@listeners.on_shared_queue("Cleanups")
def on_avatar_removed(message: Message) -> None:
    """Somebody deleted their picture, or has another: nothing points to it any more, and now it goes."""
    GALLERY.carry_out_removal(message.body["partition_id"], message.body["sort_id"])
