"""Password authentication, by address and password or after another platform's; and the count of wrong guesses."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import cache
from typing import TYPE_CHECKING, Any

from chalicelib import clock, ids
from chalicelib.accounts import rules
from chalicelib.accounts.actions import account_writes
from chalicelib.accounts.records import Account, Guesses, KnownTerminal, TerminalGuesses
from chalicelib.accounts.rules import CurrentPasswordWrong
from chalicelib.contacts.actions.addresses import Contact
from chalicelib.contacts.records import Address
from chalicelib.errors import Conflict
from chalicelib.store import ciphers, crypto
from chalicelib.store.ciphers import SubjectCipher
from chalicelib.store.commit import Otherwise, Write, absent, change, check, put, remove
from chalicelib.store.keys import Key
from chalicelib.store.records import Found, Record, read, read_all
from chalicelib.store.retrying import StaleRead
from chalicelib.store.throttle import Throttle
from chalicelib.words import Phrase

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
    """The account of whoever has been proved, on a terminal; `forget` is what ends the memory of wrong guesses."""

    account: Account
    cipher: SubjectCipher
    forget: Write
    terminal: str
    new_hash: str | None
    keys: tuple[Key[Record], ...]
    beside: Found

    @property
    def known_terminal(self) -> KnownTerminal | None:
        """The terminal, if it signed in before."""
        return self.beside[KnownTerminal.key(self.account.pk_id, self.terminal)]

    @property
    def is_on_known_terminal(self) -> bool:
        return self.known_terminal is not None

    def learn(self, session_id: str) -> tuple[Write, ...]:
        """Writes that note the session that the terminal has from now on, and the password hashed as is usual now, if
        that is news.

        On commit it raises StaleRead if the account or its terminal is not as it was read: see `proved_again`.
        """
        known = self.known_terminal
        as_read = absent(KnownTerminal) if known is None else KnownTerminal.session_id == known.session_id
        noted = put(seen_terminal(self.account.pk_id, self.terminal, session_id), when=as_read, otherwise=StaleRead)
        return noted, self._still()

    def _still(self) -> Write:
        """The account lives, and opens to no more and no less than what was proved."""
        account = self.account
        as_read = (Account.session_generation == account.session_generation) & (
            Account.second_factor_count == account.second_factor_count
        )
        # Who was warned that nobody uses it has come back.
        news: dict[str, str | None] = {} if account.inactive_since is None else {"inactive_since": None}
        if self.new_hash is not None:
            # The sealed hash is like no other: it is the one that was proved.
            as_read &= Account.password_hash == account.attribute_values["password_hash"]
            news["password_hash"] = self.new_hash
        if not news:
            return check(account, as_read, otherwise=StaleRead)
        return change(account, when=as_read, otherwise=StaleRead, **news)


def prove_password(
    contact: Contact, password: str, unique_id: str, keys_beside: Callable[[str, str], tuple[Key[Record], ...]]
) -> Proved | None:
    """The account that this e-mail address or phone number and password prove; None if wrong. Raises TooMany after ten
    wrong guesses.

    `keys_beside` names, by the account's id and the terminal's hash, what else is to be read with the account.

    A terminal that has signed in before has a count of its own: nobody else's guesses make it wait. Known and unknown
    addresses cost the same calls and the same hashing.
    """
    hashed = contact.hashed
    address, strangers = read(Address.key(hashed), Guesses.key(hashed))
    account_id = ids.new_id() if address is None else address.account_id
    terminal = terminal_hash(account_id, unique_id)
    keys = (KnownTerminal.key(account_id, terminal), *keys_beside(account_id, terminal))
    account_key, data_key = Account.key(account_id), ciphers.key_of(account_id)
    own_key = TerminalGuesses.key(account_id, terminal)
    found = read_all((account_key, data_key, own_key, *keys))
    account, key, own = found[account_key], found[data_key], found[own_key]
    if account is None or key is None:
        _throttle(Guesses.new(hashed), strangers).guess(lambda: _is_right(_hash_of_nothing(), password))
        return None
    is_known = found[KnownTerminal.key(account_id, terminal)] is not None
    throttle = _on_own(account_id, terminal, own) if is_known else _throttle(Guesses.new(hashed), strangers)
    cipher: SubjectCipher = key.unlocked()
    expected = account.decrypted_with(cipher).password_hash
    if not throttle.guess(lambda: _is_right(expected, password)):
        return None
    news = _rehashed(expected, password)
    return Proved(account, cipher, throttle.forget(), terminal, news, keys, found)


def _on_own(account_id: str, terminal: str, before: TerminalGuesses | None) -> Throttle:
    return _throttle(TerminalGuesses.new(account_id, terminal), before)


def _throttle(row: Guesses | TerminalGuesses, before: Guesses | TerminalGuesses | None) -> Throttle:
    # Nearly everybody is right, and what is forgotten then goes with the session's own commit; nobody gains by racing
    # for fifteen characters.
    remembered = timedelta(hours=rules.GUESSES_REMEMBERED_HOURS)
    return Throttle(row, before, "wait_until", rules.wait_after_guess_s, remembered)


def recognised(account_id: str, unique_id: str) -> Proved | None:
    """The same for whom something else than the password has proved; None if the account was closed."""
    terminal = terminal_hash(account_id, unique_id)
    account_key, data_key = Account.key(account_id), ciphers.key_of(account_id)
    terminal_key = KnownTerminal.key(account_id, terminal)
    found = read_all((account_key, data_key, terminal_key))
    account, key = found[account_key], found[data_key]
    if account is None or key is None:
        return None
    cipher: SubjectCipher = key.unlocked()
    forget = remove(TerminalGuesses.key(account_id, terminal))
    return Proved(account.decrypted_with(cipher), cipher, forget, terminal, None, (terminal_key,), found)


def changed(account: Account, current: str, new: str, unique_id: str) -> tuple[Write, ...]:
    """Writes that set another password for the one who is signed in on this terminal and knows the current one.

    Guesses are counted as at sign-in, and here they are the terminal's own. Raises CurrentPasswordWrong, TooMany,
    PasswordTooEasy.
    """
    require_fitting(account, new, named="new")
    account_id = account.pk_id
    terminal = terminal_hash(account_id, unique_id)
    (own,) = read(TerminalGuesses.key(account_id, terminal))
    throttle = _on_own(account_id, terminal, own)
    if not throttle.guess(lambda: _is_right(account.password_hash, current)):
        raise CurrentPasswordWrong(fields={"current": Phrase("password_wrong")})
    return change_to(account, new, otherwise=Conflict), throttle.forget()


def proved_again(before: Proved, password: str) -> Proved | None:
    """The same by the account as it is now; None if it was closed, or the password is another."""
    found = read_all((before.account.own_key, *before.keys))
    account = found[before.account.own_key]
    if account is None or not _is_right(account.decrypted_with(before.cipher).password_hash, password):
        return None
    return replace(before, account=account, new_hash=_rehashed(account.password_hash, password), beside=found)


def require_fitting(account: Account, password: str, named: str = "password") -> None:
    """Fit to be this account's: beside a second factor a shorter one will do. Raises PasswordTooEasy."""
    least = rules.LEAST_BESIDE_A_SECOND_FACTOR if account.second_factor_count else rules.LEAST_PASSWORD_CHARACTERS
    rules.require_password(password, account.email, account.phone, account.nickname, named=named, least=least)


