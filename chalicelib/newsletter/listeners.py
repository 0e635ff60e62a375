"""Queue listeners of the newsletter."""

from __future__ import annotations

from chalicelib.entry.queues import Listeners, Message
from chalicelib.newsletter.actions import sending, subscribing, unsubscribing

listeners = Listeners(__name__)


@listeners.on_shared_queue("Notices")
def on_issue_due(message: Message) -> None:
    """An issue is to go to the next of those who want it."""
    sending.send_page(message.body["partition_id"])


@listeners.on_shared_queue("Notices")
def on_address_held(message: Message) -> None:
    """An address belongs to an account now, and may be subscribed by itself."""
    subscribing.take_into_account(message.body["partition_id"])


@listeners.on_shared_queue("Notices")
def on_undelivered(message: Message) -> None:
    """A mail came back, or was called unwanted."""
    unsubscribing.end_undeliverable(message.body["partition_id"])
