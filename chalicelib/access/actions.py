"""Access to devices: the rights of owners and guests."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from msgspec import Struct

from chalicelib import clock, ids
from chalicelib.access import rules
from chalicelib.access.records import Device, Grant, Ownership, Received
from chalicelib.activity import actions as activity
from chalicelib.avatars.actions import galleries
from chalicelib.entry.callers import Caller
from chalicelib.errors import Conflict, Forbidden, NotFound
from chalicelib.store import ciphers
from chalicelib.store.ciphers import DataKey
from chalicelib.store.commit import Otherwise, Write, change, check, is_set
from chalicelib.store.keys import Key
from chalicelib.store.records import Found, Record, read_all
from chalicelib.store.retrying import StaleRead

RIGHTS: Final = ("live", "playback", "alarms", "settings")


class RightMissing(Forbidden):
    pass


class DeviceAccess(Struct, frozen=True):
    """A device that the caller may know of, decrypted; its owner's tie to it, if that was read; or what a guest was
    granted."""

    device: Device
    ownership: Ownership | None
    grant: Grant | None = None

    @property
    def is_own(self) -> bool:
        return self.grant is None

    @property
    def rights(self) -> list[str]:
        return ["owner", *RIGHTS] if self.grant is None else list(self.grant.rights)

    def may(self, right: str) -> bool:
        """Whether one of RIGHTS was granted, for any channel; a guest is never the `owner`."""
        return self.grant is None or self.grant.may(right, None)

    def covers(self, channel: str | None) -> bool:
        return self.grant is None or self.grant.covers(channel)

    @property
    def covers_all(self) -> bool:
        return self.grant is None or self.grant.channels is None

    @property
    def known_by(self) -> str:
        """A random id for the caller that ends with what ties him to the device."""
        return self.device.account_id if self.grant is None else self.grant.share_id

    @property
    def shown_subject(self) -> str:
        """The subject whose end makes the kept answer of a request unreadable that shows this."""
        return self.device.pk_id

    @property
    def account_id(self) -> str:
        """Random id of the caller."""
        return self.device.account_id if self.grant is None else self.grant.guest_id or ""

    @property
    def is_private(self) -> bool:
        return is_private(self.device)

    @property
    def cover_url(self) -> str | None:
        return galleries.url_of(self.device.cover)


def owner_of(device_id: str) -> str:
    """The account that a device's id begins with, whether there is such a device or not."""
    return ids.parent_of(device_id)


def keys_of(device_id: str) -> tuple[Key[Device], Key[DataKey], Key[DataKey], Key[Ownership]]:
    """The keys of a device, of its and its owner's data key, and of the owner's tie to it; read with the caller's
    session."""
    return *decrypting_keys_of(device_id), Ownership.of_device(device_id)


def decrypting_keys_of(device_id: str) -> tuple[Key[Device], Key[DataKey], Key[DataKey]]:
    """The same without the tie, which holds the plan."""
    return Device.key(device_id), *ciphers.chain_of(device_id)


def alive_keys_of(device_id: str) -> tuple[Key[Device], Key[DataKey]]:
    """The keys of what says that a device is alive, for whoever needs nothing of it that is sealed.

    Its own data key ends in no other commit than its record does, so its owner's is all that has to be asked beside.
    """
    return Device.key(device_id), ciphers.key_of(owner_of(device_id))


def alive(found: Found, device_id: str) -> Device | None:
    """The device, if somebody owns it whose account exists: none that was removed, nor one of a closed account that is
    not erased yet. It is asked before anything is shown, sent or taken."""
    device_key, owner_key = alive_keys_of(device_id)
    return None if found[owner_key] is None else found[device_key]


def is_restricted(found: Found, device_id: str) -> bool:
    """Whether the owner has restricted processing, by what was read to know that the device is alive: then it is shown
    to nobody else, and nothing of it is sent. Owners whose account is gone count as well."""
    owner_key = found[ciphers.key_of(owner_of(device_id))]
    return owner_key is None or owner_key.is_restricted


def is_shown_to(found: Found, device_id: str, viewer_id: str) -> bool:
    """Whether this person may be shown anything of a device at all, whatever he was granted; of the same rows."""
    return viewer_id == owner_of(device_id) or not is_restricted(found, device_id)


def read_alive(device_id: str | None) -> Device | None:
    """The same by one consistent read; None for no id."""
    return None if device_id is None else existing([device_id]).get(device_id)


def decrypted(found: Found, device_id: str) -> Device | None:
    """The device, if it is alive, with its personal attributes readable; of `keys_of`."""
    device, (data_key, owner_key) = alive(found, device_id), ciphers.chain_of(device_id)
    row = found[data_key]
    return None if device is None or row is None else device.decrypted_with(row.unlocked(found[owner_key]))


def read_shown(device_id: str | None) -> tuple[Device | None, bool]:
    """The device, if it is alive, and whether something of it may be shown and sent, now; by one consistent read. None
    for no id."""
    if device_id is None:
        return None, False
    found = read_all(alive_keys_of(device_id))
    return alive(found, device_id), not is_restricted(found, device_id)


