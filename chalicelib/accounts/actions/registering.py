"""Registration: an account comes of it when the address is proved (B1a)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import msgspec

from chalicelib import clock, ids
from chalicelib.accounts import rules
from chalicelib.accounts.actions import account_writes, passwords, regions
from chalicelib.accounts.records import Account, AgeBlock, BegunRegistration, Registration
from chalicelib.accounts.rules import AddressTaken
from chalicelib.accounts.shapes import Terminal
from chalicelib.contacts.actions import addresses, budgets, codes
from chalicelib.contacts.actions.addresses import Contact
from chalicelib.contacts.actions.codes import CodeOver
from chalicelib.contacts.records import Address
from chalicelib.errors import Invalid, KeyReused, NotFound
from chalicelib.store import ciphers, crypto, keys
from chalicelib.store.ciphers import SubjectCipher
from chalicelib.store.commit import Write, change, commit, create, put, remove
from chalicelib.store.keys import Key, RawItem
from chalicelib.store.records import read
from chalicelib.store.retrying import StaleRead
from chalicelib.words import Phrase

REGISTRATION = "registration"
_REGISTRATION_HOURS = 24
_AGE_BLOCK_HOURS = 24


class PolicyOutdated(Invalid):
    pass


class AlreadyConfirmed(Exception):
    """The confirmation succeeded before, by this code and key: whether it may be repeated is the session's to say."""

    def __init__(self, account: Account, cipher: SubjectCipher) -> None:
        super().__init__()
        self.account = account
        self.cipher = cipher
        # What is so when it may not be repeated any more.
        self.otherwise = CodeOver


@dataclass(frozen=True)
class NewAccount:
    """A proved registration as the account that it becomes, and what must be committed for it."""

    account: Account
    cipher: SubjectCipher
    writes: tuple[Write, ...]


def register(
    *,
    email: str | None,
    phone: str | None,
    password: str,
    nickname: str,
    country: str,
    language: str,
    birth_date: date,
    policy_version: str,
    terminal: Terminal | None,
    current_policy: str,
    repeat_key: str | None,
    source_ip: str,
) -> str:
    """Begin a registration; the id of it, whether the address is known or not (B1a). The birth date is not kept."""
    age_blocks = () if terminal is None else (age_block_key(terminal.unique_id),)
    _require_terms(birth_date, country, policy_version, current_policy, *age_blocks)
    contact = addresses.contact_from(email, phone)
    rules.require_password(password, contact.value, nickname)
    counts = budgets.counted(contact, source_ip)
    hashed = contact.hashed
    inputs = (contact.value, password, nickname, country, language, f"{birth_date}", policy_version, _as_text(terminal))
    known, *refused = read(Address.key(hashed), *age_blocks)
    if any(refused):
        raise rules.too_young()
    former_owner_id = account_writes.former_owner(known)
    until = clock.in_(hours=_REGISTRATION_HOURS)
    account_id = ids.new_id()
    cipher, data_key_row = ciphers.new_cipher(account_id, until=until)
    registration = Registration.new(
        account_id,
        cipher=cipher,
        address_hash=hashed,
        is_known=0 if known is None or former_owner_id is not None else 1,
        former_owner_id=former_owner_id,
        nickname=nickname,
        password_hash=passwords.hash_of(password),
        country=country,
        language=language,
        policy_version=policy_version,
        expires_at=clock.epoch_s(until),
        **{contact.kind: contact.value},
    )
    code = codes.new(codes.key_of(account_id, REGISTRATION), repeat_key)
    begun = () if repeat_key is None else (_Begun(hashed, repeat_key, inputs).write(account_id),)
    try:
        commit(*begun, create(registration), create(data_key_row), put(code), *counts)
    except _Repeated as repeated:
        _send_again(repeated.account_id, registration, repeat_key)
        return repeated.account_id
    _send_code_or_hint(registration, codes.digits_of(code))
    return account_id


def _as_text(terminal: Terminal | None) -> str:
    return msgspec.json.encode(terminal).decode()


