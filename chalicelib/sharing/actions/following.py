"""Listeners' work for shares: invitations are sent, ended shares tidied up (B9)."""

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
from chalicelib.push.actions import notifying as push
from chalicelib.sessions.actions import audience
from chalicelib.sharing import rules
from chalicelib.sharing.records import Invitation, InvitationMails
from chalicelib.store.ciphers import DataKey
from chalicelib.store.commit import Write, absent, change, check, commit, put, remove
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
    devices = read_all(access.keys_of(device_id))
    device = access.decrypted(devices, device_id)
    if device is None or access.is_restricted(devices, device_id):
        return
    known_id = device.account_id if known is None else known.account_id
    share_key = Share.key(device_id, invitation.share_id)
    owner_keys = accounts.keys_of(device.account_id)
    invited_keys = accounts.keys_of(known_id)
    found = read_all((share_key, *owner_keys, *invited_keys, audience.key_of(known_id)))
    share, owner, invited = found[share_key], _decrypted(found, *owner_keys), _decrypted(found, *invited_keys)
    if share is None or owner is None or _is_restricted(found, known_id):
        return
    if reports.may_be_written_to(undelivered):
        _write_to(share.decrypted_with(device.cipher).address, (invited or owner).language, mails)
    if known is not None and invited is not None:
        push.notify_of_share(audience.targets_of(found[audience.key_of(known_id)]), invitation.share_id)
    with suppress(StaleRead):  # it was answered in the meantime
        commit(change(invitation, told_at=clock.now_s(), otherwise=StaleRead), _counted(address_hash, mails))


def _decrypted(found: Found, account_key: Key[Account], data_key: Key[DataKey]) -> Account | None:
    account, key = found[account_key], found[data_key]
    return None if account is None or key is None else account.decrypted_with(key.unlocked())


def _is_restricted(found: Found, account_id: str) -> bool:
    """Whether whoever was invited has restricted processing: then he is not written to, and finds it himself."""
    row = found[accounts.keys_of(account_id)[1]]
    return row is not None and row.is_restricted


def _write_to(address: str, language: str, mails: InvitationMails | None) -> None:
    if mails is not None and mails.sent >= rules.MOST_MAILS_A_DAY:
        return
    days = rules.INVITATION_LIFE.days
    addresses.send(addresses.read_as(address), "sharing/mail/invitation", language, days=days)


def _counted(address_hash: str, mails: InvitationMails | None) -> Write:
    end = clock.epoch_s(clock.now() + timedelta(days=1)) if mails is None else mails.expires_at
    sent = 1 if mails is None else int(mails.sent) + 1
    return put(InvitationMails.new(address_hash, sent=sent, expires_at=end))


# Ends


def follow_share(account_id: str, device_id: str) -> None:
    """A device's share with somebody ended, however it did: the device says so, too."""
    retrying(partial(_follow, account_id, device_id))


def _follow(account_id: str, device_id: str) -> None:
    received, device = read(Received.key(account_id, device_id), Device.key(device_id))
    ends = [] if received is not None or device is None else _ends_on(device, account_id)
    if ends:
        commit(*ends, check(Received.key(account_id, device_id), absent(Received), otherwise=StaleRead))


def _ends_on(device: Device, account_id: str) -> list[Write]:
    every = [Grant.of(text) for text in device.grants or ()]
    ended = [grant for grant in every if grant.guest_id == account_id]
    if not ended:
        return []
    shares = [remove(Share.key(device.pk_id, grant.share_id)) for grant in ended]
    return [access.set_grants(device, [one for one in every if one not in ended]), *shares]
