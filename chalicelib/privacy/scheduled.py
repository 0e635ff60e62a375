"""Scheduled jobs of privacy."""

from __future__ import annotations

from chalice.app import Rate

from chalicelib.entry.queues import Schedules
from chalicelib.privacy.actions import erasing, export, holding

schedules = Schedules(__name__)


@schedules.every(5, Rate.MINUTES, oldest_s=erasing.oldest_erasure_s)
def resume_erasures() -> dict[str, int]:
    """Order the next pass over every subject of the erasures that are due."""
    return {"passes": erasing.order_due_passes()}


@schedules.every(1, Rate.HOURS)
def sweep_expired_archives() -> dict[str, int]:
    """Delete the copies of people's data that have waited for a day, and end the legal holds that are over."""
    try:
        return {"deleted": export.sweep_expired_archives()}
    finally:  # one keeps the other waiting never
        holding.run_due()
