"""What the house of sessions is told."""

from __future__ import annotations

from chalicelib.entry.queues import Listeners, Message
from chalicelib.sessions import actions

listeners = Listeners(__name__)


@listeners.on_queue("NewTerminals")
def on_new_terminal_seen(message: Message) -> None:
    """Somebody signed in on a terminal that never signed in before: the person is told."""
    actions.tell_of_new_terminal(message.body["partition_id"], message.body["place_id"])
