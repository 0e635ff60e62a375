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
    """Delete the copies of people's data that have waited for a day."""
    return {"deleted": export.sweep_expired_archives()}


@schedules.every(1, Rate.DAYS)
def end_holds() -> dict[str, int]:
    """End the copies that the law wanted until now, and tell of those of which it forbade to tell until now."""
    return {"holds": holding.run_due()}
