"""Request and response shapes of plans."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, field

from chalicelib import clock
from chalicelib.entry.wire import Listed, Page, Shape, Time
from chalicelib.plans.rules.catalogue import Currency as Currency  # orders are in one
from chalicelib.plans.rules.catalogue import Kind, Offer
from chalicelib.plans.rules.ledger import Period, PlanStatus, State
from chalicelib.plans.rules.renewals import Renewal

# Behind what runs and waits, or at once in the place of what runs.
Begins = Literal["after", "now"]


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
    def of(cls, offer: Offer, currency: Currency, language: str) -> Plan:
        return cls(
            plan_id=offer.plan_id,
            name=offer.name_in(language),
            kind=offer.kind,
            keep_days=offer.keep_days,
            period_days=offer.period_days,
            price=Money(amount=offer.prices[currency], currency=currency),
        )


class Search(Page):
    """In which currency prices are said."""

    currency: Currency = "EUR"


class Plans(Listed):
    items: list[Plan]


class SetPause(Shape):
    on: bool


class MovePlan(Shape):
    to_device_id: Annotated[str, Meta(max_length=64)]


class WaitingPlan(Shape):
    """A plan that begins by itself when what is before it ends."""

    plan_id: str
    from_: Time = field(name="from")
    until: Time

    @classmethod
    def of(cls, period: Period) -> WaitingPlan:
        begins, until = clock.at_epoch(period.begins), clock.at_epoch(period.until)
        return cls(plan_id=period.plan.plan_id, from_=begins, until=until)


class Renews(Shape):
    """When another period is paid by itself, and what it costs then, as it was told."""

    at: Time
    price: Money

    @classmethod
    def of(cls, renewal: Renewal | None) -> Renews | None:
        if renewal is None:
            return None
        return cls(at=clock.at_epoch(renewal.at), price=Money(amount=renewal.price, currency=renewal.currency))


class DevicePlan(Shape):
    """The plan that the device holds, or held last, as it was bought, and what waits behind it, the next first. While
    it is paused, times are those of a pause that nobody ends: it ends by itself at `paused_until`. `renews` is null
    where the plan does not renew by itself."""

    state: State
    plan_id: str | None
    kind: Kind | None
    keep_days: int | None
    until: Time | None
    paused_until: Time | None
    renews: Renews | None
    waiting: list[WaitingPlan]

    @classmethod
    def of(cls, status: PlanStatus, renewal: Renewal | None) -> DevicePlan:
        held = status.held
        return cls(
            state=status.state,
            plan_id=None if held is None else held.plan.plan_id,
            kind=None if held is None else held.plan.kind,
            keep_days=None if held is None else held.plan.keep_days,
            until=None if held is None else clock.at_epoch(held.until),
            paused_until=None if status.paused_until is None else clock.at_epoch(status.paused_until),
            renews=Renews.of(renewal),
            waiting=[WaitingPlan.of(one) for one in status.waiting],
        )
