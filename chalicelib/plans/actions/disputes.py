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


@dataclass(frozen=True)
class Disputed:
    """What a dispute does: the writes, and whose it is if it was handed over, with the plan that he has of it."""

    writes: tuple[Write, ...]
    holder_id: str | None = None
    plan: Grant | None = None


def follow(
    order_id: str, buyer_id: str, row: HandedPlan | None, outcome: Outcome, share: Fraction, now: int
) -> Disputed:
    """What was bought by this order is suspended, released, or has ended by this share, wherever it was moved, with
    whoever it was handed over to, and in whatever it was credited for. `row` is that of `handed.key_of`, as it was just
    read. On commit they raise StaleRead where it went elsewhere since."""
    holder_id, sources = buyer_id if row is None else row.account_id, handed.sources_of(order_id)
    is_wanted = _is_of if outcome == "lost" else _is_from
    # A query reads one device after the other: what moves at that moment may be on none that it reads.
    found = _found(holder_id, sources, is_wanted, now) or _found(holder_id, sources, is_wanted, now)
    if not found:
        return Disputed((handed.require_as_read(order_id, row),))
    # Also where it is as it was: what is done meanwhile would have been done to what was read. And whose bank asks for
    # money is not charged by itself any more.
    change = ledgers.changed if outcome == "won" else partial(ledgers.changed_with, renewal=None)
    writes = tuple(
        write
        for held, of in found
        for write in change(held, after=_after(of, sources, outcome, share, now), now=now)
    )
    plan = next(one for _, of in found for one in of.left_at(now) if is_wanted(one, sources))
    return Disputed(writes, None if holder_id == buyer_id else holder_id, plan)


def _found(
    account_id: str, sources: Sources, is_wanted: Callable[[Grant, Sources], bool], now: int
) -> list[tuple[Ownership, Ledger]]:
    every = ((held, ledgers.ledger_of(held)) for held in Ownership.list_of(account_id).items)
    return [(held, of) for held, of in every if any(is_wanted(one, sources) for one in of.left_at(now))]


def _is_from(one: Grant, sources: Sources) -> bool:
    return one.source in sources


def _is_of(one: Grant, sources: Sources) -> bool:
    return _is_from(one, sources) or any(each.source in sources for each in one.credits)


def _after(of: Ledger, sources: Sources, outcome: Outcome, share: Fraction, now: int) -> Ledger:
    if outcome == "opened":
        return changes.suspended(of, sources, now)
    return changes.released(of, sources) if outcome == "won" else changes.charged_back(of, sources, share, now)
