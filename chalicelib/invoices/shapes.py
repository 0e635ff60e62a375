"""Response shapes of invoices."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta

from chalicelib.entry.wire import END, Shape, Time
from chalicelib.entry.wire import Pending as Pending  # while a document is made

Format = Literal["pdf", "xml"]
Kind = Literal["invoice", "credit_note"]


class WhichInvoice(Shape):
    """The form that is wanted: PDF/A-3 with the XML inside (Factur-X), or the XML of EN 16931 alone; and which
    document: the invoice, or the credit note by which it was corrected when the money went back."""

    format: Format = "pdf"
    document: Kind = "invoice"


class InvoiceLink(Shape):
    """A link that reads the document until then, five minutes at most; whoever asks again is given another one."""

    url: str
    format: Format
    until: Time


class CloseMonth(Shape):
    """A month of the seller's calendar, `2026-01`."""

    month: Annotated[str, Meta(pattern=r"^20[0-9]{2}-(0[1-9]|1[0-2])" + END)]


class MonthSum(Shape):
    """What was sold to a country at a rate, without what was given back; amounts in the smallest unit."""

    currency: str
    country: str
    tax_category: Literal["S", "AE", "O", "G"]
    tax_rate_bp: int
    documents: int
    net: int
    tax: int
    gross: int


class ClosedMonth(Shape):
    """The files of a closed month, behind links that are good until then, and their SHA-256."""

    month: str
    invoices: int
    credit_notes: int
    sums: list[MonthSum]
    csv_url: str
    xml_url: str
    csv_sha256: str
    xml_sha256: str
    until: Time
