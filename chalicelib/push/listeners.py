"""Queue listeners of pushes."""

from __future__ import annotations

from chalicelib.entry.queues import Listeners, Message
from chalicelib.push import actions

listeners = Listeners(__name__)


@listeners.on_queue("FailedPushes", batch_size=1)
def on_push_failed(message: Message) -> None:
    """A push did not reach its terminal."""
    ids = dict(message.body)
    actions.push_again(ids.pop("endpoint"), ids.pop("about"), ids.pop("push_id"), ids)


@listeners.on_queue("SessionEnds")
def on_session_ended(message: Message) -> None:
    """A session ended, however it did."""
    actions.forget_ended_session(message.body["partition_id"], message.body["place_id"])
