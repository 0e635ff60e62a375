"""Records of invoices and credit notes, which tax law keeps."""

from __future__ import annotations

from pynamodb.attributes import NumberAttribute, UnicodeAttribute

from chalicelib.register import rows
from chalicelib.store.records import FiscalRow
from chalicelib.store.tags import Time, key, plain


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


class InvoiceCounter(FiscalRow):
    """The last number given in a year's series: documents are numbered without a gap."""

    pk_prefix = "invoices"
    sk_prefix = "counter"

    last = plain(NumberAttribute(), why="a count")
