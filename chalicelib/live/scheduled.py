"""Scheduled jobs of live views."""

from __future__ import annotations

from chalice.app import Rate

from chalicelib.entry.queues import Schedules
from chalicelib.live.actions import views as actions

schedules = Schedules(__name__)


@schedules.every(15, Rate.MINUTES, oldest_s=actions.oldest_piece_s)
def sweep_live_video() -> dict[str, int]:
    """Delete the live video that has passed."""
    return {"deleted": actions.sweep_live_video()}
