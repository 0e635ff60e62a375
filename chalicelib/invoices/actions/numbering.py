"""Numbering of invoices and credit notes, without a gap, in the commit that calls for them."""

from __future__ import annotations

from datetime import date
from typing import Any

import msgspec

from chalicelib import clock
from chalicelib.invoices.records import Invoice, InvoiceCounter
from chalicelib.invoices.rules import series as numbers
from chalicelib.invoices.rules import vat
from chalicelib.invoices.rules.parties import Buyer
from chalicelib.invoices.rules.series import Series
from chalicelib.plans.actions.ledgers import Terms
from chalicelib.settings import settings
from chalicelib.store.commit import Write, create, merge
from chalicelib.store.keys import Key
from chalicelib.store.records import SCHEMA_VERSION
from chalicelib.store.retrying import StaleRead


class Sold(msgspec.Struct, frozen=True):
    """What an invoice says of its sale beside the amount: the tax, and the terms of the plan."""

    tax: vat.Tax
    catalogue_version: int
    period_days: int

    def stored(self) -> dict[str, Any]:
        return {
            "country": self.tax.country,
            "tax_category": self.tax.category,
            "tax_rate_bp": self.tax.rate_bp,
            "catalogue_version": self.catalogue_version,
            "period_days": self.period_days,
        }


def tax_year(at_s: int) -> int:
    """The year that it was where the seller is."""
    return tax_day(at_s).year


def tax_day(at_s: int) -> date:
    """The day that it was where the seller is."""
    return clock.at_epoch(at_s).astimezone(clock.zone(settings.seller_time_zone)).date()


def sold_to(country: str, buyer: Buyer | None, terms: Terms, now: int) -> Sold:
    """What an invoice of this moment says of the sale of a plan: a person is taxed by the country of the account, and a
    business, which gave its VAT number, by its own. Raises RateUnknown."""
    is_business = buyer is not None and buyer.vat_number is not None
    where = buyer.country if buyer is not None and is_business else country
    tax = vat.tax_of(where, tax_day(now), seller_country=settings.seller_country, is_business=is_business)
    return Sold(tax, terms.version, terms.period_days)


def counter_id(series: Series, year: int) -> str:
    return numbers.counter_id(series, year, settings.invoice_region)


def counter_of(series: Series, year: int) -> Key[InvoiceCounter]:
    """The row to read, consistently, before `issued`."""
    return InvoiceCounter.key("", counter_id(series, year))


def issued(
    series: Series,
    now: int,
    counter: InvoiceCounter | None,
    *,
    plan_id: str,
    amount: int,
    currency: str,
    payment_method: str,
    payment_reference: str,
    corrects: str | None = None,
    sold: Sold | None = None,
    buyer_id: str | None = None,
) -> tuple[str, tuple[Write, ...]]:
    """The number of the next document of this moment's year, and the writes that issue it: they belong into the commit
    of what it is of, so that no number is lost. `counter` is the row of `counter_of` that year as it was just read. The
    amount is gross, in the smallest unit; that of a credit note, which says what invoice it corrects, is what is given
    back; how it was taxed and whom it names stands on that invoice alone. The reference is the provider's of the
    payment. Of an invoice `buyer_id` is of `buyers.kept`. Kept by the row LAW. The commit raises StaleRead where
    another document got the number."""
    year = tax_year(now)
    last = 0 if counter is None else int(counter.last)
    number = numbers.number_of(series, year, last + 1, settings.invoice_region)
    document = Invoice.new(
        "",
        number,
        issued_at=now,
        plan_id=plan_id,
        amount=amount,
        currency=currency,
        payment_method=payment_method,
        payment_reference=payment_reference,
        corrects=corrects,
        buyer=buyer_id,
        **({} if sold is None else sold.stored()),
    )
    next_number = merge(
        InvoiceCounter.new("", counter_id(series, year)),
        InvoiceCounter.last.set(last + 1),
        InvoiceCounter.schema_version.set(SCHEMA_VERSION),
        when=InvoiceCounter.pk.does_not_exist() if counter is None else InvoiceCounter.last == last,
        otherwise=StaleRead,
    )
    return number, (create(document, otherwise=StaleRead), next_number)
