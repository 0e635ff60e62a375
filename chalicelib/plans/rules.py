"""The catalogue of plans, and what state a device's plan is in."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal

from chalicelib.errors import NotFound

GRACE = timedelta(days=7)

State = Literal["none", "waiting", "active", "grace", "ended", "paused"]


@dataclass(frozen=True)
class Offer:
    """A plan of the catalogue; the price is gross, in the currency's smallest unit."""

    plan_id: str
    name_en: str
    name_pl: str
    kind: Literal["event", "continuous"]
    keep_days: int
    period_days: int
    amount: int
    currency: str = "EUR"


CATALOGUE = (
    Offer("event-3-month", "Events, 3 days, monthly", "Zdarzenia, 3 dni, na miesiąc", "event", 3, 30, 199),
    Offer("event-7-month", "Events, 7 days, monthly", "Zdarzenia, 7 dni, na miesiąc", "event", 7, 30, 299),
    Offer("event-30-month", "Events, 30 days, monthly", "Zdarzenia, 30 dni, na miesiąc", "event", 30, 30, 499),
    Offer("event-30-year", "Events, 30 days, yearly", "Zdarzenia, 30 dni, na rok", "event", 30, 365, 4990),
    Offer("continuous-7-month", "Everything, 7 days, monthly", "Ciągłe, 7 dni, na miesiąc", "continuous", 7, 30, 699),
    Offer("continuous-7-year", "Everything, 7 days, yearly", "Ciągłe, 7 dni, na rok", "continuous", 7, 365, 6990),
    Offer("continuous-30-year", "Everything, 30 days, yearly", "Ciągłe, 30 dni, na rok", "continuous", 30, 365, 14990),
)


class PlanUnknown(NotFound):
    en = "There is no such plan."
    pl = "Nie ma takiego planu."


def offer(plan_id: str) -> Offer:
    for one in CATALOGUE:
        if one.plan_id == plan_id:
            return one
    raise PlanUnknown


def state_at(until: datetime | None, now: datetime) -> State:
    """Active up to its end, then seven days of grace in which a renewal brings everything back."""
    if until is None:
        return "none"
    if now < until:
        return "active"
    return "grace" if now < until + GRACE else "ended"


def prolonged(until: datetime | None, period_days: int, now: datetime) -> datetime:
    """A period more, from the end of what is left of the present one."""
    start = now if until is None else max(until, now)
    # Whole seconds, so that what is stored is what was granted.
    return (start + timedelta(days=period_days)).astimezone(UTC).replace(microsecond=0)
