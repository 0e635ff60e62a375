"""Queue listeners of campaigns."""

from __future__ import annotations

from chalicelib.campaigns.actions import entering
from chalicelib.entry.queues import Listeners, Message

listeners = Listeners(__name__)


@listeners.on_shared_queue("Cleanups")
def on_consent_ended(message: Message) -> None:
    """A consent was withdrawn, or given anew to another text: what was entered by one that is in force no more goes."""
    entering.delete_withdrawn(message.body["sort_id"])
