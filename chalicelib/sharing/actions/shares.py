"""Shares, for owners and guests alike: their keys, their grants, and their end."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from msgspec.structs import replace

from chalicelib import clock, ids
from chalicelib.access import actions as access
from chalicelib.access.actions import DeviceAccess
from chalicelib.access.records import Device, Grant, Received, Share
from chalicelib.accounts.actions import account_writes as accounts
from chalicelib.activity import actions as activity
from chalicelib.activity.actions import Person
from chalicelib.entry.callers import Caller
from chalicelib.errors import NotFound
from chalicelib.sharing import shapes
from chalicelib.sharing.records import Invitation
from chalicelib.store.commit import Write, commit, remove
from chalicelib.store.keys import Key
from chalicelib.store.records import read
from chalicelib.store.retrying import Answer, AsRead, retrying_from


def new_id(device_id: str) -> str:
    """A share's id says where it lies, so that who was invited finds it without a look-up table."""
    return ids.new_child_id(device_id)


def device_of(share_id: str) -> str:
    return ids.parent_of(share_id)


def as_read(
    caller: Caller, first: AsRead, read_again: Callable[[], AsRead], attempt: Callable[[AsRead], Answer]
) -> Answer:
    """Decide on what was read with the session; anew if the account or the device changed before the commit."""

    def both_again(_: AsRead) -> AsRead:
        accounts.caller_read_again(caller)
        return read_again()

    return retrying_from(first, attempt, both_again)


def grant_of(device: Device, share_id: str) -> Grant:
    """Raises NotFound where it has ended."""
    grant = next((one for one in access.grants_of(device) if one.share_id == share_id), None)
    if grant is None:
        raise NotFound
    return grant


def others(device: Device, share_id: str) -> list[Grant]:
    return [one for one in access.grants_of(device) if one.share_id != share_id]


def ends(device: Device, share: Share, grant: Grant) -> tuple[Write, ...]:
    """Writes that end a share or an invitation immediately, for both sides; raises StaleRead on commit."""
    return (
        access.set_grants(device, others(device, grant.share_id)),
        remove(Share.key(device.pk_id, grant.share_id)),
        remove(found_at(share, grant)),
    )


def end_again(device_id: str, share_id: str) -> None:
    """End a share that a restored table has brought back."""
    device, share = read(Device.key(device_id), Share.key(device_id, share_id))
    grant = None if device is None else next((one for one in _granted(device) if one.share_id == share_id), None)
    if device is not None and share is not None and grant is not None:
        commit(*ends(device, share, grant))


def grant_again(device_id: str, share_id: str) -> None:
    """Let the device grant what the share says, after a restored table has brought other rights back."""
    device, share = read(Device.key(device_id), Share.key(device_id, share_id))
    if device is None or share is None:
        return
    rights, channels = tuple(shapes.in_order(share.rights)), None if share.channels is None else sorted(share.channels)
    changes = {
        "rights": rights,
        "channels": None if channels is None else tuple(channels),
        "until": None if share.until is None else int(share.until),
    }
    grants = [replace(one, **changes) if one.share_id == share_id else one for one in _granted(device)]
    commit(access.set_grants(device, grants))


def _granted(device: Device) -> list[Grant]:
    """Every grant of the device, over or not."""
    return [Grant.of(text) for text in device.grants or ()]


def found_at(share: Share, grant: Grant) -> Key[Invitation | Received]:
    """The key by which the other person finds it."""
    device_id = device_of(grant.share_id)
    if grant.guest_id is None:
        return Invitation.key(share.address_hash, device_id)
    return Received.key(grant.guest_id, device_id)


def record_view(granted: DeviceAccess) -> tuple[Write, ...]:
    """A write that records that a guest viewed pictures; none for the owner's own views."""
    if granted.grant is None or granted.grant.guest_id is None:
        return ()
    return (activity.record_view(granted.device, granted.grant.share_id, granted.grant.guest_id),)


def name_person(device: Device, share: Share, person: Person) -> list[Write]:
    """Writes that let what was recorded of an invitation be about the person who answered it, and no address."""
    return [activity.name_person(device, one, person) for one in sorted(share.recorded_in or ())]


def time(seconds: int | None) -> datetime | None:
    return None if seconds is None else clock.at_epoch(seconds)
