"""Queue listeners of commands."""

from __future__ import annotations

from typing import Any

from chalicelib.commands import actions
from chalicelib.entry.callers import Camera
from chalicelib.entry.queues import Listeners, Message

listeners = Listeners(__name__)


@listeners.on_shared_queue("Commands")
def on_command_given(message: Message) -> None:
    """A command was given to a camera."""
    actions.bring(message.body["partition_id"], message.body["sort_id"], is_repeat=message.tries > 1)


@listeners.on_shared_queue("Commands")
def on_mailbox_opened(message: Message) -> None:
    """A camera has connected for which something waited: it goes down."""
    actions.bring_all(message.body["partition_id"], is_repeat=message.tries > 1)


@listeners.on_shared_queue("Commands")
def on_settings_changed(message: Message) -> None:
    """The desired settings of a device have changed."""
    actions.send_settings(message.body["partition_id"], message.body["sort_id"])


# The channel's own are bound in app.py.


def on_camera_connected(camera: Camera, connection_id: str) -> None:
    """A camera connected to its channel."""
    actions.take_in(camera, connection_id)


def on_camera_said(connection_id: str, answer: Any) -> None:
    """A camera answered on its channel."""
    actions.take_answer(connection_id, answer)
