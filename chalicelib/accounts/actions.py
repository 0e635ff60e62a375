"""Registering, proving an address, and changing one's profile (B1a, B1b)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from functools import cache
from typing import Any

from argon2 import PasswordHasher
from argon2.exceptions import VerificationError

from chalicelib import clock, ids
from chalicelib.accounts import rules
from chalicelib.accounts.records import Account, Address, Code, Guesses, Registration, TerminalGuesses
from chalicelib.accounts.rules import AddressInvalid, CodeOver, CodeTooSoon, CodeWrong
from chalicelib.aws import crypto, mail
from chalicelib.aws.commit import Write, absent, change, commit, create, done, put, remove
from chalicelib.aws.keys import Key
from chalicelib.aws.table import read
from chalicelib.errors import Conflict, Invalid, KeyReused, NotFound, NotSignedIn, TooMany, Words
from chalicelib.register import vaults
from chalicelib.register.vaults import Vault, VaultKey
from chalicelib.settings import settings

REGISTRATION = "registration"
_REGISTRATION_HOURS = 24
# OWASP's second recommendation; 31 ms of one core.
_hasher = PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1)


class AddressTaken(Conflict):
    en = "This address has an account already. Please sign in."
    pl = "Ten adres ma już konto. Zaloguj się."


class PolicyOutdated(Invalid):
    en = "Please read and accept the current privacy policy."
    pl = "Przeczytaj i zaakceptuj aktualną politykę prywatności."


class ConfirmedMeanwhile(Exception):
    """The same code came twice at once, and the other was faster: read again what is so now."""


class AlreadyConfirmed(Exception):
    """The confirmation succeeded before, and this is its exact repeat."""

    def __init__(self, account: Account, vault: Vault) -> None:
        super().__init__()
        self.account = account
        self.vault = vault


@dataclass(frozen=True)
class NewAccount:
    """A proved registration as the account that it becomes, and what must be committed for it."""

    account: Account
    vault: Vault
    writes: tuple[Write, ...]


def normal_address(email: str) -> str:
    """The address in its one normal form; raises AddressInvalid."""
    from email_validator import EmailNotValidError, validate_email

    try:
        found = validate_email(email, check_deliverability=False, test_environment=settings.stage != "production")
    except EmailNotValidError as cause:
        raise AddressInvalid(fields={"email": Words("is not an e-mail address", "nie jest adresem e-mail")}) from cause
    return found.normalized.lower()


def address_hash(address: str) -> str:
    return crypto.keyed_hash("addresses", address)


def register(
    *,
    email: str,
    password: str,
    nickname: str,
    country: str,
    language: str,
    birth_date: date,
    policy_version: str,
    current_policy: str,
    repeat_key: str | None,
) -> str:
    """Begin a registration; the id of it, whether the address is known or not (B1a). The birth date is not kept."""
    rules.require_age(birth_date, clock.now().date())
    address = normal_address(email)
    rules.require_password(password, address, nickname)
    if policy_version != current_policy:
        current = Words(f"the current one is {current_policy}", f"aktualna to {current_policy}")
        raise PolicyOutdated(fields={"policy_version": current})
    hashed = address_hash(address)
    request_hash = crypto.keyed_hash("registrations", address, nickname, country, language)
    (known,) = read(Address.key(hashed))
    until = clock.in_(hours=_REGISTRATION_HOURS)
    account_id = ids.new_id() if repeat_key is None else ids.as_text(crypto.derived("ids", hashed, repeat_key)[:16])
    vault, vault_key = vaults.new_vault(account_id, until=until)
    registration = Registration.new(
        account_id,
        vault=vault,
        address_hash=hashed,
        request_hash=request_hash,
        is_known=0 if known is None else 1,
        email=address,
        nickname=nickname,
        password_hash=_hash_of(password),
        country=country,
        language=language,
        policy_version=policy_version,
        expires_at=clock.epoch_s(until),
    )
    code, digits = new_code(account_id, REGISTRATION)
    try:
        commit(
            create(registration, otherwise=lambda standing: _repeated(standing, request_hash)),
            # A late repeat, when the registration has become an account, must not take the account's key away.
            create(vault_key, otherwise=_Repeated),
            put(code),
        )
    except _Repeated:
        return account_id
    _send_code_or_hint(registration, digits)
    return account_id


class _Repeated(Exception):
    pass


def _repeated(standing: dict[str, Any] | None, request_hash: str) -> BaseException:
    same = standing is not None and standing["request_hash"]["S"] == request_hash
    return _Repeated() if same else KeyReused()


def _send_code_or_hint(registration: Registration, digits: str) -> None:
    template = "accounts/mail/known" if registration.is_known else "accounts/mail/code"
    send_code(registration.email, registration.language, digits, template)


def send_code(email: str, language: str, digits: str, template: str = "accounts/mail/code") -> None:
    mail.send(
        email, template, language, code=digits, minutes=rules.CODE_MINUTES, operator=settings.operator["name"]
    )


def send_new_code(registration_id: str) -> None:
    """Replace the registration's code by a new one and send it; refuses to do so too often."""
    registration, old, key = read(
        Registration.key(registration_id), Code.key(registration_id, REGISTRATION), vaults.key_of(registration_id)
    )
    if registration is None or old is None or key is None:
        raise NotFound
    code, digits = new_code(registration_id, REGISTRATION, old)
    commit(put(code, when=Code.sent_at == old.sent_at, otherwise=CodeTooSoon(retry_after_seconds=30)))
    _send_code_or_hint(registration.opened(key.unlocked()), digits)


