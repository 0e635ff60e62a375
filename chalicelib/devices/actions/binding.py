"""Binding: a person becomes the owner of a camera, with its serial number and printed code (B3)."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from chalicelib import clock, ids
from chalicelib.access import actions as access
from chalicelib.access.records import Device, Ownership
from chalicelib.accounts.actions import account_writes as accounts
from chalicelib.accounts.records import Account
from chalicelib.activity import actions as activity
from chalicelib.devices import rules, shapes
from chalicelib.devices.actions.guessing import throttle
from chalicelib.devices.actions.presenting import Presented, present_new
from chalicelib.devices.records import BindingTries
from chalicelib.entry.callers import Caller
from chalicelib.errors import Conflict, Forbidden, NotFound, NotSignedIn, TooMany
from chalicelib.plans.actions import ledgers as plans
from chalicelib.settings import settings
from chalicelib.stock.actions import presence
from chalicelib.stock.actions import stock as stocks
from chalicelib.stock.records import BoundCamera, Report, Stock
from chalicelib.store import ciphers, crypto
from chalicelib.store.ciphers import DataKey
from chalicelib.store.commit import Write, change, commit, commit_and_answer, create, is_set, remove
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


class AlreadyYours(Conflict):
    """`device_id` names it: an app whose answer was lost, or that was installed anew, goes on with it."""


class TooManyDevices(Forbidden):
    pass


def bind(caller: Caller, before: BindingTries | None, body: shapes.Bind) -> Presented:
    """Make the caller the owner, if nobody is; a new ownership with an id and a key of its own (B3).

    Wrong codes lock the device, and the person for all devices. Raises DeviceNotFound, DeviceLocked, TooManyTries,
    DeviceTaken, AlreadyYours, TooManyDevices, TimeZoneUnknown.
    """
    rules.require_time_zone(body.time_zone)
    stock_id = stocks.id_of(body.sn)
    tries = throttle(BindingTries.new(caller.account_id), before)
    _prove_printed_code(stock_id, body.code, tries)
    attempt = partial(_bind, caller, stock_id, body, tries)
    return retrying_from(caller.account, attempt, accounts.read_again)


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
    freed = None if stock.device_id is None else access.require_dead(stock.device_id, otherwise=StaleRead)
    is_taken = stock.device_id is not None and freed is None
    if is_taken or account.devices >= settings.most_devices:
        # The code was right, so it must not count as a wrong one and lock out whoever comes next.
        commit(change(stock, wrong_codes=0, locked_until=None), tries.take_back())
        raise _taken(caller, stock.device_id) if is_taken else TooManyDevices
    if report is not None and report_key is not None:
        report.decrypted_with(report_key.unlocked())
    try:
        more = (tries.take_back(), *([] if freed is None else [freed]))
        return _become_owner(caller, account, stock, report, body, *more)
    except crypto.Unreadable as torn:
        raise StaleRead from torn  # the camera is just activated anew: one half of each was read


def _taken(caller: Caller, device_id: str) -> Conflict:
    return AlreadyYours(device_id=device_id) if access.owner_of(device_id) == caller.account_id else DeviceTaken()


def _become_owner(
    caller: Caller,
    account: Account,
    stock: Stock,
    report: Report | None,
    body: shapes.Bind,
    *more: Write,
) -> Presented:
    as_read = is_set(Stock.device_id, stock.device_id) & is_set(Stock.camera_token_hash, stock.camera_token_hash)
    device, tie, begins = new_ownership(account, caller.data_key, stock.pk_id, **_fields(stock, report, body))
    return commit_and_answer(
        *begins,
        change(
            stock,
            device_id=device.pk_id,
            wrong_codes=0,
            locked_until=None,
            **presence.NOTHING_REPORTED,
            when=as_read,
            otherwise=_otherwise_than_read,
        ),
        remove(Report.key(stock.pk_id)),
        remove(ciphers.key_of(stock.pk_id), is_noted=False),
        *more,
        activity.record(account, "device_added", who=caller.terminal, about=body.name),
        answer=present_new(device, tie, stock),
    )


def _otherwise_than_read(there: RawItem | None) -> BaseException:
    # Somebody owns it by now; or it was activated since, and its earlier report must not be kept.
    return StaleRead()


def new_ownership(
    account: Account,
    owner_key: DataKey,
    stock_id: str,
    *,
    when: Condition | None = None,
    ledger: plans.Ledger | None = None,
    **fields: Any,
) -> tuple[Device, Ownership, tuple[Write, ...]]:
    """A new one, which begins now, its tie with what was granted to it already, and the writes that begin it but for
    the camera's own; they raise TooManyDevices, NotSignedIn, and StaleRead if the account is not as `when` has it."""
    cipher, keys_begin = ciphers.new_child(owner_key, otherwise=NotSignedIn)
    device_id = cipher.subject_id
    device = Device.new(
        device_id,
        cipher=cipher,
        stock_id=stock_id,
        bound_at=clock.now_s(),
        **fields,
    )
    tie = Ownership.new(account.pk_id, ids.own_part(device_id), subject=device.pk)
    room = accounts.gains_device(account, settings.most_devices, when=when, otherwise=_has_no_room)
    tied = plans.begin(tie, ledger or plans.Ledger(), clock.now_s())
    return device, tie, (create(device), *keys_begin, *tied, create(BoundCamera.new(device_id, stock_id)), room)


def _has_no_room(there: RawItem | None) -> BaseException:
    if there is None:
        return NotSignedIn()
    return TooManyDevices() if int(there["devices"]["N"]) >= settings.most_devices else StaleRead()


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
