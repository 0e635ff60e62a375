"""What the house of privacy is told."""

from __future__ import annotations

from chalicelib.entry.queues import Listeners, Message
from chalicelib.privacy import actions

listeners = Listeners(__name__)


@listeners.on_queue("Erasures", batch_size=1)
def on_erasure_begun(message: Message) -> None:
    """An account was closed or a device removed: its data goes now."""
    actions.pursue(message.body["partition_id"])
