"""The catalogue of plans, the ledger of what was granted to a device, and what it has at an instant."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal, cast

import msgspec

from chalicelib.errors import NotFound
from chalicelib.register import rows
from chalicelib.words import Phrase

_DAY_S = 86_400
GRACE_S = rows.CLOUD_STORAGE.kept_for.days_after * _DAY_S

Kind = Literal["event", "continuous"]
State = Literal["none", "active", "grace", "ended", "paused", "suspended"]


class PlanUnknown(NotFound):
    pass


# The catalogue


class Terms(msgspec.Struct, frozen=True, kw_only=True):
    """The terms of a plan of the catalogue, as it is bought."""

    plan_id: str
    version: int
    kind: Kind
    keep_days: int
    period_days: int


class Offer(Terms, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A plan of the catalogue; the price is gross, in the currency's smallest unit."""

    name_key: str
    amount: int
    currency: str

    def name_in(self, language: str) -> str:
        return Phrase(self.name_key).read_in(language)


# Every version that was ever sold stays in the file, and a change is a new one: orders name theirs.
_EVER = msgspec.json.decode(Path(__file__).with_name("catalogue.json").read_bytes(), type=list[Offer])


def newest(ever: list[Offer]) -> tuple[Offer, ...]:
    """Of each plan the version that is sold now, in the order of the file."""
    last = {one.plan_id: one for one in sorted(ever, key=lambda one: one.version)}
    return tuple(last[plan_id] for plan_id in dict.fromkeys(one.plan_id for one in ever))


CATALOGUE = newest(_EVER)


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


# The ledger of grants


@dataclass(frozen=True)
class Grant:
    """A period that an order paid for, with the plan as it was bought; times are in seconds since 1970."""

    begins: int
    until: int
    plan_id: str
    version: int
    kind: Kind
    keep_days: int
    order_id: str

    @classmethod
    def of(cls, text: str) -> Grant:
        begins, until, plan_id, version, kind, keep_days, order_id = text.split(" ")
        return cls(_read(begins), _read(until), plan_id, int(version), cast("Kind", kind), int(keep_days), order_id)

    @property
    def text(self) -> str:
        """As it lies in the ledger and in a copy of one's data; the earlier grant sorts first."""
        times = f"{_written(self.begins)} {_written(self.until)}"
        return f"{times} {self.plan_id} {self.version} {self.kind} {self.keep_days} {self.order_id}"

    @property
    def plan(self) -> tuple[str, Kind, int]:
        """The terms by which two grants are one plan: a new price does not make another of it, other terms do."""
        return self.plan_id, self.kind, self.keep_days

    def moved(self, seconds: int) -> Grant:
        return replace(self, begins=self.begins + seconds, until=self.until + seconds)


# In the order of time; of two grants the later one begins where the earlier one ends, or after it.
Ledger = tuple[Grant, ...]


def _written(at: int) -> str:
    return f"{datetime.fromtimestamp(at, UTC):%Y-%m-%dT%H:%M:%SZ}"


def _read(text: str) -> int:
    return int(datetime.fromisoformat(text).timestamp())


def with_grant(ledger: Ledger, terms: Terms, order_id: str, now: int) -> Ledger:
    """The ledger with one period more, which begins now if nothing runs.

    It extends the same plan, held or waiting, and those that wait behind that are put off by as much; another plan
    waits behind all. Nothing that was granted before gets shorter.
    """
    over = tuple(one for one in ledger if one.until <= now)
    left = [one for one in ledger if one.until > now]
    span = terms.period_days * _DAY_S
    new = Grant(now, now + span, terms.plan_id, terms.version, terms.kind, terms.keep_days, order_id)
    same = [index for index, one in enumerate(left) if one.plan == new.plan]
    index = (same[-1] if same else len(left) - 1) + 1
    begins = left[index - 1].until if left else now
    return (*over, *left[:index], new.moved(begins - now), *(one.moved(span) for one in left[index:]))


@dataclass(frozen=True)
class Period:
    """Grants of one plan in a row."""

    plan: Grant
    begins: int
    until: int


@dataclass(frozen=True)
class PlanStatus:
    """The state of a device's plan at an instant: the one that it holds or held last, and those that wait behind it."""

    state: State
    held: Period | None
    waiting: tuple[Period, ...] = ()

    @property
    def runs_until(self) -> int | None:
        """The end of what is held, and of what waits behind it without a gap."""
        until = None if self.held is None else self.held.until
        for one in self.waiting:
            if one.begins != until:
                break
            until = one.until
        return until


def status_at(ledger: Ledger, now: int) -> PlanStatus:
    """A plan is active up to its end; behind the last there are seven days of grace, in which a renewal brings
    everything back. What waits becomes what is held by time alone."""
    periods = periods_of(ledger)
    begun = [one for one in periods if one.begins <= now]
    waiting = tuple(periods[len(begun) :])
    if not begun:
        return PlanStatus("none", None, waiting)
    held = begun[-1]
    if now < held.until:
        return PlanStatus("active", held, waiting)
    return PlanStatus("grace" if now < held.until + GRACE_S else "ended", held, waiting)


def kept_since(ledger: Ledger, now: int) -> int | None:
    """The second from which on what arrived is shown now: where the grants began that follow each other up to now, each
    before the grace of the one before it was over. None unless a plan is active now."""
    since, until = _last_chain(ledger, now)
    return since if now < until else None


def stored_since(ledger: Ledger, now: int) -> int | None:
    """The same of what is stored still, shown or waiting for a renewal; None where no grace is left."""
    since, until = _last_chain(ledger, now)
    return since if now < until + GRACE_S else None


def _last_chain(ledger: Ledger, now: int) -> tuple[int | None, int]:
    """Begin of the last of the grants that follow each other up to now, and their end."""
    since: int | None = None
    until = 0
    for one in ledger:
        if one.begins > now:
            break
        if since is None or one.begins - until >= GRACE_S:
            since = one.begins
        until = one.until
    return since, until


def running_at(ledger: Ledger, at: int) -> Grant | None:
    """The grant by which a plan runs in that second."""
    return next((one for one in ledger if one.begins <= at < one.until), None)


def ends_at(ledger: Ledger) -> int | None:
    """The second in which the grace of all that was granted is over; None where nothing was."""
    return max((one.until + GRACE_S for one in ledger), default=None)


def periods_of(ledger: Ledger) -> list[Period]:
    """As a person sees them: what was bought one after the other of one plan is one period."""
    periods: list[Period] = []
    for one in ledger:
        before = periods[-1] if periods else None
        if before is not None and before.plan.plan == one.plan and before.until == one.begins:
            periods[-1] = replace(before, until=one.until)
        else:
            periods.append(Period(one, one.begins, one.until))
    return periods
