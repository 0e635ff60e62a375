"""Acts of an owner: share a device, list its shares, change their rights, end them (B9)."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Any

from msgspec.structs import replace

from chalicelib import clock
from chalicelib.access import actions as access
from chalicelib.access.actions import DeviceAccess
from chalicelib.access.records import Device, Grant, Received, Share
from chalicelib.accounts.actions import account_writes as accounts
from chalicelib.accounts.records import Account
from chalicelib.activity import actions as activity
from chalicelib.activity.actions import Person
from chalicelib.contacts.actions import addresses, budgets
from chalicelib.contacts.actions.addresses import Contact
from chalicelib.entry.callers import Caller
from chalicelib.errors import NotFound
from chalicelib.sharing import rules, shapes
from chalicelib.sharing.actions import shares
from chalicelib.sharing.records import Invitation, InvitationCount
from chalicelib.store import ciphers, keys
from chalicelib.store.commit import Write, change, commit_and_answer, create, merge
from chalicelib.store.keys import Key
from chalicelib.store.records import SCHEMA_VERSION, Found, read_all


@dataclass(frozen=True)
class Given:
    """A share or an invitation, and the caller's device that it is of."""

    mine: DeviceAccess
    share: Share
    grant: Grant


def keys_of(device_id: str, share_id: str) -> tuple[Key[Any], ...]:
    return *access.keys_of(device_id), Share.key(device_id, share_id)


def given(account_id: str, found: Found, device_id: str, share_id: str) -> Given:
    """The share that this person gave. Raises RightMissing, NotFound."""
    mine, share = access.admitted(account_id, found, device_id, "owner"), found[Share.key(device_id, share_id)]
    if share is None:
        raise NotFound
    return Given(mine, share.decrypted_with(mine.device.cipher), shares.grant_of(mine.device, share_id))


def _given_again(account_id: str, before: Given) -> Given:
    device_id, share_id = before.mine.device.pk_id, before.grant.share_id
    return given(account_id, read_all(keys_of(device_id, share_id)), device_id, share_id)


def share_device(caller: Caller, mine: DeviceAccess, body: shapes.ShareDevice) -> shapes.Share:
    """Invite one person, by an address that may have an account or not: it is not looked up here, so that nobody can
    tell (B9).

    Raises Invalid, ShareExists, SharedWithOneself, TooManyShares, TooManyInvitations,
    PhoneNotTexted, TooManyMessages, MessagesUsedUp.
    """
    contact = addresses.contact_from(body.email, body.phone)
    if contact.hashed in addresses.hashes_of(caller.account):
        raise rules.SharedWithOneself
    rules.require_future(body.until, clock.now())
    rules.require_channels(body.channels, _channels_of(mine))
    again = partial(access.read_again, caller.account_id, mine, "owner")
    return shares.as_read(caller, mine, again, lambda now: _invite(caller, now.device, contact, body))


def _channels_of(mine: DeviceAccess) -> list[str]:
    return [channel["id"] for channel in mine.device.channels or []]


def _invite(caller: Caller, device: Device, contact: Contact, body: shapes.ShareDevice) -> shapes.Share:
    grants, hashed = access.grants_of(device), contact.hashed
    if _is_shared_by(device, hashed):
        raise rules.ShareExists
    if len(grants) >= rules.MOST_SHARES:
        raise rules.TooManyShares
    grant = Grant(
        share_id=shares.new_id(device.pk_id),
        guest_id=None,
        rights=tuple(shapes.in_order(body.rights)),
        channels=None if body.channels is None else tuple(sorted(set(body.channels))),
        until=None if body.until is None else clock.epoch_s(body.until),
        waits_until=clock.epoch_s(clock.now() + rules.INVITATION_LIFE),
    )
    where = Invitation.key(hashed, device.pk_id)
    activity_row = activity.record(device, "shared", who=caller.terminal, about=contact.value)
    share = Share.new(
        device.pk_id,
        grant.share_id,
        cipher=device.cipher,
        recorded_in={activity_row.record.sort_id},
        address=contact.value,
        address_hash=hashed,
        invited_at=clock.now_s(),
        named_at=keys.written(where),
        **_fields(grant),
    )
    invitation = Invitation.new(
        hashed, device.pk_id, share_id=grant.share_id, invited_at=clock.now_s(), expires_at=grant.end
    )
    return commit_and_answer(
        access.set_grants(device, [*grants, grant]),
        create(share),
        create(invitation, otherwise=rules.ShareExists),
        ciphers.require_exists(device.account_id, otherwise=NotFound),
        _counted(caller.account_id),
        *budgets.counted(contact, caller.source_ip),
        activity_row,
        answer=_described(share, grant, None),
    )


def _is_shared_by(device: Device, address_hash: str) -> bool:
    """Whether the address was invited already and waits, or is a guest's still; one that he has no more is free."""
    shares_by = [share for share in Share.list_of(device.pk_id).items if share.address_hash == address_hash]
    guests = accounts.living(share.guest_id for share in shares_by if share.guest_id is not None)
    return any(share.guest_id is None or _address_of(share, guests.get(share.guest_id)) for share in shares_by)


def _fields(grant: Grant) -> dict[str, Any]:
    """The attributes of the share's own record that say what the device grants."""
    channels = None if grant.channels is None else set(grant.channels)
    return {"rights": set(grant.rights), "channels": channels, "until": grant.until, "expires_at": grant.end}


