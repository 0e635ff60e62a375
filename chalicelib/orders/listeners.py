"""Queue listeners of orders."""

from __future__ import annotations

from chalicelib.entry.queues import Listeners, Message
from chalicelib.orders.actions import telling

listeners = Listeners(__name__)


@listeners.on_shared_queue("Notices")
def on_order_changed(message: Message) -> None:
    """An order came or changed: if it was paid, its buyer is notified."""
    telling.confirm_by_mail(message.body["partition_id"], message.body["sort_id"])
