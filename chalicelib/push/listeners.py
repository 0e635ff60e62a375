"""Queue listeners of pushes."""

from __future__ import annotations

from chalicelib.entry.queues import Listeners, Message
from chalicelib.push.actions import notifying, terminals
from chalicelib.sessions.actions.audience import Target

listeners = Listeners(__name__)


@listeners.on_shared_queue("Pushes")
def on_push_failed(message: Message) -> None:
    """A push did not reach its terminal."""
    ids = dict(message.body)
    target = Target(ids.pop("account_id"), ids.pop("session_id"), ids.pop("arn"))
    notifying.push_again(target, ids.pop("about"), ids.pop("push_id"), ids)


@listeners.on_shared_queue("Notices")
def on_session_ended(message: Message) -> None:
    """A session ended, however it did, or left an address that SNS is to forget."""
    terminals.forget_ended_session(message.body["partition_id"], message.body["sort_id"])
