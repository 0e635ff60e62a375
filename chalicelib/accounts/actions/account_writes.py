"""Writes that other houses commit on an account: what it gains and loses, and its end; and the keys it is read by."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Protocol

from chalicelib import ids
from chalicelib.accounts.records import Account, Guesses
from chalicelib.contacts.actions import addresses
from chalicelib.contacts.actions.addresses import Contact
from chalicelib.contacts.records import Address, ResetCode
from chalicelib.entry.callers import Caller
from chalicelib.errors import Conflict, NotFound, NotSignedIn
from chalicelib.store import ciphers
from chalicelib.store.ciphers import DataKey
from chalicelib.store.commit import (
    Otherwise,
    Write,
    absent,
    change,
    change_to_stored,
    check,
    commit,
    is_set,
    put,
    remove,
)
from chalicelib.store.keys import Key, RawItem
from chalicelib.store.records import Found, Record, read, read_all
from chalicelib.store.retrying import StaleRead

if TYPE_CHECKING:
    from pynamodb.expressions.condition import Condition


def keys_of(account_id: str) -> tuple[Key[Account], Key[DataKey]]:
    """The keys of the account and its data key, for whoever must read them together with something else."""
    return Account.key(account_id), DataKey.key(account_id)


def gains_device(account: Account, most: int, *, when: Condition | None = None, otherwise: Otherwise) -> Write:
    """The account's side of a new device, if it has less than `most`, and `when` is so."""
    has_room: Condition = Account.devices < most
    return change(
        account, Account.devices.add(1), when=has_room if when is None else has_room & when, otherwise=otherwise
    )


def loses_device(account: Account, *, when: Condition | None = None, otherwise: Otherwise = NotFound) -> Write:
    """The same the other way round; raises NotFound, or `otherwise`, where the account was closed meanwhile, or `when`
    is not so."""
    return change(account, Account.devices.add(-1), when=when, otherwise=otherwise)


def gains_second_factor(account: Account) -> Write:
    """One more is set up, from now on one is required; to be committed with the factor's own row. Raises Conflict on
    commit where all sessions were ended meanwhile, for who has lost the others above all."""
    as_read = has_sessions_as_read(account)
    return change(account, Account.second_factor_count.add(1), when=as_read, otherwise=Conflict)


def loses_second_factor(account: Account, *, is_last: bool) -> Write:
    """One fewer, to be committed with the end of the factor's own row. On commit it raises Conflict if it is the last
    one and was not known to be, or the other way round; and if the password is not the one whose length was looked at,
    or all sessions were ended meanwhile."""
    count: Condition = Account.second_factor_count == 1 if is_last else Account.second_factor_count > 1
    as_read = count & has_sessions_as_read(account)
    return change(account, Account.second_factor_count.add(-1), when=as_read, otherwise=Conflict)


def accepts_share(account: Account) -> Write:
    """The account's side of a share that is accepted, if what it was offered to is still its address, and no other was
    accepted since it was read: so a limit decided on after that reading holds. Raises StaleRead on commit."""
    as_read = is_set(Account.acceptances, account.acceptances) & has_addresses_as_read(account)
    return change(account, Account.acceptances.add(1), when=as_read, otherwise=StaleRead)


def changes_consents(account: Account, consents: set[str] | None) -> Write:
    """The account's side of a consent that is given or withdrawn, if those in force are as they were read. Raises
    StaleRead on commit."""
    as_read = is_set(Account.consents, account.consents)
    return change(account, when=as_read, otherwise=StaleRead, consents=consents)


def changes_objections(account: Account, objections: set[str] | None) -> Write:
    """The account's side of an objection that is made, answered or withdrawn, likewise."""
    as_read = is_set(Account.objections, account.objections)
    return change(account, when=as_read, otherwise=StaleRead, objections=objections)


def agrees_to_policy(account: Account, version: str) -> Write:
    """The account's side of an agreement to a version of the policy, likewise."""
    as_read: Condition = Account.policy_version == account.policy_version
    return change(account, when=as_read, otherwise=StaleRead, policy_version=version)


def begins_copy(account: Account) -> Write:
    """The account's side of a copy of its data, if no other was begun since it was read. Raises StaleRead on commit."""
    as_read = is_set(Account.copies, account.copies)
    return change(account, Account.copies.add(1), when=as_read, otherwise=StaleRead)


def read_again(account: Account) -> Account:
    """The account as it is now; raises NotSignedIn if it was closed in the meantime."""
    (again,) = read(account.own_key)
    if again is None:
        raise NotSignedIn
    found: Account = again.decrypted_with(account.cipher)
    return found


def read_again_signed_in(account: Account) -> Account:
    """The same for what only a session may order: raises NotSignedIn also if all were ended in the meantime."""
    again = read_again(account)
    if again.session_generation != account.session_generation:
        raise NotSignedIn
    return again


def caller_read_again(caller: Caller) -> Caller:
    """The caller with the account as it is now. Raises NotSignedIn."""
    caller.account = read_again(caller.account)
    return caller


def at(contact: Contact) -> Account | None:
    """The account that is reached there."""
    (address,) = read(Address.key(contact.hashed))
    account, key = (None, None) if address is None else read(*keys_of(address.account_id))
    # It may have moved between the two reads.
    if account is None or key is None or contact.hashed not in addresses.hashes_of(account):
        return None
    found: Account = account.decrypted_with(key.unlocked())
    return found


