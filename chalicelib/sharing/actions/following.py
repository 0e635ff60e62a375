"""Listeners' work for shares: invitations are sent, guests' terminals subscribed, ended shares tidied up (B9)."""

from __future__ import annotations

from contextlib import suppress
from datetime import timedelta
from functools import partial

from chalicelib import clock
from chalicelib.access import actions as access
from chalicelib.access.records import Device, Grant, Received, Share
from chalicelib.accounts.actions import account_writes as accounts
from chalicelib.accounts.records import Account
from chalicelib.contacts.actions import addresses
from chalicelib.contacts.records import Address
from chalicelib.outbox.actions import reports
from chalicelib.push import actions as push
from chalicelib.sharing import rules
from chalicelib.sharing.records import Invitation, InvitationMails
from chalicelib.store.ciphers import DataKey
from chalicelib.store.commit import Write, absent, change, check, commit, is_set, put, remove
from chalicelib.store.keys import Key
from chalicelib.store.records import Found, read, read_all
from chalicelib.store.retrying import StaleRead, retrying

# Invitations


def notify_of_invitation(address_hash: str, device_id: str) -> None:
    """Write to the address, and push to the terminals of its account if it has one; delivered again, it is not sent
    again.

    What is written says neither who invites nor to what: it may be sent to anybody, and must not carry a stranger's
    words there.
    """
    where = Invitation.key(address_hash, device_id)
    invitation, known, mails, undelivered = read(
        where,
        Address.key(address_hash),
        InvitationMails.key(address_hash),
        reports.key_of(address_hash),
    )
    if invitation is None or invitation.told_at is not None:
        return
    device = access.read_decrypted(device_id)
    if device is None:
        return
    known_id = device.account_id if known is None else known.account_id
    share_key = Share.key(device_id, invitation.share_id)
    owner_keys = accounts.keys_of(device.account_id)
    invited_keys = accounts.keys_of(known_id)
    found = read_all((share_key, *owner_keys, *invited_keys))
    share, owner, invited = found[share_key], _decrypted(found, *owner_keys), _decrypted(found, *invited_keys)
    if share is None or owner is None:
        return
    if reports.may_be_written_to(undelivered):
        _write_to(share.decrypted_with(device.cipher).address, (invited or owner).language, mails)
    if known is not None and invited is not None:
        push.notify_of_share(invited.endpoints or (), invitation.share_id)
    with suppress(StaleRead):  # it was answered in the meantime
        commit(change(invitation, told_at=clock.now_s(), otherwise=StaleRead), _counted(address_hash, mails))


def _decrypted(found: Found, account_key: Key[Account], data_key: Key[DataKey]) -> Account | None:
    account, key = found[account_key], found[data_key]
    return None if account is None or key is None else account.decrypted_with(key.unlocked())


def _write_to(address: str, language: str, mails: InvitationMails | None) -> None:
    if mails is not None and mails.sent >= rules.MOST_MAILS_A_DAY:
        return
    days = rules.INVITATION_LIFE.days
    addresses.send(addresses.read_as(address), "sharing/mail/invitation", language, days=days)


def _counted(address_hash: str, mails: InvitationMails | None) -> Write:
    end = clock.epoch_s(clock.now() + timedelta(days=1)) if mails is None else mails.expires_at
    sent = 1 if mails is None else int(mails.sent) + 1
    return put(InvitationMails.new(address_hash, sent=sent, expires_at=end))


# Guests


def follow_terminals(account_id: str) -> None:
    """Somebody's terminals take pushes, or no more: the audiences of the devices shared with them follow."""
    for received in Received.list_of(account_id).items:
        follow_share(account_id, received.sort_id)


def follow_share(account_id: str, device_id: str) -> None:
    """A device's share with somebody began or ended, however it did: let both sides say so, and his terminals hear of
    the device or not."""
    retrying(partial(_follow, account_id, device_id))


def _follow(account_id: str, device_id: str) -> None:
    received, account, device = read(
        Received.key(account_id, device_id), Account.key(account_id), Device.key(device_id)
    )
    is_guest = received is not None and account is not None
    writes = [] if device is None else _on_device(device, account_id, account if is_guest else None)
    if account is not None and writes:
        targets_as_read = is_set(Account.endpoints, account.endpoints)
        writes.append(check(account, Account.pk.exists() & targets_as_read, otherwise=StaleRead))
    if writes:
        as_read = absent(Received) if received is None else Received.pk.exists()
        commit(*writes, check(Received.key(account_id, device_id), as_read, otherwise=StaleRead))


def _on_device(device: Device, account_id: str, guest: Account | None) -> list[Write]:
    every = [Grant.of(text) for text in device.grants or ()]
    ended = [] if guest is not None else [grant for grant in every if grant.guest_id == account_id]
    audience = access.audience_with(device, account_id, () if guest is None else guest.endpoints or ())
    if not ended and audience == (device.audience or None):
        return []
    shares = [remove(Share.key(device.pk_id, grant.share_id)) for grant in ended]
    return [access.set_grants(device, [one for one in every if one not in ended], audience=audience), *shares]
