"""Scheduled jobs of recordings."""

from __future__ import annotations

from chalice.app import Rate

from chalicelib.entry.queues import Schedules
from chalicelib.recordings.actions import ending, reconciling

schedules = Schedules(__name__)


@schedules.every(6, Rate.HOURS, figures=ending.figures)
def sweep_expired_recordings() -> dict[str, int]:
    """Delete the recordings whose days are over."""
    return {"deleted": ending.sweep_expired_recordings()}


@schedules.every(15, Rate.MINUTES)
def reconcile_recordings() -> dict[str, int]:
    """Count anew every day that S3 lists otherwise than its row says."""
    return reconciling.reconcile_days()


@schedules.every(1, Rate.HOURS)
def end_plans() -> dict[str, int]:
    """Delete what is left of recordings whose plan has ended, when its grace has passed."""
    return ending.end_plans()
