"""Months of invoices for the book-keeper: a line for each document, and sums by country and rate, as CSV and XML."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from datetime import date, timedelta

import msgspec

from chalicelib.invoices.rules import vat
from chalicelib.invoices.rules.documents import decimal
from chalicelib.invoices.rules.series import Series
from chalicelib.invoices.rules.vat import Split, Tax
from chalicelib.invoices.rules.xml_tree import Node, written

# What a spreadsheet would take for a formula, when it opens a file of values.
_FORMULAS = ("=", "+", "-", "@", "\t", "\r")
_COLUMNS = (
    "number", "issued_on", "corrects", "country", "tax_category", "tax_rate", "net", "tax", "gross", "currency",
    "payment_method", "payment_reference",
)  # fmt: skip


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """One document of a month; the gross amount is in the smallest unit, of a credit note what is given back."""

    series: Series
    number: str
    issued_on: date
    corrects: str | None
    tax: Tax
    gross: int
    currency: str
    payment_method: str
    payment_reference: str

    @property
    def split(self) -> Split:
        """As it counts: what is given back is less than nothing."""
        split = vat.split(self.gross, self.tax.rate_bp)
        return split if self.series == "invoice" else Split(-split.net, -split.tax)


class Sum(msgspec.Struct, frozen=True):
    """What was sold to a country at a rate, in a currency, without what was given back."""

    currency: str
    tax: Tax
    split: Split
    documents: int


def first_day(month: str) -> date:
    """Of a month as `2026-01`."""
    year, number = month.split("-")
    return date(int(year), int(number), 1)


def is_in(day: date, month: str) -> bool:
    return f"{day:%Y-%m}" == month


def day_after(month: str) -> date:
    """The first day of the next one."""
    return (first_day(month) + timedelta(days=31)).replace(day=1)


def sums(entries: Iterable[Entry]) -> list[Sum]:
    """By currency, country, category and rate, in this order."""
    groups: dict[tuple[str, str, str, int], list[Entry]] = {}
    for one in entries:
        where = (one.currency, one.tax.country, one.tax.category, one.tax.rate_bp)
        groups.setdefault(where, []).append(one)
    return [
        Sum(where[0], found[0].tax, vat.total(one.split for one in found), len(found))
        for where, found in sorted(groups.items())
    ]


def as_csv(entries: Iterable[Entry]) -> bytes:
    """A line for each document (RFC 4180), in UTF-8 with a mark by which spreadsheets know it."""
    text = io.StringIO(newline="")
    lines = csv.writer(text)
    lines.writerow(_COLUMNS)
    lines.writerows(_values(one) for one in entries)
    return text.getvalue().encode("utf-8-sig")


def _values(one: Entry) -> tuple[str, ...]:
    split = one.split
    return (
        one.number,
        f"{one.issued_on:%Y-%m-%d}",
        one.corrects or "",
        one.tax.country,
        one.tax.category,
        vat.per_cent(one.tax.rate_bp),
        *(decimal(amount) for amount in (split.net, split.tax, split.gross)),
        one.currency,
        one.payment_method,
        _as_text(one.payment_reference),
    )


def _as_text(value: str) -> str:
    """What a provider wrote must not become a formula."""
    return f"'{value}" if value.startswith(_FORMULAS) else value


def as_xml(month: str, entries: list[Entry]) -> bytes:
    """The same, with the sums."""
    documents: list[Node] = [
        ("document", tuple((name, value) for name, value in zip(_COLUMNS, _values(one), strict=True) if value))
        for one in entries
    ]
    return written(("month", (*documents, *map(_sum, sums(entries))), {"of": month}), {})


def _sum(one: Sum) -> Node:
    split = one.split
    return (
        "sum",
        (
            ("currency", one.currency),
            ("country", one.tax.country),
            ("tax_category", one.tax.category),
            ("tax_rate", vat.per_cent(one.tax.rate_bp)),
            ("documents", str(one.documents)),
            ("net", decimal(split.net)),
            ("tax", decimal(split.tax)),
            ("gross", decimal(split.gross)),
        ),
    )
