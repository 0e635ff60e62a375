"""Queue listeners of devices."""

from __future__ import annotations

from chalicelib.avatars.actions.galleries import Arrival
from chalicelib.devices.actions.covers import GALLERY
from chalicelib.entry.object_events import created_objects
from chalicelib.entry.queues import Listeners, Message

listeners = Listeners(__name__)


@listeners.on_shared_queue("ImageUploads")
def on_cover_uploaded(message: Message) -> None:
    """S3 tells of a picture that somebody uploaded for a device."""
    for one in created_objects(message.body):
        GALLERY.take(Arrival(one.object_key, one.size_bytes, one.at))


@listeners.on_shared_queue("Cleanups")
def on_cover_removed(message: Message) -> None:
    """A device has no cover any more, or another: nothing points to the one before, and now it goes."""
    GALLERY.carry_out_removal(message.body["partition_id"], message.body["sort_id"])
