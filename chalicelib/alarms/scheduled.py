"""Scheduled jobs of alarms."""

from __future__ import annotations

from chalice.app import Rate

from chalicelib.alarms.actions import deleting
from chalicelib.entry.queues import Schedules

schedules = Schedules(__name__)


@schedules.every(1, Rate.HOURS, oldest_s=deleting.oldest_picture_s)
def sweep_expired_pictures() -> dict[str, int]:
    """Delete the pictures whose seven days are over."""
    return {"deleted": deleting.sweep_expired_pictures()}
