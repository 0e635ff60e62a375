"""Queue listeners of the User Experience Plan."""

from __future__ import annotations

from chalicelib.entry.queues import Listeners, Message
from chalicelib.experience import actions

listeners = Listeners(__name__)


@listeners.on_shared_queue("Cleanups")
def on_consent_changed(message: Message) -> None:
    """A consent was given or withdrawn: what was gathered by one that is in force no more goes."""
    actions.delete_withdrawn(message.body["partition_id"])
