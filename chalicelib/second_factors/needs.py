"""Needs of routes about one second factor."""

from __future__ import annotations

from dataclasses import dataclass

from chalicelib.entry.callers import Caller
from chalicelib.entry.needs import Keys
from chalicelib.errors import NotFound
from chalicelib.second_factors.records import Passkey, RecoveryCodes, Totp
from chalicelib.store.records import Found


@dataclass(frozen=True)
class AppAndCodes:
    """The caller's authenticator app and recovery codes, of each of which there is one or none."""

    app: Totp | None
    codes: RecoveryCodes | None


class OwnAppAndCodes:
    """The caller's factors beside passkeys."""

    def keys(self, account_id: str) -> Keys:
        return Totp.key(account_id), RecoveryCodes.key(account_id)

    def admit(self, caller: Caller, found: Found) -> AppAndCodes:
        return AppAndCodes(found[Totp.key(caller.account_id)], found[RecoveryCodes.key(caller.account_id)])


class OwnTotp:
    """The caller's authenticator app. Raises NotFound."""

    def keys(self, account_id: str) -> Keys:
        return (Totp.key(account_id),)

    def admit(self, caller: Caller, found: Found) -> Totp:
        app = found[Totp.key(caller.account_id)]
        if app is None:
            raise NotFound("app")
        return app


class OwnPasskey:
    """The caller's passkey that the path names. Raises NotFound."""

    def keys(self, account_id: str, passkey_id: str) -> Keys:
        return (Passkey.key(account_id, passkey_id),)

    def admit(self, caller: Caller, found: Found, passkey_id: str) -> Passkey:
        passkey = found[Passkey.key(caller.account_id, passkey_id)]
        if passkey is None:
            raise NotFound
        return passkey