class _Repeated(Exception):
    def __init__(self, account_id: str) -> None:
        super().__init__()
        self.account_id = account_id


@dataclass(frozen=True)
class _Begun:
    """Idempotency of a request to register: the inputs, and the client's key, which is kept nowhere. Without it
    nobody can guess at the password that was given, or knows which account came of it."""

    hashed_address: str
    repeat_key: str
    inputs: tuple[str, ...]

    def write(self, account_id: str) -> Write:
        """Notes what it begins. On commit it raises _Repeated where it has begun before, whatever came of that, and
        KeyReused where another request had the key."""
        where = BegunRegistration.key(crypto.keyed_hash("registering", self.hashed_address, self.repeat_key))
        row = BegunRegistration.new(
            keys.id_of(where.pk),
            request_hash=self._request_hash(),
            sealed_account_id=crypto.seal(self._secret(), account_id.encode(), where.pk),
            expires_at=clock.epoch_s(clock.in_(hours=_REGISTRATION_HOURS)),
        )
        return create(row, otherwise=self._repeated)

    def _repeated(self, there: RawItem | None) -> BaseException:
        begun = BegunRegistration.of(there)
        if begun is None or begun.request_hash != self._request_hash():
            return KeyReused()
        return _Repeated(crypto.unseal(self._secret(), begun.sealed_account_id, begun.pk).decode())

    def _request_hash(self) -> str:
        return crypto.keyed_hash("registrations", self.repeat_key, *self.inputs)

    def _secret(self) -> bytes:
        return crypto.derived("registering", self.hashed_address, self.repeat_key)


def _require_terms(
    birth_date: date, country: str, policy_version: str, current_policy: str, *age_blocks: Key[AgeBlock]
) -> None:
    """Old enough, of a country that is served here, and agreed to the policy that is in force."""
    _require_age(birth_date, *age_blocks)
    regions.require_here(country)
    if policy_version != current_policy:
        current = Phrase("current_policy_version", current=current_policy)
        raise PolicyOutdated(fields={"policy_version": current})


def age_block_key(unique_id: str) -> Key[AgeBlock]:
    """The key of the row saying that somebody was too young on this terminal."""
    return AgeBlock.key(crypto.keyed_hash("turned away", unique_id))


def _require_age(birth_date: date, *age_blocks: Key[AgeBlock]) -> None:
    """A child who is turned away does not come back a minute later with another date."""
    try:
        rules.require_age(birth_date, clock.now().date())
    except rules.TooYoung:
        until = clock.epoch_s(clock.in_(hours=_AGE_BLOCK_HOURS))
        for where in age_blocks:
            commit(put(AgeBlock.new(keys.id_of(where.pk), expires_at=until)))
        raise


def _send_again(account_id: str, registration: Registration, repeat_key: str | None) -> None:
    (old,) = read(codes.key_of(account_id, REGISTRATION))
    codes.send_again(old, repeat_key, lambda digits: _send_code_or_hint(registration, digits))


def _send_code_or_hint(registration: Registration, digits: str) -> None:
    contact = addresses.of(registration)
    if registration.is_known:
        addresses.send(contact, "accounts/mail/known", registration.language)
    else:
        codes.send(contact, registration.language, digits)


def send_new_code(registration_id: str, repeat_key: str | None, source_ip: str) -> None:
    """Replace the registration's code by a new one and send it; refuses to do so too often.

    Raises NotFound, CodeTooSoon, PhoneNotTexted, TooManyMessages, MessagesUsedUp.
    """
    where = codes.key_of(registration_id, REGISTRATION)
    registration, old, key = read(Registration.key(registration_id), where, ciphers.key_of(registration_id))
    if registration is None or old is None or key is None:
        raise NotFound("registration")
    contact = addresses.of(registration.decrypted_with(key.unlocked()))
    codes.send_next(
        where,
        old,
        repeat_key,
        lambda digits: _send_code_or_hint(registration, digits),
        counted=lambda: budgets.counted(contact, source_ip),
    )


