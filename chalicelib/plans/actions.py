"""Granting cloud storage to a device, and saying how long it has it (B12, B13)."""

from __future__ import annotations

from datetime import datetime

from chalicelib import clock
from chalicelib.aws.commit import Write, put
from chalicelib.aws.keys import Key
from chalicelib.plans import rules
from chalicelib.plans.records import Plan
from chalicelib.plans.rules import Offer
from chalicelib.plans.shapes import DevicePlan


class PlanChanged(Exception):
    """Something else changed the plan at the same moment: read again and decide anew."""


def place_of(device_id: str) -> Key:
    return Plan.key(device_id)


def offered(plan_id: str) -> Offer:
    """The plan of this id in the catalogue; raises PlanUnknown."""
    return rules.offer(plan_id)


def grant(device_id: str, held: Plan | None, plan_id: str) -> Write:
    """One period of this plan, put after what the device holds; only if it still holds just that."""
    until = rules.prolonged(end_of(held), rules.offer(plan_id).period_days, clock.now())
    granted = Plan.new(device_id, plan_id=plan_id, until=clock.epoch_s(until))
    as_read = Plan.pk.does_not_exist() if held is None else Plan.until == held.until
    return put(granted, when=as_read, otherwise=PlanChanged)


def end_of(held: Plan | None) -> datetime | None:
    return None if held is None else clock.at_epoch(held.until)


def described(held: Plan | None) -> DevicePlan:
    until = end_of(held)
    return DevicePlan(
        state=rules.state_at(until, clock.now()), plan_id=None if held is None else held.plan_id, until=until
    )
