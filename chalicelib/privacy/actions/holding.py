"""Legal holds: what the law demands is copied under a key of its own, and ends by the clock; the original goes as ever
(F3)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

import msgspec

from chalicelib import clock, ids
from chalicelib.access import actions as access
from chalicelib.accounts.actions import account_writes as accounts
from chalicelib.accounts.records import Account
from chalicelib.activity import actions as activity
from chalicelib.errors import Invalid, NotFound
from chalicelib.outbox.actions import messages
from chalicelib.privacy import shapes
from chalicelib.privacy.actions.hold_copies import held_from, kind_of
from chalicelib.privacy.records import COPYING, Hold, HoldDue
from chalicelib.register import erasures, proposals, rows
from chalicelib.register.proposals import Approval, Proposal
from chalicelib.store import ciphers, keys
from chalicelib.store.ciphers import DataKey
from chalicelib.store.commit import Write, check, commit, create, put, remove
from chalicelib.store.passes import run_pass
from chalicelib.store.records import Record, read
from chalicelib.store.retrying import NothingToDo
from chalicelib.words import Phrase

# Of the 29 seconds that the function may take; the rest is for the next day, when it has been unreadable for one.
_DUE_BUDGET_S = 20
_TELL, _END = "tell", "end"
DISCLOSED_FOR = timedelta(days=7)
"""So long is kept what was packed to be handed over."""


# Ordering


def judge(order: shapes.Hold | shapes.Disclose, until: datetime) -> None:
    """Raises Invalid, NotFound for what could not be held until then."""
    wrong = {}
    if until <= clock.now():
        wrong["until"] = Phrase("already_past")
    if set(order.scope) - {row.id for row in rows.ROWS}:
        wrong["scope"] = Phrase("no_row_of_the_policy")
    if wrong:
        raise Invalid(fields=wrong)
    if None in read(*_keys_of(order.subject)):
        raise NotFound("subject")


def hold(order: shapes.Hold, approval: Approval) -> shapes.Held:
    """Begin to copy; or how far it is, if that was approved before. Raises Invalid, NotFound."""
    held = copy_of(order, approval, order.until)
    return shapes.Held(**described(held, hold_id_of(approval), order.until))


def hold_id_of(approval: Approval) -> str:
    """As an id is long, so that it may have a key."""
    return approval.proposal_id[: ids.LENGTH]


def copy_of(
    order: shapes.Hold | shapes.Disclose, approval: Approval, until: datetime, **more: object
) -> Hold | None:
    """The copy that is held for an approved order; it begins now, if it was not approved before. None if it is over.
    Raises Invalid, NotFound."""
    hold_id = hold_id_of(approval)
    if not approval.is_done:
        judge(order, until)
        commit(*approval.writes, *_begun(approval, order, until, more))
    (held,) = read(Hold.key(hold_id))
    return held


def described(held: Hold | None, hold_id: str, until: datetime) -> dict[str, Any]:
    if held is None:
        return {"hold_id": hold_id, "state": "over", "items": 0, "objects": 0, "until": until}
    counts = {"items": int(held.items), "objects": int(held.objects)}
    return {"hold_id": hold_id, "state": held.state, **counts, "until": clock.at_epoch(held.until)}


def _keys_of(subject_id: str) -> tuple[keys.Key[Record], ...]:
    """Of the record of an account or a device, and of what it is decrypted with."""
    own, parent = ciphers.chain_of(subject_id)
    return kind_of(subject_id).key(subject_id), *((own, parent) if ids.parent_of(subject_id) else (own,))


def _begun(
    approval: Approval, order: shapes.Hold | shapes.Disclose, until: datetime, more: Mapping[str, object]
) -> Iterator[Write]:
    hold_id, now = hold_id_of(approval), clock.now()
    cipher, data_key = ciphers.new_cipher(hold_id, until=until)
    told_from = order.told_from or now
    held = Hold.new(
        hold_id, cipher=cipher, subject=order.subject, scope=set(order.scope), basis=order.basis, state=COPYING,
        held_at=clock.epoch_s(now), until=clock.epoch_s(until), told_from=clock.epoch_s(told_from),
        expires_at=data_key.expires_at, **more,
    )  # fmt: skip
    yield create(held)
    yield create(data_key)
    yield create(_due(approval.proposal_id, _END, until))
    if told_from > now:
        yield create(_due(approval.proposal_id, _TELL, told_from))
    else:
        yield from _telling(order, until)
    yield put(held_from(held, kind_of(order.subject).key(order.subject).pk))
    yield from (check(key, key.record.pk.exists(), otherwise=NotFound("subject")) for key in _keys_of(order.subject))


def _due(proposal_id: str, what: str, at: datetime) -> HoldDue:
    hold_id = proposal_id[: ids.LENGTH]
    sort_id = f"{at:%Y%m%dT%H%M%SZ}-{what}-{hold_id}"
    return HoldDue.new("", sort_id, hold_id=hold_id, proposal_id=proposal_id, what=what)


# The clock


def run_due() -> int:
    """Tell of the holds that may be told of by now, and end those that are over; how many."""
    due = HoldDue.list_of("", last=f"{clock.now():%Y%m%dT%H%M%SZ}").items
    return run_pass(due, _run_due, budget_s=_DUE_BUDGET_S)


def _run_due(row: HoldDue) -> int:
    (_end if row.what == _END else _tell)(row)
    return 1


def _end(row: HoldDue) -> None:
    """Its key goes, and its erasure finds all of it."""
    _, begun = erasures.begin((Hold.pk_prefix, row.hold_id), ordered_by=erasures.HOLD_OVER)
    gone = remove(row, when=HoldDue.pk.exists(), otherwise=NothingToDo)
    commit(gone, remove(DataKey.key(row.hold_id), is_noted=False), *begun)


def _tell(row: HoldDue) -> None:
    """By the order, which is kept when the copy is long gone."""
    proposal = proposals.by_id(row.proposal_id)
    gone = remove(row, when=HoldDue.pk.exists(), otherwise=NothingToDo)
    if proposal is None:
        return commit(gone)
    order = _order_of(proposal)
    account_id = access.owner_of(order.subject) or order.subject
    approved_at = clock.at_epoch(proposal.approved_at or proposal.proposed_at)
    telling = tuple(_telling(order, until_of(order, approved_at)))
    is_there = check(Account.key(account_id), Account.pk.exists(), otherwise=NothingToDo)
    return commit(gone, *telling, *((is_there,) if telling else ()))


def _order_of(proposal: Proposal) -> shapes.Hold | shapes.Disclose:
    if proposal.operation == "hold":
        return msgspec.convert(proposal.content, shapes.Hold)
    return msgspec.convert(proposal.content, shapes.Disclose)


def until_of(order: shapes.Hold | shapes.Disclose, approved_at: datetime) -> datetime:
    """The end of the copy: what is handed over is kept for a week."""
    return order.until if isinstance(order, shapes.Hold) else approved_at + DISCLOSED_FOR


def _telling(order: shapes.Hold | shapes.Disclose, until: datetime) -> Iterator[Write]:
    """Whose data it is, if he is still there: by mail, and in the activity."""
    account = _account_of(order.subject)
    if account is None:
        return
    act, mail = "data_disclosed", "privacy/mail/disclosed"
    if isinstance(order, shapes.Hold):
        act, mail = "copy_held", "privacy/mail/held"
    yield activity.record(account, act, by=activity.OPERATOR, about=order.basis)
    yield messages.write(account, mail, basis=order.basis, until=f"{until:%Y-%m-%d}")


def _account_of(subject_id: str) -> Account | None:
    account_id = access.owner_of(subject_id) or subject_id
    account, key = read(*accounts.keys_of(account_id))
    return None if account is None or key is None else account.decrypted_with(key.unlocked())


def receipt_lines(hashed_id: str) -> list[dict[str, object]]:
    """The lines of a receipt about copies that the law keeps of what was erased; of those of which nothing may be told
    yet, nothing."""
    found = read(*(Hold.key(hold_id) for hold_id in erasures.holds(hashed_id)))
    return [
        {"basis": held.basis, "rows": sorted(held.scope), "until": clock.rfc3339(clock.at_epoch(held.until))}
        for held in found
        if held is not None and held.told_from <= clock.now_s() < held.until
    ]
