"""Listing sessions, and signing out (B2)."""

from __future__ import annotations

from functools import partial

from chalicelib import clock
from chalicelib.accounts.shapes import Gps, Terminal
from chalicelib.activity import actions as activity
from chalicelib.entry.callers import Caller
from chalicelib.errors import NotFound
from chalicelib.sessions import shapes
from chalicelib.sessions.actions import audience, authentication
from chalicelib.sessions.records import Session
from chalicelib.store.commit import Write, commit, commit_and_answer, remove
from chalicelib.store.keys import RawItem
from chalicelib.store.records import read
from chalicelib.store.retrying import StaleRead, retrying, retrying_from

_ENDED_TOGETHER = 90  # a transaction has room for a hundred writes


def sign_out(caller: Caller) -> None:
    """End this session, and pushes to its terminal; its tokens open nothing from the next request on."""
    retrying_from(caller, _sign_out, authentication.read_again)


def _sign_out(caller: Caller) -> None:
    commit_and_answer(*audience.ends([caller.session]), _signed_out(caller, caller.session), answer=None)


def _signed_out(caller: Caller, session: Session) -> Write:
    return activity.record(caller.account, "signed_out", who=caller.terminal, about=session.terminal)


def sessions_of(caller: Caller) -> shapes.Sessions:
    """Every terminal that is signed in now, the one used last first."""
    found = [one for one in Session.list_of(caller.account_id).items if authentication.is_valid(one, caller.account)]
    found.sort(key=lambda one: (one.rotated_at, one.opened_at, one.sort_id), reverse=True)
    return shapes.Sessions(items=[_described(one.decrypted_with(caller.cipher), caller) for one in found])


def _described(session: Session, caller: Caller) -> shapes.Session:
    gps = session.terminal_gps
    return shapes.Session(
        session_id=session.sort_id,
        terminal=Terminal(
            os=session.terminal_os,
            model=session.terminal_model,
            unique_id=session.terminal_unique_id,
            gps=None if gps is None else Gps(latitude=gps[0], longitude=gps[1]),
        ),
        opened_at=clock.at_epoch(session.opened_at),
        last_used_at=clock.at_epoch(session.rotated_at),
        is_current=session.sort_id == caller.session.sort_id,
    )


def end_session(caller: Caller, session: Session) -> None:
    """Sign one of the person's terminals out, from its next request on, and push there no more. Raises NotFound."""
    retrying_from(session, partial(_end_session, caller), _read_again)


def _end_session(caller: Caller, session: Session) -> None:
    activity_row = _signed_out(caller, session.decrypted_with(caller.cipher))
    ends = audience.ends([session], otherwise=_not_there_or_stale)
    commit_and_answer(*ends, activity_row, *_by_another(caller, session), answer=None)


def _not_there_or_stale(existing: RawItem | None) -> BaseException:
    return NotFound() if existing is None else StaleRead()


def _read_again(before: Session) -> Session:
    (session,) = read(before.own_key)
    if session is None:
        raise NotFound
    return session


def _by_another(caller: Caller, session: Session) -> tuple[Write, ...]:
    # DynamoDB refuses to look twice at one item in one transaction.
    return () if session.sort_id == caller.session.sort_id else (authentication.require_exists(caller),)


def end_other_sessions(caller: Caller) -> None:
    """Sign all the person's other terminals out, in one commit, and push to them no more."""
    retrying(partial(_end_other_sessions, caller))


def _end_other_sessions(caller: Caller) -> None:
    others = [one for one in Session.list_of(caller.account_id).items if one.sort_id != caller.session.sort_id]
    # Who signed in often in the same instant may have more of them than there can be.
    while len(others) > _ENDED_TOGETHER:
        commit(authentication.require_exists(caller), *audience.ends(others[:_ENDED_TOGETHER]))
        del others[:_ENDED_TOGETHER]
    activity_row = [activity.record(caller.account, "signed_out_others", who=caller.terminal)] if others else []
    commit_and_answer(authentication.require_exists(caller), *audience.ends(others), *activity_row, answer=None)


def ends_of_all(account_id: str, but: Session | None = None) -> tuple[Write, ...]:
    """Writes that take away what the session generation has ended: pushes to all terminals, and the sessions' rows; the
    many of a few go by their time."""
    left_id = None if but is None else but.sort_id
    open_ones = Session.list_of(account_id, limit=_ENDED_TOGETHER).items
    removals = (remove(session) for session in open_ones if session.sort_id != left_id)
    return audience.only(account_id, but), *removals
