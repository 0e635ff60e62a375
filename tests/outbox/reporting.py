"""What a report of the mail provider leaves of an address."""

from __future__ import annotations

from chalicelib.contacts.actions.addresses import Contact
from chalicelib.outbox.actions import reports


def report(email: str, count: str, report_id: str = "a-report") -> None:
    """Noted as by its listener; the stream tells of it."""
    reports._note(Contact("email", email), count, report_id)
