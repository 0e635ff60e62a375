"""Scheduled jobs of privacy."""

from __future__ import annotations

from chalice.app import Rate

from chalicelib.entry.queues import Schedules
from chalicelib.privacy.actions import closing, export

schedules = Schedules(__name__)


@schedules.every(5, Rate.MINUTES, oldest_s=closing.oldest_erasure_s)
def resume_erasures() -> dict[str, int]:
    """Make the next pass over every erasure that is due."""
    return {"passes": closing.run_due_passes()}


@schedules.every(1, Rate.HOURS)
def sweep_expired_archives() -> dict[str, int]:
    """Delete the copies of people's data that have waited for a day."""
    return {"deleted": export.sweep_expired_archives()}
