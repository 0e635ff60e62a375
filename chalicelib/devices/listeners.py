"""What the house of devices is told."""

from __future__ import annotations

from chalicelib.avatars.actions import galleries
from chalicelib.devices.actions import channel, transferring
from chalicelib.devices.actions.covers import GALLERY
from chalicelib.entry.callers import Camera
from chalicelib.entry.queues import Listeners, Message

listeners = Listeners(__name__)


@listeners.on_queue("CoverUploads", batch_size=1)
def on_cover_uploaded(message: Message) -> None:
    """S3 tells of a picture that somebody uploaded for a device."""
    for arrival in galleries.arrivals_in(message.body):
        GALLERY.take(arrival)


@listeners.on_queue("CoverRemovals", batch_size=1)
def on_cover_removed(message: Message) -> None:
    """A device has no cover any more, or another: nothing points to the one before, and now it goes."""
    GALLERY.carry_out_removal(message.body["partition_id"], message.body["place_id"])


@listeners.on_queue("TransferOffers", batch_size=1)
def on_transfer_offered(message: Message) -> None:
    """Somebody offers a device to somebody else, who is to hear of it."""
    transferring.tell_of_offer(message.body["partition_id"], message.body["place_id"])


def on_camera_connected(camera: Camera, connection_id: str) -> None:
    """A camera opened its channel."""
    channel.opened(camera, connection_id)


def on_camera_disconnected(connection_id: str) -> None:
    """A channel ended, however it did."""
    channel.closed(connection_id)
