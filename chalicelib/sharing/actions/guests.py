"""Acts of a guest: list, accept, decline, leave a share (B9)."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

from msgspec.structs import replace

from chalicelib import clock
from chalicelib.access import actions as access
from chalicelib.access.records import Device, Grant, Received, Share
from chalicelib.accounts.actions import account_writes as accounts
from chalicelib.accounts.records import Account
from chalicelib.activity import actions as activity
from chalicelib.activity.actions import Person
from chalicelib.contacts.actions import addresses
from chalicelib.entry.callers import Caller
from chalicelib.errors import NotFound
from chalicelib.sharing import rules, shapes
from chalicelib.sharing.actions import shares
from chalicelib.sharing.records import Invitation
from chalicelib.store import ciphers, keys
from chalicelib.store.commit import Write, change, check, commit_and_answer, create, remove
from chalicelib.store.keys import Key
from chalicelib.store.records import Found, Record, read_all


def keys_of(share_id: str) -> tuple[Key[Record], ...]:
    device_id = shares.device_of(share_id)
    return *access.keys_of(device_id), Share.key(device_id, share_id)


@dataclass(frozen=True)
class Offered:
    """A share that the caller was invited to, or has accepted."""

    device: Device
    share: Share
    grant: Grant


def require_shown(found: Found, share_id: str) -> None:
    """Raises NotFound for a share of somebody who has restricted processing: nothing of his is shown to others."""
    if access.is_restricted(found, shares.device_of(share_id)):
        raise NotFound


def offered(account: Account, found: Found, share_id: str) -> Offered:
    """The share, if it was offered to this person or is his. Raises NotFound."""
    device_id = shares.device_of(share_id)
    device, share = access.decrypted(found, device_id), found[Share.key(device_id, share_id)]
    if device is None or share is None:
        raise NotFound
    grant = shares.grant_of(device, share_id)
    is_invited = grant.guest_id is None and share.address_hash in addresses.hashes_of(account)
    if not is_invited and grant.guest_id != account.pk_id:
        raise NotFound
    return Offered(device, share.decrypted_with(device.cipher), grant)


def _offered_again(caller: Caller, before: Offered) -> Offered:
    share_id = before.grant.share_id
    return offered(caller.account, read_all(keys_of(share_id)), share_id)


def accept(caller: Caller, share: Offered) -> shapes.Received:
    """Use the device from now on; accepting again changes nothing.

    Raises NotFound, ShareExists, SharedWithOneself, TooManyReceived.
    """
    owners = _nicknames([share.device])
    again = partial(_offered_again, caller, share)
    return shares.as_read(caller, share, again, lambda now: _accept(caller, now, owners))


def _accept(caller: Caller, now: Offered, owners: dict[str, str]) -> shapes.Received:
    device, share, account = now.device, now.share, caller.account
    grant = replace(now.grant, guest_id=account.pk_id, waits_until=None)
    answer = _described(device, grant, owners)
    if now.grant.guest_id is not None:
        return commit_and_answer(check(share, Share.pk.exists(), otherwise=NotFound), answer=answer)
    _require_room(caller, device)
    received = Received.new(account.pk_id, device.pk_id, accepted_at=clock.now_s(), expires_at=grant.end)
    guest = Person(account.pk_id)
    return commit_and_answer(
        access.set_grants(device, [*shares.others(device, grant.share_id), grant]),
        *shares.name_person(device, share, guest),
        _becomes_his(share, grant, received),
        remove(Invitation.key(share.address_hash, device.pk_id)),
        create(received, otherwise=rules.ShareExists),
        accounts.accepts_share(account),
        ciphers.require_exists(device.account_id, otherwise=NotFound),
        activity.record(device, "share_accepted", by=activity.GUEST, who=guest),
        answer=answer,
    )


def _becomes_his(share: Share, grant: Grant, received: Received) -> Write:
    """The share is of an address no more, but of a person."""
    return change(
        share,
        otherwise=NotFound,
        address=None,
        recorded_in=None,
        guest_id=grant.guest_id,
        accepted_at=received.accepted_at,
        expires_at=grant.end,
        named_at=keys.written(received.own_key),
    )


def _require_room(caller: Caller, device: Device) -> None:
    if device.account_id == caller.account_id:
        raise rules.SharedWithOneself
    if access.grant_to(device, caller.account_id) is not None:
        raise rules.ShareExists
    if len(Received.list_of(caller.account_id).items) >= rules.MOST_RECEIVED:
        raise rules.TooManyReceived


def decline(caller: Caller, share: Offered) -> None:
    """Turn an invitation down. Raises NotFound, AlreadyAccepted."""
    _end(caller, share, is_accepted=False)


def leave(caller: Caller, share: Offered) -> None:
    """Use the device no more, from the next request on. Raises NotFound, NotAccepted."""
    _end(caller, share, is_accepted=True)


def _end(caller: Caller, share: Offered, *, is_accepted: bool) -> None:
    def attempt(now: Offered) -> None:
        if (now.grant.guest_id is not None) != is_accepted:
            raise rules.NotAccepted if is_accepted else rules.AlreadyAccepted
        writes = _recorded_leaving(caller, now) if is_accepted else _recorded_declining(caller, now)
        commit_and_answer(*shares.ends(now.device, now.share, now.grant), *writes, answer=None)

    shares.as_read(caller, share, partial(_offered_again, caller, share), attempt)


def _recorded_leaving(caller: Caller, now: Offered) -> list[Write]:
    return [activity.record(now.device, "share_left", by=activity.GUEST, who=Person(caller.account_id))]


def _recorded_declining(caller: Caller, now: Offered) -> list[Write]:
    # Who declines gives the owner nothing that he did not have: no name, and the address as long as it is true.
    person = Person(caller.account_id, now.share.address_hash)
    activity_row = activity.record(now.device, "share_declined", by=activity.GUEST, who=person)
    return [activity_row, *shares.name_person(now.device, now.share, person)]


# Showing


def shares_of(caller: Caller) -> shapes.ReceivedShares:
    """The shares that the caller has, and the invitations that wait at his addresses; the first device first."""
    hashes = addresses.hashes_of(caller.account)
    waiting = {one.share_id for hashed in hashes for one in Invitation.list_of(hashed).items}
    received = {one.device_id for one in Received.list_of(caller.account_id).items}
    wanted = sorted({*map(shares.device_of, waiting), *received})
    found = read_all(key for device_id in wanted for key in access.keys_of(device_id))
    shown = [device_id for device_id in wanted if not access.is_restricted(found, device_id)]
    shared = list(filter(None, (access.decrypted(found, device_id) for device_id in shown)))
    owners = _nicknames(shared)
    return shapes.ReceivedShares(
        items=[
            _described(device, grant, owners)
            for device in shared
            for grant in access.grants_of(device)
            if grant.guest_id == caller.account_id or (grant.guest_id is None and grant.share_id in waiting)
        ]
    )


def _nicknames(shared: list[Device]) -> dict[str, str]:
    """Of the owners, as they are called now."""
    owners = accounts.living(device.account_id for device in shared)
    return {owner_id: owner.nickname for owner_id, owner in owners.items()}


def _described(device: Device, grant: Grant, owners: dict[str, str]) -> shapes.Received:
    is_accepted = grant.guest_id is not None
    return shapes.Received(
        share_id=grant.share_id,
        device_id=device.pk_id if is_accepted else None,
        name=device.name,
        owner=owners.get(device.account_id, ""),
        rights=shapes.in_order(grant.rights),
        channels=None if grant.channels is None else list(grant.channels),
        until=shares.time(grant.until),
        state="accepted" if is_accepted else "waiting",
        waits_until=shares.time(grant.waits_until),
    )
