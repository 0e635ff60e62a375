"""Warnings of a plan's end: which there are, and which is next."""

from __future__ import annotations

from typing import Literal, NamedTuple

from chalicelib.plans.rules import ledger as ledgers
from chalicelib.plans.rules.catalogue import DAY_S
from chalicelib.plans.rules.ledger import Ledger

Subject = Literal["ends_in_days", "ends_tomorrow", "grace_began", "pause_ended", "renews_in_days"]


DAYS_BEFORE = 7


class EndWarning(NamedTuple):
    """A warning, and the second from which on it is said."""

    at: int
    subject: Subject


def is_time_to_tell(until: int, now: int) -> bool:
    """Whether price and date of what renews at this end are still to be told."""
    return until - DAYS_BEFORE * DAY_S > now


def warnings_of(ledger: Ledger, now: int, *, renews: bool) -> list[EndWarning]:
    """All that there are of the end of what was granted last, and of a pause that runs, the earliest first. Of what
    renews by itself price and date are said in time, and no end unless it comes."""
    pause = ledgers.pause_at(ledger, now)
    found = [] if pause is None else [EndWarning(pause.until, "pause_ended")]
    last = ledger.grants[-1] if ledger.grants else None
    if last is not None and last.mark != "moved":
        found += [
            EndWarning(last.until - DAYS_BEFORE * DAY_S, "renews_in_days" if renews else "ends_in_days"),
            *([] if renews else [EndWarning(last.until - DAY_S, "ends_tomorrow")]),
            EndWarning(last.until, "grace_began"),
        ]
    return sorted(found)


def next_warning(ledger: Ledger, now: int, *, renews: bool) -> EndWarning | None:
    """The first that is still to come."""
    return next((one for one in warnings_of(ledger, now, renews=renews) if one.at > now), None)


def due_warning(ledger: Ledger, noted: EndWarning, now: int, *, renews: bool) -> EndWarning | None:
    """What is to be said now, when one that was noted is due: of several that nobody said in time, the last; None if
    the end has moved since. That a pause has ended is news whatever came of it."""
    if noted.subject == "pause_ended":
        return noted
    said = reversed(warnings_of(ledger, now, renews=renews))
    return next((one for one in said if noted.at <= one.at <= now), None)
