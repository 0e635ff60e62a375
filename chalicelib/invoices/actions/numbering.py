"""Numbering of invoices and credit notes, without a gap, in the commit that calls for them."""

from __future__ import annotations

from chalicelib import clock
from chalicelib.invoices import rules
from chalicelib.invoices.records import Invoice, InvoiceCounter
from chalicelib.invoices.rules import Series
from chalicelib.settings import settings
from chalicelib.store.commit import Write, create, merge
from chalicelib.store.keys import Key
from chalicelib.store.records import SCHEMA_VERSION
from chalicelib.store.retrying import StaleRead


def tax_year() -> int:
    """The year that it is where the seller is."""
    return clock.now().astimezone(clock.zone(settings.seller_time_zone)).year


def counter_of(series: Series, year: int) -> Key[InvoiceCounter]:
    """The row to read, consistently, before `issued`."""
    return InvoiceCounter.key("", rules.counter_id(series, year))


def issued(
    series: Series,
    year: int,
    counter: InvoiceCounter | None,
    *,
    plan_id: str,
    amount: int,
    currency: str,
    payment_method: str,
    payment_reference: str,
    corrects: str | None = None,
) -> tuple[str, tuple[Write, ...]]:
    """The number of the next document of a year's series, and the writes that issue it: they belong into the commit of
    what it is of, so that no number is lost. `counter` is the row of `counter_of` as it was just read. The amount is
    gross, in the smallest unit; that of a credit note, which says what invoice it corrects, is what is given back, and
    its reference the provider's of the refund. Kept by the row LAW. The commit raises StaleRead where another document
    got the number."""
    last = 0 if counter is None else int(counter.last)
    number = rules.number_of(series, year, last + 1)
    document = Invoice.new(
        "",
        number,
        issued_at=clock.now_s(),
        plan_id=plan_id,
        amount=amount,
        currency=currency,
        payment_method=payment_method,
        payment_reference=payment_reference,
        corrects=corrects,
    )
    next_number = merge(
        InvoiceCounter.new("", rules.counter_id(series, year)),
        InvoiceCounter.last.set(last + 1),
        InvoiceCounter.schema_version.set(SCHEMA_VERSION),
        when=InvoiceCounter.pk.does_not_exist() if counter is None else InvoiceCounter.last == last,
        otherwise=StaleRead,
    )
    return number, (create(document, otherwise=StaleRead), next_number)