def living(account_ids: Iterable[str]) -> dict[str, Account]:
    """Those of the accounts that exist now, decrypted; one consistent read for each fifty."""
    wanted = sorted(set(account_ids))
    return living_among(read_all(key for account_id in wanted for key in keys_of(account_id)), wanted)


def living_among(found: Found, account_ids: Iterable[str]) -> dict[str, Account]:
    """The same of accounts that were read together with something else."""
    keys_by_id = {account_id: keys_of(account_id) for account_id in account_ids}
    pairs = ((account_id, found[account], found[key]) for account_id, (account, key) in keys_by_id.items())
    return {
        account_id: account.decrypted_with(key.unlocked())
        for account_id, account, key in pairs
        if account is not None and key is not None
    }


def end(account: Account) -> tuple[Write, ...]:
    """Writes that end an account immediately: its record, its key, and its addresses, which are free again (B17).
    Raises StaleRead on commit."""
    as_read = has_addresses_as_read(account) & has_sessions_as_read(account) & has_inactivity_as_read(account)
    freed = [write for hashed in addresses.hashes_of(account) for write in frees(hashed)]
    return (
        remove(account, when=Account.pk.exists() & as_read, otherwise=StaleRead),
        remove(ciphers.key_of(account.pk_id)),
        *freed,
    )


def replace_again(account_id: str, values: RawItem) -> None:
    """Give an account, of which a restored table has brought back what it was, the password or the address that it had
    got since, by which alone it is found; the values are as they are stored."""
    (before,) = read(Account.key(account_id))
    if before is None:
        return
    commit(change_to_stored(before.own_key, values))
    (account,) = read(before.own_key)
    hashes = [] if account is None else addresses.hashes_of(account)
    left = [write for hashed in addresses.hashes_of(before) if hashed not in hashes for write in frees(hashed)]
    commit(*left, *(put(Address.new(hashed, account_id=account_id)) for hashed in hashes))


def frees(address_hash: str) -> tuple[Write, ...]:
    """An address belongs to nobody any more, and nothing is remembered of it."""
    return tuple(remove(kind.key(address_hash)) for kind in (Address, Guesses, ResetCode))


def has_addresses_as_read(account: Account) -> Condition:
    email, phone = account.address_hash, account.phone_hash
    as_read: Condition = is_set(Account.address_hash, email) & is_set(Account.phone_hash, phone)
    return as_read


def has_sessions_as_read(account: Account) -> Condition:
    """No new password and no loss of all second factors has ended them all since: who was admitted by one just before
    must not keep a way in, nor end what was won back."""
    as_read: Condition = Account.session_generation == account.session_generation
    return as_read


def require_sessions_as_read(account: Account, *, otherwise: Otherwise) -> Write:
    """The same where nothing of the account changes; it also raises `otherwise` where the account was closed."""
    return check(account, has_sessions_as_read(account), otherwise=otherwise)


# Accounts that nobody uses. A warning marks the account, and a use takes the mark away: so nothing is written by the
# use of any other.


def has_inactivity_as_read(account: Account) -> Condition:
    """Whoever was warned has not come back since, nor has who came back been warned."""
    as_read: Condition = is_set(Account.inactive_since, account.inactive_since)
    return as_read


def marked_inactive(account: Account, since: int | None) -> Write:
    """Mark the account as not used since then, or no more. Raises StaleRead on commit."""
    as_read = has_sessions_as_read(account) & has_inactivity_as_read(account)
    return change(account, when=as_read, otherwise=StaleRead, inactive_since=since)


def is_used(account: Account) -> tuple[Write, ...]:
    """The write that takes the mark away, if there is one, in the commit of what only its person can do. Raises
    NotSignedIn on commit where the account was deleted meanwhile."""
    if account.inactive_since is None:
        return ()
    return (change(account, when=has_sessions_as_read(account), otherwise=NotSignedIn, inactive_since=None),)


def require_still_inactive(account: Account) -> Write:
    return check(account, has_inactivity_as_read(account), otherwise=StaleRead)


def ends_sessions_of_inactive(account: Account) -> Write:
    """All sessions end by the next generation, if nobody has come back. Raises StaleRead on commit."""
    as_read = has_sessions_as_read(account) & has_inactivity_as_read(account)
    return change(account, when=as_read, otherwise=StaleRead, session_generation=int(account.session_generation) + 1)


# What leads to an account: its addresses, and accounts of other platforms


class LeadsToAccount(Protocol):
    """A record by which an account is found."""

    account_id: Any


def former_owner(found: LeadsToAccount | None) -> str | None:
    """The id of the closed account to which this still leads, so that it is nobody's; None if it leads to a living one
    or is not there. One read in any case: that there is none must not be seen by the calls."""
    account_id = ids.new_id() if found is None else found.account_id
    (key,) = read(DataKey.key(account_id))
    return None if found is None or key is not None else account_id


def belongs(where: Record, former_owner_id: str | None, *, otherwise: Otherwise) -> Write:
    """From now on it leads to the account that it names, if nothing is there, or what leads to that closed account."""
    kind: Any = type(where)
    is_free = absent(kind)
    if former_owner_id is not None:
        # Who was closed never lives again.
        is_free |= kind.account_id == former_owner_id
    return put(where, when=is_free, otherwise=otherwise)


def belongs_no_more(where: Key[Record], account_id: str, *, otherwise: Otherwise) -> Write:
    """It leads nowhere, unless that was another account already: then it raises `otherwise` on commit."""
    kind: Any = where.record
    return remove(where, when=absent(kind) | (kind.account_id == account_id), otherwise=otherwise)
