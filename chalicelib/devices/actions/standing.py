"""What other houses need of a device: whose it is, who may do what with it, who hears of it, and its end."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from chalicelib import clock, ids
from chalicelib.accounts.actions import standing as accounts
from chalicelib.activity import actions as activity
from chalicelib.avatars.actions import galleries
from chalicelib.devices import rules
from chalicelib.devices.actions import stock as stocks
from chalicelib.devices.records import Device, Grant, RefusedUploads, SettingChange, Share, Stock
from chalicelib.entry.callers import Caller, Camera
from chalicelib.errors import Conflict, Forbidden, NotFound
from chalicelib.plans import actions as plans
from chalicelib.plans.records import Plan
from chalicelib.plans.shapes import DevicePlan
from chalicelib.store import ciphers, crypto
from chalicelib.store.ciphers import VaultKey
from chalicelib.store.commit import Otherwise, Write, change, check, commit, create, merge, remove
from chalicelib.store.keys import Key
from chalicelib.store.records import Found, read, read_all

if TYPE_CHECKING:
    from pynamodb.expressions.condition import Condition

RIGHTS: Final = ("live", "playback", "alarms", "settings")
_REFUSALS_KEPT = timedelta(days=7)


class RightMissing(Forbidden):
    en = "The owner of this device did not give you the right to do this."
    pl = "Właściciel tego urządzenia nie dał Ci do tego prawa."


class Moved(Exception):
    """What the device grants changed since it was read: read again and decide anew."""


@dataclass(frozen=True)
class Opened:
    """A device that the caller may know of, opened; the plan that it holds; what a guest was granted; and (where it is
    asked for, see `present`) its camera, and what it uploaded in vain."""

    device: Device
    plan: Plan | None
    grant: Grant | None = None
    stock: Stock | None = None
    refused: RefusedUploads | None = None

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
    def is_private(self) -> bool:
        return is_private(self.device)

    @property
    def cover_url(self) -> str | None:
        return galleries.url_of(self.device.cover)

    @property
    def is_online(self) -> bool:
        return self.stock is not None and rules.is_online(self.stock.connected_at, clock.now_s())

    @property
    def last_seen(self) -> float | None:
        """Now, if it is online; else what is known of it since it has this owner."""
        if self.is_online:
            return clock.now_s()
        # Of a connection whose end was never told, its beginning is known, perhaps from before it had this owner.
        begun = None if self.stock is None else self.stock.connected_at
        left = None if self.stock is None else self.stock.away_since
        known = [time for time in (begun, left) if time is not None and time >= self.device.bound_at]
        return max([*known, *([] if self.device.last_seen is None else [self.device.last_seen])], default=None)

    @property
    def described_plan(self) -> DevicePlan:
        return plans.described(self.plan)


def places_of(device_id: str) -> tuple[Key[Device], Key[VaultKey], Key[Plan]]:
    """What is read of a device with the caller's session."""
    return Device.key(device_id), ciphers.key_of(device_id), plans.place_of(device_id)


def admitted(account_id: str, found: Found, device_id: str, right: str | None) -> Opened:
    """The device, opened, if this person is its owner or a guest with the right; with no right named, if he may know of
    it (B9).

    Raises RightMissing for a guest without it, NotFound for whoever has no share of the device.
    """
    opened = _known(account_id, found, device_id)
    if opened is None:
        raise NotFound
    if right is not None and not opened.may(right):
        raise RightMissing
    return opened


def read_again(account_id: str, opened: Opened, right: str) -> Opened:
    """The same device as it is now. Raises RightMissing, NotFound."""
    device_id = opened.device.partition_id
    return admitted(account_id, read_all(places_of(device_id)), device_id, right)


def _known(account_id: str, found: Found, device_id: str) -> Opened | None:
    device_key, data_key, plan_key = places_of(device_id)
    device, key = found[device_key], found[data_key]
    if device is None or key is None:
        return None
    if device.account_id == account_id:
        return Opened(device.opened(key.unlocked()), found[plan_key])
    grant = grant_to(device, account_id)
    return None if grant is None else Opened(device.opened(key.unlocked()), None, grant)


def devices_of(caller: Caller) -> list[Opened]:
    """All devices of the caller and all that are shared with them, oldest first."""
    account = caller.account
    wanted = sorted({*(account.device_ids or ()), *(account.guest_of or ())})
    found = read_all(key for device_id in wanted for key in places_of(device_id))
    known = filter(None, (_known(caller.account_id, found, device_id) for device_id in wanted))
    return sorted(known, key=lambda one: (one.device.bound_at, one.device.partition_id))


def present(opened: list[Opened]) -> list[Opened]:
    """The same with their cameras, which know whether they are connected, and what those uploaded in vain; one read
    for all."""
    places = [(Stock.key(one.device.stock_id), RefusedUploads.key(one.device.partition_id)) for one in opened]
    found = read_all(key for pair in places for key in pair)
    pairs = zip(opened, places, strict=True)
    return [replace(one, stock=found[stock], refused=found[refused]) for one, (stock, refused) in pairs]


