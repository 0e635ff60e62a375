"""Change of contact: a new e-mail address or phone number, proved before it replaces the old (B1b)."""

from __future__ import annotations

from typing import Any

from chalicelib import clock, ids
from chalicelib.accounts import shapes
from chalicelib.accounts.actions import account_writes
from chalicelib.accounts.records import Account, AddressChange
from chalicelib.accounts.rules import AddressTaken
from chalicelib.activity import actions as activity
from chalicelib.contacts.actions import addresses, budgets, codes
from chalicelib.contacts.actions.addresses import Contact
from chalicelib.contacts.actions.codes import CodeOver
from chalicelib.contacts.records import Address
from chalicelib.errors import Conflict, KeyReused
from chalicelib.outbox.actions import messages
from chalicelib.settings import settings
from chalicelib.store import crypto
from chalicelib.store.commit import Write, change, commit_and_answer, put, remove
from chalicelib.store.records import read

_HASHES = {"email": "address_hash", "phone": "phone_hash"}
_PURPOSE = "address"


def ask(account: Account, contact: Contact, repeat_key: str | None, source_ip: str) -> str:
    """Send a code to the new address, or a hint if it is somebody's already; the id of the change. Raises CodeTooSoon,
    KeyReused, PhoneNotTexted, TooManyMessages, MessagesUsedUp."""
    account_id, hashed = account.pk_id, contact.hashed
    change_id = _change_id(account_id, repeat_key)
    where = codes.key_of(account_id, _PURPOSE)
    taken, pending, old = read(Address.key(hashed), AddressChange.key(account_id), where)
    if pending is not None and pending.change_id == change_id and pending.address_hash != hashed:
        raise KeyReused
    former_owner_id = account_writes.former_owner(taken)
    if former_owner_id is not None:
        taken = None
    proposed = AddressChange.new(
        account_id,
        cipher=account.cipher,
        change_id=change_id,
        address_hash=hashed,
        is_taken=0 if taken is None else 1,
        former_owner_id=former_owner_id,
        address=contact.value,
        expires_at=clock.epoch_s(clock.in_(minutes=codes.CODE_MINUTES)),
    )
    language = account.language
    codes.send_next(
        where,
        old,
        repeat_key,
        lambda digits: _send(contact, language, digits, taken),
        put(proposed),
        counted=lambda: budgets.counted(contact, source_ip),
    )
    return change_id


def _change_id(account_id: str, repeat_key: str | None) -> str:
    if repeat_key is None:
        return ids.new_id()
    return ids.as_text(crypto.derived("ids", "address change", account_id, repeat_key)[:16])


def _send(contact: Contact, language: str, digits: str, taken: Address | None) -> None:
    if taken is None:
        codes.send(contact, language, digits)
    else:
        addresses.send(contact, "accounts/mail/taken", language)


def confirm(account: Account, who: str, change_id: str, digits: str, avatar_url: str | None) -> shapes.Me:
    """Put the proved address in place of the old one, which is forgotten and notified. Raises CodeWrong, CodeOver,
    AddressTaken."""
    account_id = account.pk_id
    pending, code = read(AddressChange.key(account_id), codes.key_of(account_id, _PURPOSE))
    if pending is None or not crypto.same(pending.change_id, change_id):
        raise CodeOver
    spent = codes.prove_code(code, digits)
    if pending.is_taken:
        raise codes.wrong_code()
    contact = addresses.read_as(pending.decrypted_with(account.cipher).address)
    old = addresses.of_kind(account, contact.kind) or addresses.of(account)
    notice = messages.write(account, "accounts/mail/moved", to=old, contact=settings.operator["contact"])
    moves = _moves(account, pending, contact)
    activity_row = activity.record(account, "address_changed", who=who)
    return commit_and_answer(*moves, spent, notice, activity_row, answer=shapes.Me.of(account, avatar_url))


def _moves(account: Account, pending: AddressChange, contact: Contact) -> tuple[Write, ...]:
    hash_name = _HASHES[contact.kind]
    left = getattr(account, hash_name)
    as_read = account_writes.has_addresses_as_read(account) & account_writes.has_sessions_as_read(account)
    news: dict[str, Any] = {contact.kind: contact.value, hash_name: pending.address_hash}
    address = Address.new(pending.address_hash, account_id=account.pk_id)
    return (
        account_writes.belongs(address, pending.former_owner_id, otherwise=AddressTaken),
        change(account, when=as_read, otherwise=Conflict, **news),
        *(() if left is None else account_writes.frees(left)),
        remove(pending, when=AddressChange.change_id == pending.change_id, otherwise=CodeOver),
    )
