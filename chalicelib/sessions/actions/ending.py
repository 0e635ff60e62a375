"""Listing sessions, and signing out (B2)."""

from __future__ import annotations

from chalicelib import clock
from chalicelib.accounts.shapes import Gps, Terminal
from chalicelib.activity import actions as activity
from chalicelib.entry.callers import Caller
from chalicelib.errors import NotFound
from chalicelib.sessions import shapes
from chalicelib.sessions.actions import authentication
from chalicelib.sessions.records import Session
from chalicelib.store.commit import Write, commit, commit_and_answer, remove

_ENDED_TOGETHER = 90  # a transaction has room for a hundred writes


def sign_out(caller: Caller, *more: Write) -> None:
    """End this session; its tokens open nothing from the next request on."""
    commit_and_answer(remove(caller.session), _signed_out(caller, caller.session), *more, answer=None)


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
    """Sign one of the person's terminals out, from its next request on; its pushes end behind the stream."""
    gone = remove(session, when=Session.pk.exists(), otherwise=NotFound)
    activity_row = _signed_out(caller, session.decrypted_with(caller.cipher))
    commit_and_answer(gone, activity_row, *_by_another(caller, session), answer=None)


def _by_another(caller: Caller, session: Session) -> tuple[Write, ...]:
    # DynamoDB refuses to look twice at one item in one transaction.
    return () if session.sort_id == caller.session.sort_id else (authentication.require_exists(caller),)


def end_other_sessions(caller: Caller) -> None:
    """Sign all the person's other terminals out, in one commit."""
    others = [one for one in Session.list_of(caller.account_id).items if one.sort_id != caller.session.sort_id]
    # Who signed in often in the same instant may have more of them than there can be.
    while len(others) > _ENDED_TOGETHER:
        commit(authentication.require_exists(caller), *map(remove, others[:_ENDED_TOGETHER]))
        del others[:_ENDED_TOGETHER]
    activity_row = [activity.record(caller.account, "signed_out_others", who=caller.terminal)] if others else []
    commit_and_answer(authentication.require_exists(caller), *map(remove, others), *activity_row, answer=None)


def ends_of(account_id: str, but: str = "") -> list[Write]:
    """The session generation has ended them; that their rows go makes their terminals get nothing more. The many of a
    few go by their time."""
    open_ones = Session.list_of(account_id, limit=_ENDED_TOGETHER).items
    return [remove(session) for session in open_ones if session.sort_id != but]
