"""Months of invoices are closed: written for the book-keeper, and recorded."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from datetime import datetime, time, timedelta
from typing import get_args

from chalicelib import clock
from chalicelib.aws import s3
from chalicelib.errors import Conflict
from chalicelib.invoices.actions import documents, making, numbering
from chalicelib.invoices.records import INVOICES, ClosedMonth, Invoice
from chalicelib.invoices.rules import months, series
from chalicelib.invoices.rules.months import Entry
from chalicelib.invoices.shapes import ClosedMonth as Told
from chalicelib.invoices.shapes import MonthSum
from chalicelib.settings import settings
from chalicelib.store.commit import commit, put
from chalicelib.store.records import read

# Who pays in its last seconds may be numbered a little later.
_SETTLES = timedelta(hours=1)
_PAGE = 250
_MEDIA_TYPES = {"csv": "text/csv", "xml": "application/xml"}


class MonthNotOver(Conflict):
    """`until` says when it can be closed."""


def close_month(month: str) -> Told:
    """Write all invoices and credit notes of a month as CSV and XML, with sums by country and rate, and record it. Done
    again it gives the same. Raises MonthNotOver."""
    ends = _ends(month)
    if clock.now() < ends:
        raise MonthNotOver(until=clock.rfc3339(ends))
    entries = list(_entries(month))
    files = {"csv": months.as_csv(entries), "xml": months.as_xml(month, entries)}
    for format, data in files.items():
        s3.put(_key_of(month, format), data, _MEDIA_TYPES[format])
    digests = {format: hashlib.sha256(data).hexdigest() for format, data in files.items()}
    _record(month, entries, digests)
    return _told(month, entries, digests)


def _ends(month: str) -> datetime:
    midnight = datetime.combine(months.day_after(month), time(), clock.zone(settings.seller_time_zone))
    return midnight + _SETTLES


def _entries(month: str) -> Iterator[Entry]:
    """In the order of their numbers, invoices first."""
    for kind in get_args(series.Series):
        for invoice in _of_year(kind, months.first_day(month).year):
            if months.is_in(numbering.tax_day(invoice.issued_at), month):
                yield _entry(kind, invoice)


def _of_year(kind: series.Series, year: int) -> Iterator[Invoice]:
    prefix = series.year_prefix(kind, year)
    return Invoice.all_of("", page_size=_PAGE, first=prefix, last=prefix)


def _entry(kind: series.Series, invoice: Invoice) -> Entry:
    sale = invoice if invoice.corrects is None else documents.corrected(invoice)
    return Entry(
        series=kind,
        number=invoice.sort_id,
        issued_on=numbering.tax_day(invoice.issued_at),
        corrects=invoice.corrects,
        tax=making.tax_of(sale),
        gross=int(invoice.amount),
        currency=invoice.currency,
        payment_method=invoice.payment_method,
        payment_reference=invoice.payment_reference,
    )


def _key_of(month: str, format: str) -> str:
    """Beside the documents, for as long as they are kept."""
    archive = INVOICES.of(series.day_of_archive(months.first_day(month).year), f"month-{month}")
    return f"{archive}invoices.{format}"


def _record(month: str, entries: list[Entry], digests: dict[str, str]) -> None:
    (before,) = read(ClosedMonth.key("", month))
    commit(
        put(
            ClosedMonth.new(
                "",
                month,
                closed_at=clock.now_s() if before is None else before.closed_at,
                documents=len(entries),
                csv_sha256=digests["csv"],
                xml_sha256=digests["xml"],
            )
        )
    )


def _told(month: str, entries: list[Entry], digests: dict[str, str]) -> Told:
    until = clock.now() + s3.LONGEST_LINK
    csv_url, xml_url = (
        s3.link(_key_of(month, format), until=until, content_type=_MEDIA_TYPES[format]) for format in ("csv", "xml")
    )
    return Told(
        month=month,
        invoices=sum(one.series == "invoice" for one in entries),
        credit_notes=sum(one.series == "credit_note" for one in entries),
        sums=[
            MonthSum(
                currency=one.currency,
                country=one.tax.country,
                tax_category=one.tax.category,
                tax_rate_bp=one.tax.rate_bp,
                documents=one.documents,
                net=one.split.net,
                tax=one.split.tax,
                gross=one.split.gross,
            )
            for one in months.sums(entries)
        ],
        csv_url=csv_url,
        xml_url=xml_url,
        csv_sha256=digests["csv"],
        xml_sha256=digests["xml"],
        until=until,
    )