def confirmed(registration_id: str, digits: str, repeat_key: str | None) -> NewAccount:
    """The account that a registration becomes by its code.

    Raises AlreadyConfirmed for the exact repeat, CodeWrong, CodeOver, and on commit AddressTaken, or StaleRead
    where the same code came twice at the same time.
    """
    registration, code, account, key = read(
        Registration.key(registration_id),
        codes.key_of(registration_id, REGISTRATION),
        Account.key(registration_id),
        ciphers.key_of(registration_id),
    )
    confirmed_by = crypto.keyed_hash("confirmations", registration_id, digits, repeat_key or "")
    if account is not None and key is not None and repeat_key is not None and account.confirmed_by == confirmed_by:
        raise AlreadyConfirmed(account.decrypted_with(key.unlocked()), key.unlocked())
    if registration is None or key is None:
        raise CodeOver
    spent = codes.prove_code(code, digits)
    if registration.is_known:
        raise codes.wrong_code()
    cipher = key.unlocked()
    account = _account_of(registration.decrypted_with(cipher), confirmed_by, cipher)
    address = Address.new(registration.address_hash, account_id=registration_id)
    belongs = account_writes.belongs(
        address, registration.former_owner_id, otherwise=lambda existing: _taken(existing, registration_id)
    )
    return NewAccount(
        account,
        cipher,
        (
            belongs,
            create(account),
            remove(registration, when=Registration.pk.exists(), otherwise=CodeOver),
            spent,
            change(key, expires_at=None),
        ),
    )


def _taken(existing: RawItem | None, registration_id: str) -> BaseException:
    is_own = existing is not None and existing["account_id"]["S"] == registration_id
    return StaleRead() if is_own else AddressTaken()


def _account_of(registration: Registration, confirmed_by: str, cipher: SubjectCipher) -> Account:
    return Account.new(
        registration.pk_id,
        cipher=cipher,
        confirmed_by=confirmed_by,
        **_address_of(registration),
        nickname=registration.nickname,
        password_hash=registration.password_hash,
        country=registration.country,
        language=registration.language,
        region=rules.region_of(registration.country),
        policy_version=registration.policy_version,
        registered_at=clock.now_s(),
    )


def _address_of(registration: Registration) -> dict[str, str]:
    if registration.email is None:
        return {"phone": registration.phone, "phone_hash": registration.address_hash}
    return {"email": registration.email, "address_hash": registration.address_hash}


def vouched_for(
    *,
    contact: Contact,
    nickname: str,
    country: str,
    language: str,
    birth_date: date,
    policy_version: str,
    current_policy: str,
    unique_id: str,
    is_age_blocked: bool,
    former_owner_id: str | None,
    otherwise: type[BaseException],
) -> NewAccount:
    """An account whose address needs no code, as another platform has proved it (B1a). The birth date is not kept.

    On commit it raises `otherwise` if the address has an account by then, other than the closed one that it may still
    name; the identity is the caller's to store. Nobody knows its password, so that a guess at it costs and is answered
    like any other; a new one can be set by a code to the address.
    """
    _require_terms(birth_date, country, policy_version, current_policy, age_block_key(unique_id))
    if is_age_blocked:
        raise rules.too_young()
    account_id = ids.new_id()
    cipher, data_key_row = ciphers.new_cipher(account_id)
    account = Account.new(
        account_id,
        cipher=cipher,
        email=contact.value,
        address_hash=contact.hashed,
        nickname=nickname,
        password_hash=passwords.hash_of(ids.new_id()),
        country=country,
        language=language,
        region=rules.region_of(country),
        policy_version=policy_version,
        registered_at=clock.now_s(),
    )
    address = Address.new(contact.hashed, account_id=account_id)
    belongs = account_writes.belongs(address, former_owner_id, otherwise=otherwise)
    return NewAccount(account, cipher, (belongs, create(account), create(data_key_row)))