def terminal_hash(account_id: str, unique_id: str) -> str:
    """80 bits by which an account knows a terminal again; they open nothing."""
    return crypto.keyed_hash("terminals", account_id, unique_id)[:16]


def seen_terminal(account_id: str, terminal: str, session_id: str) -> KnownTerminal:
    """The row of a terminal, by its hash, that has this session and is used now: known until a year after its last
    use, so that what is used for holidays only is not new each summer."""
    until = clock.epoch_s(clock.now() + rules.TERMINAL_KNOWN)
    return KnownTerminal.new(account_id, terminal, session_id=session_id, used_at=clock.now_s(), expires_at=until)


def terminals_used_at(account_id: str) -> int:
    """When a terminal of the account was last used, to a month, of those that it knows; 0 if there is none."""
    return max((int(one.used_at) for one in KnownTerminal.list_of(account_id).items), default=0)


def change_to(account: Account, password: str, *, otherwise: Otherwise, **more: Any) -> Write:
    """The account with a new password, if none was set since it was read; the next session generation ends all
    sessions."""
    # A sign-in that hashes the same password anew meanwhile is no other password: it leaves the session generation as
    # it is.
    as_read = Account.session_generation == account.session_generation
    is_short = rules.is_short(password)
    if is_short:  # which it may be while there is a second factor
        as_read &= Account.second_factor_count > 0
    values = {"password_hash": hash_of(password), "session_generation": int(account.session_generation) + 1, **more}
    return change(account, when=as_read, otherwise=otherwise, is_password_short=is_short or None, **values)


def without_second_factors(account: Account) -> Write:
    """The account of who has lost all of them: all sessions end, and a password that was enough beside them only opens
    nothing until it is reset. On commit it raises Conflict if either was changed meanwhile, or the address by which it
    was found."""
    as_read = (
        account_writes.has_sessions_as_read(account)
        & account_writes.has_addresses_as_read(account)
        & (Account.second_factor_count == account.second_factor_count)
    )
    lost = {"password_hash": hash_of(ids.new_id()), "is_password_short": None} if account.is_password_short else {}
    values = {"second_factor_count": 0, "session_generation": int(account.session_generation) + 1, **lost}
    return change(account, when=as_read, otherwise=Conflict, **values)


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
