"""Plans of devices: granting cloud storage, and showing until when (B12, B13)."""

from __future__ import annotations

from chalicelib import clock
from chalicelib.access.records import Ownership
from chalicelib.plans import rules
from chalicelib.plans.rules import Grant, Ledger, Offer
from chalicelib.plans.rules import Terms as Terms  # orders carry them
from chalicelib.plans.shapes import DevicePlan
from chalicelib.store.commit import Write, change, is_set
from chalicelib.store.keys import Key
from chalicelib.store.retrying import StaleRead


def key_of(device_id: str) -> Key[Ownership]:
    """The key of the row that holds a device's ledger: its owner's tie to it."""
    return Ownership.of_device(device_id)


def offered(plan_id: str) -> Offer:
    """The plan of this id as it is sold now; raises PlanUnknown."""
    return rules.offer(plan_id)


def sold(plan_id: str, version: int) -> Offer:
    """The plan as it was sold; raises PlanUnknown."""
    return rules.offer_of(plan_id, version)


def grant(held: Ownership, terms: Terms, order_id: str, now: int) -> Write:
    """One period of this plan, as it was bought, in its place in the device's ledger; only if that is as it was read.

    On commit it raises StaleRead, also where nobody owns the device any more.
    """
    ledger = rules.with_grant(ledger_of(held), terms, order_id, now)
    as_read = is_set(Ownership.plan_grants, held.plan_grants)
    return change(held, when=as_read, otherwise=StaleRead, plan_grants={one.text for one in ledger})


def ledger_of(held: Ownership | None) -> Ledger:
    """The grants, the earliest first."""
    return tuple(Grant.of(text) for text in sorted((held.plan_grants if held is not None else None) or ()))


def described(held: Ownership | None) -> DevicePlan:
    return DevicePlan.of(rules.status_at(ledger_of(held), clock.now_s()))
