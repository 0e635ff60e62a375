"""Request and response shapes of plans."""

from __future__ import annotations

from msgspec import field

from chalicelib import clock
from chalicelib.entry.wire import Listed, Shape, Time
from chalicelib.plans.rules import Kind, Offer, Period, PlanStatus, State


class Money(Shape):
    """In the currency's smallest unit."""

    amount: int
    currency: str


class Plan(Shape):
    plan_id: str
    name: str
    kind: Kind
    keep_days: int
    period_days: int
    price: Money

    @classmethod
    def in_language(cls, offer: Offer, language: str) -> Plan:
        return cls(
            plan_id=offer.plan_id,
            name=offer.name_in(language),
            kind=offer.kind,
            keep_days=offer.keep_days,
            period_days=offer.period_days,
            price=Money(amount=offer.amount, currency=offer.currency),
        )


class Plans(Listed):
    items: list[Plan]


class WaitingPlan(Shape):
    """A plan that begins by itself when what is before it ends."""

    plan_id: str
    from_: Time = field(name="from")
    until: Time

    @classmethod
    def of(cls, period: Period) -> WaitingPlan:
        begins, until = clock.at_epoch(period.begins), clock.at_epoch(period.until)
        return cls(plan_id=period.plan.plan_id, from_=begins, until=until)


class DevicePlan(Shape):
    """The plan that the device holds, or held last, as it was bought, and what waits behind it, the next first."""

    state: State
    plan_id: str | None
    kind: Kind | None
    keep_days: int | None
    until: Time | None
    waiting: list[WaitingPlan]

    @classmethod
    def of(cls, status: PlanStatus) -> DevicePlan:
        held = status.held
        return cls(
            state=status.state,
            plan_id=None if held is None else held.plan.plan_id,
            kind=None if held is None else held.plan.kind,
            keep_days=None if held is None else held.plan.keep_days,
            until=None if held is None else clock.at_epoch(held.until),
            waiting=[WaitingPlan.of(one) for one in status.waiting],
        )
