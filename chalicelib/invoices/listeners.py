"""Queue listeners of invoices."""

from __future__ import annotations

from chalicelib.entry.queues import Listeners, Message
from chalicelib.invoices.actions import making

listeners = Listeners(__name__)


@listeners.on_queue("InvoiceDocuments")
def on_invoice_issued(message: Message) -> None:
    """An invoice or a credit note was numbered: its documents are written."""
    making.make_documents(message.body["partition_id"], message.body["sort_id"])
