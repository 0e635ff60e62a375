"""What may be asked about alarms."""

from __future__ import annotations

from chalicelib.alarms import actions, rules, shapes
from chalicelib.alarms.needs import AlarmOf, FoundAlarm
from chalicelib.devices.actions import standing as devices
from chalicelib.devices.actions.standing import Opened
from chalicelib.devices.needs import OWNER, DeviceOf
from chalicelib.entry import wire
from chalicelib.entry.callers import Caller, Camera, Who
from chalicelib.entry.http import Routes
from chalicelib.errors import NotFound
from chalicelib.live import actions as live

routes = Routes(__name__)


@routes.post(
    "/cameras/tickets",
    who=Who.CAMERA,
    asks=shapes.AskTicket,
    answers=wire.Ticket,
    refuses=(devices.NobodyOwns, devices.PrivacyModeOn, actions.TooManyUploads),
    example={"kind": "alarm"},
)
def get_ticket(camera: Camera, asked: shapes.AskTicket) -> object:
    return live.ticket_for(camera) if asked.kind == "live" else actions.ticket_for(camera)


@routes.get(
    "/alarms", who=Who.PERSON, query=shapes.Search, answers=shapes.Alarms, refuses=(rules.DayInvalid,), example={}
)
def list_all_alarms(caller: Caller, search: shapes.Search) -> shapes.Alarms:
    return actions.alarms_of_all(caller, search)


@routes.get(
    "/devices/{device_id}/alarms",
    who=Who.PERSON,
    needs=DeviceOf("alarms"),
    query=shapes.Search,
    answers=shapes.Alarms,
    refuses=(NotFound, devices.RightMissing, rules.DayInvalid),
    example={"limit": "20"},
)
def list_alarms(caller: Caller, device: Opened, search: shapes.Search) -> shapes.Alarms:
    return actions.alarms_of_device(device, search)


@routes.get(
    "/devices/{device_id}/alarms/{alarm_id}",
    who=Who.PERSON,
    needs=AlarmOf("alarms"),
    answers=shapes.AlarmWithPicture,
    refuses=(NotFound, devices.RightMissing),
    example={},
)
def get_alarm(caller: Caller, found: FoundAlarm) -> shapes.AlarmWithPicture:
    return actions.look_at(found.device, found.alarm)


@routes.post(
    "/devices/{device_id}/alarms/{alarm_id}/read",
    who=Who.PERSON,
    needs=AlarmOf("alarms"),
    answers=shapes.AlarmWithPicture,
    refuses=(NotFound, devices.RightMissing),
    example={},
)
def mark_read(caller: Caller, found: FoundAlarm) -> shapes.AlarmWithPicture:
    return actions.mark_read(found.device, found.alarm)


@routes.delete(
    "/devices/{device_id}/alarms/{alarm_id}",
    who=Who.PERSON,
    needs=AlarmOf("owner"),
    refuses=(NotFound, devices.RightMissing),
    example={},
)
def delete_alarm(caller: Caller, found: FoundAlarm) -> None:
    actions.delete_one(caller, found.device.device, found.alarm)


@routes.delete(
    "/devices/{device_id}/alarms",
    who=Who.PERSON,
    needs=OWNER,
    asks=shapes.DeleteSome,
    refuses=(NotFound, devices.RightMissing),
    example={"alarm_ids": ["$alarm_id"]},
)
def delete_alarms(caller: Caller, device: Opened, asked: shapes.DeleteSome) -> None:
    if asked.alarm_ids is None:
        actions.delete_all(caller, device.device)
    else:
        actions.delete_some(caller, device.device, asked.alarm_ids)