def read_decrypted(device_id: str | None) -> Device | None:
    """The same by one consistent read; None for no id."""
    return None if device_id is None else decrypted(read_all(keys_of(device_id)), device_id)


def admitted(account_id: str, found: Found, device_id: str, right: str | None) -> DeviceAccess:
    """The device, decrypted, if this person is its owner or a guest with the right; with no right named, if he may know
    of it (B9).

    Raises RightMissing for a guest without it, NotFound for whoever has no share of the device.
    """
    granted = _known(account_id, found, device_id)
    if granted is None:
        raise NotFound("device")
    if right is not None and not granted.may(right):
        raise RightMissing
    return granted


def read_again(account_id: str, granted: DeviceAccess, right: str) -> DeviceAccess:
    """The same device as it is now. Raises RightMissing, NotFound."""
    device_id = granted.device.pk_id
    return admitted(account_id, read_all(keys_of(device_id)), device_id, right)


def _known(account_id: str, found: Found, device_id: str) -> DeviceAccess | None:
    device = alive(found, device_id)
    if device is None:
        return None
    if device.account_id == account_id:
        readable = decrypted(found, device_id)
        return None if readable is None else DeviceAccess(readable, found.get(Ownership.of_device(device_id)))
    # Who has restricted processing is read by nobody else: to a guest it is as if there were no share.
    grant = None if is_restricted(found, device_id) else grant_to(device, account_id)
    readable = None if grant is None else decrypted(found, device_id)
    return None if readable is None else DeviceAccess(readable, None, grant)


# A person's devices


class ListedDevices(Struct, frozen=True):
    """A page of the devices that a person may know of, with all that was read with them; `cursor` is None if nothing
    follows."""

    items: list[DeviceAccess]
    cursor: str | None


def devices_of(caller: Caller) -> list[DeviceAccess]:
    """All devices of the caller and all that are shared with them, oldest first."""
    return page_of_devices(caller, None, None).items


def page_of_devices(caller: Caller, limit: int | None, after: str | None) -> ListedDevices:
    """A page of them, the caller's own before those of others, on each page the oldest first."""
    kind = Received if after is not None and len(after) > ids.LENGTH else Ownership
    last = None if after is None else kind.key(caller.account_id, after)
    page = Ownership.together_with(Received, caller.account_id, limit=limit, after=last)
    found = read_all(key for row in page.items for key in _keys_of_listed(row))
    known = filter(None, (_listed(caller, found, row) for row in page.items))
    oldest_first = sorted(known, key=lambda one: (not one.is_own, one.device.bound_at, one.device.pk_id))
    return ListedDevices(oldest_first, page.cursor)


def _keys_of_listed(row: Ownership | Received) -> tuple[Key[Record], ...]:
    device_key, data_key, owner_key, _ = keys_of(row.device_id)
    # The caller's own key was read with his session.
    return (device_key, data_key) if isinstance(row, Ownership) else (device_key, data_key, owner_key)


def _listed(caller: Caller, found: Found, row: Ownership | Received) -> DeviceAccess | None:
    if isinstance(row, Received):
        return _known(caller.account_id, found, row.device_id)
    device_key, data_key = Device.key(row.device_id), ciphers.key_of(row.device_id)
    device, key = found[device_key], found[data_key]
    if device is None or key is None:
        return None
    return DeviceAccess(device.decrypted_with(key.unlocked(caller.data_key)), row)


def owned_by(account_id: str) -> list[tuple[Device, Ownership]]:
    """The devices of an account that are alive, each with its owner's tie to it, for whoever needs nothing of them that
    is sealed."""
    ties = Ownership.list_of(account_id).items
    devices = existing(tie.device_id for tie in ties)
    return [(devices[tie.device_id], tie) for tie in ties if tie.device_id in devices]


# What a device grants to others


def grants_of(device: Device) -> list[Grant]:
    """Those that are in force now, whatever has not been tidied up yet."""
    now = clock.now_s()
    grants = [Grant.of(text) for text in sorted(device.grants or ())]
    return [grant for grant in grants if grant.end is None or now < grant.end]


def grant_to(device: Device, account_id: str) -> Grant | None:
    """The grant that this person has accepted."""
    return next((grant for grant in grants_of(device) if grant.guest_id == account_id), None)


def guests_with(device: Device, right: str, channel: str | None) -> list[str]:
    """The people to whom it grants this right, for this channel or for any."""
    granted = {grant.guest_id for grant in grants_of(device) if grant.may(right, channel)}
    return sorted(guest_id for guest_id in granted if guest_id is not None)


def guests_of(device: Device) -> set[str]:
    """All people who have accepted a share of it."""
    return {grant.guest_id for grant in grants_of(device) if grant.guest_id is not None}


