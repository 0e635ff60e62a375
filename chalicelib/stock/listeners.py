"""Queue listeners of cameras."""

from __future__ import annotations

from chalicelib.entry.callers import Camera
from chalicelib.entry.queues import Listeners
from chalicelib.stock.actions import channel

# Registered as every house's: the channel's own are bound in app.py.
listeners = Listeners(__name__)


def on_camera_connected(camera: Camera, connection_id: str) -> None:
    """A camera connected to its channel."""
    channel.connected(camera, connection_id)


def on_camera_disconnected(connection_id: str) -> None:
    """A channel ended, however it did."""
    channel.closed(connection_id)
