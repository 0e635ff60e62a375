"""Disputes of what was paid for a plan: wherever it lies it is suspended, runs again, or ends (B13)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from functools import partial
from typing import Literal

from chalicelib.access.records import Ownership
from chalicelib.plans.actions import handed, ledgers
from chalicelib.plans.records import HandedPlan
from chalicelib.plans.rules import changes
from chalicelib.plans.rules.ledger import Grant, Ledger
from chalicelib.store.commit import Write

Outcome = Literal["opened", "won", "lost"]
# What its grant is called, with its buyer and with whoever it was handed over to.
Sources = tuple[str, ...]
_Ledgers = list[tuple[Ownership, Ledger]]


@dataclass(frozen=True)
class Disputed:
    """What a dispute does: the writes, and whose it is if it was handed over, with the plan that he has of it."""

    writes: tuple[Write, ...]
    holder_id: str | None = None
    plan: Grant | None = None


def follow(
    order_id: str, buyer_id: str, row: HandedPlan | None, outcome: Outcome, share: Fraction, now: int,
    device_id: str | None = None,
) -> Disputed:
    """What was bought by this order is suspended, released, or has ended by this share, wherever it was moved, with
    whoever it was handed over to, and in whatever it was credited for; `device_id` is the device that it was ordered
    for. `row` is that of `handed.key_of`, as it was just read. On commit they raise StaleRead where it went elsewhere
    since."""
    holder_id, sources = buyer_id if row is None else row.account_id, handed.sources_of(order_id)
    is_wanted = _is_of if outcome == "lost" else _is_from
    every = _ledgers_of(holder_id)
    # A query reads one device after the other: what moves at that moment may be on none that it reads.
    every = every if _among(every, sources, is_wanted, now) else _ledgers_of(holder_id)
    found = _among(every, sources, is_wanted, now)
    # Also where it is as it was: what is done meanwhile would have been done to what was read. And whose bank asks for
    # money is not charged by itself any more.
    change = ledgers.changed if outcome == "won" else partial(ledgers.changed_with, renewal=None)
    writes = tuple(
        write
        for held, of in found
        for write in change(held, after=_after(of, sources, outcome, share, now), now=now)
    )
    if outcome != "won":
        writes += _renewals_ended([one for one in every if one not in found], sources, device_id, now)
    if not found:
        return Disputed((handed.require_as_read(order_id, row), *writes))
    plan = next(one for _, of in found for one in of.left_at(now) if is_wanted(one, sources))
    return Disputed(writes, None if holder_id == buyer_id else holder_id, plan)


def _renewals_ended(
    held_as_they_were: _Ledgers, sources: Sources, device_id: str | None, now: int
) -> tuple[Write, ...]:
    """The same where nothing is left of what was bought, as most payments are disputed when their period is over: of
    the device that it was ordered for, and of those to which a plan of that device was moved since."""
    there = (one.source for held, of in held_as_they_were if held.device_id == device_id for one in of.grants)
    of_device = (*sources, *there)
    concerned = (
        held
        for held, of in held_as_they_were
        if held.device_id == device_id or any(_is_of(one, of_device) for one in of.grants)
    )
    return tuple(
        write
        for held in concerned
        if held.plan_renewal is not None
        for write in ledgers.renewal_set(held, None, now)
    )


def _ledgers_of(account_id: str) -> _Ledgers:
    return [(held, ledgers.ledger_of(held)) for held in Ownership.list_of(account_id).items]


def _among(
    every: _Ledgers, sources: Sources, is_wanted: Callable[[Grant, Sources], bool], now: int
) -> _Ledgers:
    return [(held, of) for held, of in every if any(is_wanted(one, sources) for one in of.left_at(now))]


def _is_from(one: Grant, sources: Sources) -> bool:
    return one.source in sources


def _is_of(one: Grant, sources: Sources) -> bool:
    return _is_from(one, sources) or any(each.source in sources for each in one.credits)


def _after(of: Ledger, sources: Sources, outcome: Outcome, share: Fraction, now: int) -> Ledger:
    if outcome == "opened":
        return changes.suspended(of, sources, now)
    return changes.released(of, sources) if outcome == "won" else changes.charged_back(of, sources, share, now)
