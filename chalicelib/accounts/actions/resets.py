"""Password resets, by a code sent to the account's address (B1b, D3)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from chalicelib import clock, ids
from chalicelib.accounts import rules
from chalicelib.accounts.actions import passwords
from chalicelib.accounts.records import Account, Guesses
from chalicelib.contacts.actions import addresses, budgets, codes
from chalicelib.contacts.actions.addresses import Contact
from chalicelib.contacts.actions.codes import CodeOver
from chalicelib.contacts.records import Address, ResetCode
from chalicelib.store import ciphers, crypto
from chalicelib.store.commit import Write, check, remove
from chalicelib.store.crypto import Unreadable
from chalicelib.store.records import read

_FOR = "password resets"
_REPEATED_HOURS = 24


class AlreadyReset(Exception):
    """The reset succeeded before, and this is its exact repeat."""


@dataclass(frozen=True)
class Reset:
    """The account of a proved reset, and what must be committed for it."""

    account: Account
    writes: tuple[Write, ...]


def ask(
    contact: Contact, language: str, repeat_key: str | None, source_ip: str, owner_id: str | None = None
) -> str:
    """Send a code to the address, or a hint where no account has it; the id of the reset, which says nothing.

    `owner_id`, if given, is whose account it must be. Known and unknown addresses cost the same. Raises CodeTooSoon,
    PhoneNotTexted, TooManyMessages, MessagesUsedUp.
    """
    hashed = contact.hashed
    where = ResetCode.key(hashed)
    address, old = read(Address.key(hashed), where)
    account = _account_of(None if address is None else address.account_id)
    is_owners = account is not None and owner_id in (None, account.pk_id)

    def send(digits: str) -> None:
        if account is not None and is_owners:
            codes.send(contact, account.language, digits)
        else:
            # The code is made all the same, so that the waits are the same, and sent to nobody.
            addresses.send(contact, "accounts/mail/unknown", language)

    codes.send_next(where, old, repeat_key, send, counted=lambda: budgets.counted(contact, source_ip))
    return ids.as_text(crypto.seal(crypto.secret_for(_FOR), hashed.encode(), _FOR))


def _account_of(account_id: str | None) -> Account | None:
    """Read in any case: that there is none must not be seen by the calls."""
    known_or_not = account_id or ids.new_id()
    account, key = read(Account.key(known_or_not), ciphers.key_of(known_or_not))
    return None if account is None or key is None else account.decrypted_with(key.unlocked())


def proved(reset_id: str, digits: str, password: str, repeat_key: str | None) -> Reset:
    """The reset that these digits prove. Raises AlreadyReset for the exact repeat, CodeWrong, CodeOver,
    PasswordTooEasy."""
    # Whether a shorter one will do is disclosed to nobody who has no code.
    rules.require_password(password, least=rules.LEAST_BESIDE_A_SECOND_FACTOR)
    hashed = _address_hash(reset_id)
    address, code = read(Address.key(hashed), ResetCode.key(hashed))
    account = _account_of(None if address is None else address.account_id)
    inputs = (hashed, digits, password)
    if account is not None and _is_repeat(account, inputs, repeat_key):
        raise AlreadyReset
    spent = codes.prove_code(code, digits)
    if account is None:
        raise codes.wrong_code()
    passwords.require_fitting(account, password)
    reset_by = _reset_by(inputs, repeat_key, int(account.session_generation) + 1)
    renewed = passwords.change_to(account, password, otherwise=CodeOver, reset_by=reset_by, reset_at=clock.now_s())
    return Reset(account, (renewed, spent, *_still(address, account)))


def _reset_by(inputs: tuple[str, ...], repeat_key: str | None, session_generation: int) -> str:
    """The mark of a request; in another session generation, whose password is another one, it is another mark. The
    client's key is kept nowhere: without it nobody can guess at the password."""
    return crypto.keyed_hash("resets", repeat_key or ids.new_id(), str(session_generation), *inputs)


def _is_repeat(account: Account, inputs: tuple[str, ...], repeat_key: str | None) -> bool:
    is_recent = clock.now_s() < (account.reset_at or 0) + _REPEATED_HOURS * 3600
    return is_recent and account.reset_by == _reset_by(inputs, repeat_key, int(account.session_generation))


def _still(address: Any, account: Account) -> tuple[Write, ...]:
    """The address must be the account's to the end; what was guessed for it is forgotten."""
    is_owners = Address.account_id == account.pk_id
    return check(address, is_owners, otherwise=CodeOver), remove(Guesses.key(address.pk_id))


def _address_hash(reset_id: str) -> str:
    try:
        return crypto.unseal(crypto.secret_for(_FOR), ids.from_text(reset_id), _FOR).decode()
    except (ValueError, Unreadable):
        raise CodeOver from None
