"""What the house of devices is told."""

from __future__ import annotations

from chalicelib.devices.actions import channel
from chalicelib.devices.actions.cameras import Camera


def on_camera_connected(camera: Camera, connection_id: str) -> None:
    """A camera opened its channel."""
    channel.opened(camera, connection_id)


def on_camera_disconnected(connection_id: str) -> None:
    """A channel ended, however it did."""
    channel.closed(connection_id)
