"""Quotes: what a plan costs on a device, what is credited for the one that runs, and when it would run (B13)."""

from __future__ import annotations

from dataclasses import dataclass, replace

from chalicelib.access.records import Ownership
from chalicelib.errors import Conflict
from chalicelib.plans.actions import ledgers
from chalicelib.plans.rules import changes
from chalicelib.plans.rules import ledger as ledger_rules
from chalicelib.plans.rules.catalogue import Currency, Offer
from chalicelib.plans.rules.ledger import Grant, Ledger
from chalicelib.plans.shapes import Begins
from chalicelib.store import crypto
from chalicelib.store.commit import Write

# Not known before it is ordered.
_QUOTED = "order:quoted"


class SamePlan(Conflict):
    pass


class NothingToPay(Conflict):
    """`credit` and `price` say how much of the plan that runs is left, and what the other one costs."""


class CreditChanged(Exception):
    """The rest of a plan that was credited by a quote is no more there as it was."""


@dataclass(frozen=True)
class Quote:
    """`credit_of` names what is credited, be it nothing; None where the plan does not begin in another one's place."""

    price: int
    credit: int
    currency: str
    begins: int
    ends: int
    credit_of: str | None

    @property
    def to_pay(self) -> int:
        return self.price - self.credit


def quote(held: Ownership, offer: Offer, currency: Currency, begins: Begins, now: int) -> Quote:
    """Raises SamePlan, NothingToPay, CreditInOtherCurrency, PlanPaused, PlanSuspended,
    TooManyPlansWait; of the free plan PlanRuns, FreePlanRuns."""
    ledger, price = ledgers.ledger_of(held), offer.prices[currency]
    changes.require_few_left(ledger, now)
    source = "free:quoted" if offer.is_free else _QUOTED
    new = changes.new_grant(offer, source, now, amount=price, currency=currency)
    running = ledger_rules.status_at(ledger, now).running
    if running is None or begins == "after" or offer.is_free:
        add = changes.with_free if offer.is_free else changes.with_grant
        (added,) = [one for one in add(ledger, new, now).grants if one.source == source]
        return Quote(price, 0, currency, added.begins, added.until, None)
    old = changes.credited(ledger, currency, now)
    if running.plan.plan == new.plan:
        raise SamePlan  # ordered each day and paid a day later, it would give each second day for nothing
    credit = changes.credit(old)
    if credit >= price:
        raise NothingToPay(
            credit={"amount": credit, "currency": currency}, price={"amount": price, "currency": currency}
        )
    return Quote(price, credit, currency, new.begins, new.until, _named(old))


def _named(old: tuple[Grant, ...]) -> str:
    """A hash of what is credited: where it comes from, and when it would end."""
    return crypto.plain_hash(" ".join(f"{one.source} {one.until}" for one in old))


def grant_now(
    held: Ownership, new: Grant, credit_of: str, quoted_at: int, now: int, renews_in: Currency | None = None
) -> tuple[Write, ...]:
    """The new grant in the place of what was credited for it when it was quoted; raises CreditChanged unless that is as
    it was. What was had of it since is nobody's loss but ours."""
    ledger = ledgers.ledger_of(held)
    old = _credited_then(ledger, new.currency, quoted_at)
    # A rest that has ended since was had, and may stand behind another order, too; what waited behind it runs.
    if _named(old) != credit_of or (old and old[-1].until <= now):
        raise CreditChanged
    paid = replace(new, credits=changes.credits_of(old))
    return ledgers.renewed_in(held, changes.changed_now(ledger, paid, old, now), renews_in, now)


def _credited_then(ledger: Ledger, currency: str, quoted_at: int) -> tuple[Grant, ...]:
    try:
        return changes.credited(ledger, currency, quoted_at)
    except (changes.PlanPaused, changes.PlanSuspended, changes.CreditInOtherCurrency) as cause:
        raise CreditChanged from cause
