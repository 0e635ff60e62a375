"""Queue listeners of privacy."""

from __future__ import annotations

from chalicelib.entry.queues import Listeners, Message
from chalicelib.privacy.actions import closing, export

listeners = Listeners(__name__)


@listeners.on_queue("Erasures", batch_size=1)
def on_erasure_begun(message: Message) -> None:
    """An account was closed or a device removed: its data goes now."""
    closing.run_pass(message.body["partition_id"])


@listeners.on_queue("Exports", batch_size=1)
def on_export_asked(message: Message) -> None:
    """Somebody asked for a copy of everything that is kept about them."""
    export.prepare(message.body["partition_id"], message.body["place_id"])
