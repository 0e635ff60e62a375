"""Renewal of a plan by itself: what was said of it, when the next period is paid, and what follows where it is not."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import cast

from chalicelib.errors import Conflict
from chalicelib.plans.rules import catalogue, warnings
from chalicelib.plans.rules import ledger as ledgers
from chalicelib.plans.rules.catalogue import DAY_S, Currency, Offer
from chalicelib.plans.rules.ledger import GRACE_S, Grant, Ledger

# The next period is paid a day before the last one ends: what is declined then is tried again while the plan runs.
BEFORE_END_S = DAY_S
# After the first attempt.
TRIED_AGAIN_AFTER_S = (1 * DAY_S, 3 * DAY_S, 5 * DAY_S)


class NothingToRenew(Conflict):
    """No plan is held that costs something."""


@dataclass(frozen=True)
class Renewal:
    """The owner wants the plan that ends last to be paid again, by itself, and was told of this price: that of a
    version of the catalogue, in this currency. `at` is when it is tried next, and `failed` how often it was in vain
    for this end."""

    since: int
    plan_id: str
    version: int
    currency: Currency
    ends_at: int
    at: int
    failed: int = 0

    @classmethod
    def of(cls, text: str) -> Renewal:
        since, plan_id, version, currency, ends_at, at, failed = text.split(" ")
        times = ledgers.read_time(since), ledgers.read_time(ends_at), ledgers.read_time(at)
        return cls(times[0], plan_id, int(version), cast("Currency", currency), times[1], times[2], int(failed))

    @property
    def text(self) -> str:
        """As it lies beside the ledger, and in a copy of one's data."""
        since, ends_at, at = map(ledgers.written, (self.since, self.ends_at, self.at))
        return f"{since} {self.plan_id} {self.version} {self.currency} {ends_at} {at} {self.failed}"

    @property
    def offer(self) -> Offer:
        return catalogue.offer_of(self.plan_id, self.version)

    @property
    def price(self) -> int:
        return self.offer.prices[self.currency]

    @property
    def period(self) -> str:
        """The name of what is paid next: another one once it is said anew, or the end moves."""
        return f"{self.since} {self.ends_at}"

    @property
    def first_tried_at(self) -> int:
        return self.at - TRIED_AGAIN_AFTER_S[self.failed - 1] if self.failed else self.at

    @property
    def due_from(self) -> int:
        """When this end's period is paid at the earliest."""
        return self.ends_at - BEFORE_END_S

    @property
    def over_at(self) -> int:
        """When nothing is left that could be brought back."""
        return self.ends_at + GRACE_S

    @property
    def is_too_late(self) -> bool:
        """Whether the next attempt would come when nothing is left that it could bring back."""
        return self.at >= self.over_at


def begun(ledger: Ledger, currency: Currency | None, now: int) -> Renewal:
    """What ends last is paid again from now on, at the price of now, and if it is not said otherwise in the currency in
    which it was paid. Raises NothingToRenew."""
    last = _last(ledger, now)
    if last is None:
        raise NothingToRenew
    currency = currency or (cast("Currency", last.currency) if last.amount else "EUR")
    version = catalogue.offer(last.plan_id).version
    return _for_end_of(last, Renewal(now, last.plan_id, version, currency, 0, 0), now)


def after(renewal: Renewal | None, ledger: Ledger, now: int) -> Renewal | None:
    """What is left of it when the ledger has changed: it follows the end, and the plan that ends last if there is time
    to tell its price; otherwise the plan whose price was told is paid again."""
    last = None if renewal is None else _last(ledger, now)
    if renewal is None or last is None:
        return None
    if last.plan_id != renewal.plan_id and warnings.is_time_to_tell(last.until, now):
        renewal = replace(renewal, plan_id=last.plan_id, version=catalogue.offer(last.plan_id).version)
    return renewal if last.until == renewal.ends_at else _for_end_of(last, renewal, now)


def _last(ledger: Ledger, now: int) -> Grant | None:
    last = ledger.grants[-1] if ledger.grants else None
    if last is None or last.is_free or last.mark or last.until + GRACE_S <= now:
        return None
    return last


def _for_end_of(last: Grant, renewal: Renewal, now: int) -> Renewal:
    return replace(renewal, ends_at=last.until, at=max(now, last.until - BEFORE_END_S), failed=0)


def told_anew(renewal: Renewal) -> Renewal:
    """At the price of now, of which the owner is told."""
    return replace(renewal, version=catalogue.offer(renewal.plan_id).version)


def said_anew(renewal: Renewal, now: int) -> Renewal:
    """The same under another name: money that came for the former one went back."""
    return replace(renewal, since=max(now, renewal.since + 1))


def failed(renewal: Renewal, now: int) -> Renewal | None:
    """When it is tried again; None if that was the last time."""
    first = renewal.first_tried_at if renewal.failed else now
    if renewal.failed >= len(TRIED_AGAIN_AFTER_S):
        return None
    again = replace(renewal, at=first + TRIED_AGAIN_AFTER_S[renewal.failed], failed=renewal.failed + 1)
    return None if again.is_too_late else again
