"""Scheduled jobs of invoices."""

from __future__ import annotations

from chalice.app import Rate

from chalicelib.entry.queues import Schedules
from chalicelib.invoices.actions import documents

schedules = Schedules(__name__)


@schedules.every(6, Rate.HOURS)
def sweep_expired_invoices() -> dict[str, int]:
    """Delete copies of invoices after their day, and documents when the law's time is over."""
    return {"deleted": documents.sweep_expired_documents()}
