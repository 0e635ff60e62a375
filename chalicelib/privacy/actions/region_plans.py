"""Plans of an account that moves to another region: a ticket has what is left of each when the account ends here, and
is brought to a device there, once (B1a, B14)."""

from __future__ import annotations

from contextlib import suppress
from datetime import timedelta
from typing import Final

from chalicelib import clock, jws
from chalicelib.access import actions as access
from chalicelib.access.actions import DeviceAccess
from chalicelib.access.records import Ownership
from chalicelib.accounts.records import Account, SpentTicket
from chalicelib.entry.callers import Caller
from chalicelib.errors import NotFound
from chalicelib.plans.actions import ledgers, moves
from chalicelib.plans.shapes import DevicePlan
from chalicelib.privacy import shapes
from chalicelib.privacy.actions.region_transfer import LEEWAY_S, TicketSpent, TicketWrong, claims_for, verified
from chalicelib.privacy.records import PlanTicket
from chalicelib.register.erasures import Erasure
from chalicelib.store import crypto, keys
from chalicelib.store.commit import commit, commit_and_answer, create
from chalicelib.store.records import read
from chalicelib.store.retrying import NothingToDo, StaleRead, retrying_from

# Until the account ends here its devices have their plans, and from then on the tickets: each has one holder at every
# instant, whatever is repeated or lost.
_TICKET: Final = "plan-ticket+jwt"
_KEPT_DAYS, _PAGE = 365, 100


# Where one comes from


def keep(hashed_id: str, subject: str) -> None:
    """Before anything of an account that moved is deleted: sign a ticket for the rest of each device's plans, as they
    were when the account ended. Repeated, it finds what was signed before."""
    if keys.kind_of(subject) != Account.pk_prefix:
        return
    (erasure,) = read(Erasure.key(hashed_id))
    if erasure is None or erasure.moved_to is None:
        return
    for held in Ownership.all_of(keys.id_of(subject), page_size=_PAGE):
        _keep(erasure, held)


def _keep(erasure: Erasure, held: Ownership) -> None:
    grants = moves.left_behind(held, int(erasure.begun_at))
    if not grants:
        return
    expires_at = clock.epoch_s(erasure.begun + timedelta(days=_KEPT_DAYS))
    claims = {
        **claims_for(str(erasure.moved_to), str(erasure.moved_with)),
        "exp": expires_at,
        "device_id": held.device_id,
        "grants": grants,
    }
    row = PlanTicket.new(erasure.pk_id, held.device_id, ticket=jws.signed(claims, _TICKET), expires_at=expires_at)
    with suppress(NothingToDo):  # it was signed before
        commit(create(row, otherwise=NothingToDo))


def of_erasure(erasure: Erasure) -> tuple[shapes.CarriedPlan, ...]:
    """What is to be brought there."""
    if erasure.moved_to is None:
        return ()
    tickets = PlanTicket.list_of(erasure.pk_id).items
    return tuple(shapes.CarriedPlan(one.sort_id, one.ticket, clock.at_epoch(one.expires_at)) for one in tickets)


# Where one goes


def bring(caller: Caller, device: DeviceAccess, text: str) -> DevicePlan:
    """Put what the ticket has behind the plans of this device of the caller's. Whoever has it may, once; what came to
    this device before is there. Raises NotFound, RightMissing, TicketWrong, TicketSpent, MovedTooOften."""
    ticket = verified(text, _TICKET, shapes.PlanTicket)
    if ticket is None:
        raise TicketWrong
    grants = _grants_of(ticket)

    def attempt(device: DeviceAccess) -> DevicePlan:
        return _bring(caller, device, ticket, grants)

    return retrying_from(device, attempt, lambda device: access.read_again(caller.account_id, device, "owner"))


def _grants_of(ticket: shapes.PlanTicket) -> tuple[ledgers.Grant, ...]:
    try:
        grants = tuple(ledgers.Grant.of(text) for text in ticket.grants)
    except ValueError as cause:
        raise TicketWrong from cause
    if any(one.seconds <= 0 for one in grants):
        raise TicketWrong
    return grants


def _bring(
    caller: Caller, device: DeviceAccess, ticket: shapes.PlanTicket, grants: tuple[ledgers.Grant, ...]
) -> DevicePlan:
    held = device.ownership
    if held is None:
        raise NotFound
    device_id = device.device.pk_id
    spent = SpentTicket.new(
        crypto.keyed_hash("plan tickets", ticket.iss, ticket.sub, ticket.device_id),
        used_by=crypto.keyed_hash("uses of plan tickets", device_id),
        expires_at=ticket.exp + LEEWAY_S,
    )
    (before,) = read(spent.own_key)
    if before is not None:
        if before.used_by != spent.used_by:
            raise TicketSpent
        return ledgers.described(held)
    return commit_and_answer(
        create(spent, otherwise=StaleRead),
        *moves.brought(held, grants, clock.now_s()),
        *access.require_alive(device_id, otherwise=NotFound),
        access.record_act(caller, device, "plan_moved_here"),
        answer=ledgers.described(held),
    )
