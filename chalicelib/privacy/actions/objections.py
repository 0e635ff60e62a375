"""Objections to what rests on legitimate interest (GDPR, article 21; RIGHTS)."""

from __future__ import annotations

from functools import partial
from typing import Final

from chalicelib import clock, ids
from chalicelib.accounts.actions import account_writes as accounts
from chalicelib.accounts.records import Account
from chalicelib.activity import actions as activity
from chalicelib.entry.callers import Caller
from chalicelib.errors import NotFound, NotSignedIn
from chalicelib.outbox.actions import messages
from chalicelib.privacy import rules, shapes
from chalicelib.privacy.actions import requests
from chalicelib.privacy.records import GRANTED, OBJECTION, OPEN, REFUSED, WITHDRAWN, ExercisedRight, OpenObjection
from chalicelib.register import rows
from chalicelib.register.rows import Basis, Row
from chalicelib.store import ciphers, keys
from chalicelib.store.commit import Write, change, check, commit, commit_and_answer, create, remove
from chalicelib.store.records import read, read_all
from chalicelib.store.retrying import StaleRead, retrying, retrying_from

_PAGE = 100


# What may be objected to


def _purposes() -> list[Row]:
    """The rows of the policy that rest on legitimate interest, in the order of its table."""
    return [row for row in rows.ROWS if row.basis is Basis.LEGITIMATE_INTEREST]


def _purpose(row_id: str) -> Row:
    """Raises NotFound for what is no row, and for what rests on something else."""
    found = next((row for row in _purposes() if row.id == row_id), None)
    if found is None:
        raise NotFound
    return found


def is_objected_to(account: Account, row: Row) -> bool:
    """Whether the person objects to this purpose, and nobody has refused it: until it is answered nothing is done for
    it, either."""
    return rules.objection_to(account.objections, row.id) is not None


# The person


def objections_of(caller: Caller) -> shapes.Objections:
    """Each purpose that may be objected to, and how far the caller's newest objection to it is."""
    newest = {one.purpose: one for one in reversed(_all_of(caller))}
    return shapes.Objections(items=[_described(caller, row, newest.get(row.id)) for row in _purposes()])


def _all_of(caller: Caller) -> list[ExercisedRight]:
    """The newest first."""
    bound = f"{OBJECTION}-"
    found = ExercisedRight.list_of(caller.account_id, first=bound, last=bound, newest_first=True).items
    return [one.decrypted_with(caller.cipher) for one in found]


def _described(caller: Caller, row: Row, right: ExercisedRight | None) -> shapes.Objection:
    return shapes.Objection(
        purpose=row.id,
        title=row.sentence("title", caller.language),
        text=row.sentence("purpose", caller.language),
        marketing=row.marketing,
        state=None if right is None else right.state,
        asked_at=None if right is None else clock.at_epoch(right.asked_at),
        due_at=None if right is None else clock.at_epoch(right.due_at),
        settled_at=None if right is None or right.settled_at is None else clock.at_epoch(right.settled_at),
        reason=None if right is None else right.note,
        answer=None if right is None else right.answer,
    )


def object_to(caller: Caller, purpose: str, reason: str | None) -> shapes.Objection:
    """Object to a purpose: to marketing at once, to others until an operator answers with grounds. One that is open or
    was granted stands. Raises NotFound."""
    return retrying_from(caller, partial(_object_to, _purpose(purpose), reason), accounts.caller_read_again)


def _object_to(row: Row, reason: str | None, caller: Caller) -> shapes.Objection:
    objection = rules.objection_to(caller.account.objections, row.id)
    if objection is not None:
        (right,) = read(ExercisedRight.key(caller.account_id, objection.right_id))
        is_open = check(caller.account, Account.pk.exists(), otherwise=NotSignedIn)
        shown = None if right is None else right.decrypted_with(caller.cipher)
        return commit_and_answer(is_open, answer=_described(caller, row, shown))
    state = GRANTED if row.marketing else OPEN
    right = requests.new_right(caller, OBJECTION, state, purpose=row.id, note=reason)
    listed = () if row.marketing else (_listed(right),)
    return commit_and_answer(
        _changes(caller.account, row.id, rules.Objection(row.id, state, right.sort_id)),
        create(right),
        *listed,
        activity.record(caller.account, "objected", who=caller.terminal, about=row.id),
        answer=_described(caller, row, right),
    )


