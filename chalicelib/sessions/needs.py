"""The need of routes about one of the caller's sessions."""

from __future__ import annotations

from chalicelib.entry.callers import Caller
from chalicelib.entry.needs import Keys
from chalicelib.errors import NotFound
from chalicelib.sessions.actions import authentication
from chalicelib.sessions.records import Session
from chalicelib.store.records import Found


class OwnSession:
    """The caller's session that the path names, this one or another. Raises NotFound."""

    def keys(self, account_id: str, session_id: str) -> Keys:
        return (Session.key(account_id, session_id),)

    def admit(self, caller: Caller, found: Found, session_id: str) -> Session:
        session = found[Session.key(caller.account_id, session_id)]
        if session is None or not authentication.is_valid(session, caller.account):
            raise NotFound
        return session
