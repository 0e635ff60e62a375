"""Queue listeners of accounts that nobody may be using."""

from __future__ import annotations

from chalicelib.entry.queues import Listeners, Message
from chalicelib.inactivity.actions import warning, watching

listeners = Listeners(__name__)


@listeners.on_shared_queue("Notices")
def on_terminal_seen(message: Message) -> None:
    """Somebody signed in to an account on a terminal that was not known there, at its registration at first."""
    watching.begin(message.body["partition_id"])


@listeners.on_shared_queue("Notices")
def on_account_warned(message: Message) -> None:
    """Those whom something of the account is shared with are to hear of its end, too."""
    warning.tell_guests(message.body["partition_id"])
