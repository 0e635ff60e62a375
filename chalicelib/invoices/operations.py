"""Operators' functions for invoices."""

from __future__ import annotations

from chalicelib.entry.queues import Operations
from chalicelib.invoices import shapes
from chalicelib.invoices.actions import months

operations = Operations(__name__)


@operations.operation(shapes.CloseMonth)
def close_month(body: shapes.CloseMonth) -> shapes.ClosedMonth:
    """Write all invoices and credit notes of a month for the book-keeper, with sums by country and rate."""
    return months.close_month(body.month)