def confirmed(registration_id: str, digits: str, unique_id: str, repeat_key: str | None) -> NewAccount:
    """The account that a registration becomes by its code.

    Raises AlreadyConfirmed for the exact repeat, CodeWrong, CodeOver, and on commit AddressTaken or ConfirmedMeanwhile.
    """
    registration, code, account, key = read(
        Registration.key(registration_id),
        Code.key(registration_id, REGISTRATION),
        Account.key(registration_id),
        vaults.key_of(registration_id),
    )
    confirmed_by = crypto.keyed_hash("confirmations", registration_id, digits, repeat_key or "")
    if account is not None and repeat_key is not None and account.confirmed_by == confirmed_by:
        raise AlreadyConfirmed(account.opened(key.unlocked()), key.unlocked())
    if registration is None or key is None:
        raise CodeOver
    spent = prove_code(code, digits)
    if registration.is_known:
        raise _wrong_code()
    vault = key.unlocked()
    account = _account_of(registration.opened(vault), confirmed_by, vault)
    account.terminals = [terminal_hash(registration_id, unique_id)]
    address = Address.new(registration.address_hash, account_id=registration_id)
    return NewAccount(
        account,
        vault,
        (
            create(address, otherwise=lambda standing: _taken(standing, registration_id)),
            create(account),
            remove(registration, when=Registration.pk.exists(), otherwise=CodeOver),
            spent,
            change(key, expires_at=None),
        ),
    )


def _taken(standing: dict[str, Any] | None, registration_id: str) -> BaseException:
    is_own = standing is not None and standing["account_id"]["S"] == registration_id
    return ConfirmedMeanwhile() if is_own else AddressTaken()


def _account_of(registration: Registration, confirmed_by: str, vault: Vault) -> Account:
    return Account.new(
        registration.partition_id,
        vault=vault,
        address_hash=registration.address_hash,
        confirmed_by=confirmed_by,
        email=registration.email,
        nickname=registration.nickname,
        password_hash=registration.password_hash,
        country=registration.country,
        language=registration.language,
        policy_version=registration.policy_version,
        registered_at=clock.now_s(),
    )


def new_code(account_id: str, purpose: str, old: Code | None = None) -> tuple[Code, str]:
    """A code to be stored, and its digits to be sent; raises CodeTooSoon if the last one is too young."""
    now = clock.now_s()
    sends = 1 if old is None else int(old.sends) + 1
    if old is not None:
        left = int(old.sent_at) + rules.wait_before_resend_s(int(old.sends)) - now
        if left > 0:
            raise CodeTooSoon(retry_after_seconds=left)
    digits = ids.new_code()
    code = Code.new(
        account_id,
        purpose,
        code_hash=_code_hash(account_id, purpose, digits),
        until=now + rules.CODE_MINUTES * 60,
        tries=0,
        sends=sends,
        sent_at=now,
        expires_at=now + _REGISTRATION_HOURS * 3600,
    )
    return code, digits


def prove_code(code: Code | None, digits: str) -> Write:
    """Check the digits against the code; the write that spends it. Raises CodeWrong or CodeOver.

    The try is counted before the comparison, so that many tries at once are still five.
    """
    if code is None or clock.now_s() >= code.until or code.tries >= rules.CODE_TRIES:
        raise CodeOver
    tries = int(code.tries)
    commit(change(code, tries=tries + 1, when=Code.tries == tries, otherwise=_wrong_code))
    if not crypto.same(code.code_hash, _code_hash(code.partition_id, code.place_id, digits)):
        raise _wrong_code()
    return remove(code, when=Code.code_hash == code.code_hash, otherwise=CodeOver)


def _wrong_code(standing: dict[str, Any] | None = None) -> CodeWrong:
    return CodeWrong(fields={"code": Words("is not right", "jest nieprawidłowy")})


def _code_hash(account_id: str, purpose: str, digits: str) -> str:
    return crypto.keyed_hash("codes", account_id, purpose, digits)


def code_key(account_id: str, purpose: str) -> Key:
    return Code.key(account_id, purpose)


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
        as_read = _is_set(Account.terminals, self.account.terminals) & (
            Account.password_hash == self.account.attribute_values["password_hash"]
        )
        return (change(self.account, when=as_read, otherwise=Changed, **news),) if news else ()