def set_grants(device: Device, grants: Iterable[Grant], **more: Any) -> Write:
    """Let the device grant just this, if what it grants is as it was read; raises StaleRead on commit otherwise."""
    as_read = is_set(Device.grants, device.grants)
    for name in more:
        as_read &= is_set(getattr(Device, name), getattr(device, name))
    return change(device, when=as_read, otherwise=StaleRead, grants={grant.text for grant in grants} or None, **more)


# Recording acts upon it


def record_act(caller: Caller, granted: DeviceAccess, act: str, about: str | None = None) -> Write:
    """A write that records the caller's act: an owner's by his terminal, a guest's by who he is."""
    if granted.is_own:
        return activity.record(granted.device, act, who=caller.terminal, about=about)
    return activity.record(granted.device, act, by=activity.GUEST, who=activity.Person(caller.account_id), about=about)


def require_exists(device_id: str, *, otherwise: Otherwise) -> Write:
    """Let a commit depend on this ownership, for whatever lies below it: it ends with the owner's key, too."""
    return check(Device.key(device_id), Device.pk.exists(), otherwise=otherwise)


def require_alive(device_id: str, *, otherwise: Otherwise) -> tuple[Write, Write]:
    """The same for what lies elsewhere, which ends with neither."""
    owned = require_exists(device_id, otherwise=otherwise)
    return owned, ciphers.require_exists(owner_of(device_id), otherwise=otherwise)


def require_dead(device_id: str, *, otherwise: Otherwise) -> Write | None:
    """Let a commit depend on an ownership being over, though a camera still names it: its owner's account was closed,
    and is not erased yet. None where it is alive. One read."""
    device_key, owner_key = alive_keys_of(device_id)
    found = read_all((device_key, owner_key))
    if found[owner_key] is None:
        return ciphers.require_ended(owner_of(device_id), otherwise=otherwise)
    if found[device_key] is None:
        return check(device_key, Device.pk.does_not_exist(), otherwise=otherwise)
    return None


# Privacy mode


class PrivacyModeOn(Conflict):
    pass


class NobodyOwns(Conflict):
    pass


def is_private(device: Device) -> bool:
    """Whether its owner wants that nothing is seen now: no live picture, no recording, no alarm."""
    now = clock.now_to_ms()
    return was_private_between(device, now, now)


def was_private_at(device: Device, at_s: int) -> bool:
    """The same of what arrived in that second, of which no more is known, and is looked at only now."""
    return was_private_between(device, at_s, at_s + 0.999)


def was_private_between(device: Device, begin_s: float, end_s: float) -> bool:
    """Whether its owner wanted so at any moment from the one to the other, of the last month."""
    return device.was_private_between(begin_s, end_s)


def became_private_since(device: Device, at_s: float) -> bool:
    """Whether its owner wants so now, or wanted so since; what began as it went off began after it."""
    return was_private_between(device, at_s, float("inf"))


def private_intervals(device: Device) -> list[tuple[float, float]]:
    """From when till when privacy mode was on, in the last month; of one that is on the end is infinite."""
    return [(since, float("inf") if until is None else until) for since, until in device.private_intervals()]


def switch_privacy_mode(device: Device, *, on: bool) -> Write:
    """Let it be on or off from now on, if it is as it was read; raises StaleRead on commit otherwise, or where the
    device is gone."""
    now, since, until = clock.now_to_ms(), device.private_since, device.private_until
    as_read = is_set(Device.private_since, since) & is_set(Device.private_until, until)
    news: dict[str, Any] = {"private_since": now, "private_until": None} if on else {"private_until": now}
    if since is not None:
        ended = _ms(since), _ms(now if until is None else until)
        spans = rules.with_span(map(rules.read_span, device.private_spans or ()), ended, _ms(now))
        news["private_spans"] = {rules.written_span(one) for one in spans} or None
    return change(device, when=as_read, otherwise=StaleRead, **news)


def _ms(at_s: float) -> int:
    return round(at_s * 1000)


def existing(device_ids: Iterable[str]) -> dict[str, Device]:
    """Those of the devices that are alive now; one consistent read for all."""
    wanted = sorted(set(device_ids))
    found = read_all(key for device_id in wanted for key in alive_keys_of(device_id))
    return {device_id: device for device_id in wanted if (device := alive(found, device_id)) is not None}


def shown_to_others(device_ids: Iterable[str]) -> set[str]:
    """Those of the devices that are alive now and of which something may be shown to others than their owners; one
    consistent read for all."""
    wanted = sorted(set(device_ids))
    found = read_all(key for device_id in wanted for key in alive_keys_of(device_id))
    return {one for one in wanted if alive(found, one) is not None and not is_restricted(found, one)}


def days_of(device: Device) -> clock.LocalDays:
    """The days by the device's own time zone; the device is decrypted."""
    return clock.LocalDays(clock.zone(device.time_zone), bool(device.dst))


def channel_ids(channels: list[dict[str, str]] | None) -> set[str] | None:
    """Of the channels that a camera says it has; None if it never said."""
    return {channel["id"] for channel in channels or ()} or None