# What a device grants to others


def grants_of(device: Device) -> list[Grant]:
    """Those that stand now, whatever has not been tidied up yet."""
    now = clock.now_s()
    grants = [Grant.of(text) for text in sorted(device.grants or ())]
    return [grant for grant in grants if grant.end is None or now < grant.end]


def grant_to(device: Device, account_id: str) -> Grant | None:
    """What this person has accepted."""
    return next((grant for grant in grants_of(device) if grant.guest_id == account_id), None)


def regrant(device: Device, grants: Iterable[Grant], **more: Any) -> Write:
    """Let the device grant just this, if what it grants is as it was read; raises Moved on commit otherwise."""
    as_read = accounts.is_set(Device.grants, device.grants)
    for name in more:
        as_read &= accounts.is_set(getattr(Device, name), getattr(device, name))
    return change(device, when=as_read, otherwise=Moved, grants={grant.text for grant in grants} or None, **more)


# What the camera hears of


def tells_camera(device: Device) -> Write:
    """What makes the camera hear that it ought to be otherwise; committed with what makes it so."""
    return create(SettingChange.new(device.partition_id, ids.new_id()))


# What happened with it


def recorded(caller: Caller, opened: Opened, act: str, about: str | None = None) -> Write:
    """What records that the caller did so: the owner by his terminal, a guest by the address that the owner named."""
    if opened.is_own:
        return activity.happened(opened.device, act, who=caller.terminal, about=about)
    return activity.happened(opened.device, act, by=activity.GUEST, who=address_of(opened), about=about)


def address_of(opened: Opened) -> str:
    """By which the owner named this guest; one read. Raises NotFound."""
    share_id = "" if opened.grant is None else opened.grant.share_id
    (share,) = read(Share.key(opened.device.partition_id, share_id))
    if share is None:
        raise NotFound
    return str(share.opened(opened.device.vault).address)


# Its end


# What the camera's record knows of an ownership beside its id: an owner begins with none of it.
NOTHING_TOLD: Final = dict.fromkeys(("away_since", "told_offline_at", "told_back_at"))


def subject_of(device: Device) -> tuple[str, str]:
    return Device.partition, device.partition_id


def cut(device: Device, *, heir: str | None = None) -> tuple[Write, ...]:
    """What ends an ownership at once: its record, its key, and the camera's tie to it, which goes to its heir."""
    device_id = device.partition_id
    return (
        remove(device, when=Device.pk.exists(), otherwise=NotFound),
        remove(ciphers.key_of(device_id)),
        change(
            Stock.new(device.stock_id), device_id=heir, when=Stock.device_id == device_id, otherwise=NotFound,
            **NOTHING_TOLD,
        ),
    )


def must_stand(device_id: str, *, otherwise: Otherwise) -> Write:
    """Let a commit stand or fall with this ownership."""
    return check(Device.key(device_id), Device.pk.exists(), otherwise=otherwise)


# Privacy mode


class PrivacyModeOn(Conflict):
    en = "The camera is in privacy mode: nothing is taken until its owner ends it."
    pl = "Kamera jest w trybie prywatności: nic nie jest przyjmowane, dopóki właściciel go nie wyłączy."


class NobodyOwns(Conflict):
    en = "Nobody owns this camera yet."
    pl = "Ta kamera nie ma jeszcze właściciela."


def is_private(device: Device) -> bool:
    """Whether its owner wants that nothing is seen now: no live picture, no recording, no alarm."""
    now = clock.now_to_ms()
    return was_private_between(device, now, now)


def was_private_at(device: Device, at_s: int) -> bool:
    """The same of what arrived in that second, of which no more is known, and is looked at only now."""
    return was_private_between(device, at_s, at_s + 0.999)


def was_private_between(device: Device, begin_s: float, end_s: float) -> bool:
    """Whether its owner wanted so at any moment from the one to the other."""
    return rules.was_private_between(begin_s, end_s, device.private_since, device.private_until)


def became_private_since(device: Device, at_s: float) -> bool:
    """Whether its owner has switched it on since, be it off again or not; what began as it went off began after it."""
    since, until = device.private_since, device.private_until
    return since is not None and since >= at_s and (until is None or until > at_s)


def uploads_for(camera: Camera) -> Device:
    """The ownership for which a camera may upload now; that it asks is proof that it is there. Raises NobodyOwns,
    PrivacyModeOn."""
    (device,) = (None,) if camera.device_id is None else read(Device.key(camera.device_id))
    if device is None:
        raise NobodyOwns
    _note_asking(camera, device)
    if is_private(device):
        raise PrivacyModeOn
    found: Device = device
    return found


