"""Changing what one says of oneself (B1b)."""

from __future__ import annotations

from typing import Any

from chalicelib.accounts.actions import regions
from chalicelib.accounts.records import Account
from chalicelib.aws.commit import change, done


def change_profile(account: Account, **changes: Any) -> Account:
    """Nickname, country or language (B1b). The region stays: raises RegionFixed for a country of another one."""
    if "country" in changes:
        regions.require_same(changes["country"])
    return done(change(account, **changes), answer=account)
