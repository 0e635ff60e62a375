"""What an invoice or a credit note says, in whatever form: all that the law wants of it."""

from __future__ import annotations

from datetime import date

import msgspec

from chalicelib.invoices.rules import vat
from chalicelib.invoices.rules.parties import Buyer, Seller
from chalicelib.invoices.rules.series import Series
from chalicelib.invoices.rules.vat import Split, Tax


class Corrected(msgspec.Struct, frozen=True):
    """The invoice that a credit note is about."""

    number: str
    issued_on: date


class Document(msgspec.Struct, frozen=True, kw_only=True):
    """Amounts are in the smallest unit of the currency; those of a credit note are what is given back. `names` are the
    plan's, by language. Without a buyer nobody asked to be named, and `tax.country` alone says where it was sold."""

    series: Series
    number: str
    issued_on: date
    seller: Seller
    buyer: Buyer | None
    names: dict[str, str]
    period_days: int | None
    gross: int
    currency: str
    tax: Tax
    payment_method: str
    payment_reference: str
    corrected: Corrected | None = None

    @property
    def split(self) -> Split:
        return vat.split(self.gross, self.tax.rate_bp)


def decimal(amount: int) -> str:
    """Of the smallest unit, as all currencies of the catalogue have it: `2.99`."""
    sign = "-" if amount < 0 else ""
    return f"{sign}{abs(amount) // 100}.{abs(amount) % 100:02d}"
