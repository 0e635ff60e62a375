"""What other houses need of a device: whose it is, who hears of it, and its end."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

from chalicelib import clock, ids
from chalicelib.aws import crypto
from chalicelib.aws.commit import Write, change, check, remove
from chalicelib.aws.keys import Key
from chalicelib.aws.table import read
from chalicelib.devices import rules
from chalicelib.devices.actions import stock as stocks
from chalicelib.devices.records import Device, Stock
from chalicelib.errors import NotFound
from chalicelib.plans import actions as plans
from chalicelib.plans.records import Plan
from chalicelib.plans.shapes import DevicePlan
from chalicelib.register import vaults
from chalicelib.register.vaults import VaultKey
from chalicelib.sessions.actions import Caller


@dataclass(frozen=True)
class Owned:
    """A device of the caller, opened, the plan it holds, and (where it is asked for, see `present`) its camera."""

    device: Device
    plan: Plan | None
    stock: Stock | None = None

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
        times = [begun if begun is not None and begun >= self.device.bound_at else None, self.device.last_seen]
        return max((time for time in times if time is not None), default=None)

    @property
    def described_plan(self) -> DevicePlan:
        return plans.described(self.plan)


def places_of(account_id: str, device_id: str) -> tuple[Key, Key, Key]:
    """What a route about one device reads along with the session."""
    return Device.key(device_id), vaults.key_of(device_id), plans.place_of(device_id)


def owned(caller: Caller) -> Owned:
    """The device that the route names, if it is the caller's; raises NotFound."""
    device, key, plan = caller.along[:3]
    return _opened(caller, device, key, plan)


def _opened(caller: Caller, device: Device | None, key: VaultKey | None, plan: Plan | None) -> Owned:
    if device is None or key is None or device.account_id != caller.account_id:
        raise NotFound
    return Owned(device.opened(key.unlocked()), plan)


def devices_of(caller: Caller) -> list[Owned]:
    """All devices of the caller, oldest first."""
    wanted = sorted(caller.account.device_ids or ())
    found = read(*(key for device_id in wanted for key in places_of(caller.account_id, device_id)))
    triples = zip(found[::3], found[1::3], found[2::3], strict=True)
    mine = [_opened(caller, *triple) for triple in triples if triple[0] is not None and triple[1] is not None]
    return sorted(mine, key=lambda one: (one.device.bound_at, one.device.partition_id))


def present(mine: list[Owned]) -> list[Owned]:
    """The same with their cameras, which know whether they are connected; one read for all."""
    stocks = read(*(Stock.key(one.device.stock_id) for one in mine))
    return [replace(one, stock=stock) for one, stock in zip(mine, stocks, strict=True)]


def subject_of(device: Device) -> tuple[str, str]:
    return Device.partition, device.partition_id


def cut(device: Device) -> tuple[Write, ...]:
    """What ends an ownership at once: its record, its key, and the camera's tie to it."""
    device_id = device.partition_id
    return (
        remove(device, when=Device.pk.exists(), otherwise=NotFound),
        remove(vaults.key_of(device_id)),
        change(Stock.new(device.stock_id), device_id=None, when=Stock.device_id == device_id, otherwise=NotFound),
    )


def must_stand(device_id: str, *, otherwise: Any) -> Write:
    """Let a commit stand or fall with this ownership."""
    return check(Device.key(device_id), Device.pk.exists(), otherwise=otherwise)


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


def endpoints_of(device: Device) -> list[str]:
    return sorted(listener.partition(" ")[2] for listener in device.audience or ())


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
    device, key = read(Device.key(device_id), vaults.key_of(device_id))
    if device is None or key is None:
        return ids.new_id()
    own = device.opened(key.unlocked()).mac or ""
    return str(device.account_id) if crypto.same(rules.normal_mac(own), rules.normal_mac(mac)) else ids.new_id()