def _counted(account_id: str) -> Write:
    now = clock.now()
    tomorrow_s = 86_400 * (clock.epoch_s(now) // 86_400 + 1)
    refusal = rules.TooManyInvitations(retry_after_seconds=tomorrow_s - clock.epoch_s(now))
    return merge(
        InvitationCount.new(account_id, f"{now:%Y%m%d}"),
        InvitationCount.invited.add(1),
        InvitationCount.schema_version.set(SCHEMA_VERSION),
        InvitationCount.expires_at.set(tomorrow_s),
        when=InvitationCount.pk.does_not_exist() | (InvitationCount.invited < rules.MOST_INVITATIONS_A_DAY),
        otherwise=refusal,
    )


def shares_of(device: Device) -> shapes.Shares:
    """Everybody who may use the device or is invited to, the first first; who has closed the account does neither."""
    grants = access.grants_of(device)
    keys_by_grant = {grant: Share.key(device.pk_id, grant.share_id) for grant in grants}
    guest_ids = [grant.guest_id for grant in grants if grant.guest_id is not None]
    found = read_all([*keys_by_grant.values(), *(key for guest_id in guest_ids for key in accounts.keys_of(guest_id))])
    guests = accounts.living_among(found, guest_ids)
    listed = [
        (share.decrypted_with(device.cipher), grant)
        for grant, key in keys_by_grant.items()
        if (share := found[key]) is not None and (grant.guest_id is None or grant.guest_id in guests)
    ]
    listed.sort(key=lambda one: (one[0].invited_at, one[0].sort_id))
    return shapes.Shares(items=[_described(*one, guests.get(one[1].guest_id or "")) for one in listed])


def change_share(caller: Caller, share: Given, **changes: Any) -> shapes.ShownShare:
    """Let somebody do more or less, or for another time; from their next request on.

    Raises NotFound, RightMissing, Invalid.
    """
    if "until" in changes:
        rules.require_future(changes["until"], clock.now())
    if "channels" in changes:
        rules.require_channels(changes["channels"], _channels_of(share.mine))
    again = partial(_given_again, caller.account_id, share)
    return shares.as_read(caller, share, again, lambda now: _change(caller, now, changes))


def _change(caller: Caller, now: Given, changes: dict[str, Any]) -> shapes.ShownShare:
    device, share = now.mine.device, now.share
    grant = replace(now.grant, **{name: _as_granted(name, value) for name, value in changes.items()})
    answer = shapes.ShownShare(_described(share, grant, _guest(grant)), grant.guest_id)
    found = (Received, grant.guest_id) if grant.guest_id is not None else (Invitation, share.address_hash)
    record, whose = found
    about = _whom(now)
    activity_row = activity.record(device, "share_changed", who=caller.terminal, about=about)
    names_address = isinstance(about, str)
    more: dict[str, Any] = {"recorded_in": {*share.recorded_in, activity_row.record.sort_id}} if names_address else {}
    return commit_and_answer(
        access.set_grants(device, [*shares.others(device, grant.share_id), grant]),
        change(share, otherwise=NotFound, **_fields(grant), **more),
        change(record.new(whose, device.pk_id), otherwise=NotFound, expires_at=grant.end),
        activity_row,
        answer=answer,
    )


def _guest(grant: Grant) -> Account | None:
    """None while it waits. Raises NotFound for one who has closed the account."""
    if grant.guest_id is None:
        return None
    guests = accounts.living([grant.guest_id])
    if grant.guest_id not in guests:
        raise NotFound
    return guests[grant.guest_id]


def _whom(now: Given) -> Person | str | None:
    """As the record of an act upon the share says it: the guest, or the address that was invited."""
    if now.grant.guest_id is not None:
        return Person(now.grant.guest_id)
    # Who accepts changes all of these records in one commit, so they must be few.
    return now.share.address if len(now.share.recorded_in) < rules.MOST_RECORDED else None


def _as_granted(name: str, value: Any) -> Any:
    if value is None:
        return None
    if name == "until":
        return clock.epoch_s(value)
    return tuple(shapes.in_order(value) if name == "rights" else sorted(set(value)))


def revoke_share(caller: Caller, share: Given) -> None:
    """End a share, or take an invitation back; from the other's next request on."""

    def attempt(now: Given) -> None:
        device = now.mine.device
        activity_row = activity.record(device, "share_revoked", who=caller.terminal, about=_whom(now))
        commit_and_answer(*shares.ends(device, now.share, now.grant), activity_row, answer=None)

    shares.as_read(caller, share, partial(_given_again, caller.account_id, share), attempt)


def _address_of(share: Share, guest: Account | None) -> Contact | None:
    """The address that was invited, while it waits or is the guest's still: any other is his to tell."""
    if share.guest_id is None:
        return addresses.read_as(share.address)
    return None if guest is None else addresses.hashed_as(guest, share.address_hash)


def _described(share: Share, grant: Grant, guest: Account | None) -> shapes.Share:
    contact = _address_of(share, guest)
    return shapes.Share(
        share_id=grant.share_id,
        name=None if guest is None else guest.nickname,
        email=contact.value if contact is not None and contact.kind == "email" else None,
        phone=contact.value if contact is not None and contact.kind == "phone" else None,
        rights=shapes.in_order(grant.rights),
        channels=None if grant.channels is None else list(grant.channels),
        until=shares.time(grant.until),
        state="waiting" if grant.guest_id is None else "accepted",
        invited_at=clock.at_epoch(share.invited_at),
        waits_until=shares.time(grant.waits_until),
    )
