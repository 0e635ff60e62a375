"""The need of routes that show or change a person's picture."""

from __future__ import annotations

from chalicelib.avatars.records import Avatar
from chalicelib.entry.callers import Caller
from chalicelib.entry.needs import Keys
from chalicelib.store.records import Found


class OwnAvatar:
    """The caller's avatar, if there is one."""

    def keys(self, account_id: str) -> Keys:
        return (Avatar.key(account_id),)

    def admit(self, caller: Caller, found: Found) -> Avatar | None:
        return found[Avatar.key(caller.account_id)]
