"""Invoices as PDF/A-3 with their XML inside (Factur-X), in Polish and English; the same bytes each time."""

from __future__ import annotations

from datetime import UTC, datetime, time
from pathlib import Path
from typing import TYPE_CHECKING, Final
from xml.sax.saxutils import escape  # writes only: nothing is parsed

from chalicelib.invoices.rules import cii, vat
from chalicelib.invoices.rules.documents import Document, decimal
from chalicelib.invoices.rules.parties import Party

if TYPE_CHECKING:
    from fpdf import FPDF

# As the standard calls the file inside.
ATTACHMENT: Final = "factur-x.xml"
_FONT = Path(__file__).parent / "fonts" / "DejaVuSans.ttf"
_XMP = Path(__file__).with_name("factur_x.xmp")
_FAMILY = "DejaVuSans"
_LINE_MM, _LEFT_MM, _WIDTH_MM = 6, 20, 170
_LABEL_MM = 70
_TITLES = {"invoice": "Faktura / Invoice", "credit_note": "Faktura korygująca / Credit note"}
_COLUMNS_MM = (80, 30, 30, 30)


def pdf(document: Document, xml: bytes) -> bytes:
    """The document for people, which carries `xml`, the same for machines."""
    page = _new(document)
    _write(page, document)
    # PDF/A-3 wants to know when the file changed, and what it is to the document.
    page.embed_file(
        bytes=xml,
        basename=ATTACHMENT,
        desc="Factur-X",
        mime_type="text/xml",
        creation_date=_moment(document),
        modification_date=_moment(document),
        associated_file_relationship="Alternative",
        compress=True,
    )
    return bytes(page.output())


def _moment(document: Document) -> datetime:
    """The beginning of the day: the time that the file says of itself must not be that of its writing."""
    return datetime.combine(document.issued_on, time(), UTC)


def _new(document: Document) -> FPDF:
    from fpdf import FPDF

    page = FPDF(format="A4", enforce_compliance="PDF/A-3B")
    page.set_creation_date(_moment(document))
    page.set_lang("pl")
    page.set_title(document.number)
    # Else a buyer who is called `{nb}` were the number of pages.
    page.alias_nb_pages(None)  # type: ignore[arg-type]
    # fpdf2 2.8.9 claims PDF/A in metadata of its own only, where it writes the time of day: these are the whole of it.
    page.set_xmp_metadata(_metadata(document))
    page.add_font(_FAMILY, fname=str(_FONT))
    page.set_font(_FAMILY, size=10)
    page.set_margins(_LEFT_MM, 20)
    page.add_page()
    return page


def _write(page: FPDF, document: Document) -> None:
    page.set_font_size(16)
    _text(page, f"{_TITLES[document.series]} {document.number}", 10)
    page.set_font_size(10)
    for label, value in _facts(document):
        page.cell(_LABEL_MM, _LINE_MM, label)
        page.multi_cell(_WIDTH_MM - _LABEL_MM, _LINE_MM, value, new_x="LMARGIN", new_y="NEXT", align="L")
    page.ln(_LINE_MM)
    _table(page, document)
    page.ln(_LINE_MM)
    exempt, _ = cii.EXEMPTIONS.get(document.tax.category, ("", ""))
    if exempt:
        _text(page, exempt, _LINE_MM)
    _text(page, _settled(document), _LINE_MM)


def _text(page: FPDF, text: str, height_mm: int) -> None:
    page.multi_cell(_WIDTH_MM, height_mm, text, new_x="LMARGIN", new_y="NEXT", align="L")


def _facts(document: Document) -> list[tuple[str, str]]:
    facts = [("Data wystawienia i sprzedaży / Date", f"{document.issued_on:%Y-%m-%d}")]
    if document.corrected is not None:
        of = document.corrected
        facts.append(("Do faktury / Corrects invoice", f"{of.number} ({of.issued_on:%Y-%m-%d})"))
    facts.append(("Sprzedawca / Seller", _party(document.seller)))
    unnamed = f"{cii.UNNAMED}, {document.tax.country}"
    facts.append(("Nabywca / Buyer", unnamed if document.buyer is None else _party(document.buyer)))
    facts.append(("Płatność / Payment", f"{document.payment_method}, {document.payment_reference}"))
    return facts


def _party(party: Party) -> str:
    number = () if party.vat_number is None else (f"VAT: {party.vat_number}",)
    return "\n".join((party.name, f"{party.address}, {party.country}", *number))


def _table(page: FPDF, document: Document) -> None:
    split, rate = document.split, f"{vat.per_cent(document.tax.rate_bp)}%"
    days = "" if document.period_days is None else f" ({document.period_days} dni / days)"
    _row(page, "Usługa / Service", "Netto / Net", f"VAT {rate}", "Brutto / Gross")
    amounts = (decimal(one) for one in (split.net, split.tax, document.gross))
    _row(page, f"{cii.name_of(document)}{days}", *amounts)


def _row(page: FPDF, what: str, *columns: str) -> None:
    first, *others = _COLUMNS_MM
    top = page.get_y()
    page.multi_cell(first, _LINE_MM, what, new_x="RIGHT", new_y="NEXT", align="L")
    bottom = page.get_y()
    page.set_xy(_LEFT_MM + first, top)
    for width, text in zip(others, columns, strict=True):
        page.cell(width, _LINE_MM, text, align="R")
    page.set_xy(_LEFT_MM, bottom)


def _settled(document: Document) -> str:
    said = "Do zwrotu / To be paid back" if document.series == "credit_note" else "Zapłacono / Paid"
    return f"{said}: {decimal(document.gross)} {document.currency}"


def _metadata(document: Document) -> str:
    """XMP that claims PDF/A-3B and Factur-X, and declares the words of the latter, which PDF/A does not know."""
    at = _moment(document).isoformat(timespec="seconds")
    return _XMP.read_text().format(title=escape(document.number), at=at)
