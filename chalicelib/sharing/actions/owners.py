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
from chalicelib.activity import actions as activity
from chalicelib.contacts.actions import addresses, budgets
from chalicelib.contacts.actions.addresses import Contact
from chalicelib.entry.callers import Caller
from chalicelib.errors import NotFound
from chalicelib.sharing import rules, shapes
from chalicelib.sharing.actions import shares
from chalicelib.sharing.records import Invitation, InvitationCount
from chalicelib.store import keys
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
    if any(share.address_hash == hashed for share in Share.list_of(device.pk_id).items):
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
    share = Share.new(
        device.pk_id,
        grant.share_id,
        cipher=device.cipher,
        address=contact.value,
        address_hash=hashed,
        invited_at=clock.now_s(),
        named_at=keys.written(where),
        **_fields(grant),
    )
    invitation = Invitation.new(hashed, device.pk_id, share_id=grant.share_id, expires_at=grant.end)
    return commit_and_answer(
        access.set_grants(device, [*grants, grant]),
        create(share),
        create(invitation, otherwise=rules.ShareExists),
        _counted(caller.account_id),
        *budgets.counted(contact, caller.source_ip),
        activity.record(device, "shared", who=caller.terminal, about=contact.value),
        answer=_described(share, grant),
    )


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
    """Everybody who may use the device or is invited to, the first first."""
    grants = {grant.share_id: grant for grant in access.grants_of(device)}
    found = [one.decrypted_with(device.cipher) for one in Share.list_of(device.pk_id).items if one.sort_id in grants]
    found.sort(key=lambda share: (share.invited_at, share.sort_id))
    return shapes.Shares(items=[_described(share, grants[share.sort_id]) for share in found])


def change_share(caller: Caller, share: Given, **changes: Any) -> shapes.Share:
    """Let somebody do more or less, or for another time; from their next request on.

    Raises NotFound, RightMissing, Invalid.
    """
    if "until" in changes:
        rules.require_future(changes["until"], clock.now())
    if "channels" in changes:
        rules.require_channels(changes["channels"], _channels_of(share.mine))
    again = partial(_given_again, caller.account_id, share)
    return shares.as_read(caller, share, again, lambda now: _change(caller, now, changes))


def _change(caller: Caller, now: Given, changes: dict[str, Any]) -> shapes.Share:
    device, share = now.mine.device, now.share
    grant = replace(now.grant, **{name: _as_granted(name, value) for name, value in changes.items()})
    answer = _described(share, grant)
    found = (Received, grant.guest_id) if grant.guest_id is not None else (Invitation, share.address_hash)
    record, whose = found
    return commit_and_answer(
        access.set_grants(device, [*shares.others(device, grant.share_id), grant]),
        change(share, otherwise=NotFound, **_fields(grant)),
        change(record.new(whose, device.pk_id), otherwise=NotFound, expires_at=grant.end),
        activity.record(device, "share_changed", who=caller.terminal, about=share.address),
        answer=answer,
    )


def _as_granted(name: str, value: Any) -> Any:
    if value is None:
        return None
    if name == "until":
        return clock.epoch_s(value)
    return tuple(shapes.in_order(value) if name == "rights" else sorted(set(value)))


def revoke_share(caller: Caller, share: Given) -> None:
    """End a share, or take an invitation back; from the other's next request on."""

    def attempt(now: Given) -> None:
        device, address = now.mine.device, now.share.address
        activity_row = activity.record(device, "share_revoked", who=caller.terminal, about=address)
        commit_and_answer(*shares.ends(device, now.share, now.grant), activity_row, answer=None)

    shares.as_read(caller, share, partial(_given_again, caller.account_id, share), attempt)


def _described(share: Share, grant: Grant) -> shapes.Share:
    contact = addresses.read_as(share.address)
    return shapes.Share(
        share_id=grant.share_id,
        email=contact.value if contact.kind == "email" else None,
        phone=contact.value if contact.kind == "phone" else None,
        rights=shapes.in_order(grant.rights),
        channels=None if grant.channels is None else list(grant.channels),
        until=shares.time(grant.until),
        state="waiting" if grant.guest_id is None else "accepted",
        invited_at=clock.at_epoch(share.invited_at),
        waits_until=shares.time(grant.waits_until),
    )
