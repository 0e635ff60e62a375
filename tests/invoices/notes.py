"""Credit notes, issued as whoever gives money back does."""

from __future__ import annotations

from chalicelib import clock
from chalicelib.invoices.actions import documents, numbering
from chalicelib.invoices.records import Invoice
from chalicelib.store.commit import commit
from chalicelib.store.records import read


def issue_credit_note(account_id: str, corrects: str, amount: int = 100) -> str:
    """For so much of what an invoice was about; its number."""
    now = clock.now_s()
    where = numbering.counter_of("credit_note", numbering.tax_year(now))
    invoice, counter = read(Invoice.key("", corrects), where)
    assert invoice is not None
    number, writes = numbering.issued(
        "credit_note",
        now,
        counter,
        plan_id=invoice.plan_id,
        amount=amount,
        currency=invoice.currency,
        payment_method=invoice.payment_method,
        payment_reference=invoice.payment_reference,
        corrects=corrects,
    )
    commit(*writes, documents.requested(account_id, number))
    return number
