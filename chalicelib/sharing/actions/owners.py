"""What an owner does: share a device, see with whom, change what they may, and end it (B9)."""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace

from chalicelib import clock
from chalicelib.accounts.actions import addresses, budgets
from chalicelib.accounts.actions.addresses import Contact
from chalicelib.activity import actions as activity
from chalicelib.devices.actions import standing as devices
from chalicelib.devices.actions.standing import Opened
from chalicelib.devices.records import Grant, Share
from chalicelib.errors import NotFound
from chalicelib.sessions.actions.standing import Caller
from chalicelib.sharing import rules, shapes
from chalicelib.sharing.actions import standing
from chalicelib.sharing.records import Invitation, InvitationCount, Received
from chalicelib.store import keys
from chalicelib.store.commit import Write, change, create, done, merge
from chalicelib.store.keys import Key


def places_of_one(account_id: str, device_id: str, share_id: str) -> tuple[Key, ...]:
    return (*devices.places_of(account_id, device_id), Share.key(device_id, share_id))


def share_device(caller: Caller, device_id: str, asked: shapes.ShareDevice) -> shapes.Share:
    """Invite one person, by an address that may have an account or not: it is not looked up here, so that nobody can
    tell (B9).

    Raises NotFound, RightMissing, Invalid, ShareExists, SharedWithOneself, TooManyShares, TooManyInvitations,
    PhoneNotTexted, TooManyMessages, MessagesUsedUp.
    """
    mine = devices.owned(caller)
    contact = addresses.asked(asked.email, asked.phone)
    if contact.hashed in addresses.hashes_of(caller.account):
        raise rules.SharedWithOneself
    rules.require_future(asked.until, clock.now())
    rules.require_channels(asked.channels, _channels_of(mine))
    places = devices.places_of(caller.account_id, device_id)
    return standing.as_read(caller, places, lambda: _invite(caller, contact, asked))


def _channels_of(mine: Opened) -> list[str]:
    return [channel["id"] for channel in mine.device.channels or []]


def _invite(caller: Caller, contact: Contact, asked: shapes.ShareDevice) -> shapes.Share:
    device = devices.owned(caller).device
    grants, hashed = devices.grants_of(device), contact.hashed
    if any(share.address_hash == hashed for share in Share.list_of(device.partition_id).items):
        raise rules.ShareExists
    if len(grants) >= rules.MOST_SHARES:
        raise rules.TooManyShares
    grant = Grant(
        share_id=standing.new_id(device.partition_id),
        guest_id=None,
        rights=tuple(shapes.in_order(asked.rights)),
        channels=None if asked.channels is None else tuple(sorted(set(asked.channels))),
        until=None if asked.until is None else clock.epoch_s(asked.until),
        waits_until=clock.epoch_s(clock.now() + rules.INVITATION_LIFE),
    )
    where = Invitation.key(hashed, device.partition_id)
    share = Share.new(
        device.partition_id,
        grant.share_id,
        vault=device.vault,
        address=contact.value,
        address_hash=hashed,
        invited_at=clock.now_s(),
        named_at=keys.written(where),
        **_said(grant),
    )
    invitation = Invitation.new(hashed, device.partition_id, share_id=grant.share_id, expires_at=grant.end)
    return done(
        devices.regrant(device, [*grants, grant]),
        create(share),
        create(invitation, otherwise=rules.ShareExists),
        _counted(caller.account_id),
        *budgets.counted(contact, caller.source_ip),
        activity.happened(device, "shared", who=caller.terminal, about=contact.value),
        answer=_described(share, grant),
    )


def _said(grant: Grant) -> dict[str, Any]:
    """What the share's own record says of what the device grants."""
    channels = None if grant.channels is None else set(grant.channels)
    return {"rights": set(grant.rights), "channels": channels, "until": grant.until, "expires_at": grant.end}


