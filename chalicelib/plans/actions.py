"""Plans of devices: granting cloud storage, and showing until when (B12, B13)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chalicelib import clock
from chalicelib.plans import rules
from chalicelib.plans.records import Plan
from chalicelib.plans.rules import Grant, Ledger, Offer
from chalicelib.plans.rules import Terms as Terms  # orders carry them
from chalicelib.plans.shapes import DevicePlan
from chalicelib.store.commit import Write, put
from chalicelib.store.keys import Key
from chalicelib.store.retrying import StaleRead

if TYPE_CHECKING:
    from pynamodb.expressions.condition import Condition

# Before versions were distinguished there was one.
_FIRST_VERSION = 1


def key_of(device_id: str) -> Key[Plan]:
    return Plan.key(device_id)


def offered(plan_id: str) -> Offer:
    """The plan of this id as it is sold now; raises PlanUnknown."""
    return rules.offer(plan_id)


def sold(plan_id: str, version: int | None) -> Offer:
    """The plan as it was sold; raises PlanUnknown."""
    return rules.offer_of(plan_id, version or _FIRST_VERSION)


def grant(device_id: str, held: Plan | None, terms: Terms, order_id: str, now: int) -> Write:
    """One period of this plan, as it was bought, in its place in the device's ledger; only if that is as it was read.

    On commit it raises StaleRead.
    """
    ledger = rules.with_grant(ledger_of(held), terms, order_id, now)
    last = ledger[-1]
    granted = Plan.new(device_id, grants={one.text for one in ledger}, plan_id=last.plan_id, until=last.until)
    return put(granted, when=_is_as_read(held), otherwise=StaleRead)


def _is_as_read(held: Plan | None) -> Condition:
    if held is None:
        return Plan.pk.does_not_exist()
    if held.grants is None:
        unchanged: Condition = Plan.grants.does_not_exist() & (Plan.until == held.until)
        return unchanged
    as_read: Condition = Plan.grants == held.grants
    return as_read


def ledger_of(held: Plan | None) -> Ledger:
    """The grants, the earliest first."""
    if held is None:
        return ()
    if held.grants is not None:
        return tuple(Grant.of(text) for text in sorted(held.grants))
    # An earlier version put every period behind the last, and remembered only its end.
    offer, until = sold(held.plan_id, None), int(held.until)
    begins = until - offer.period_days * 86_400
    return (Grant(begins, until, offer.plan_id, offer.version, offer.kind, offer.keep_days, ""),)


def described(held: Plan | None) -> DevicePlan:
    return DevicePlan.of(rules.status_at(ledger_of(held), clock.now_s()))
