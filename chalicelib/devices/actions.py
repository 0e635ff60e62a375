"""Bringing a camera from the factory to its owner, and taking it away again (B3, B6, B7, B8, B10)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from chalicelib import clock, ids
from chalicelib.accounts.actions import standing as accounts
from chalicelib.accounts.records import Account
from chalicelib.aws import crypto
from chalicelib.aws.commit import Write, change, check, commit, create, done, put, remove
from chalicelib.aws.keys import Key
from chalicelib.aws.table import read
from chalicelib.devices import rules, shapes
from chalicelib.devices.records import Device, Report, Stock
from chalicelib.errors import Conflict, Forbidden, NotFound, NotSignedIn, TooMany, Unavailable
from chalicelib.plans import actions as plans
from chalicelib.plans.records import Plan
from chalicelib.plans.shapes import DevicePlan
from chalicelib.register import erasures, vaults
from chalicelib.register.vaults import Vault, VaultKey
from chalicelib.sessions.actions import Caller
from chalicelib.settings import settings

_TRIES = 4
_REPORTED = ("mac", "firmware", "channels", "lan", "country")


class CameraUnknown(NotSignedIn):
    en = "This serial number and secret do not belong together."
    pl = "Ten numer seryjny i sekret do siebie nie pasują."


class DeviceNotFound(NotFound):
    en = "There is no device with this serial number and code. Check both on its label."
    pl = "Nie ma urządzenia o tym numerze seryjnym i kodzie. Sprawdź oba na etykiecie."


class DeviceLocked(TooMany):
    en = "Too many wrong codes for this device. Please wait."
    pl = "Zbyt wiele błędnych kodów dla tego urządzenia. Odczekaj."


class DeviceBusy(Conflict):
    en = "Somebody is just trying a code for this device. Please try again in a moment."
    pl = "Ktoś właśnie próbuje kodu tego urządzenia. Spróbuj ponownie za chwilę."


class DeviceTaken(Conflict):
    en = "This device belongs to somebody. Its owner has to remove it first."
    pl = "To urządzenie ma właściciela. Najpierw musi je usunąć właściciel."


class TooManyDevices(Forbidden):
    en = "An account can have 28 devices."
    pl = "Konto może mieć 28 urządzeń."


@dataclass(frozen=True)
class Camera:
    """A camera that proved itself with its token; `device_id` is the ownership it belongs to now, if any."""

    stock: Stock

    @property
    def device_id(self) -> str | None:
        device_id: str | None = self.stock.device_id
        return device_id


@dataclass(frozen=True)
class Owned:
    """A device of the caller, opened, and the plan it holds."""

    device: Device
    plan: Plan | None

    @property
    def described_plan(self) -> DevicePlan:
        return plans.described(self.plan)


# From the factory


def load_device(made: shapes.Made) -> bool:
    """Put a camera into stock; False if it is there already, just so. Raises Conflict if it is there otherwise."""
    stock_id = _stock_id(made.sn)
    stock = Stock.new(
        stock_id,
        model=made.model,
        code_hash=_code_hash(stock_id, made.code),
        secret_hash=_secret_hash(stock_id, made.secret),
        wrong_codes=0,
    )

    def otherwise(standing: dict[str, Any] | None) -> BaseException:
        there = Stock.of(standing)
        same = there is not None and (there.model, there.code_hash, there.secret_hash) == (
            stock.model,
            stock.code_hash,
            stock.secret_hash,
        )
        return _Unchanged() if same else Conflict()

    try:
        commit(create(stock, otherwise=otherwise))
    except _Unchanged:
        return False
    return True


class _Unchanged(Exception):
    pass


def _stock_id(sn: str) -> str:
    return crypto.keyed_hash("serial numbers", rules.normal_sn(sn))


def _code_hash(stock_id: str, code: str) -> str:
    return crypto.keyed_hash("printed codes", stock_id, rules.normal_code(code))


def _secret_hash(stock_id: str, secret: str) -> str:
    return crypto.keyed_hash("factory secrets", stock_id, secret)


# The camera's own side


def activate(told: shapes.Activate, country: str) -> str:
    """The camera's token; an earlier one dies (B6). Raises CameraUnknown."""
    for _ in range(_TRIES):
        try:
            return _activate(told, country)
        except _Moved:
            continue
    raise Unavailable(retry_after_seconds=1)


class _Moved(Exception):
    """The camera was bound, removed or activated since it was read: read again."""


