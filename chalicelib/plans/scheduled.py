"""Scheduled jobs of plans."""

from __future__ import annotations

from chalice.app import Rate

from chalicelib.entry.queues import Schedules
from chalicelib.plans.actions import warning

schedules = Schedules(__name__)


@schedules.every(1, Rate.HOURS)
def warn_of_plan_ends() -> dict[str, int]:
    """Tell owners that a plan ends, that its grace has begun, or that a pause has ended by itself."""
    return {"warned": warning.warn_of_plan_ends()}
