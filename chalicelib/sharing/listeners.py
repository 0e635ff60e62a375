"""Queue listeners of sharing."""

from __future__ import annotations

from chalicelib.entry.queues import Listeners, Message
from chalicelib.sharing.actions import following

listeners = Listeners(__name__)


@listeners.on_shared_queue("Notices")
def on_person_invited(message: Message) -> None:
    """Somebody was invited to a device."""
    following.notify_of_invitation(message.body["partition_id"], message.body["sort_id"])


@listeners.on_shared_queue("Cleanups")
def on_share_ended(message: Message) -> None:
    """Somebody has a share no more: it was ended, or its time, or the account, or the device."""
    following.follow_share(message.body["partition_id"], message.body["sort_id"])
