"""Moving a plan: what is left of it goes to another device, in one commit (B14)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from chalicelib import clock
from chalicelib.access import actions as access
from chalicelib.access.actions import DeviceAccess
from chalicelib.access.records import Ownership
from chalicelib.entry.callers import Caller
from chalicelib.errors import Invalid, NotFound
from chalicelib.plans.actions import handed, ledgers
from chalicelib.plans.rules import changes, renewals
from chalicelib.plans.rules.ledger import Grant, Ledger
from chalicelib.plans.rules.renewals import Renewal
from chalicelib.plans.shapes import DevicePlan
from chalicelib.store.commit import Write, commit_and_answer
from chalicelib.store.records import read_all
from chalicelib.store.retrying import retrying_from
from chalicelib.words import Phrase

_Both = tuple[DeviceAccess, DeviceAccess]


def move(caller: Caller, device: DeviceAccess, to_device_id: str) -> DevicePlan:
    """Put all that is left of the device's plans, but for the free one, behind those of another device of the caller's;
    the plan of that one as it is then. What was recorded stays, up to its own end. Raises NotFound, RightMissing,
    NothingToMove, MovedTooOften, PlanSuspended."""
    if to_device_id == device.device.pk_id:
        raise Invalid(fields={"to_device_id": Phrase("same_device")})
    found = read_all(access.keys_of(to_device_id))
    target = access.admitted(caller.account_id, found, to_device_id, "owner")

    def attempt(both: _Both) -> DevicePlan:
        return _move(caller, *both)

    def read_again(both: _Both) -> _Both:
        one, other = (access.read_again(caller.account_id, each, "owner") for each in both)
        return one, other

    return retrying_from((device, target), attempt, read_again)


def _move(caller: Caller, source: DeviceAccess, target: DeviceAccess) -> DevicePlan:
    if source.ownership is None or target.ownership is None:
        raise NotFound
    now, before = clock.now_s(), ledgers.ledger_of(source.ownership)
    left, rests = changes.moved_out(before, now)
    changes.require_room(before, ledgers.ledger_of(target.ownership))
    there = changes.moved_in(ledgers.ledger_of(target.ownership), rests, changes.resumed(before, now).pauses, now)
    renewal = renewals.after(_renewal_of_both(source.ownership, target.ownership), there, now)
    writes = (
        ledgers.changed_with(source.ownership, left, None, now),
        ledgers.changed_with(target.ownership, there, renewal, now),
    )
    answer = ledgers.described(target.ownership)
    return commit_and_answer(
        *writes[0],
        *writes[1],
        access.require_exists(source.device.pk_id, otherwise=NotFound),
        *access.require_alive(target.device.pk_id, otherwise=NotFound),
        access.record_act(caller, source, "plan_moved_away"),
        access.record_act(caller, target, "plan_moved_here"),
        answer=answer,
    )


def _renewal_of_both(source: Ownership, target: Ownership) -> Renewal | None:
    """What is said of the plan to which the other one goes, or else of the other one."""
    return ledgers.renewal_of(target) or ledgers.renewal_of(source)


# To another owner


def handed_over(held: Ownership | None, now: int) -> Ledger:
    """The ledger that the next owner of a device begins with, if its owner gives the plan along: no time is lost or
    made. It says nothing of who paid, nor when it was paused. Raises PlanSuspended, TooManyToHandOver."""
    try:
        _, rests = changes.moved_out(ledgers.ledger_of(held), now)
    except changes.NothingToMove:
        return Ledger()
    given = changes.renamed(rests, handed.renamed)
    changes.require_few(given)
    return changes.moved_in(Ledger(), given, (), now)


def followed(ledger: Ledger, former_id: str, account_id: str) -> Iterator[Write]:
    """Writes by which a dispute finds what of this ledger came to this account from the former one's."""
    return handed.noted(changes.disputable(ledger.grants), former_id, account_id)


# To another region


def left_behind(held: Ownership, at: int) -> list[str]:
    """What was left at that time of the plans of a device whose owner is gone, as the ledger has it; the free plan, and
    what is disputed, end with the account. No dispute follows what was credited for it to another region."""
    rests = changes.transferable(ledgers.ledger_of(held), at)
    return [replace(one, credits=()).text for one in rests if one.mark != "suspended"]


def brought(held: Ownership, grants: Iterable[Grant], now: int) -> tuple[Write, ...]:
    """Writes that put what was left elsewhere behind all that the device has; what had gone there from here is found
    again by a dispute. Raises MovedTooOften."""
    ledger, came = ledgers.ledger_of(held), list(grants)
    changes.require_room_for(ledger, came, now)
    there = changes.renamed(came, handed.renamed)
    # Of what was ordered elsewhere no payment is disputed here; of more nobody has handed over anything.
    known = changes.disputable(one for one in came if one.source_kind == "move")[: changes.MOST_HANDED_OVER]
    return *ledgers.changed(held, changes.moved_in(ledger, there, (), now), now), *handed.noted(known, None, held.pk_id)
