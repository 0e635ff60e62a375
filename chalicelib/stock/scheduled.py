"""Scheduled jobs of cameras."""

from __future__ import annotations

from chalice.app import Rate

from chalicelib.entry.queues import Schedules
from chalicelib.stock.actions import channel, presence

schedules = Schedules(__name__)


@schedules.every(5, Rate.MINUTES)
def check_connections() -> dict[str, int]:
    """Look whether cameras that went away have come back, and let their owners be notified of those that have not; and
    whether connections that began are there."""
    return presence.check_connections() | {"missing": channel.end_missing()}
