"""Plans of devices: granting cloud storage, and showing until when (B12, B13)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime, timedelta

from chalicelib import clock
from chalicelib.access.records import Ownership
from chalicelib.plans import rules
from chalicelib.plans.records import PlanEnd
from chalicelib.plans.rules import Grant, Ledger, Offer, PlanStatus
from chalicelib.plans.rules import Terms as Terms  # orders carry them
from chalicelib.plans.shapes import DevicePlan
from chalicelib.store import keys
from chalicelib.store.commit import Write, change, commit, is_set, put, remove
from chalicelib.store.keys import Key
from chalicelib.store.retrying import NothingToDo, StaleRead

# So far back what is due is looked for at most, by days.
MOST_LOOKED_BACK_DAYS = 34
# Longer than that, and than any recording is kept.
_REMEMBERED = timedelta(days=35)
_PAGE = 100


def key_of(device_id: str) -> Key[Ownership]:
    """The key of the row that holds a device's ledger: its owner's tie to it."""
    return Ownership.of_device(device_id)


def offered(plan_id: str) -> Offer:
    """The plan of this id as it is sold now; raises PlanUnknown."""
    return rules.offer(plan_id)


def sold(plan_id: str, version: int) -> Offer:
    """The plan as it was sold; raises PlanUnknown."""
    return rules.offer_of(plan_id, version)


def grant(held: Ownership, terms: Terms, order_id: str, now: int) -> tuple[Write, ...]:
    """One period of this plan, as it was bought, in its place in the device's ledger; only if that is as it was read.

    On commit it raises StaleRead, also where nobody owns the device any more.
    """
    return _change_ledger(held, rules.with_grant(ledger_of(held), terms, order_id, now))


def _change_ledger(held: Ownership, ledger: Ledger) -> tuple[Write, ...]:
    as_read, former = is_set(Ownership.plan_grants, held.plan_grants), held.plan_end
    # One that is due is dealt with: what was kept by the grants before it is not shown any more.
    over_at = rules.ends_at(ledger_of(held))
    if over_at is not None and over_at <= clock.now_s():
        former = None
    end = _end_of(held.device_id, ledger)
    plan_end = None if end is None else keys.written(end.own_key)
    grants = {one.text for one in ledger} or None
    return (
        change(held, when=as_read, otherwise=StaleRead, plan_grants=grants, plan_end=plan_end),
        *([] if end is None else [put(end)]),
        *([] if former in (None, plan_end) else [remove(PlanEnd.named(former))]),
    )


def end_ledger(device_id: str, held: Ownership | None) -> tuple[Write, ...]:
    """Writes that end the tie to the owner, as it was read, and the ledger with it: what was granted passes to nobody.
    On commit they raise StaleRead where something was granted since."""
    plan_end = None if held is None else held.plan_end
    tie = remove(key_of(device_id), when=is_set(Ownership.plan_end, plan_end), otherwise=StaleRead)
    return (tie,) if plan_end is None else (tie, remove(PlanEnd.named(plan_end)))


# Reading the ledger


def ledger_of(held: Ownership | None) -> Ledger:
    """The grants, the earliest first."""
    return tuple(Grant.of(text) for text in sorted((held.plan_grants if held is not None else None) or ()))


def status(held: Ownership | None) -> PlanStatus:
    """The plan that the device has now."""
    return rules.status_at(ledger_of(held), clock.now_s())


def described(held: Ownership | None) -> DevicePlan:
    return DevicePlan.of(status(held))


def kept_since(held: Ownership | None) -> int | None:
    """The second from which on what arrived is shown now; None where nothing is."""
    return rules.kept_since(ledger_of(held), clock.now_s())


def stored_since(held: Ownership | None) -> int | None:
    """The second from which on what arrived is stored still; None where no grace is left."""
    return rules.stored_since(ledger_of(held), clock.now_s())


def running_at(held: Ownership | None, at_s: int) -> Grant | None:
    """The grant by which a plan ran in that second, for what arrived then."""
    return rules.running_at(ledger_of(held), at_s)


# When all is over


def _end_of(device_id: str, ledger: Ledger) -> PlanEnd | None:
    ends_at = rules.ends_at(ledger)
    if ends_at is None:
        return None
    forgotten_at = ends_at + int(_REMEMBERED.total_seconds())
    return PlanEnd.new(_day(clock.at_epoch(ends_at)), device_id, ends_at=ends_at, expires_at=forgotten_at)


def due_ends(now: int, *, looked_back_days: int = MOST_LOOKED_BACK_DAYS) -> Iterator[PlanEnd]:
    """The devices of whose plans no grace is left, the longest due first; who deals with one says `done_with`. A job
    that did not run for some days finds those of before, too, if it looks back so far."""
    today = clock.at_epoch(now)
    for days in reversed(range(looked_back_days + 1)):
        yield from (one for one in _ends_on(_day(today - timedelta(days=days))) if one.ends_at <= now)


def _ends_on(day: str) -> Iterator[PlanEnd]:
    cursor = None
    while True:
        page = PlanEnd.list_of(day, limit=_PAGE, after=cursor)
        yield from page.items
        cursor = page.cursor
        if cursor is None:
            return


def done_with(due: PlanEnd) -> None:
    """Forget the end of a plan that was dealt with, unless the device has another one on that day by now."""
    with suppress(NothingToDo):
        commit(remove(due, when=PlanEnd.ends_at == due.ends_at, otherwise=NothingToDo))


def _day(at: datetime) -> str:
    return f"{at:%Y%m%d}"
