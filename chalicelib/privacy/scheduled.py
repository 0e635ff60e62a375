"""What the house of privacy does when its time comes."""

from __future__ import annotations

from chalice.app import Rate

from chalicelib.entry.queues import Schedules
from chalicelib.privacy import actions

schedules = Schedules(__name__)


@schedules.every(5, Rate.MINUTES)
def resume_erasures() -> dict[str, int]:
    """Make the next pass over every erasure that is due."""
    return {"passes": actions.pursue_due()}
