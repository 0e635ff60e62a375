"""Which terminals are signed in, and signing out (B2)."""

from __future__ import annotations

from chalicelib import clock
from chalicelib.accounts.shapes import Gps, Terminal
from chalicelib.activity import actions as activity
from chalicelib.entry.callers import Caller
from chalicelib.errors import NotFound
from chalicelib.sessions import shapes
from chalicelib.sessions.actions import standing
from chalicelib.sessions.records import Session
from chalicelib.store.commit import Write, commit, done, remove

_ENDED_TOGETHER = 90  # a transaction has room for a hundred writes


def sign_out(caller: Caller, *more: Write) -> None:
    """End this session; its tokens open nothing from the next request on."""
    done(remove(caller.session), _signed_out(caller, caller.session), *more, answer=None)


def _signed_out(caller: Caller, session: Session) -> Write:
    return activity.happened(caller.account, "signed_out", who=caller.terminal, about=session.terminal)


def sessions_of(caller: Caller) -> shapes.Sessions:
    """Every terminal that is signed in now, the one used last first."""
    found = [one for one in Session.list_of(caller.account_id).items if standing.stands(one, caller.account)]
    found.sort(key=lambda one: (one.rotated_at, one.opened_at, one.place_id), reverse=True)
    return shapes.Sessions(items=[_described(one.opened(caller.vault), caller) for one in found])


def _described(session: Session, caller: Caller) -> shapes.Session:
    gps = session.terminal_gps
    return shapes.Session(
        session_id=session.place_id,
        terminal=Terminal(
            os=session.terminal_os,
            model=session.terminal_model,
            unique_id=session.terminal_unique_id,
            gps=None if gps is None else Gps(latitude=gps[0], longitude=gps[1]),
        ),
        opened_at=clock.at_epoch(session.opened_at),
        last_used_at=clock.at_epoch(session.rotated_at),
        is_current=session.place_id == caller.session.place_id,
    )


def end_session(caller: Caller, session: Session) -> None:
    """Sign one of the person's terminals out, from its next request on; its pushes end behind the stream."""
    gone = remove(session, when=Session.pk.exists(), otherwise=NotFound)
    recorded = _signed_out(caller, session.opened(caller.vault))
    done(gone, recorded, *_by_another(caller, session), answer=None)


def _by_another(caller: Caller, session: Session) -> tuple[Write, ...]:
    # DynamoDB refuses to look twice at one item in one transaction.
    return () if session.place_id == caller.session.place_id else (standing.must_stand(caller),)


def end_other_sessions(caller: Caller) -> None:
    """Sign all the person's other terminals out, in one commit."""
    others = [one for one in Session.list_of(caller.account_id).items if one.place_id != caller.session.place_id]
    # Who signed in often in the same instant may have more of them than there can be.
    while len(others) > _ENDED_TOGETHER:
        commit(standing.must_stand(caller), *map(remove, others[:_ENDED_TOGETHER]))
        del others[:_ENDED_TOGETHER]
    recorded = [activity.happened(caller.account, "signed_out_others", who=caller.terminal)] if others else []
    done(standing.must_stand(caller), *map(remove, others), *recorded, answer=None)


def ends_of(account_id: str, but: str = "") -> list[Write]:
    """The epoch has ended them; that their rows go makes their terminals hear nothing more. The many of a few go by
    their time."""
    open_ones = Session.list_of(account_id, limit=_ENDED_TOGETHER).items
    return [remove(session) for session in open_ones if session.place_id != but]