def refused_upload(device_id: str, reason: str, arrived: datetime, count: int = 1) -> Write:
    """A write that counts an upload that was not taken, by one of `Reason`, so that the owner can see it."""
    counted, last_at = getattr(RefusedUploads, reason), getattr(RefusedUploads, f"{reason}_at")
    ends = clock.epoch_s(arrived + _REFUSALS_KEPT)
    actions = (counted.add(count), last_at.set(clock.epoch_s(arrived)), RefusedUploads.expires_at.set(ends))
    return merge(RefusedUploads.new(device_id), *actions)


# That a camera was there: its connections say so of themselves, and what it asks for and uploads without one is noted


def _note_asking(camera: Camera, device: Device) -> None:
    now = clock.now_s()
    if rules.is_online(camera.stock.connected_at, now):
        if not device.seen_by_channel:
            _note(device, seen_by_channel=1)
    elif device.seen_by_channel or rules.is_seen_anew(device.last_seen, now):
        _note(device, when=_seen_before(now), last_seen=now, seen_by_channel=None)


def note_upload(device: Device, arrived: datetime) -> None:
    """Something of the camera's arrived then."""
    at = clock.epoch_s(arrived)
    if not device.seen_by_channel and rules.is_seen_anew(device.last_seen, at):
        _note(device, when=_seen_before(at), last_seen=at)


def _seen_before(at: int) -> Condition:
    # What was read of the device is as old as the batch in which an upload was told of.
    before: Condition = Device.last_seen.does_not_exist() | (Device.last_seen < at)
    return before


class _NoNews(Exception):
    """It was there later already, or nobody is left to see when it was."""


def _note(device: Device, *, when: Condition | None = None, **news: int | None) -> None:
    with suppress(_NoNews):
        commit(change(device, when=when, otherwise=_NoNews, **news))


# Who is told of what the device sees


def listener(account_id: str, endpoint: str) -> str:
    return f"{account_id} {endpoint}"


def hears_at(device_ids: Iterable[str], account_id: str, endpoint: str) -> list[Write]:
    """The devices' side of a terminal that wants pushes; the audience lies on the device, so that an alarm needs to
    read nothing else."""
    heard = {listener(account_id, endpoint)}
    return [change(Device.new(device_id), Device.audience.add(heard)) for device_id in device_ids]


def hears_no_more_at(device_ids: Iterable[str], account_id: str, endpoint: str) -> list[Write]:
    heard = {listener(account_id, endpoint)}
    return [change(Device.new(device_id), Device.audience.delete(heard)) for device_id in device_ids]


def heard_by(device: Device, account_id: str, endpoints: Iterable[str]) -> set[str] | None:
    """The audience in which this person hears at these terminals and no others."""
    others = {one for one in device.audience or () if one.partition(" ")[0] != account_id}
    return others | {listener(account_id, endpoint) for endpoint in endpoints} or None


def endpoints_of(device: Device, channel: str | None) -> list[str]:
    """The push endpoints of those who may see alarms of this channel, or of any, now."""
    guests = {grant.guest_id for grant in grants_of(device) if grant.may("alarms", channel)}
    hearing = {device.account_id, *guests}
    heard = (one.partition(" ") for one in device.audience or ())
    return sorted(endpoint for account_id, _, endpoint in heard if account_id in hearing)


def account_at(device: Device, endpoint: str) -> str | None:
    """Whose terminal it is that hears there."""
    heard = (one.partition(" ") for one in device.audience or ())
    return next((account_id for account_id, _, at in heard if at == endpoint), None)


def endpoints_of_owner(device: Device) -> list[str]:
    """The owner's push endpoints."""
    heard = (one.partition(" ") for one in device.audience or ())
    return sorted(endpoint for account_id, _, endpoint in heard if account_id == device.account_id)


def standing(device_ids: Iterable[str]) -> dict[str, Device]:
    """Those of the devices that somebody owns now; one consistent read for all."""
    wanted = sorted(set(device_ids))
    found = read(*(Device.key(device_id) for device_id in wanted))
    return {device_id: device for device_id, device in zip(wanted, found, strict=True) if device is not None}


def owner_of(sn: str, mac: str) -> str:
    """Whose account has the device of this serial number and MAC address; an id of nobody's if they do not belong
    together, for the same work."""
    (stock,) = read(Stock.key(stocks.id_of(sn)))
    device_id = (None if stock is None else stock.device_id) or ids.new_id()
    device, key = read(Device.key(device_id), ciphers.key_of(device_id))
    if device is None or key is None:
        return ids.new_id()
    # A camera that has never said what it is has none, which is nobody's proof.
    own = device.opened(key.unlocked()).mac or ids.new_id()
    return str(device.account_id) if crypto.same(rules.normal_mac(own), rules.normal_mac(mac)) else ids.new_id()
