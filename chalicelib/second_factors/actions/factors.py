"""Which second factors an account has, and that it gains or loses one."""

from __future__ import annotations

from chalicelib import clock
from chalicelib.accounts.actions import passwords, standing
from chalicelib.accounts.records import Account
from chalicelib.activity import actions as activity
from chalicelib.outbox.actions import letters
from chalicelib.second_factors import shapes
from chalicelib.second_factors.records import Passkey, RecoveryCodes, Totp
from chalicelib.second_factors.rules import TOTP, PasswordNeedsSecondFactor
from chalicelib.store.commit import Write, done, remove
from chalicelib.store.keys import Key
from chalicelib.store.records import read_all

# What an authenticator app is called where passkeys have the names that their owner gave them.
AN_APP = "TOTP"


def factors_of(account: Account) -> shapes.SecondFactors:
    """What is set up, passkeys in the order of their adding."""
    account_id = account.partition_id
    app_key, codes_key, places = Totp.key(account_id), RecoveryCodes.key(account_id), passkey_places(account)
    found = read_all((app_key, codes_key, *places))
    app, codes = found[app_key], found[codes_key]
    described = [described_passkey(one, account) for place in places if (one := found[place]) is not None]
    return shapes.SecondFactors(
        totp=None if app is None else shapes.Totp(added_at=clock.at_epoch(app.added_at)),
        passkeys=sorted(described, key=lambda one: (one.added_at, one.passkey_id)),
        recovery_codes_left=0 if codes is None else len(codes.hashes or ()),
    )


def passkey_places(account: Account) -> list[Key[Passkey]]:
    """Where the account's passkeys lie."""
    ids = sorted(set(account.second_factors or ()) - {TOTP})
    return [Passkey.key(account.partition_id, passkey_id) for passkey_id in ids]


def described_passkey(passkey: Passkey, account: Account) -> shapes.Passkey:
    passkey.opened(account.vault)
    return shapes.Passkey(
        passkey_id=passkey.place_id,
        name=passkey.name,
        added_at=clock.at_epoch(passkey.added_at),
        used_at=None if passkey.used_at is None else clock.at_epoch(passkey.used_at),
    )


def ends_of_all(account: Account) -> tuple[Write, ...]:
    """What removes all of them, recovery codes included, and ends all sessions."""
    account_id = account.partition_id
    places = (Totp.key(account_id), RecoveryCodes.key(account_id), *passkey_places(account))
    return (passwords.without_second_factors(account), *map(remove, places))


def end(account: Account, factor: str, row: Write, *, who: str, name: str = AN_APP) -> None:
    """Stop asking for it, which the person is told; the recovery codes go with the last one.

    Raises PasswordNeedsSecondFactor, and Conflict if the password or another factor was changed meanwhile.
    """
    is_last = set(account.second_factors or ()) == {factor}
    if is_last and account.is_password_short:
        raise PasswordNeedsSecondFactor
    codes = (remove(RecoveryCodes.key(account.partition_id)),) if is_last else ()
    told = letters.write(account, "second_factors/mail/removed", is_totp=factor == TOTP)
    recorded = activity.happened(account, "second_factor_removed", who=who, about=name)
    done(standing.loses_second_factor(account, factor), row, *codes, told, recorded, answer=None)
