"""The last use of an account, by what is kept of its sessions and terminals anyhow."""

from __future__ import annotations

from chalicelib.accounts.actions import passwords
from chalicelib.sessions.records import Session


def of(account_id: str) -> int:
    """When somebody last signed in or renewed a token, to a month of which no session is left; 0 where nothing is known
    any more."""
    sessions = (int(one.rotated_at) for one in Session.list_of(account_id).items)
    return max(*sessions, passwords.terminals_used_at(account_id), 0)
