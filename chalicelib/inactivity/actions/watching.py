"""Watching accounts: each has a day on which it is looked at next."""

from __future__ import annotations

from typing import Any

from chalicelib import clock
from chalicelib.accounts.actions import account_writes as accounts
from chalicelib.inactivity import rules
from chalicelib.inactivity.records import Inactivity, InactivityCheck, KnownAccount
from chalicelib.store import keys
from chalicelib.store.commit import Write, change, commit, create, put, remove
from chalicelib.store.records import Page, read_all
from chalicelib.store.retrying import NothingToDo, StaleRead, retrying

# What one commit can name.
_PAGE = 100


def begin(account_id: str) -> None:
    """Look at the account from now on, if it exists and is not looked at yet."""
    retrying(lambda: _begin(account_id))


def _begin(account_id: str) -> None:
    own = Inactivity.key(account_id)
    found = read_all((own, *accounts.keys_of(account_id)))
    account = accounts.living_among(found, [account_id]).get(account_id)
    if account is None or found[own] is not None:
        return
    now = clock.now_s()
    check = check_on(now + rules.LOOKED_AT_AFTER_S, account_id)
    listing = KnownAccount.new("", account_id)
    check_key, listing_key = keys.written(check.own_key), keys.written(listing.own_key)
    state = Inactivity.new(account_id, stage="used", used_at=now, check=check_key, listing=listing_key)
    lives = accounts.require_sessions_as_read(account, otherwise=StaleRead)
    commit(create(state, otherwise=NothingToDo), put(check), put(listing), lives)


def known_accounts(after: str | None) -> Page[KnownAccount]:
    """A page of all accounts, by their ids."""
    return KnownAccount.list_of("", limit=_PAGE, after=after)


def check_on(at: int, account_id: str) -> InactivityCheck:
    return InactivityCheck.new(f"{clock.at_epoch(at):%Y-%m-%d}", account_id)


def moved_on(state: Inactivity, done: InactivityCheck, at: int, **values: Any) -> tuple[Write, ...]:
    """Writes that end a check and order the next; raise StaleRead on commit where the same was done meanwhile."""
    following = check_on(at, done.account_id)
    pointer = keys.written(following.own_key)
    is_its = Inactivity.check == keys.written(done.own_key)
    if state.told_at is not None:
        is_its &= Inactivity.told_at == state.told_at
    ended = () if following.own_key == done.own_key else (remove(done), put(following))
    return change(state, when=is_its, otherwise=StaleRead, check=pointer, **values), *ended