def _activate(told: shapes.Activate, country: str) -> str:
    stock_id = _stock_id(told.sn)
    stock, key = read(Stock.key(stock_id), vaults.key_of(stock_id))
    if stock is None or not crypto.same(stock.secret_hash, _secret_hash(stock_id, told.secret)):
        raise CameraUnknown
    secret = ids.as_text(ids.random_bytes(32))
    token_taken = change(
        stock, camera_token_hash=crypto.plain_hash(secret), when=_held_as_read(stock), otherwise=_Moved
    )
    commit(token_taken, *_report(stock, key, told, country))
    return f"c.{stock_id}.{secret}"


def _held_as_read(stock: Stock) -> Any:
    return Stock.device_id.does_not_exist() if stock.device_id is None else Stock.device_id == stock.device_id


def _report(stock: Stock, key: VaultKey | None, told: shapes.Activate, country: str) -> Iterable[Write]:
    said: dict[str, Any] = {
        "mac": told.mac,
        "firmware": told.firmware,
        "channels": [{"id": channel.id, "name": channel.name} for channel in told.channels],
        "lan": None if told.lan is None else {"ip": told.lan.ip, "port": told.lan.port},
        "country": country or None,
    }
    if stock.device_id is not None:
        device, key = read(Device.key(stock.device_id), vaults.key_of(stock.device_id))
        if device is None or key is None:
            raise _Moved
        said["lan"] = said["lan"] or device.opened(key.unlocked()).lan
        yield change(device.opened(key.unlocked()), last_seen=clock.now_s(), **said)
        return
    until = clock.now() + rules.REPORT_LIFE
    vault, row = vaults.new_vault(stock.partition_id, until=until)
    yield put(row)
    ends = clock.epoch_s(until)
    yield put(Report.new(stock.partition_id, vault=vault, reported_at=clock.now_s(), expires_at=ends, **said))


def recognise_camera(token: str | None) -> Camera:
    """Raises NotSignedIn."""
    parts = (token or "").split(".")
    if len(parts) != 3 or parts[0] != "c" or not parts[1].isalnum() or len(parts[1]) > 64:
        raise NotSignedIn
    (stock,) = read(Stock.key(parts[1]))
    expected = None if stock is None else stock.camera_token_hash
    if expected is None or not crypto.same(expected, crypto.plain_hash(parts[2])):
        raise NotSignedIn
    return Camera(stock)


def channel_url() -> str:
    scheme, _, rest = settings.public_url.partition("://")
    return f"{'wss' if scheme == 'https' else 'ws'}://{rest}/channel"


# The owner's side


def bind(caller: Caller, asked: shapes.Bind) -> Owned:
    """Make the caller the owner, if nobody is; a new ownership with an id and a key of its own (B3).

    Raises DeviceNotFound, DeviceLocked, DeviceTaken, TooManyDevices, TimeZoneUnknown.
    """
    rules.require_time_zone(asked.time_zone)
    stock_id = _stock_id(asked.sn)
    account = caller.account
    _prove_printed_code(stock_id, asked.code)
    for _ in range(_TRIES):
        stock, report, report_key = read(Stock.key(stock_id), Report.key(stock_id), vaults.key_of(stock_id))
        if stock.device_id is not None or len(account.device_ids or ()) >= rules.MOST_DEVICES:
            # The code was right, so it must not count as a wrong one and lock out whoever comes next.
            commit(change(stock, wrong_codes=0, locked_until=None))
            raise DeviceTaken if stock.device_id is not None else TooManyDevices
        if report is not None and report_key is not None:
            report.opened(report_key.unlocked())
        try:
            return _bind(account, stock, report, asked)
        except (crypto.Unreadable, _Moved):
            continue  # the camera is just activated anew: what it said before would be kept, or one half of each
        except accounts.Changed:
            account = accounts.read_again(account)
    raise Unavailable(retry_after_seconds=1)


def _prove_printed_code(stock_id: str, code: str) -> None:
    """The try is counted before the codes are compared, so that many at once are still ten."""
    (stock,) = read(Stock.key(stock_id))
    if stock is None:
        raise DeviceNotFound
    now = clock.now_s()
    if stock.locked_until is not None and now < stock.locked_until:
        raise DeviceLocked(retry_after_seconds=int(stock.locked_until) - now)
    wrong = int(stock.wrong_codes) + 1
    lock_s = rules.locked_s(wrong)
    commit(
        change(
            stock,
            wrong_codes=wrong,
            locked_until=now + lock_s if lock_s else None,
            when=Stock.wrong_codes == wrong - 1,
            otherwise=DeviceBusy(retry_after_seconds=1),
        )
    )
    if not crypto.same(stock.code_hash, _code_hash(stock_id, code)):
        raise DeviceNotFound


