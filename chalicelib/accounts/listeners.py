"""What the house of accounts is told."""

from __future__ import annotations

from chalicelib.accounts.actions import letters
from chalicelib.entry.queues import Listeners, Message

listeners = Listeners(__name__)


@listeners.on_queue("Letters")
def on_letter_written(message: Message) -> None:
    """Something happened to an account that its owner must hear of."""
    letters.send_letter(message.body["partition_id"], message.body["place_id"])
