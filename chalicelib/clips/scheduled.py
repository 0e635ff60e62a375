"""Scheduled jobs of clips."""

from __future__ import annotations

from chalice.app import Rate

from chalicelib.clips.actions import showing
from chalicelib.entry.queues import Schedules

schedules = Schedules(__name__)


@schedules.every(15, Rate.MINUTES)
def delete_unreadable_clips() -> dict[str, int]:
    """Delete the files of clips whose source was deleted, or whose plan has ended."""
    return {"deleted": showing.delete_unreadable_clips()}


@schedules.every(6, Rate.HOURS, figures=showing.figures)
def sweep_expired_clips() -> dict[str, int]:
    """Delete the files whose day is over."""
    return {"deleted": showing.sweep_expired_clips()}
