"""The second factors of an account, and adding or removing one."""

from __future__ import annotations

from chalicelib import clock
from chalicelib.accounts.actions import account_writes, passwords
from chalicelib.accounts.records import Account
from chalicelib.activity import actions as activity
from chalicelib.outbox.actions import messages
from chalicelib.second_factors import shapes
from chalicelib.second_factors.records import Passkey, RecoveryCodes, Totp
from chalicelib.second_factors.rules import TOTP, PasswordNeedsSecondFactor
from chalicelib.store.commit import Write, commit_and_answer, remove
from chalicelib.store.keys import Key
from chalicelib.store.records import read_all

# What an authenticator app is called where passkeys have the names that their owner gave them.
AN_APP = "TOTP"


def factors_of(account: Account) -> shapes.SecondFactors:
    """The factors that are set up, passkeys in the order of their adding."""
    account_id = account.pk_id
    app_key, codes_key, keys = Totp.key(account_id), RecoveryCodes.key(account_id), keys_of_passkeys(account)
    found = read_all((app_key, codes_key, *keys))
    app, codes = found[app_key], found[codes_key]
    described = [described_passkey(one, account) for key in keys if (one := found[key]) is not None]
    return shapes.SecondFactors(
        totp=None if app is None else shapes.Totp(added_at=clock.at_epoch(app.added_at)),
        passkeys=sorted(described, key=lambda one: (one.added_at, one.passkey_id)),
        recovery_codes_left=0 if codes is None else len(codes.hashes or ()),
    )


def keys_of_passkeys(account: Account) -> list[Key[Passkey]]:
    """The keys of the account's passkeys."""
    ids = sorted(set(account.second_factors or ()) - {TOTP})
    return [Passkey.key(account.pk_id, passkey_id) for passkey_id in ids]


def described_passkey(passkey: Passkey, account: Account) -> shapes.Passkey:
    passkey.decrypted_with(account.cipher)
    return shapes.Passkey(
        passkey_id=passkey.sort_id,
        name=passkey.name,
        added_at=clock.at_epoch(passkey.added_at),
        used_at=None if passkey.used_at is None else clock.at_epoch(passkey.used_at),
    )


def ends_of_all(account: Account) -> tuple[Write, ...]:
    """Writes that remove all of them, recovery codes included, and end all sessions."""
    account_id = account.pk_id
    keys = (Totp.key(account_id), RecoveryCodes.key(account_id), *keys_of_passkeys(account))
    return (passwords.without_second_factors(account), *map(remove, keys))


def end(account: Account, factor: str, row: Write, *, who: str, name: str = AN_APP) -> None:
    """Stop asking for it; the person is notified; the recovery codes go with the last one.

    Raises PasswordNeedsSecondFactor, and Conflict if the password or another factor was changed meanwhile.
    """
    is_last = set(account.second_factors or ()) == {factor}
    if is_last and account.is_password_short:
        raise PasswordNeedsSecondFactor
    codes = (remove(RecoveryCodes.key(account.pk_id)),) if is_last else ()
    notice = messages.write(account, "second_factors/mail/removed", is_totp=factor == TOTP)
    activity_row = activity.record(account, "second_factor_removed", who=who, about=name)
    commit_and_answer(
        account_writes.loses_second_factor(account, factor), row, *codes, notice, activity_row, answer=None
    )
