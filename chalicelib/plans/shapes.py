"""What is said about plans."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from chalicelib.entry.wire import Shape
from chalicelib.plans.rules import Offer, State


class Money(Shape):
    """In the currency's smallest unit."""

    amount: int
    currency: str


class Plan(Shape):
    plan_id: str
    name: str
    kind: Literal["event", "continuous"]
    keep_days: int
    period_days: int
    price: Money

    @classmethod
    def in_language(cls, offer: Offer, language: str) -> Plan:
        return cls(
            plan_id=offer.plan_id,
            name=offer.name_pl if language == "pl" else offer.name_en,
            kind=offer.kind,
            keep_days=offer.keep_days,
            period_days=offer.period_days,
            price=Money(amount=offer.amount, currency=offer.currency),
        )


class Plans(Shape):
    items: list[Plan]
    cursor: None = None


class DevicePlan(Shape):
    state: State
    plan_id: str | None = None
    until: datetime | None = None
