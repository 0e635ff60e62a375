"""What a person must hear of: written down in the commit that makes it so, and sent when its stream tells of it."""

from __future__ import annotations

from typing import Any

from chalicelib import clock, ids
from chalicelib.accounts.actions import addresses, budgets
from chalicelib.accounts.actions.addresses import Contact
from chalicelib.accounts.records import Account, Farewell, Letter
from chalicelib.store import ciphers
from chalicelib.store.commit import Write, commit, create, remove
from chalicelib.store.records import read


def write(account: Account, template: str, *, to: Contact | None = None, **values: object) -> Write:
    """A mail to the account's own address, or to the one that it is about to lose; see `send_letter`."""
    letter = Letter.new(account.partition_id, ids.new_id(), vault=account.vault, **_said(account, template, to, values))
    return create(letter)


def write_farewell(farewell_id: str, account: Account, template: str, **values: object) -> tuple[Write, ...]:
    """A mail that outlives the account, whose key is about to be destroyed: in a short-lived vault of its own."""
    until = clock.now() + Farewell.spared_for
    vault, vault_key = ciphers.new_vault(farewell_id, until=until)
    farewell = Farewell.new(
        farewell_id, farewell_id, vault=vault, expires_at=vault_key.expires_at, **_said(account, template, None, values)
    )
    return create(farewell), create(vault_key)


def _said(account: Account, template: str, to: Contact | None, values: dict[str, object]) -> dict[str, Any]:
    contact = to or addresses.of(account)
    return {"template": template, "address": contact.value, "language": account.language, "values": values}


def send_letter(partition_id: str, letter_id: str) -> None:
    """Send what was written, and forget it; told again, it is not sent again.

    Raises TooManyMessages for one text too many to the account's number: it is told again later. The last one is not.
    """
    letter, farewell, vault_key = read(
        Letter.key(partition_id, letter_id), Farewell.key(partition_id, letter_id), ciphers.key_of(partition_id)
    )
    found = letter or farewell
    if found is None or vault_key is None:
        return
    found.opened(vault_key.unlocked())
    contact = addresses.read_as(found.address)
    if farewell is None and (counted := budgets.counted_to_owner(contact)):
        commit(*counted)
    addresses.send(contact, found.template, found.language, **found.values)
    commit(remove(found), *(() if farewell is None else (remove(vault_key),)))
