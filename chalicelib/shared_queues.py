"""The functions of queues that several listeners share; a container imports a house when a message for it comes."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from chalicelib.entry.object_events import created_objects
from chalicelib.entry.queues import Handler, Listeners

# Lambda asks each queue all month whether there is anything. So those share one who need like rights, and are seldom
# told of much.
listeners = Listeners(__name__)

# Whose listener hears of what people uploaded, by the first word of an object's key.
_OF_UPLOADS = {
    "avatars-in": "avatars.on_avatar_uploaded", "covers-in": "devices.on_cover_uploaded",
    "feedback-in": "support.on_attachment_uploaded",
}  # fmt: skip


@listeners.of_shared_queue("Notices")
def on_notice_due(body: Any) -> Handler:
    """Somebody is to hear of something, by mail, text or push, or nothing more on a terminal."""
    return _addressee("Notices", body)


@listeners.of_shared_queue("Commands")
def on_command_due(body: Any) -> Handler:
    """A camera is to do something."""
    return _addressee("Commands", body)


@listeners.of_shared_queue("Pushes")
def on_push_due(body: Any) -> Handler:
    """A push is due that no picture caused, or one that did not reach its terminal."""
    return _addressee("Pushes", body)


@listeners.of_shared_queue("Cleanups")
def on_cleanup_due(body: Any) -> Handler:
    """Something was deleted or has ended, and what hung on it goes."""
    return _addressee("Cleanups", body)


@listeners.of_shared_queue("ImageUploads")
def on_image_uploaded(body: Any) -> Handler:
    """S3 tells of a picture that somebody uploaded of themselves, for a device or with feedback."""
    prefixes = {one.object_key.partition("/")[0] for one in created_objects(body)}
    # When the notification is set up S3 sends an event of no object, which is for anybody.
    (prefix,) = prefixes or {"avatars-in"}
    return _named("ImageUploads", _OF_UPLOADS[prefix])


def _addressee(queue: str, body: Any) -> Handler:
    """The listener gets what is left of the body without its name."""
    return _named(queue, body.pop("listener"))


def _named(queue: str, address: str) -> Handler:
    """The listener that a message names, as `house.name`. Raises KeyError if the queue has no such listener."""
    house, _, name = address.partition(".")
    found: Listeners = import_module(f"chalicelib.{house}.listeners").listeners
    return found.sharing[queue, name]
