"""Queue listeners of transfers."""

from __future__ import annotations

from chalicelib.entry.queues import Listeners, Message
from chalicelib.transfers import actions

listeners = Listeners(__name__)


@listeners.on_shared_queue("Notices")
def on_transfer_offered(message: Message) -> None:
    """Somebody offers a device to somebody else, who is to hear of it."""
    actions.notify_of_offer(message.body["partition_id"], message.body["sort_id"])
