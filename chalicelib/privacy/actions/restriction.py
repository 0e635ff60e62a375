"""Restriction of processing: what is kept is stored, and nobody but the person reads it (GDPR, article 18; RIGHTS)."""

from __future__ import annotations

from functools import partial

from chalicelib import clock
from chalicelib.activity import actions as activity
from chalicelib.entry.callers import Caller
from chalicelib.errors import NotSignedIn
from chalicelib.privacy import shapes
from chalicelib.privacy.actions import requests
from chalicelib.privacy.records import ENDED, IN_FORCE, RESTRICTION, ExercisedRight
from chalicelib.store import ciphers
from chalicelib.store.commit import Write, change, check, commit_and_answer, create
from chalicelib.store.records import read
from chalicelib.store.retrying import StaleRead, retrying_from


def restriction_of(caller: Caller) -> shapes.Restriction:
    """Whether the caller has restricted processing, since when and why."""
    return _described(caller, _in_force(caller))


def _described(caller: Caller, right: ExercisedRight | None) -> shapes.Restriction:
    since = caller.data_key.restricted_since
    return shapes.Restriction(
        restricted=since is not None,
        since=None if since is None else clock.at_epoch(since),
        reason=None if right is None else right.ground,
        note=None if right is None else right.note,
    )


def _in_force(caller: Caller) -> ExercisedRight | None:
    """The record of the restriction in force; the data key's row decides whether there is one."""
    if not caller.is_restricted:
        return None
    newest = ExercisedRight.list_of(
        caller.account_id, first=f"{RESTRICTION}-", last=f"{RESTRICTION}-", newest_first=True, limit=1
    ).items
    return newest[0].decrypted_with(caller.cipher) if newest and newest[0].state == IN_FORCE else None


def restrict(caller: Caller, reason: str, note: str | None) -> shapes.Restriction:
    """Restrict processing from this commit on; who has already may give another reason.

    Whoever reads the data key's row, which is everybody who shows, sends or takes anything, knows it without asking
    more.
    """
    return retrying_from(caller, partial(_restrict, reason, note), _read_again)


def _restrict(reason: str, note: str | None, caller: Caller) -> shapes.Restriction:
    before = _in_force(caller)
    if before is not None:
        changed = change(before, when=ExercisedRight.state == IN_FORCE, otherwise=StaleRead, ground=reason, note=note)
        return commit_and_answer(changed, _still_restricted(caller), answer=_described(caller, before))
    right = requests.new_right(caller, RESTRICTION, IN_FORCE, ground=reason, note=note)
    since = caller.data_key.restricted_since or clock.now_s()
    switched = ciphers.restrict(caller.data_key, since, otherwise=StaleRead)
    return commit_and_answer(
        switched, create(right), _recorded(caller, "processing_restricted"), answer=_described(caller, right)
    )


def _still_restricted(caller: Caller) -> Write:
    return check(caller.data_key, ciphers.DataKey.restricted_since.exists(), otherwise=StaleRead)


def lift(caller: Caller) -> None:
    """End the restriction, if there is one: processing goes on from the next request, job and event on."""
    retrying_from(caller, _lift, _read_again)


def _lift(caller: Caller) -> None:
    if not caller.is_restricted:
        exists = ciphers.require_exists(caller.account_id, otherwise=NotSignedIn)
        return commit_and_answer(exists, answer=None)
    right = _in_force(caller)
    ended = () if right is None else (_ended(right),)
    switched = ciphers.restrict(caller.data_key, None, otherwise=StaleRead)
    return commit_and_answer(switched, *ended, _recorded(caller, "restriction_ended"), answer=None)


def _ended(right: ExercisedRight) -> Write:
    as_read = ExercisedRight.state == IN_FORCE
    return change(right, when=as_read, otherwise=StaleRead, state=ENDED, **requests.settled_now())


def _recorded(caller: Caller, act: str) -> Write:
    return activity.record(caller.account, act, who=caller.terminal)


def _read_again(caller: Caller) -> Caller:
    (row,) = read(caller.data_key.own_key)
    if row is None:
        raise NotSignedIn
    caller.data_key = row
    return caller
