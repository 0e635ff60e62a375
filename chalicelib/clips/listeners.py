"""Queue listeners of clips."""

from __future__ import annotations

from chalicelib.clips.actions import making
from chalicelib.entry.queues import Listeners, Message

listeners = Listeners(__name__)


@listeners.on_queue("ClipRequests", batch_size=1)
def on_clip_requested(message: Message) -> dict[str, object] | None:
    """Somebody asked for a file of what was recorded. The log says what became of it."""
    return making.make_clip(message.body["partition_id"], message.body["sort_id"])
