"""Transfer of a device: one ownership ends as if it were removed, and another begins, which knows nothing of it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from chalicelib import clock, ids
from chalicelib.access import actions as access
from chalicelib.access.actions import DeviceAccess
from chalicelib.access.records import Device, Ownership
from chalicelib.accounts.actions import account_writes as accounts
from chalicelib.accounts.records import Account
from chalicelib.activity import actions as activity
from chalicelib.contacts.actions import addresses, budgets
from chalicelib.contacts.actions.addresses import Contact
from chalicelib.contacts.records import Address
from chalicelib.devices.actions import binding, owning
from chalicelib.devices.actions.presenting import Presented, present_new
from chalicelib.entry.callers import Caller
from chalicelib.errors import Conflict, Invalid, NotFound, TooMany, Unavailable
from chalicelib.outbox.actions import messages, reports
from chalicelib.plans.actions import moves
from chalicelib.register import erasures
from chalicelib.settings import settings
from chalicelib.stock.records import Stock
from chalicelib.store import ciphers, keys
from chalicelib.store.commit import Write, absent, change, commit, commit_and_answer, create, put, remove
from chalicelib.store.keys import Key
from chalicelib.store.records import Found, Record, read, read_all
from chalicelib.store.retrying import retrying_from
from chalicelib.transfers import rules, shapes
from chalicelib.transfers.records import Offer, Transfer
from chalicelib.words import Phrase

# Of what a camera said of itself; where it stood, and what its channels were called, was the owner's before.
_ITS_OWN = ("mac", "firmware")


class TooManyOffers(TooMany):
    pass


# Offering


def offer(
    caller: Caller, device: Device, before: Transfer | None, contact: Contact, *, with_plan: bool = False
) -> shapes.Transfer:
    """Offer the device to whoever is reached there; an offer of before ends. Raises Conflict, TooManyOffers,
    PhoneNotTexted, TooManyMessages, MessagesUsedUp (B10).

    Nobody is looked up, so that known and unknown addresses are the same; the other one is notified by mail.
    """
    if contact.hashed in addresses.hashes_of(caller.account):
        raise Invalid(fields={contact.kind: Phrase("own_address")})
    offers = 1 if before is None else int(before.offers) + 1
    if before is not None and offers > rules.MOST_OFFERS:
        raise TooManyOffers(retry_after_seconds=max(1, int(before.expires_at) - clock.now_s()))
    offered_row = activity.record(device, "transfer_offered", who=caller.terminal, about=contact.value)
    transfer = _transfer(device, contact, offers, offered_row.record.sort_id)
    transfer.assign(with_plan=1 if with_plan else None)
    ends = transfer.expires_at
    found = Offer.new(contact.hashed, transfer.transfer_id, model=device.model, offered_at=clock.now_s())
    found.expires_at = ends
    as_read = absent(Transfer) if before is None else Transfer.transfer_id == before.transfer_id
    return commit_and_answer(
        put(transfer, when=as_read, otherwise=Conflict),
        create(found),
        *(() if before is None else (remove(_offer_of(before)),)),
        *access.require_alive(device.pk_id, otherwise=NotFound),
        *budgets.counted(contact, caller.source_ip),
        offered_row,
        answer=shapes.Transfer(transfer_id=transfer.transfer_id, until=clock.at_epoch(ends)),
    )


def _transfer(device: Device, contact: Contact, offers: int, recorded_in: str) -> Transfer:
    transfer_id = ids.new_child_id(device.pk_id)
    return Transfer.new(
        device.pk_id,
        cipher=device.cipher,
        transfer_id=transfer_id,
        address_hash=contact.hashed,
        address=contact.value,
        offered_at=clock.now_s(),
        offers=offers,
        recorded_in=recorded_in,
        found_at=keys.written(Offer.key(contact.hashed, transfer_id)),
        expires_at=clock.epoch_s(clock.now() + rules.OFFER_LIFE),
    )


def _offer_of(transfer: Transfer) -> Key[Offer]:
    return Offer.key(transfer.address_hash, transfer.transfer_id)


def withdraw(caller: Caller, mine: DeviceAccess, transfer: Transfer | None) -> None:
    """End the offer, if there is one."""
    writes: tuple[Write, ...] = ()
    if transfer is not None and not transfer.ended:
        writes = *_ends(transfer), access.record_act(caller, mine, "transfer_withdrawn")
    commit_and_answer(*writes, access.require_exists(mine.device.pk_id, otherwise=NotFound), answer=None)


def _ends(transfer: Transfer) -> tuple[Write, ...]:
    # It is remembered for a while, or offers could not be counted; but not to whom it was made.
    still = (Transfer.transfer_id == transfer.transfer_id) & Transfer.ended.does_not_exist()
    return change(transfer, ended=1, address=None, when=still, otherwise=NotFound), remove(_offer_of(transfer))


def notify_of_offer(address_hash: str, transfer_id: str) -> None:
    """Write to the address, in the language of whose it is, or else of the owner; delivered again, it is not sent
    again.

    What is written says neither who offers nor what, for it may be sent to anybody.
    """
    device_id = _device_of(transfer_id)
    found, transfer, known, undelivered = read(
        Offer.key(address_hash, transfer_id),
        Transfer.key(device_id),
        Address.key(address_hash),
        reports.key_of(address_hash),
    )
    devices = read_all(access.keys_of(device_id))
    device = access.decrypted(devices, device_id)
    if found is None or transfer is None or device is None or access.is_restricted(devices, device_id):
        return
    if found.told_at is not None or transfer.transfer_id != transfer_id:
        return
    owner, addressee = _people_of(device.account_id, None if known is None else known.account_id)
    if owner is None:
        return
    language = (addressee or owner).language
    to = addresses.read_as(transfer.decrypted_with(device.cipher).address)
    if reports.may_be_written_to(undelivered):
        addresses.send(to, "transfers/mail/transfer", language, days=rules.OFFER_LIFE.days)
    commit(change(found, told_at=clock.now_s(), otherwise=Unavailable))


def _people_of(owner_id: str, known_id: str | None) -> tuple[Account | None, Account | None]:
    """Whose the device is, and whose the address, if they exist; nobody where the latter has restricted processing:
    then he is not written to, and finds the offer himself."""
    wanted = [owner_id] if known_id is None else [owner_id, known_id]
    found = read_all(key for one in wanted for key in accounts.keys_of(one))
    key = None if known_id is None else found[ciphers.key_of(known_id)]
    if key is not None and key.is_restricted:
        return None, None
    people = accounts.living_among(found, wanted)
    return people.get(owner_id), None if known_id is None else people.get(known_id)


# Answering


def keys_of_one(transfer_id: str) -> tuple[Key[Record], ...]:
    device_id = _device_of(transfer_id)
    return *access.keys_of(device_id), Transfer.key(device_id)


def _device_of(transfer_id: str) -> str:
    return ids.parent_of(transfer_id)


def offers_to(caller: Caller) -> shapes.Offers:
    """The transfers offered to the caller now, oldest first."""
    every = [one for hashed in addresses.hashes_of(caller.account) for one in Offer.list_of(hashed).items]
    shown = access.shown_to_others(_device_of(one.sort_id) for one in every)
    found = [one for one in every if _device_of(one.sort_id) in shown]
    found.sort(key=lambda one: (one.offered_at, one.sort_id))
    return shapes.Offers(items=[_described(one) for one in found])


def _described(found: Offer) -> shapes.Offer:
    return shapes.Offer(
        transfer_id=found.sort_id,
        model=found.model,
        offered_at=clock.at_epoch(found.offered_at),
        until=clock.at_epoch(found.expires_at),
    )


@dataclass(frozen=True)
class Offered:
    """A device that was offered to the caller, and the offer."""

    device: Device
    tie: Ownership | None
    transfer: Transfer


def require_shown(found: Found, transfer_id: str) -> None:
    """Raises NotFound for what somebody offers who has restricted processing: it waits."""
    if access.is_restricted(found, _device_of(transfer_id)):
        raise NotFound


def offered(account: Account, found: Found, transfer_id: str) -> Offered:
    """The transfer, if it is open and was offered to an address of this account. Raises NotFound."""
    device_id = _device_of(transfer_id)
    device, transfer = access.decrypted(found, device_id), found[Transfer.key(device_id)]
    if device is None or transfer is None or transfer.ended or transfer.transfer_id != transfer_id:
        raise NotFound
    if transfer.address_hash not in addresses.hashes_of(account):
        raise NotFound
    return Offered(device, found[Ownership.of_device(device_id)], transfer)


def decline(caller: Caller, given: Offered) -> None:
    """The device stays whose it is, who is notified. Raises NotFound."""
    device, transfer = given.device, given.transfer
    address, owner = transfer.decrypted_with(device.cipher).address, _owner_and_camera(device)[0]
    who = _answering(caller, transfer)
    activity_row = activity.record(device, "transfer_declined", by=activity.NEW_OWNER, who=who)
    notice = messages.write(
        owner, "devices/mail/declined", may_be_withheld=True, address=address, device=device.name
    )
    named = activity.name_person(device, transfer.recorded_in, who)
    commit_and_answer(*_ends(transfer), activity_row, named, notice, answer=None)


def _answering(caller: Caller, transfer: Transfer) -> activity.Person:
    """The person who answers an offer, for the owner's audit log: by the address that the owner named, as long as it is
    theirs."""
    return activity.Person(caller.account_id, transfer.address_hash)


def accept(caller: Caller, given: Offered, body: shapes.AcceptTransfer) -> Presented:
    """End the other one's ownership, exactly as removing does, and begin one's own, in one commit (B3, B10); the other
    one is notified.

    Raises NotFound, TooManyDevices, TimeZoneUnknown, PlanSuspended, TooManyToHandOver.
    """
    binding.require_time_zone(body.time_zone)
    device = given.device
    former, stock = _owner_and_camera(device)

    def attempt(as_read: tuple[Account, Ownership | None]) -> Presented:
        account, tie = as_read
        return _accept(caller, account, former, stock, replace(given, tie=tie), body)

    def read_again(as_read: tuple[Account, Ownership | None]) -> tuple[Account, Ownership | None]:
        (tie,) = read(Ownership.of_device(device.pk_id))
        return accounts.read_again(as_read[0]), tie

    return retrying_from((caller.account, given.tie), attempt, read_again)


def _owner_and_camera(device: Device) -> tuple[Account, Stock]:
    account, key, stock = read(*accounts.keys_of(device.account_id), Stock.key(device.stock_id))
    if account is None or key is None or stock is None:
        raise NotFound
    return account.decrypted_with(key.unlocked()), stock


def _accept(
    caller: Caller,
    account: Account,
    former: Account,
    stock: Stock,
    given: Offered,
    body: shapes.AcceptTransfer,
) -> Presented:
    old, transfer = given.device, given.transfer
    if transfer.address_hash not in addresses.hashes_of(account):
        raise NotFound  # it was the caller's when the request came
    address, who = transfer.decrypted_with(old.cipher).address, _answering(caller, transfer)
    as_read = accounts.has_addresses_as_read(account)
    ledger = moves.handed_over(given.tie, clock.now_s()) if transfer.with_plan else None
    new, tie, begins = binding.new_ownership(
        account, caller.data_key, old.stock_id, when=as_read, ledger=ledger, **_fields(old, body)
    )
    _, begun = erasures.begin(owning.subject_of(old))
    contact = settings.operator["contact"]
    still = (Transfer.transfer_id == transfer.transfer_id) & Transfer.ended.does_not_exist()
    return commit_and_answer(
        *begins,
        *owning.end_ownership(old, given.tie, new_owner=new.pk_id),
        *(() if ledger is None else moves.followed(ledger, former.pk_id, account.pk_id)),
        ciphers.require_exists(former.pk_id, otherwise=NotFound),
        remove(transfer, when=still, otherwise=NotFound),
        remove(_offer_of(transfer)),
        *begun,
        activity.record(account, "device_added", who=caller.terminal, about=new.name),
        activity.record(former, "device_handed_over", by=activity.NEW_OWNER, who=who, about=old.name),
        messages.write(former, "devices/mail/accepted", address=address, device=old.name, contact=contact),
        answer=present_new(new, tie, stock),
    )


def _fields(old: Device, body: shapes.AcceptTransfer) -> dict[str, Any]:
    return {
        "sn": old.sn,
        "model": old.model,
        "name": body.name or old.model,
        "time_zone": body.time_zone,
        "dst": body.dst,
        "channels": [{"id": channel["id"], "name": ""} for channel in old.channels or ()] or None,
        "channel_ids": access.channel_ids(old.channels),
        **{name: getattr(old, name) for name in _ITS_OWN},
    }
