"""HTTP routes of cameras, for people and for the cameras themselves."""

from __future__ import annotations

from msgspec import UNSET, structs

from chalicelib.access.actions import DeviceAccess, RightMissing
from chalicelib.access.needs import OWNER, DeviceOf
from chalicelib.avatars.shapes import AskPictureTicket
from chalicelib.contacts.actions.codes import CodeOver, CodeTooSoon, CodeWrong
from chalicelib.contacts.rules import TooManyMessages
from chalicelib.devices import needs, rules, shapes
from chalicelib.devices.actions import binding, configuring, covers, guessing, owning, passwords, presenting
from chalicelib.devices.actions.presenting import Presented
from chalicelib.devices.needs import PasswordOf, ResetCodeOf, WithCode, WithTries
from chalicelib.devices.records import BindingTries
from chalicelib.entry import wire
from chalicelib.entry.callers import Caller, Who
from chalicelib.entry.http import RouteTable
from chalicelib.errors import Conflict, NotFound
from chalicelib.stock.shapes import EXAMPLE_OF_SETTINGS

routes = RouteTable(__name__)


@routes.post(
    "/devices",
    who=Who.PERSON,
    needs=needs.OwnBindingTries(),
    asks=shapes.Bind,
    answers=shapes.Device,
    status=201,
    refuses=(
        binding.DeviceNotFound,
        binding.DeviceLocked,
        binding.DeviceBusy,
        guessing.TooManyTries,
        binding.DeviceTaken,
        binding.AlreadyYours,
        binding.TooManyDevices,
        rules.TimeZoneUnknown,
    ),
    example={"sn": "$free_sn", "code": "$free_code", "name": "Garden", "time_zone": "Europe/Warsaw", "dst": True},
)
def bind(caller: Caller, tries: BindingTries | None, body: shapes.Bind) -> Presented:
    """Become the owner of a camera that nobody owns, by its serial number and printed code. Wrong codes lock the device
    for a while, and the person for all devices."""
    return binding.bind(caller, tries, body)


@routes.get(
    "/devices",
    who=Who.PERSON,
    before_agreement=True,
    query=shapes.DevicesPage,
    answers=shapes.Devices,
    example={},
)
def list_devices(caller: Caller, query: shapes.DevicesPage) -> presenting.Listed:
    """One's own devices and those that others share, one's own first, each with the caller's rights."""
    return presenting.listed(caller, query.limit, query.cursor)


@routes.get(
    "/devices/{device_id}",
    who=Who.PERSON,
    before_agreement=True,
    needs=DeviceOf(None),
    answers=shapes.Device,
    refuses=(NotFound,),
    example={},
)
def get_device(caller: Caller, device: DeviceAccess) -> Presented:
    """One device, with what its camera says of itself and what it uploaded in vain."""
    (granted,) = presenting.present([device])
    return granted


@routes.patch(
    "/devices/{device_id}",
    who=Who.PERSON,
    needs=OWNER,
    asks=shapes.ChangeDevice,
    answers=shapes.Device,
    refuses=(NotFound, RightMissing, rules.TimeZoneUnknown),
    example={"name": "Back door"},
)
def change_device(caller: Caller, device: DeviceAccess, body: shapes.ChangeDevice) -> Presented:
    """Change a device's name, time zone or daylight saving."""
    changes = {name: value for name, value in structs.asdict(body).items() if value is not UNSET}
    return owning.change_device(caller, device, **changes)


@routes.delete(
    "/devices/{device_id}",
    who=Who.PERSON,
    before_agreement=True,
    needs=OWNER,
    answers=shapes.Removed,
    status=202,
    ends_need=True,
    refuses=(NotFound, RightMissing),
    example={},
)
def remove_device(caller: Caller, device: DeviceAccess) -> shapes.Removed:
    """Give a device up: from the next request on nobody reads anything of it, and what it stored is erased. The answer
    names the erasure's receipt."""
    return owning.remove_device(caller, device)


@routes.get(
    "/devices/{device_id}/settings",
    who=Who.PERSON,
    needs=DeviceOf("settings"),
    answers=shapes.DeviceSettings,
    refuses=(NotFound, RightMissing),
    example={},
)
def get_settings(caller: Caller, device: DeviceAccess) -> shapes.DeviceSettings:
    """The settings that are wanted of the camera, and those that it reported."""
    return shapes.DeviceSettings.of(device)


