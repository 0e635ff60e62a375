"""Queue listeners of support."""

from __future__ import annotations

from chalicelib.avatars.actions.galleries import Arrival
from chalicelib.entry.object_events import created_objects
from chalicelib.entry.queues import Listeners, Message
from chalicelib.support.actions import attachments

listeners = Listeners(__name__)


@listeners.on_shared_queue("ImageUploads")
def on_attachment_uploaded(message: Message) -> None:
    """S3 tells of a picture that somebody uploaded with feedback."""
    for one in created_objects(message.body):
        attachments.take(Arrival(one.object_key, one.size_bytes, one.at))