def prove_password(email: str, password: str, unique_id: str) -> Proved | None:
    """Who it is by address and password; None if wrong. Raises TooMany after ten wrong guesses.

    A terminal that has signed in before has a count of its own: nobody else's guesses make it wait. Known and unknown
    addresses cost the same calls and the same hashing.
    """
    hashed = address_hash(normal_address(email))
    address, strangers = read(Address.key(hashed), Guesses.key(hashed))
    account_id = ids.new_id() if address is None else address.account_id
    terminal = terminal_hash(account_id, unique_id)
    account, key, own = read(
        Account.key(account_id), vaults.key_of(account_id), TerminalGuesses.key(account_id, terminal)
    )
    is_known = account is not None and terminal in (account.terminals or ())
    guesses, row = (own, TerminalGuesses.new(account_id, terminal)) if is_known else (strangers, Guesses.new(hashed))
    if guesses is not None and clock.now_s() < guesses.wait_until:
        raise TooMany(retry_after_seconds=int(guesses.wait_until) - clock.now_s())
    if account is None or key is None:
        _is_right(_hash_of_nothing(), password)
        _count_guess(row, guesses)
        return None
    vault: Vault = key.unlocked()
    expected = account.opened(vault).password_hash
    if not _is_right(expected, password):
        _count_guess(row, guesses)
        return None
    return Proved(account, vault, remove(row), terminal, _rehashed(expected, password))


def proved_again(before: Proved, password: str) -> Proved | None:
    """The same by the account as it is now; None if it was closed, or the password is another."""
    (account,) = read(before.account.own_key)
    if account is None or not _is_right(account.opened(before.vault).password_hash, password):
        return None
    return replace(before, account=account, new_hash=_rehashed(account.password_hash, password))


def terminal_hash(account_id: str, unique_id: str) -> str:
    """80 bits by which an account knows a terminal again; they open nothing."""
    return crypto.keyed_hash("terminals", account_id, unique_id)[:16]


@cache
def _hash_of_nothing() -> str:
    return _hasher.hash(ids.new_id())


def _is_right(expected: str, password: str) -> bool:
    try:
        return _hasher.verify(expected, rules.normal_password(password))
    except VerificationError:
        return False


def _hash_of(password: str) -> str:
    return _hasher.hash(rules.normal_password(password))


def _rehashed(expected: str, password: str) -> str | None:
    """The password's hash by today's parameters, if the one that is kept was made by others."""
    return _hash_of(password) if _hasher.check_needs_rehash(expected) else None


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


def change_profile(account: Account, **changes: Any) -> Account:
    """Nickname, country or language (B1b)."""
    return done(change(account, **changes), answer=account)


def places_of(account_id: str) -> tuple[Key, Key]:
    """Where the account and its vault's key lie, for whoever must read them together with something else."""
    return Account.key(account_id), VaultKey.key(account_id)


class Changed(Exception):
    """The account changed since it was read: read again and decide anew."""


def gains_device(account: Account, device_id: str) -> Write:
    """The account's side of a new device, if its devices and terminals are still the ones that were read."""
    return change(account, Account.device_ids.add({device_id}), when=_is_as_read(account), otherwise=Changed)


def loses_device(account: Account, device_id: str) -> Write:
    return change(account, Account.device_ids.delete({device_id}))


def gains_endpoint(account: Account, endpoint: str) -> Write:
    """The account's side of a terminal that wants pushes, if its devices are still the ones that were read."""
    return change(account, Account.endpoints.add({endpoint}), when=_is_as_read(account), otherwise=Changed)


def loses_endpoint(account: Account, endpoint: str) -> Write:
    write = change(account, Account.endpoints.delete({endpoint}), when=_is_as_read(account), otherwise=Changed)
    account.endpoints = {other for other in account.endpoints or () if other != endpoint}
    return write


def _is_as_read(account: Account) -> Any:
    return _is_set(Account.device_ids, account.device_ids) & _is_set(Account.endpoints, account.endpoints)


def _is_set(attribute: Any, value: set[str] | list[str] | None) -> Any:
    return attribute == value if value else attribute.does_not_exist()


def read_again(account: Account) -> Account:
    """The account as it is now; raises NotSignedIn if it was closed in the meantime."""
    (again,) = read(account.own_key)
    if again is None:
        raise NotSignedIn
    found: Account = again.opened(account.vault)
    return found


def end(account: Account) -> tuple[Write, ...]:
    """What ends an account at once: its record, its key, and its address, which is free again (B17)."""
    address = account.address_hash
    return (
        remove(account, when=Account.pk.exists() & _is_as_read(account), otherwise=Changed),
        remove(vaults.key_of(account.partition_id)),
        remove(Address.key(address)),
        remove(Guesses.key(address)),
    )
