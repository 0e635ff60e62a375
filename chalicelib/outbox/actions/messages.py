"""Transactional outbox of mails and text messages: written in the commit that causes them, sent by the stream's
listener."""

from __future__ import annotations

from typing import Any, Protocol

from chalicelib import clock, ids
from chalicelib.contacts.actions import addresses, budgets
from chalicelib.contacts.actions.addresses import Contact, Reachable
from chalicelib.outbox.records import ClosureNotice, OutboxMessage
from chalicelib.store import ciphers
from chalicelib.store.ciphers import SubjectCipher
from chalicelib.store.commit import Write, commit, create, remove
from chalicelib.store.records import read


class Addressee(Reachable, Protocol):
    """The account that is written to, opened."""

    cipher: SubjectCipher | None

    @property
    def pk_id(self) -> str: ...


def write(
    account: Addressee, template: str, *, to: Contact | None = None, may_be_withheld: bool = False, **values: Any
) -> Write:
    """A mail to the account's own address, or to the one that it is about to lose; see `send_message`.

    `may_be_withheld` is for what no law asks for: whoever has restricted processing is not written it.
    """
    fields = _fields(account, template, to, values) | ({"may_be_withheld": 1} if may_be_withheld else {})
    return create(OutboxMessage.new(account.pk_id, ids.new_id(), cipher=account.cipher, **fields))


def write_closure_notice(notice_id: str, account: Addressee, template: str, **values: Any) -> tuple[Write, ...]:
    """A mail that outlives the account, whose key is about to be destroyed: with a short-lived data key of its own."""
    until = clock.now() + ClosureNotice.spared_for
    cipher, data_key_row = ciphers.new_cipher(notice_id, until=until)
    notice = ClosureNotice.new(
        notice_id,
        notice_id,
        cipher=cipher,
        expires_at=data_key_row.expires_at,
        **_fields(account, template, None, values),
    )
    return create(notice), create(data_key_row)


def _fields(account: Addressee, template: str, to: Contact | None, values: dict[str, Any]) -> dict[str, Any]:
    contact = to or addresses.of(account)
    return {"template": template, "address": contact.value, "language": account.language, "values": values}


def send_message(pk_id: str, message_id: str) -> None:
    """Send what was written, and forget it; delivered again, it is not sent again.

    Raises TooManyMessages for one text too many to the account's number: it is delivered again later. The last one is
    not.
    """
    message, notice, data_key_row = read(
        OutboxMessage.key(pk_id, message_id), ClosureNotice.key(pk_id, message_id), ciphers.key_of(pk_id)
    )
    found = message or notice
    if found is None or data_key_row is None:
        return
    if data_key_row.is_restricted and found.may_be_withheld:
        commit(remove(found))
        return
    found.decrypted_with(data_key_row.unlocked())
    contact = addresses.read_as(found.address)
    if notice is None and (counted := budgets.counted_to_owner(contact)):
        commit(*counted)
    addresses.send(contact, found.template, found.language, **found.values)
    commit(remove(found), *(() if notice is None else (remove(data_key_row),)))
