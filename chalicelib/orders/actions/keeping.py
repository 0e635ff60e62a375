"""Retention of orders: what tax law keeps when their account goes, for the receipt of its erasure."""

from __future__ import annotations

from collections.abc import Iterable

from chalicelib.invoices.actions import retention
from chalicelib.orders.records import Payment
from chalicelib.store.records import read


def kept_by_law(ids_of: Iterable[str]) -> list[dict[str, str]]:
    """The lines of a receipt about invoices and payments that outlive their account."""
    # One by one, though a batch were one call: whoever erases is granted what it does with one, and there are few.
    return [_kept_by_law(number, *read(Payment.key("", number))) for number in sorted(ids_of)]


def _kept_by_law(number: str, payment: Payment | None) -> dict[str, str]:
    if payment is None:
        return retention.invoice_kept_by_law(number)
    return retention.kept_by_law(f"payment {number}", int(payment.tax_year))
