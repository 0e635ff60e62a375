"""What the house of pushes is told."""

from __future__ import annotations

from chalicelib.entry.queues import Listeners, Message
from chalicelib.push import actions

listeners = Listeners(__name__)


@listeners.on_queue("SessionEnds")
def on_session_ended(message: Message) -> None:
    """A session ended, however it did."""
    actions.forget_ended_session(message.body["partition_id"], message.body["place_id"])
