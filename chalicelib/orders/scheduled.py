"""Scheduled jobs of orders."""

from __future__ import annotations

from chalice.app import Rate

from chalicelib.entry.queues import Schedules
from chalicelib.orders.actions import overdue, paying_back, renewing, webhooks

schedules = Schedules(__name__)


@schedules.every(1, Rate.HOURS)
def ask_for_refunds() -> dict[str, int]:
    """Ask payment providers once more for refunds that are not there yet."""
    return {"changed": paying_back.ask_for_all()}


# The figures are of all that waits for a payment provider: a metric and an alarm of each kind would be paid for.
@schedules.every(15, Rate.MINUTES, figures=overdue.figures)
def look_up_delayed_events() -> dict[str, int]:
    """Look up what payment providers told of while they did not answer."""
    return {"changed": webhooks.look_up_all()}


@schedules.every(1, Rate.HOURS)
def renew_plans() -> dict[str, int]:
    """Pay the next period of plans that renew by themselves, and have providers delete what nobody needs for that any
    more."""
    return {"changed": renewing.renew_plans()}
