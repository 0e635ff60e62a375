"""The second factors of an account, and adding or removing one."""

from __future__ import annotations

from chalicelib import clock
from chalicelib.accounts.actions import account_writes, passwords
from chalicelib.accounts.records import Account
from chalicelib.activity import actions as activity
from chalicelib.errors import Conflict, NotFound
from chalicelib.outbox.actions import messages
from chalicelib.second_factors import shapes
from chalicelib.second_factors.records import Passkey, RecoveryCodes, Totp
from chalicelib.second_factors.rules import PasswordNeedsSecondFactor
from chalicelib.store.commit import Write, change, commit, commit_and_answer, remove
from chalicelib.store.keys import Key
from chalicelib.store.records import read

# What an authenticator app is called where passkeys have the names that their owner gave them.
AN_APP = "TOTP"


def factors_of(account: Account, app: Totp | None, codes: RecoveryCodes | None) -> shapes.SecondFactors:
    """The factors that are set up, passkeys in the order of their adding."""
    described = [described_passkey(one, account) for one in passkeys_of(account)]
    return shapes.SecondFactors(
        totp=None if app is None else shapes.Totp(added_at=clock.at_epoch(app.added_at)),
        passkeys=sorted(described, key=lambda one: (one.added_at, one.passkey_id)),
        recovery_codes_left=0 if codes is None else len(codes.hashes or ()),
    )


def passkeys_of(account: Account) -> list[Passkey]:
    return Passkey.list_of(account.pk_id).items


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
    # Those read here are all of them, if on commit there are as many as when the account was read before.
    keys = Totp.key(account.pk_id), RecoveryCodes.key(account.pk_id)
    return (passwords.without_second_factors(account), *map(remove, keys), *map(remove, passkeys_of(account)))


def end_again(where: Key[Totp | Passkey]) -> None:
    """Stop asking for a factor that a restored table has brought back."""
    factor, account = read(where, Account.key(where.pk_id))
    if factor is not None and account is not None:
        commit(remove(factor), change(account, Account.second_factor_count.add(-1), otherwise=Conflict))


def end(account: Account, factor: Totp | Passkey, *, who: str, name: str = AN_APP) -> None:
    """Stop asking for it; the person is notified; the recovery codes go with the last one.

    Raises NotFound, PasswordNeedsSecondFactor, and Conflict if it has become the last one meanwhile, or is the last one
    and another or another password was set.
    """
    is_last = account.second_factor_count == 1
    if is_last and account.is_password_short:
        raise PasswordNeedsSecondFactor
    codes = (remove(RecoveryCodes.key(account.pk_id)),) if is_last else ()
    gone = remove(factor, when=type(factor).pk.exists(), otherwise=NotFound)
    notice = messages.write(account, "second_factors/mail/removed", is_totp=isinstance(factor, Totp))
    activity_row = activity.record(account, "second_factor_removed", who=who, about=name)
    fewer = account_writes.loses_second_factor(account, is_last=is_last)
    commit_and_answer(gone, fewer, *codes, notice, activity_row, answer=None)