def _listed(right: ExercisedRight) -> Write:
    """Where operators find it, by the time at which it is due."""
    due_at = clock.at_epoch(right.due_at)
    row = OpenObjection.new("", f"{due_at:%Y%m%dT%H%M%SZ}-{right.pk_id}{right.sort_id}")
    right.assign(listed_at=keys.written(row.own_key))
    return create(row)


def _changes(account: Account, purpose: str, new: rules.Objection | None) -> Write:
    return accounts.changes_objections(account, rules.with_objection(account.objections, purpose, new))


def withdraw(caller: Caller, purpose: str) -> None:
    """Object no more, if the caller did. Raises NotFound."""
    retrying_from(caller, partial(_withdraw, _purpose(purpose)), accounts.caller_read_again)


def _withdraw(row: Row, caller: Caller) -> None:
    objection = rules.objection_to(caller.account.objections, row.id)
    if objection is None:
        return commit_and_answer(check(caller.account, Account.pk.exists(), otherwise=NotSignedIn), answer=None)
    (right,) = read(ExercisedRight.key(caller.account_id, objection.right_id))
    return commit_and_answer(
        _changes(caller.account, row.id, None),
        *(() if right is None else _settled(right, WITHDRAWN)),
        activity.record(caller.account, "objection_withdrawn", who=caller.terminal, about=row.id),
        answer=None,
    )


def _settled(right: ExercisedRight, state: str, **more: object) -> tuple[Write, ...]:
    listed = right.listed_at
    unlisted = () if listed is None else (remove(OpenObjection.named(listed)),)
    as_read = ExercisedRight.state == right.state
    said = {"state": state, "listed_at": None, **requests.settled_now(), **more}
    settled = change(right, when=as_read, otherwise=StaleRead, **said)
    return settled, *unlisted


# The operator


def open_objections() -> shapes.OpenObjections:
    """Those that wait for an answer, the one that is due first first; a hundred at most."""
    listed = OpenObjection.list_of("", limit=_PAGE)
    found = {one.request_id: _keys_of(one.request_id) for one in listed.items}
    rows_read = read_all(key for three in found.values() for key in three)
    items = []
    for request_id, (account_key, data_key, right_key) in found.items():
        account, key, right = rows_read[account_key], rows_read[data_key], rows_read[right_key]
        if account is not None and key is not None and right is not None:
            items.append(_shown(request_id, right.decrypted_with(key.unlocked())))
    return shapes.OpenObjections(items=items, more=listed.cursor is not None)


def _shown(request_id: str, right: ExercisedRight) -> shapes.OpenObjection:
    return shapes.OpenObjection(
        request_id=request_id,
        purpose=right.purpose,
        asked_at=clock.at_epoch(right.asked_at),
        due_at=clock.at_epoch(right.due_at),
        reason=right.note,
    )


def _keys_of(request_id: str) -> tuple[keys.Key[Account], keys.Key[ciphers.DataKey], keys.Key[ExercisedRight]]:
    account_id = request_id[: ids.LENGTH]
    return *accounts.keys_of(account_id), ExercisedRight.key(account_id, request_id[ids.LENGTH :])


def answer(request_id: str, granted: bool, grounds: str) -> shapes.AnsweredObjection:
    """Answer an objection with grounds, which the person is written. One that was answered, or taken back, stays so."""
    return retrying(partial(_answer, request_id, granted, grounds))


def _answer(request_id: str, granted: bool, grounds: str) -> shapes.AnsweredObjection:
    account, key, right = read(*_keys_of(request_id))
    if account is None or key is None or right is None or right.kind != OBJECTION:
        return shapes.AnsweredObjection(request_id=request_id, state=None)
    if right.state != OPEN:
        return shapes.AnsweredObjection(request_id=request_id, state=right.state)
    state: Final = GRANTED if granted else REFUSED
    cipher = key.unlocked()
    account.decrypted_with(cipher), right.decrypted_with(cipher)
    row = _purpose(right.purpose)
    new = rules.Objection(row.id, state, right.sort_id) if granted else None
    commit(
        _changes(account, row.id, new),
        *_settled(right, state, answer=grounds),
        activity.record(account, "objection_answered", by=activity.OPERATOR, about=row.id),
        messages.write(
            account, "privacy/mail/objection", granted=granted, grounds=grounds,
            purpose=row.sentence("title", account.language),
        ),
    )  # fmt: skip
    return shapes.AnsweredObjection(request_id=request_id, state=state)
