"""What holds for orders and invoices."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Literal

State = Literal["open", "paid", "refused", "expired", "refund_due"]
Outcome = Literal["paid", "refused", "expired"]

# The tax year, and five more (Polish tax ordinance, art. 70 and 86).
KEPT_YEARS = 5


def may_become(state: State, outcome: Outcome) -> bool:
    """Money that arrives counts, however late; nothing changes what was paid."""
    return state not in ("paid", "refund_due") and state != outcome


def invoice_number(year: int, count: int) -> str:
    return f"S-{year}-{count:06d}"


def kept_until(number: str) -> datetime:
    """The last instant for which tax law keeps the invoice of this number."""
    year = int(number.split("-")[1])
    return datetime(year + KEPT_YEARS, 12, 31, 23, 59, 59, tzinfo=UTC)
