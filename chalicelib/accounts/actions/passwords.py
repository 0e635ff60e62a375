"""Proving who it is by address and password, and counting the guesses."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache
from typing import TYPE_CHECKING, Any

from chalicelib import clock, ids
from chalicelib.accounts import rules
from chalicelib.accounts.actions.addresses import Contact
from chalicelib.accounts.actions.standing import Changed, is_set
from chalicelib.accounts.records import Account, Address, Guesses, TerminalGuesses
from chalicelib.accounts.rules import CurrentPasswordWrong
from chalicelib.aws import crypto
from chalicelib.aws.commit import Otherwise, Write, absent, change, commit, put, remove
from chalicelib.aws.table import read
from chalicelib.errors import Conflict, TooMany, Words
from chalicelib.register import vaults
from chalicelib.register.vaults import Vault

if TYPE_CHECKING:
    from argon2 import PasswordHasher


@cache
def _hasher() -> PasswordHasher:
    """OWASP's second recommendation; 31 ms of one core."""
    # Here and not above: most containers never see a password, and it is 1 % of their start.
    from argon2 import PasswordHasher

    return PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1)


@dataclass(frozen=True)
class Proved:
    """The account of an address and its password, on a terminal; `forget` is what ends the memory of wrong guesses."""

    account: Account
    vault: Vault
    forget: Write
    terminal: str
    new_hash: str | None

    def learn(self) -> tuple[Write, ...]:
        """Which terminal signed in last, and the password hashed as is usual now, if either is news.

        On commit it raises Changed if the account is not as it was read: see `proved_again`.
        """
        known = list(self.account.terminals or ())
        news: dict[str, Any] = {}
        if known[-1:] != [self.terminal]:
            news["terminals"] = rules.with_newest(known, self.terminal)
        if self.new_hash is not None:
            news["password_hash"] = self.new_hash
        # The sealed hash is like no other: it is the one that was proved.
        as_read = is_set(Account.terminals, self.account.terminals) & (
            Account.password_hash == self.account.attribute_values["password_hash"]
        )
        return (change(self.account, when=as_read, otherwise=Changed, **news),) if news else ()


def prove_password(contact: Contact, password: str, unique_id: str) -> Proved | None:
    """Who it is by e-mail address or phone number and password; None if wrong. Raises TooMany after ten wrong guesses.

    A terminal that has signed in before has a count of its own: nobody else's guesses make it wait. Known and unknown
    addresses cost the same calls and the same hashing.
    """
    hashed = contact.hashed
    address, strangers = read(Address.key(hashed), Guesses.key(hashed))
    account_id = ids.new_id() if address is None else address.account_id
    terminal = terminal_hash(account_id, unique_id)
    account, key, own = read(
        Account.key(account_id), vaults.key_of(account_id), TerminalGuesses.key(account_id, terminal)
    )
    is_known = account is not None and terminal in (account.terminals or ())
    guessing = _Guessing.at(account_id, terminal, own) if is_known else _Guessing(Guesses.new(hashed), strangers)
    if account is None or key is None:
        guessing.look(_hash_of_nothing(), password)
        return None
    vault: Vault = key.unlocked()
    expected = account.opened(vault).password_hash
    if not guessing.look(expected, password):
        return None
    return Proved(account, vault, remove(guessing.row), terminal, _rehashed(expected, password))


def changed(account: Account, current: str, new: str, unique_id: str) -> tuple[Write, ...]:
    """What sets another password for who is signed in on this terminal and knows the current one.

    Guesses are counted as at sign-in, and here they are the terminal's own. Raises CurrentPasswordWrong, TooMany,
    PasswordTooEasy.
    """
    rules.require_password(new, account.email, account.phone, account.nickname, named="new")
    account_id = account.partition_id
    terminal = terminal_hash(account_id, unique_id)
    (own,) = read(TerminalGuesses.key(account_id, terminal))
    guessing = _Guessing.at(account_id, terminal, own)
    if not guessing.look(account.password_hash, current):
        raise CurrentPasswordWrong(fields={"current": Words("is not right", "jest nieprawidłowe")})
    return change_to(account, new, otherwise=Conflict), remove(guessing.row)


def proved_again(before: Proved, password: str) -> Proved | None:
    """The same by the account as it is now; None if it was closed, or the password is another."""
    (account,) = read(before.account.own_key)
    if account is None or not _is_right(account.opened(before.vault).password_hash, password):
        return None
    return replace(before, account=account, new_hash=_rehashed(account.password_hash, password))


def terminal_hash(account_id: str, unique_id: str) -> str:
    """80 bits by which an account knows a terminal again; they open nothing."""
    return crypto.keyed_hash("terminals", account_id, unique_id)[:16]


def change_to(account: Account, password: str, *, otherwise: Otherwise, **more: Any) -> Write:
    """The account with a new password, if none was set since it was read; the next epoch ends all sessions."""
    # A sign-in that hashes the same password anew meanwhile is no other password: it leaves the epoch as it is.
    as_read = Account.epoch == account.epoch
    values = {"password_hash": hash_of(password), "epoch": int(account.epoch) + 1, **more}
    return change(account, when=as_read, otherwise=otherwise, **values)


def is_own(account: Account, password: str) -> bool:
    return _is_right(account.password_hash, password)


@cache
def _hash_of_nothing() -> str:
    return _hasher().hash(ids.new_id())


def _is_right(expected: str, password: str) -> bool:
    from argon2.exceptions import VerificationError

    try:
        return _hasher().verify(expected, rules.normal_password(password))
    except VerificationError:
        return False


def hash_of(password: str) -> str:
    return _hasher().hash(rules.normal_password(password))


def _rehashed(expected: str, password: str) -> str | None:
    """The password's hash by today's parameters, if the one that is kept was made by others."""
    return hash_of(password) if _hasher().check_needs_rehash(expected) else None


@dataclass(frozen=True)
class _Guessing:
    """Where wrong guesses are counted, and how many were before."""

    row: Guesses | TerminalGuesses
    before: Guesses | TerminalGuesses | None

    @classmethod
    def at(cls, account_id: str, terminal: str, before: TerminalGuesses | None) -> _Guessing:
        return cls(TerminalGuesses.new(account_id, terminal), before)

    def look(self, expected: str, password: str) -> bool:
        """Whether it is right; a wrong one is counted. Raises TooMany while there is to be waited."""
        if self.before is not None and clock.now_s() < self.before.wait_until:
            raise TooMany(retry_after_seconds=int(self.before.wait_until) - clock.now_s())
        is_right = _is_right(expected, password)
        if not is_right:
            _count_guess(self.row, self.before)
        return is_right


def _count_guess(row: Guesses | TerminalGuesses, guesses: Guesses | TerminalGuesses | None) -> None:
    wrong = 1 if guesses is None else int(guesses.wrong) + 1
    now = clock.now_s()
    kind = type(row)
    row.assign(
        wrong=wrong,
        wait_until=now + rules.wait_after_guess_s(wrong),
        expires_at=now + rules.GUESSES_REMEMBERED_HOURS * 3600,
    )
    before = absent(kind) if guesses is None else kind.wrong == guesses.wrong
    # Guesses made at the same moment count as one try answered and the others refused.
    commit(put(row, when=before, otherwise=TooMany(retry_after_seconds=1)))
