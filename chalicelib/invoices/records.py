"""Records of invoices and credit notes, which tax law keeps."""

from __future__ import annotations

from pynamodb.attributes import NumberAttribute, UnicodeAttribute

from chalicelib.register import rows
from chalicelib.register.prefixes import Prefix
from chalicelib.store.records import FiscalRow, Item
from chalicelib.store.tags import Time, key, personal, plain


class Invoice(FiscalRow):
    """The fiscal record of a sale, or of its correction: no name, no address, no way to what was seen or recorded."""

    pk_prefix = "invoices"
    sk_prefix = "invoice"

    issued_at = key(Time(), rows.TAX_RECORDS, why="time", exported=True)
    plan_id = key(UnicodeAttribute(), rows.TAX_RECORDS, why="what was sold", exported=True)
    amount = key(NumberAttribute(), rows.TAX_RECORDS, why="gross price, or what is given back of it", exported=True)
    currency = plain(UnicodeAttribute(), why="of the price", exported=True)
    payment_method = key(UnicodeAttribute(), rows.TAX_RECORDS, why="how it was paid", exported=True)
    payment_reference = key(
        UnicodeAttribute(), rows.TAX_RECORDS, why="the provider's number of the payment", exported=True
    )
    corrects = key(
        UnicodeAttribute(null=True),
        rows.TAX_RECORDS,
        why="of a credit note: the number of its invoice",
        exported=True,
    )
    # What it says of the plan and of the tax, as both were on that day; a credit note says what its invoice does.
    catalogue_version = plain(NumberAttribute(null=True), why="of the catalogue's entry")
    period_days = plain(NumberAttribute(null=True), why="of the plan")
    country = key(UnicodeAttribute(null=True), rows.TAX_RECORDS, why="to which it was sold: the tax is paid there")
    tax_category = key(UnicodeAttribute(null=True), rows.TAX_RECORDS, why="how it is taxed: a word of EN 16931")
    tax_rate_bp = key(NumberAttribute(null=True), rows.TAX_RECORDS, why="the rate of the tax, in 0.01 %")
    buyer = key(UnicodeAttribute(null=True), rows.TAX_RECORDS, why="random id of who asked to be named")


class InvoiceBuyer(FiscalRow):
    """Whom an invoice names, if the buyer asked for that: sealed with a key of its own, which outlives the account and
    ends when the law's time does."""

    pk_prefix = "invoice-buyer"
    sk_prefix = "buyer"

    name = personal(rows.TAX_RECORDS, withheld="the order shows it")
    address = personal(rows.TAX_RECORDS, withheld="the order shows it")
    country = personal(rows.TAX_RECORDS, withheld="the order shows it")
    vat_number = personal(rows.TAX_RECORDS, null=True, withheld="the order shows it")


class InvoiceCounter(FiscalRow):
    """The last number given in a year's series: documents are numbered without a gap."""

    pk_prefix = "invoices"
    sk_prefix = "counter"

    last = plain(NumberAttribute(), why="a count")


INVOICES = Prefix("invoices", subject="invoice", row=rows.TAX_RECORDS, keep_days=1827)
# What names somebody is stored sealed, and lies open only where it was asked for.
COPIES = Prefix("invoice-copies", subject="account", row=rows.PLAN_PURCHASE, keep_days=1)


class InvoiceDocument(Item):
    """The documents of one's invoice or credit note, by its number: being made, or there. They are kept by law when
    this is gone."""

    pk_prefix = "account"
    sk_prefix = "invoice-document"
    stream_queue = "InvoiceDocuments"

    asked_at = key(Time(), rows.PLAN_PURCHASE, why="time")
    made_at = key(Time(null=True), rows.PLAN_PURCHASE, why="time")


class KeptDocument(Item):
    """An invoice or a credit note whose account is gone: its documents are made all the same, for the books. It names
    nobody."""

    pk_prefix = "kept-documents"
    sk_prefix = "kept-document"
    stream_queue = "InvoiceDocuments"

    asked_at = key(Time(), rows.TAX_RECORDS, why="time")


class ClosedMonth(FiscalRow):
    """A month that was written for the book-keeper: when first, and the digests of its newest files."""

    pk_prefix = "invoices"
    sk_prefix = "closed-month"

    closed_at = plain(Time(), why="time of an operator's order")
    documents = plain(NumberAttribute(), why="a count")
    csv_sha256 = plain(UnicodeAttribute(), why="digest of a file")
    xml_sha256 = plain(UnicodeAttribute(), why="digest of a file")


class NumberingTurn(FiscalRow):
    """Whose turn it is to number a document of a year's series, where several want to at once."""

    pk_prefix = "invoices"
    sk_prefix = "turn"

    holder = plain(UnicodeAttribute(), why="random id of an attempt")
    until = plain(Time(), why="time: of whoever died in it, it is over")
