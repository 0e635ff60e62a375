"""Queue listeners of other platforms."""

from __future__ import annotations

from chalicelib.entry.queues import Listeners, Message
from chalicelib.identities import actions

listeners = Listeners(__name__)


@listeners.on_queue("OfferedPictures", batch_size=1)
def on_picture_offered(message: Message) -> None:
    """Somebody has come from another platform, which keeps a picture of them."""
    actions.take_over_picture(message.body["partition_id"], message.tries)
