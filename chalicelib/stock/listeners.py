"""Queue listeners of cameras."""

from __future__ import annotations

from chalicelib.entry.queues import Listeners, Message
from chalicelib.stock.actions import cameras, channel

listeners = Listeners(__name__)


@listeners.on_shared_queue("Cleanups")
def on_ownership_ended(message: Message) -> None:
    """A device is nobody's any more: its owner removed it, handed it over, or closed the account."""
    cameras.release(message.body["partition_id"], message.body["sort_id"])


# The channel's own is bound in app.py.


def on_camera_disconnected(connection_id: str) -> None:
    """A channel ended, however it did."""
    channel.closed(connection_id)
