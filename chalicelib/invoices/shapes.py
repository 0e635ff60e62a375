"""Response shapes of invoices."""

from __future__ import annotations

from typing import Literal

from chalicelib.entry.wire import Pending as Pending  # while a document is made
from chalicelib.entry.wire import Shape, Time

Format = Literal["pdf", "xml"]


class WhichInvoice(Shape):
    """The form that is wanted: PDF/A-3 with the XML inside (Factur-X), or the XML of EN 16931 alone."""

    format: Format = "pdf"


class InvoiceLink(Shape):
    """A link that reads the document until then, five minutes at most; whoever asks again is given another one."""

    url: str
    format: Format
    until: Time