def _bind(account: Account, stock: Stock, report: Report | None, asked: shapes.Bind) -> Owned:
    device_id = ids.new_id()
    vault, vault_key = vaults.new_vault(device_id)
    device = _ownership(device_id, vault, account, stock, report, asked)
    return done(
        create(device),
        create(vault_key),
        change(
            stock,
            device_id=device_id,
            wrong_codes=0,
            locked_until=None,
            when=Stock.device_id.does_not_exist() & _activated_as_read(stock),
            otherwise=_taken,
        ),
        accounts.gains_device(account, device_id),
        remove(Report.key(stock.partition_id)),
        remove(vaults.key_of(stock.partition_id)),
        answer=Owned(device, None),
    )


def _activated_as_read(stock: Stock) -> Any:
    token_hash = stock.camera_token_hash
    return Stock.camera_token_hash.does_not_exist() if token_hash is None else Stock.camera_token_hash == token_hash


def _taken(standing: dict[str, Any] | None) -> BaseException:
    return DeviceTaken() if standing is not None and "device_id" in standing else _Moved()


def _ownership(
    device_id: str, vault: Vault, account: Account, stock: Stock, report: Report | None, asked: shapes.Bind
) -> Device:
    told = {} if report is None else {name: getattr(report, name) for name in _REPORTED}
    return Device.new(
        device_id,
        vault=vault,
        account_id=account.partition_id,
        stock_id=stock.partition_id,
        audience={_listener(account.partition_id, endpoint) for endpoint in account.endpoints or ()} or None,
        bound_at=clock.now_s(),
        last_seen=None if report is None else report.reported_at,
        sn=rules.normal_sn(asked.sn),
        model=stock.model,
        name=asked.name,
        wifi=None if asked.wifi is None else {"ssid": asked.wifi.ssid, "signal_dbm": asked.wifi.signal_dbm},
        password=asked.password,
        time_zone=asked.time_zone,
        dst=asked.dst,
        **told,
    )


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


def change_device(caller: Caller, **changes: Any) -> Owned:
    """Name, time zone or daylight saving (B7)."""
    mine = owned(caller)
    if "time_zone" in changes:
        rules.require_time_zone(changes["time_zone"])
    return done(change(mine.device, otherwise=NotFound, **changes), answer=mine)


def remove_device(caller: Caller) -> shapes.Removed:
    """End the ownership: one commit, after which nobody reads anything of it; the erasure follows (B10)."""
    mine = owned(caller)
    erasure_id, begun = erasures.begin(subject_of(mine.device))
    answer = shapes.Removed(erasure_id=erasure_id, receipt_url=f"{settings.public_url}/erasures/{erasure_id}")
    losing = accounts.loses_device(caller.account, mine.device.partition_id)
    return done(*cut(mine.device), losing, *begun, answer=answer)


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


def _listener(account_id: str, endpoint: str) -> str:
    return f"{account_id} {endpoint}"


def hears_at(device_ids: Iterable[str], account_id: str, endpoint: str) -> list[Write]:
    """The devices' side of a terminal that wants pushes; the audience lies on the device, so that an alarm needs to
    read nothing else."""
    listener = {_listener(account_id, endpoint)}
    return [change(Device.new(device_id), Device.audience.add(listener)) for device_id in device_ids]


def hears_no_more_at(device_ids: Iterable[str], account_id: str, endpoint: str) -> list[Write]:
    listener = {_listener(account_id, endpoint)}
    return [change(Device.new(device_id), Device.audience.delete(listener)) for device_id in device_ids]


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
    (stock,) = read(Stock.key(_stock_id(sn)))
    device_id = (None if stock is None else stock.device_id) or ids.new_id()
    device, key = read(Device.key(device_id), vaults.key_of(device_id))
    if device is None or key is None:
        return ids.new_id()
    own = device.opened(key.unlocked()).mac or ""
    return str(device.account_id) if crypto.same(rules.normal_mac(own), rules.normal_mac(mac)) else ids.new_id()
