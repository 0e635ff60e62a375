"""Scheduled jobs of devices."""

from __future__ import annotations

from chalice.app import Rate

from chalicelib.devices.actions.covers import GALLERY
from chalicelib.entry.queues import Schedules

schedules = Schedules(__name__)


@schedules.every(1, Rate.HOURS)
def sweep_expired_cover_uploads() -> dict[str, int]:
    """Delete what was uploaded for devices a day ago and nobody was notified of."""
    return {"deleted": GALLERY.sweep_expired_uploads()}
