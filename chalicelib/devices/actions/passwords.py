"""Device passwords, given by a person: set, checked, and set anew by who forgot it (B8)."""

from __future__ import annotations

from chalicelib.access import actions as access
from chalicelib.access.actions import DeviceAccess
from chalicelib.access.records import Device
from chalicelib.contacts.actions import addresses, budgets, codes
from chalicelib.contacts.records import Code
from chalicelib.devices import shapes
from chalicelib.devices.actions.guessing import TooManyTries, throttle
from chalicelib.devices.records import PasswordTries
from chalicelib.entry.callers import Caller
from chalicelib.errors import Conflict, Invalid, NotFound
from chalicelib.store import crypto
from chalicelib.store.commit import Write, change, commit, commit_and_answer
from chalicelib.store.keys import Key, RawItem
from chalicelib.store.records import read
from chalicelib.words import Phrase

_PURPOSE = "device-password"


class DevicePasswordWrong(Invalid):
    pass


class NoDevicePassword(Conflict):
    pass


def reset_key(account_id: str, device_id: str) -> Key[Code]:
    """The key of the code that was sent to set the password anew."""
    return codes.key_of(account_id, f"{_PURPOSE}-{device_id}")


def set_password(
    caller: Caller, mine: DeviceAccess, before: PasswordTries | None, new: str, current: str | None
) -> None:
    """Give the device a password; who changes one has to know it (B8). Raises DevicePasswordWrong, TooManyTries."""
    device = mine.device
    proved = () if device.password is None else (_proved(device, before, current or "", named="current"),)
    commit_and_answer(
        _sets(device, new), *proved, access.record_act(caller, mine, "device_password_changed"), answer=None
    )


def check_password(device: Device, before: PasswordTries | None, password: str) -> None:
    """Whether it is the device's. Raises DevicePasswordWrong, TooManyTries, NoDevicePassword."""
    if device.password is None:
        raise NoDevicePassword
    commit_and_answer(_proved(device, before, password, named="password"), answer=None)


def _proved(device: Device, before: PasswordTries | None, password: str, *, named: str) -> Write:
    """The write that takes the try back, since it was right."""
    tries = throttle(PasswordTries.new(device.pk_id), before)
    commit(
        tries.count(otherwise=TooManyTries(retry_after_seconds=1)),
        access.require_exists(device.pk_id, otherwise=NotFound),
    )
    if not crypto.same(crypto.plain_hash(device.password), crypto.plain_hash(password)):
        raise DevicePasswordWrong(fields={named: Phrase("password_wrong")})
    return tries.take_back()


def _sets(device: Device, new: str) -> Write:
    # Sealed values are like no others: it is the very one that was proved, or none as before.
    sealed = device.attribute_values.get("password")
    as_read = Device.password.does_not_exist() if sealed is None else Device.password == sealed
    return change(device, when=as_read, otherwise=_not_as_read, password=new)


def _not_as_read(there: RawItem | None) -> BaseException:
    return NotFound() if there is None else Conflict()


# Forgotten


def ask_to_reset(caller: Caller, device: Device, old: Code | None) -> None:
    """Send a code to the account's own address. Raises CodeTooSoon, TooManyMessages."""
    to, language = addresses.of(caller.account), caller.account.language
    where = reset_key(caller.account_id, device.pk_id)
    send, counted = (lambda digits: codes.send(to, language, digits)), (lambda: budgets.counted_to_owner(to))
    codes.send_next(where, old, caller.repeat_key, send, counted=counted)


def reset_password(caller: Caller, mine: DeviceAccess, body: shapes.ResetDevicePassword) -> None:
    """Another password for who can read what comes to the account's address. Raises CodeWrong, CodeOver."""
    (code,) = read(reset_key(caller.account_id, mine.device.pk_id))
    spent = codes.prove_code(code, body.code)
    activity_row = access.record_act(caller, mine, "device_password_reset")
    commit_and_answer(_sets(mine.device, body.password), spent, activity_row, answer=None)
