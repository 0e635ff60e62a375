"""Transactional outbox of mails and text messages: written in the commit that causes them, sent by the stream's
listener."""

from __future__ import annotations

from typing import Any, Protocol

from chalicelib import clock, ids
from chalicelib.contacts.actions import addresses, budgets
from chalicelib.contacts.actions.addresses import Contact, Reachable
from chalicelib.outbox.actions import reports
from chalicelib.outbox.records import ClosureNotice, Delivery, OutboxMessage
from chalicelib.store import ciphers
from chalicelib.store.ciphers import SubjectCipher
from chalicelib.store.commit import Write, commit, create, remove
from chalicelib.store.keys import Key
from chalicelib.store.records import read
from chalicelib.store.retrying import NothingToDo


class Addressee(Reachable, Protocol):
    """The account that is written to, opened."""

    cipher: SubjectCipher | None

    @property
    def pk_id(self) -> str: ...


def write(
    account: Addressee, template: str, *, to: Contact | None = None, may_be_withheld: bool = False, **values: Any
) -> Write:
    """A mail to the account's own address, or to the one that it is about to lose; see `send_message`.

    `may_be_withheld` is for what no law asks for: whoever has restricted processing, or complained of a mail, is not
    written it.
    """
    fields = _fields(account, template, to, values)
    withheld = int(may_be_withheld) or None
    message_id = ids.new_id()
    return create(
        OutboxMessage.new(account.pk_id, message_id, cipher=account.cipher, may_be_withheld=withheld, **fields)
    )


def write_notice(
    account: Addressee, notice_id: str, template: str, *, to: Contact | None = None, may_be_withheld: bool = False,
    **values: Any,
) -> tuple[Write, ...]:
    """A mail, or a text message, that carries a notice, and the record of what becomes of it. Raises NothingToDo on
    commit where the notice was written to an address of this kind before."""
    contact = to or addresses.of(account)
    message = OutboxMessage.new(
        account.pk_id,
        ids.new_id(),
        cipher=account.cipher,
        notice_id=notice_id,
        may_be_withheld=int(may_be_withheld) or None,
        **_fields(account, template, contact, values),
    )
    delivery = Delivery.new(account.pk_id, f"{notice_id}.{contact.kind}", written_at=clock.now_s())
    return create(message), create(delivery, otherwise=NothingToDo)


def delivery_of(account_id: str, delivery_id: str) -> Key[Delivery]:
    """The key of what became of a notice, as the stream tells of it."""
    return Delivery.key(account_id, delivery_id)


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
    found.decrypted_with(data_key_row.unlocked())
    contact = addresses.read_as(found.address)
    withheld = bool(found.may_be_withheld)
    if withheld and (data_key_row.is_restricted or reports.has_complained(contact)):
        commit(remove(found))
        return
    if notice is None and (counted := budgets.counted_to_owner(contact)):
        commit(*counted)
    addresses.send(
        contact, found.template, found.language, tags=_tags_of(found), can_be_stopped=withheld, **found.values
    )
    commit(remove(found), *(() if notice is None else (remove(data_key_row),)))


def _tags_of(message: OutboxMessage) -> dict[str, str]:
    """By which the mail provider's reports name the notice that a mail carries: random ids and a time."""
    return {} if message.notice_id is None else {"account": message.pk_id, "notice": str(message.notice_id)}
