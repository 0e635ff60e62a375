"""The needs of routes about feedback: one's own thread, and which of one's own wait."""

from __future__ import annotations

from chalicelib.entry.callers import Caller
from chalicelib.entry.needs import Keys
from chalicelib.store.records import Found
from chalicelib.support.actions import threads
from chalicelib.support.actions.threads import Thread
from chalicelib.support.records import OpenFeedback


class NewThread:
    """A new thread of feedback: what is known before the caller begins it."""

    def keys(self, account_id: str) -> Keys:
        return (OpenFeedback.key(account_id),)

    def admit(self, caller: Caller, found: Found) -> Thread:
        return threads.none_yet(found, caller.account_id)


class OwnThread:
    """A thread of the caller's. Raises NotFound."""

    def keys(self, account_id: str, feedback_id: str) -> Keys:
        return threads.keys_of(account_id, feedback_id)

    def admit(self, caller: Caller, found: Found, feedback_id: str) -> Thread:
        return threads.own(found, caller.account_id, feedback_id)
