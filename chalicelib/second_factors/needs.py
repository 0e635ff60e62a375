"""The need of routes about one passkey."""

from __future__ import annotations

from chalicelib.entry.callers import Caller
from chalicelib.entry.needs import Keys
from chalicelib.errors import NotFound
from chalicelib.second_factors.records import Passkey
from chalicelib.store.records import Found


class OwnPasskey:
    """The caller's passkey that the path names. Raises NotFound."""

    def keys(self, account_id: str, passkey_id: str) -> Keys:
        return (Passkey.key(account_id, passkey_id),)

    def admit(self, caller: Caller, found: Found, passkey_id: str) -> Passkey:
        passkey = found[Passkey.key(caller.account_id, passkey_id)]
        if passkey is None:
            raise NotFound
        return passkey
