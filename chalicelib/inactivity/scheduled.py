"""Scheduled jobs of accounts that nobody uses."""

from __future__ import annotations

from chalice.app import Rate

from chalicelib.entry.queues import Schedules
from chalicelib.inactivity.actions import checking

schedules = Schedules(__name__)


@schedules.every(1, Rate.DAYS)
def check_inactive_accounts() -> dict[str, int]:
    """Look at the accounts whose day it is: warn, remind, and delete what nobody used though a warning arrived."""
    return checking.check_due()
