"""Queue listeners of privacy."""

from __future__ import annotations

from chalicelib.entry.queues import Listeners, Message
from chalicelib.privacy.actions import erasing, export, hold_copies

listeners = Listeners(__name__)


@listeners.on_queue("Erasures", batch_size=1)
def on_erasure_begun(message: Message) -> None:
    """A subject is to be erased: its account was closed, its device removed, or it was found below another; or a pass
    had no time for all of it."""
    erasing.run_pass(message.body["partition_id"], message.body["sort_id"], int(message.body.get("pass", 0)))


@listeners.on_queue("Exports", batch_size=1)
def on_export_asked(message: Message) -> None:
    """Somebody asked for a copy of everything that is kept about them, or the law for one of some of it: a hold's row
    is the first of its partition, and has no id of its own there."""
    if not message.body["sort_id"]:
        hold_copies.copy(message.body["partition_id"])
    else:
        export.prepare(message.body["partition_id"], message.body["sort_id"])
