"""The catalogue of plans: every version that was ever sold, with its prices."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Literal

import msgspec

from chalicelib.errors import NotFound
from chalicelib.words import Phrase

Kind = Literal["event", "continuous"]
Currency = Literal["EUR", "PLN", "USD", "GBP"]

DAY_S = 86_400


class PlanUnknown(NotFound):
    pass


class Terms(msgspec.Struct, frozen=True, kw_only=True):
    """The terms of a plan of the catalogue, as it is bought."""

    plan_id: str
    version: int
    kind: Kind
    keep_days: int
    period_days: int

    @property
    def period_s(self) -> int:
        return self.period_days * DAY_S


class Offer(Terms, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A plan of the catalogue; prices are gross, in each currency's smallest unit."""

    name_key: str
    prices: dict[Currency, int]

    def name_in(self, language: str) -> str:
        return Phrase(self.name_key).read_in(language)

    @property
    def is_free(self) -> bool:
        return not any(self.prices.values())


def money_text(amount: int, currency: str) -> str:
    """An amount in its currency's smallest unit, as mails say it."""
    return f"{amount / 100:.2f} {currency}"


# Every version that was ever sold stays in the file, and a change is a new one: orders name theirs.
_EVER = msgspec.json.decode(Path(__file__).with_name("catalogue.json").read_bytes(), type=list[Offer])


def newest(ever: list[Offer]) -> tuple[Offer, ...]:
    """Of each plan the version that is sold now, in the order of the file."""
    last = {one.plan_id: one for one in sorted(ever, key=lambda one: one.version)}
    return tuple(last[plan_id] for plan_id in dict.fromkeys(one.plan_id for one in ever))


CATALOGUE = newest(_EVER)


def by_price(currency: Currency) -> list[Offer]:
    """The plans that are sold now, the cheapest first: the free plan before all others."""
    return sorted(CATALOGUE, key=lambda one: one.prices[currency])


def offer(plan_id: str) -> Offer:
    """The plan as it is sold now; raises PlanUnknown."""
    return _found(CATALOGUE, plan_id)


def offer_of(plan_id: str, version: int) -> Offer:
    """The plan as it was sold by this version; raises PlanUnknown."""
    return _found((one for one in _EVER if one.version == version), plan_id)


def _found(offers: Iterable[Offer], plan_id: str) -> Offer:
    for one in offers:
        if one.plan_id == plan_id:
            return one
    raise PlanUnknown
