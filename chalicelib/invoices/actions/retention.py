"""For how long tax law keeps invoices, and what else is of a tax year."""

from __future__ import annotations

from chalicelib import clock
from chalicelib.invoices.rules import series as numbers


def kept_by_law(record: str, year: int) -> dict[str, str]:
    """The line of a receipt about a record of this tax year that outlives its account."""
    return {"record": record, "row": "LAW", "until": clock.rfc3339(numbers.kept_until(year))}


def invoice_kept_by_law(number: str) -> dict[str, str]:
    """The same of an invoice, or a credit note, by its number."""
    return kept_by_law(f"invoice {number}", numbers.year_of(number))
