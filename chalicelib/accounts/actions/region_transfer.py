"""Transfer of an account from another region, which has proved its addresses (B1a)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from chalicelib import clock, ids
from chalicelib.accounts import rules
from chalicelib.accounts.actions import account_writes, passwords
from chalicelib.accounts.actions.registering import NewAccount
from chalicelib.accounts.records import Account, SpentTicket
from chalicelib.accounts.rules import AddressTaken
from chalicelib.contacts.actions.addresses import Contact
from chalicelib.contacts.records import Address
from chalicelib.store import ciphers, crypto, keys
from chalicelib.store.ciphers import DataKey
from chalicelib.store.commit import Write, create
from chalicelib.store.keys import Key
from chalicelib.store.records import read, read_all

_HASHES = {"email": "address_hash", "phone": "phone_hash"}


class ArrivedBefore(Exception):
    """The ticket was used, by this very request or by another: see `arrived_before`."""


@dataclass(frozen=True)
class Newcomer:
    """A person from another region, as that region vouches for them; the ticket is good for one use."""

    came_from: str
    ticket_id: str
    ticket_until: int
    contacts: tuple[Contact, ...]
    nickname: str
    language: str
    country: str
    policy_version: str

    @property
    def account_id(self) -> str:
        """Made of the ticket, so that the repeat of a request finds what the first one made."""
        return ids.as_text(crypto.derived("ids", "arrival", self.came_from, self.ticket_id)[:16])

    @property
    def spent_key(self) -> Key[SpentTicket]:
        return SpentTicket.key(crypto.keyed_hash("tickets", self.came_from, self.ticket_id))

    @property
    def address_keys(self) -> tuple[Key[Address], ...]:
        return tuple(Address.key(contact.hashed) for contact in self.contacts)

    def used_by(self, repeat_key: str | None) -> str:
        return crypto.keyed_hash("uses of tickets", self.came_from, self.ticket_id, repeat_key or ids.new_id())


def arrived(newcomer: Newcomer, password: str, repeat_key: str | None) -> NewAccount:
    """The new account, and what must be committed for it.

    Raises PasswordTooEasy, and ArrivedBefore here or on commit; on commit AddressTaken: who has a ticket has proved the
    address, as who has a registration's code.
    """
    rules.require_password(password, *(contact.value for contact in newcomer.contacts), newcomer.nickname)
    found = read_all((newcomer.spent_key, *newcomer.address_keys))
    if found[newcomer.spent_key] is not None:
        raise ArrivedBefore
    account_id = newcomer.account_id
    cipher, data_key_row = ciphers.new_cipher(account_id)
    account = Account.new(
        account_id,
        cipher=cipher,
        **_reached(newcomer.contacts),
        nickname=newcomer.nickname,
        password_hash=passwords.hash_of(password),
        country=newcomer.country,
        language=newcomer.language,
        region=rules.region_of(newcomer.country),
        came_from=newcomer.came_from,
        policy_version=newcomer.policy_version,
        registered_at=clock.now_s(),
    )
    addresses = [_leads_here(account, found[where], where) for where in newcomer.address_keys]
    return NewAccount(account, cipher, (*_arrives(newcomer, account, data_key_row, repeat_key), *addresses))


def _leads_here(account: Account, existing: Address | None, where: Key[Address]) -> Write:
    address = Address.new(keys.id_of(where.pk), account_id=account.pk_id)
    # Most lead nowhere yet, and who has a ticket has proved this one: nothing is to be hidden from the calls.
    former_owner_id = None if existing is None else account_writes.former_owner(existing)
    return account_writes.belongs(address, former_owner_id, otherwise=AddressTaken)


def _reached(contacts: tuple[Contact, ...]) -> dict[str, Any]:
    hashes = {_HASHES[contact.kind]: contact.hashed for contact in contacts}
    return {**hashes, **{str(contact.kind): contact.value for contact in contacts}}


def _arrives(newcomer: Newcomer, account: Account, key: DataKey, repeat_key: str | None) -> tuple[Write, ...]:
    spent = newcomer.spent_key.record(newcomer.spent_key.pk, newcomer.spent_key.sk)
    spent.assign(used_by=newcomer.used_by(repeat_key), expires_at=newcomer.ticket_until)
    return (
        create(spent, otherwise=ArrivedBefore),
        create(account, otherwise=ArrivedBefore),
        create(key, otherwise=ArrivedBefore),
    )


def arrived_before(newcomer: Newcomer, password: str, repeat_key: str | None) -> NewAccount | None:
    """The account that the exact repeat of this request made; None for anybody else's use of the ticket."""
    spent, account, key = read(newcomer.spent_key, *account_writes.keys_of(newcomer.account_id))
    if spent is None or account is None or key is None or repeat_key is None:
        return None
    cipher = key.unlocked()
    is_repeat = crypto.same(spent.used_by, newcomer.used_by(repeat_key))
    if not is_repeat or not passwords.is_own(account.decrypted_with(cipher), password):
        return None
    return NewAccount(account, cipher, ())
