"""Queue listeners of notices."""

from __future__ import annotations

from chalicelib.entry.queues import Listeners, Message
from chalicelib.notices.actions import telling

listeners = Listeners(__name__)


@listeners.on_shared_queue("Notices")
def on_recipient_named(message: Message) -> None:
    """An account is to be told what concerns it."""
    telling.tell_recipient(message.body["partition_id"], message.body["sort_id"])


@listeners.on_shared_queue("Notices")
def on_delivery_reported(message: Message) -> None:
    """The mail provider said what became of a notice."""
    telling.fall_back(message.body["partition_id"], message.body["sort_id"])
