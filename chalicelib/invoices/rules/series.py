"""Series of invoices and credit notes: their numbers, and for how long tax law keeps them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Literal

Series = Literal["invoice", "credit_note"]

# `S` for a sale; `K` for a correction, korekta, as Polish sellers write it.
_LETTERS: dict[Series, str] = {"invoice": "S", "credit_note": "K"}

# The tax year, and five more (Polish tax ordinance, art. 70 and 86).
KEPT_YEARS = 5


def number_of(series: Series, year: int, count: int, region: str = "") -> str:
    """Of the document that is the year's `count`th of its series, in this region, which it names where the seller has
    several."""
    return f"{year_prefix(series, year)}{f'{region}-' if region else ''}{count:06d}"


def year_prefix(series: Series, year: int) -> str:
    """What all numbers of a year's series begin with."""
    return f"{_LETTERS[series]}-{year}-"


def counter_id(series: Series, year: int, region: str = "") -> str:
    """The id of the counter of a year's series; that of invoices is the year alone, as it always was, where no region
    is named. One that is named counts for itself, so that neither series has a gap."""
    if region:
        return f"{_LETTERS[series]}-{year}-{region}"
    return str(year) if series == "invoice" else f"{_LETTERS[series]}-{year}"


def year_of(number: str) -> int:
    return int(number.split("-")[1])


def day_of_archive(year: int) -> datetime:
    """The day that a year's documents are stored under: the last of it, whence the law counts."""
    return datetime(year, 12, 31, tzinfo=UTC)


def kept_until(year: int) -> datetime:
    """The last instant for which tax law keeps what is of this year."""
    return datetime(year + KEPT_YEARS, 12, 31, 23, 59, 59, tzinfo=UTC)