@routes.put(
    "/devices/{device_id}/settings",
    who=Who.PERSON,
    needs=DeviceOf("settings"),
    asks=shapes.ChangeSettings,
    answers=shapes.DeviceSettings,
    refuses=(NotFound, RightMissing, configuring.SettingsChanged),
    example={"version": 0, "settings": EXAMPLE_OF_SETTINGS},
)
def change_settings(caller: Caller, device: DeviceAccess, body: shapes.ChangeSettings) -> shapes.DeviceSettings:
    """Replace the camera's settings; `version` is the one that the new ones build on, so that two people do not undo
    each other's changes."""
    return configuring.change_settings(caller, device, body)


@routes.put(
    "/devices/{device_id}/privacy-mode",
    who=Who.PERSON,
    before_agreement=True,
    needs=OWNER,
    asks=shapes.ChangePrivacyMode,
    answers=shapes.Device,
    refuses=(NotFound, RightMissing),
    example={"on": True},
)
def set_privacy_mode(caller: Caller, device: DeviceAccess, body: shapes.ChangePrivacyMode) -> Presented:
    """Begin or end privacy mode: while it is on, nothing that the camera films is taken, shown or kept, whatever its
    plan."""
    return owning.set_privacy_mode(caller, device, on=body.on)


@routes.put(
    "/devices/{device_id}/password",
    who=Who.PERSON,
    needs=PasswordOf(),
    asks=shapes.SetDevicePassword,
    refuses=(NotFound, RightMissing, passwords.DevicePasswordWrong, guessing.TooManyTries, Conflict),
    example={"password": "$device_password"},
)
def set_device_password(caller: Caller, found: WithTries, body: shapes.SetDevicePassword) -> None:
    """Give the device a password, or change it; who changes one has to know it."""
    passwords.set_password(caller, found.device, found.tries, body.password, body.current)


@routes.post(
    "/devices/{device_id}/password/check",
    who=Who.PERSON,
    needs=PasswordOf(),
    asks=shapes.CheckDevicePassword,
    refuses=(NotFound, RightMissing, passwords.DevicePasswordWrong, passwords.NoDevicePassword, guessing.TooManyTries),
    example={"password": "$known_device_password"},
)
def check_device_password(caller: Caller, found: WithTries, body: shapes.CheckDevicePassword) -> None:
    """Whether this is the device's password. Tries are counted."""
    passwords.check_password(found.device.device, found.tries, body.password)


# Not answered from memory: the exact repeat sends the same code again, in case the first was lost.
@routes.post(
    "/devices/{device_id}/password/reset",
    who=Who.PERSON,
    needs=ResetCodeOf(),
    status=202,
    idempotent=False,
    refuses=(NotFound, RightMissing, CodeTooSoon, TooManyMessages),
    example={},
)
def ask_to_reset_device_password(caller: Caller, found: WithCode) -> None:
    """Send a code to the account's own address, with which the device gets another password."""
    passwords.ask_to_reset(caller, found.device.device, found.code)


@routes.post(
    "/devices/{device_id}/password/reset/confirm",
    who=Who.PERSON,
    needs=OWNER,
    asks=shapes.ResetDevicePassword,
    refuses=(NotFound, RightMissing, CodeWrong, CodeOver, Conflict),
    example={"code": "$device_reset_code", "password": "$device_password"},
)
def reset_device_password(caller: Caller, device: DeviceAccess, body: shapes.ResetDevicePassword) -> None:
    """Give the device another password, by the code that was sent."""
    passwords.reset_password(caller, device, body)


@routes.post(
    "/devices/{device_id}/cover",
    who=Who.PERSON,
    needs=OWNER,
    asks=AskPictureTicket,
    answers=wire.Ticket,
    refuses=(NotFound, RightMissing),
    example={"content_type": "image/jpeg"},
)
def get_cover_ticket(caller: Caller, device: DeviceAccess, body: AskPictureTicket) -> object:
    """A form for a cover picture of at most 5 MB, good for ten minutes."""
    return covers.ticket_for(device.device, body.content_type)


@routes.delete(
    "/devices/{device_id}/cover",
    who=Who.PERSON,
    before_agreement=True,
    needs=OWNER,
    refuses=(NotFound, RightMissing),
    example={},
)
def delete_cover(caller: Caller, device: DeviceAccess) -> None:
    """Remove the device's cover picture."""
    covers.delete_cover(caller, device.device)
