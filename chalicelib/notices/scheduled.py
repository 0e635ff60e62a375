"""Scheduled jobs of notices."""

from __future__ import annotations

from chalice.app import Rate

from chalicelib.entry.queues import Schedules
from chalicelib.notices.actions import incidents

schedules = Schedules(__name__)


@schedules.every(1, Rate.HOURS)
def check_incident_deadlines() -> dict[str, int]:
    """Ring for the steps of an incident that the law asks for and nobody has recorded."""
    return {"incidents_open": incidents.ring()}
