"""Profile of an account: nickname, country, language and the like (B1b)."""

from __future__ import annotations

from typing import Any

from chalicelib.accounts import shapes
from chalicelib.accounts.actions import regions
from chalicelib.accounts.records import Account
from chalicelib.activity import actions as activity
from chalicelib.store.commit import change, commit_and_answer


def change_profile(account: Account, who: str, avatar_url: str | None, **changes: Any) -> shapes.Me:
    """Nickname, country or language (B1b). The region stays: raises RegionFixed for a country of another one."""
    if "country" in changes:
        regions.require_same(changes["country"])
    changed = change(account, **changes)
    activity_row = activity.record(account, "profile_changed", who=who)
    return commit_and_answer(changed, activity_row, answer=shapes.Me.of(account, avatar_url))
