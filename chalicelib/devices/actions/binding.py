"""Binding: a person becomes the owner of a camera, with its serial number and printed code (B3)."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from chalicelib import clock, ids
from chalicelib.access import actions as access
from chalicelib.access.records import Device
from chalicelib.accounts.actions import account_writes as accounts
from chalicelib.accounts.records import Account
from chalicelib.activity import actions as activity
from chalicelib.devices import rules, shapes
from chalicelib.devices.actions.guessing import throttle
from chalicelib.devices.actions.presenting import Presented
from chalicelib.devices.records import BindingTries
from chalicelib.entry.callers import Caller
from chalicelib.errors import Conflict, Forbidden, NotFound, TooMany
from chalicelib.stock.actions import presence
from chalicelib.stock.actions import stock as stocks
from chalicelib.stock.records import Report, Stock
from chalicelib.store import ciphers, crypto
from chalicelib.store.ciphers import SubjectCipher
from chalicelib.store.commit import Write, change, commit, commit_and_answer, create, remove
from chalicelib.store.keys import RawItem
from chalicelib.store.records import read
from chalicelib.store.retrying import StaleRead, retrying_from
from chalicelib.store.throttle import Throttle, require_free

if TYPE_CHECKING:
    from pynamodb.expressions.condition import Condition

_REPORTED = ("mac", "firmware", "channels", "lan", "country")


class DeviceNotFound(NotFound):
    pass


class DeviceLocked(TooMany):
    pass


class DeviceBusy(Conflict):
    pass


class DeviceTaken(Conflict):
    pass


class TooManyDevices(Forbidden):
    pass


def bind(caller: Caller, before: BindingTries | None, body: shapes.Bind) -> Presented:
    """Make the caller the owner, if nobody is; a new ownership with an id and a key of its own (B3).

    Wrong codes lock the device, and the person for all devices. Raises DeviceNotFound, DeviceLocked, TooManyTries,
    DeviceTaken, TooManyDevices, TimeZoneUnknown.
    """
    rules.require_time_zone(body.time_zone)
    stock_id = stocks.id_of(body.sn)
    tries = throttle(BindingTries.new(caller.account_id), before)
    _prove_printed_code(stock_id, body.code, tries)
    attempt = partial(_bind, caller, stock_id, body, tries)
    return retrying_from(caller.account, attempt, accounts.read_again)


def has_room(account: Account) -> bool:
    """Whether it may have one device more."""
    return len(account.device_ids or ()) < rules.MOST_DEVICES


def require_time_zone(name: str) -> None:
    """Raises TimeZoneUnknown."""
    rules.require_time_zone(name)


def _prove_printed_code(stock_id: str, code: str, tries: Throttle) -> None:
    """The try is counted before the codes are compared, at the device and at the person, so that neither one person
    can try many devices nor many people one."""
    (stock,) = read(Stock.key(stock_id))
    at_device = () if stock is None else (_counted(stock),)
    commit(*at_device, tries.count(otherwise=_busy))
    if stock is None or not crypto.same(stock.code_hash, stocks.code_hash(stock_id, code)):
        raise DeviceNotFound


def _counted(stock: Stock) -> Write:
    # On the camera's own row, which is read anyway and outlives every owner, so that the right code forgets the others
    # with the commit that binds it.
    require_free(stock.locked_until, DeviceLocked)
    wrong = int(stock.wrong_codes) + 1
    lock_s = rules.locked_s(wrong)
    return change(
        stock,
        wrong_codes=wrong,
        locked_until=clock.now_s() + lock_s if lock_s else None,
        when=Stock.wrong_codes == wrong - 1,
        otherwise=_busy,
    )


def _busy(existing: RawItem | None) -> DeviceBusy:
    return DeviceBusy(retry_after_seconds=1)


def _bind(caller: Caller, stock_id: str, body: shapes.Bind, tries: Throttle, account: Account) -> Presented:
    stock, report, report_key = read(Stock.key(stock_id), Report.key(stock_id), ciphers.key_of(stock_id))
    if stock is None:
        raise DeviceNotFound  # an operator has just taken it out of stock
    if stock.device_id is not None or not has_room(account):
        # The code was right, so it must not count as a wrong one and lock out whoever comes next.
        commit(change(stock, wrong_codes=0, locked_until=None), tries.take_back())
        raise DeviceTaken if stock.device_id is not None else TooManyDevices
    if report is not None and report_key is not None:
        report.decrypted_with(report_key.unlocked())
    try:
        return _become_owner(caller, account, stock, report, body, tries.take_back())
    except crypto.Unreadable as torn:
        raise StaleRead from torn  # the camera is just activated anew: one half of each was read


def _become_owner(
    caller: Caller, account: Account, stock: Stock, report: Report | None, body: shapes.Bind, *more: Write
) -> Presented:
    device_id = ids.new_id()
    cipher, data_key_row = ciphers.new_cipher(device_id)
    device = ownership(device_id, cipher, account, stock.pk_id, **_fields(stock, report, body))
    return commit_and_answer(
        create(device),
        create(data_key_row),
        change(
            stock,
            device_id=device_id,
            wrong_codes=0,
            locked_until=None,
            **presence.NOTHING_REPORTED,
            when=Stock.device_id.does_not_exist() & _activated_as_read(stock),
            otherwise=_taken,
        ),
        accounts.gains_device(account, device_id),
        remove(Report.key(stock.pk_id)),
        remove(ciphers.key_of(stock.pk_id)),
        *more,
        activity.record(account, "device_added", who=caller.terminal, about=body.name),
        answer=Presented(device, None, stock=stock),
    )


def _activated_as_read(stock: Stock) -> Condition:
    token_hash = stock.camera_token_hash
    return Stock.camera_token_hash.does_not_exist() if token_hash is None else Stock.camera_token_hash == token_hash


def _taken(there: RawItem | None) -> BaseException:
    """DeviceTaken if somebody owns it by now; StaleRead if it is still nobody's: it was activated since, and its
    earlier report must not be kept."""
    return DeviceTaken() if there is not None and "device_id" in there else StaleRead()


def ownership(device_id: str, cipher: SubjectCipher, account: Account, stock_id: str, **fields: Any) -> Device:
    """A new one, which begins now, and which the account's terminals hear of."""
    return Device.new(
        device_id,
        cipher=cipher,
        account_id=account.pk_id,
        stock_id=stock_id,
        audience={access.push_target(account.pk_id, endpoint) for endpoint in account.endpoints or ()} or None,
        bound_at=clock.now_s(),
        **fields,
    )


def _fields(stock: Stock, report: Report | None, body: shapes.Bind) -> dict[str, Any]:
    reported = {} if report is None else {name: getattr(report, name) for name in _REPORTED}
    return {
        "last_seen": None if report is None else report.reported_at,
        "channel_ids": None if report is None else access.channel_ids(report.channels),
        "sn": rules.normal_sn(body.sn),
        "model": stock.model,
        "name": body.name,
        "wifi": None if body.wifi is None else {"ssid": body.wifi.ssid, "signal_dbm": body.wifi.signal_dbm},
        "password": body.password,
        "time_zone": body.time_zone,
        "dst": body.dst,
        **reported,
    }