def _counted(account_id: str) -> Write:
    now = clock.now()
    tomorrow_s = 86_400 * (clock.epoch_s(now) // 86_400 + 1)
    refusal = rules.TooManyInvitations(retry_after_seconds=tomorrow_s - clock.epoch_s(now))
    return merge(
        InvitationCount.new(account_id, f"{now:%Y%m%d}"),
        InvitationCount.invited.add(1),
        InvitationCount.form.set(1),
        InvitationCount.expires_at.set(tomorrow_s),
        when=InvitationCount.pk.does_not_exist() | (InvitationCount.invited < rules.MOST_INVITATIONS_A_DAY),
        otherwise=refusal,
    )


def shares_of(caller: Caller) -> shapes.Shares:
    """Everybody who may use the device or is invited to, the first first. Raises NotFound, RightMissing."""
    device = devices.owned(caller).device
    grants = {grant.share_id: grant for grant in devices.grants_of(device)}
    found = [one.opened(device.vault) for one in Share.list_of(device.partition_id).items if one.place_id in grants]
    found.sort(key=lambda share: (share.invited_at, share.place_id))
    return shapes.Shares(items=[_described(share, grants[share.place_id]) for share in found])


def change_share(caller: Caller, device_id: str, share_id: str, **changes: Any) -> shapes.Share:
    """Let somebody do more or less, or for another time; from their next request on.

    Raises NotFound, RightMissing, Invalid.
    """
    if "until" in changes:
        rules.require_future(changes["until"], clock.now())
    if "channels" in changes:
        rules.require_channels(changes["channels"], _channels_of(devices.owned(caller)))
    places = places_of_one(caller.account_id, device_id, share_id)
    return standing.as_read(caller, places, lambda: _change(caller, share_id, changes))


def _change(caller: Caller, share_id: str, changes: dict[str, Any]) -> shapes.Share:
    mine, share, before = _named(caller, share_id)
    device = mine.device
    grant = replace(before, **{name: _as_granted(name, value) for name, value in changes.items()})
    answer = _described(share, grant)
    found = (Received, grant.guest_id) if grant.guest_id is not None else (Invitation, share.address_hash)
    record, whose = found
    return done(
        devices.regrant(device, [*standing.others(device, share_id), grant]),
        change(share, otherwise=NotFound, **_said(grant)),
        change(record.new(whose, device.partition_id), otherwise=NotFound, expires_at=grant.end),
        activity.happened(device, "share_changed", who=caller.terminal, about=share.address),
        answer=answer,
    )


def _as_granted(name: str, value: Any) -> Any:
    if value is None:
        return None
    if name == "until":
        return clock.epoch_s(value)
    return tuple(shapes.in_order(value) if name == "rights" else sorted(set(value)))


def revoke_share(caller: Caller, device_id: str, share_id: str) -> None:
    """End a share, or take an invitation back; from the other's next request on. Raises NotFound, RightMissing."""

    def attempt() -> None:
        mine, share, grant = _named(caller, share_id)
        recorded = activity.happened(mine.device, "share_revoked", who=caller.terminal, about=share.address)
        done(*standing.ends(mine.device, share, grant), recorded, answer=None)

    standing.as_read(caller, places_of_one(caller.account_id, device_id, share_id), attempt)


def _named(caller: Caller, share_id: str) -> tuple[Opened, Share, Grant]:
    mine, share = devices.owned(caller), caller.along[3]
    if share is None:
        raise NotFound
    return mine, share.opened(mine.device.vault), standing.grant_of(mine.device, share_id)


def _described(share: Share, grant: Grant) -> shapes.Share:
    contact = addresses.read_as(share.address)
    return shapes.Share(
        share_id=grant.share_id,
        email=contact.value if contact.kind == "email" else None,
        phone=contact.value if contact.kind == "phone" else None,
        rights=shapes.in_order(grant.rights),
        channels=None if grant.channels is None else list(grant.channels),
        until=standing.time(grant.until),
        state="waiting" if grant.guest_id is None else "accepted",
        invited_at=clock.at_epoch(share.invited_at),
        waits_until=standing.time(grant.waits_until),
    )
