"""A function writes the documents of an invoice: XML, the PDF that carries it, and of a Polish seller that for KSeF."""

from __future__ import annotations

from chalicelib import clock
from chalicelib.invoices.actions import buyers, documents, numbering, sellers
from chalicelib.invoices.records import Invoice, InvoiceDocument
from chalicelib.invoices.rules import cii, ksef, vat
from chalicelib.invoices.rules.documents import Corrected, Document
from chalicelib.plans.actions import ledgers as plans
from chalicelib.settings import settings
from chalicelib.store.ciphers import SubjectCipher
from chalicelib.store.commit import change, commit
from chalicelib.store.records import read
from chalicelib.store.retrying import NothingToDo
from chalicelib.words import LANGUAGES


def make_documents(account_id: str, number: str) -> None:
    """Write and store the documents, unless that was done; each step may be repeated, and gives the same bytes. They
    are kept though the account has gone since."""
    row, invoice = read(InvoiceDocument.key(account_id, number), Invoice.key("", number))
    if invoice is None or (row is not None and row.made_at is not None):
        return
    # fpdf2 is with this function alone, and takes a second to import.
    from chalicelib.invoices.rules import pdf

    document, cipher = document_of(invoice)
    xml = cii.cii(document)
    documents.store(number, "xml", xml, cipher)
    documents.store(number, "pdf", pdf.pdf(document, xml), cipher)
    if document.seller.country == ksef.COUNTRY:
        documents.store(number, "ksef", ksef.ksef(document), cipher)
    if row is not None:
        _note_made(row)


def _note_made(row: InvoiceDocument) -> None:
    try:
        commit(change(row, otherwise=NothingToDo, made_at=clock.now_s()))
    except NothingToDo:  # the account has gone meanwhile
        return


def document_of(invoice: Invoice) -> tuple[Document, SubjectCipher | None]:
    """What an invoice or a credit note says, and the cipher of whom it names."""
    sale = invoice if invoice.corrects is None else documents.corrected(invoice)
    cipher = None if sale.buyer is None else buyers.cipher_of(sale.buyer)
    document = Document(
        series="invoice" if invoice.corrects is None else "credit_note",
        number=invoice.sort_id,
        issued_on=numbering.tax_day(invoice.issued_at),
        seller=sellers.seller(),
        buyer=None if sale.buyer is None else buyers.kept_buyer(sale.buyer),
        names={language: _offer(sale).name_in(language) for language in sorted(LANGUAGES, reverse=True)},
        period_days=None if sale.period_days is None else int(sale.period_days),
        gross=int(invoice.amount),
        currency=invoice.currency,
        tax=tax_of(sale),
        payment_method=invoice.payment_method,
        payment_reference=invoice.payment_reference,
        corrected=None if sale is invoice else Corrected(sale.sort_id, numbering.tax_day(sale.issued_at)),
    )
    return document, cipher


def _offer(sale: Invoice) -> plans.Offer:
    if sale.catalogue_version is None:
        return plans.offered(sale.plan_id)
    return plans.sold(sale.plan_id, int(sale.catalogue_version))


def tax_of(sale: Invoice) -> vat.Tax:
    """As it was stored; what was sold before taxes were stored was sold at home."""
    if sale.tax_category is None:
        home = settings.seller_country
        return vat.tax_of(home, numbering.tax_day(sale.issued_at), seller_country=home, is_business=False)
    return vat.Tax(sale.country, sale.tax_category, int(sale.tax_rate_bp))
