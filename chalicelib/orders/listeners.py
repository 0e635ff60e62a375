"""Queue listeners of orders."""

from __future__ import annotations

from chalicelib.entry.queues import Listeners, Message
from chalicelib.orders.actions import cards, paying_back, telling, webhooks

listeners = Listeners(__name__)


@listeners.on_shared_queue("Notices")
def on_order_changed(message: Message) -> None:
    """An order came or changed: if it was paid, its buyer is notified."""
    telling.confirm_by_mail(message.body["partition_id"], message.body["sort_id"])


@listeners.on_shared_queue("Notices")
def on_refund_due(message: Message) -> None:
    """Money goes back: its provider is asked for it, and again by the clock where it does not answer."""
    paying_back.ask(message.body["sort_id"])


@listeners.on_shared_queue("Notices")
def on_event_delayed(message: Message) -> None:
    """A provider's event could not be looked up when it came: it is looked up now, and again by the clock where the
    provider does not answer."""
    webhooks.look_up(message.body["sort_id"])


@listeners.on_shared_queue("Notices")
def on_renewal_ended(message: Message) -> None:
    """A plan does not renew by itself any more: the card goes with the last one of the account."""
    cards.let_go(message.body["partition_id"], message.body["sort_id"])


@listeners.on_shared_queue("Notices")
def on_customer_due(message: Message) -> None:
    """Nobody needs a customer at a provider any more: it is asked to delete him, and again by the clock where it does
    not answer."""
    cards.forget(message.body["sort_id"])
