"""Scheduled jobs of support."""

from __future__ import annotations

from chalice.app import Rate

from chalicelib.entry.queues import Schedules
from chalicelib.support.actions import attachments

schedules = Schedules(__name__)


@schedules.every(1, Rate.DAYS)
def sweep_expired_attachments() -> dict[str, int]:
    """Delete uploads that nobody was notified of, and pictures of feedback whose time is over."""
    return {"deleted": attachments.sweep()}
