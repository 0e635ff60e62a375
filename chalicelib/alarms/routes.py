"""What may be asked about alarms."""

from __future__ import annotations

from typing import Any

from chalicelib.alarms import actions, rules, shapes
from chalicelib.devices.actions import standing as devices
from chalicelib.devices.actions.cameras import Camera
from chalicelib.entry import wire
from chalicelib.entry.gate import Who
from chalicelib.entry.http import Routes
from chalicelib.errors import NotFound
from chalicelib.live import actions as live
from chalicelib.sessions.actions.standing import Caller

routes = Routes(__name__)


@routes.post(
    "/cameras/tickets",
    who=Who.CAMERA,
    asks=shapes.AskTicket,
    answers=wire.Ticket,
    refuses=(devices.NobodyOwns, devices.PrivacyModeOn, actions.TooManyUploads),
    example={"kind": "alarm"},
)
def get_ticket(camera: Camera, asked: shapes.AskTicket) -> Any:
    return live.ticket_for(camera) if asked.kind == "live" else actions.ticket_for(camera)


@routes.get(
    "/alarms", who=Who.PERSON, query=shapes.Search, answers=shapes.Alarms, refuses=(rules.DayInvalid,), example={}
)
def list_all_alarms(caller: Caller, search: shapes.Search) -> shapes.Alarms:
    return actions.alarms_of_all(caller, search)


@routes.get(
    "/devices/{device_id}/alarms",
    who=Who.PERSON,
    along=devices.places_of,
    query=shapes.Search,
    answers=shapes.Alarms,
    refuses=(NotFound, devices.RightMissing, rules.DayInvalid),
    example={"limit": "20"},
)
def list_alarms(caller: Caller, device_id: str, search: shapes.Search) -> shapes.Alarms:
    return actions.alarms_of_device(caller, search)


@routes.get(
    "/devices/{device_id}/alarms/{alarm_id}",
    who=Who.PERSON,
    along=actions.places_of_one,
    answers=shapes.AlarmWithPicture,
    refuses=(NotFound, devices.RightMissing),
    example={},
)
def get_alarm(caller: Caller, device_id: str, alarm_id: str) -> shapes.AlarmWithPicture:
    return actions.look_at(caller)


@routes.post(
    "/devices/{device_id}/alarms/{alarm_id}/read",
    who=Who.PERSON,
    along=actions.places_of_one,
    answers=shapes.AlarmWithPicture,
    refuses=(NotFound, devices.RightMissing),
    example={},
)
def mark_read(caller: Caller, device_id: str, alarm_id: str) -> shapes.AlarmWithPicture:
    return actions.mark_read(caller)


@routes.delete(
    "/devices/{device_id}/alarms/{alarm_id}",
    who=Who.PERSON,
    along=actions.places_of_one,
    refuses=(NotFound, devices.RightMissing),
    example={},
)
def delete_alarm(caller: Caller, device_id: str, alarm_id: str) -> None:
    actions.delete_one(caller)


@routes.delete(
    "/devices/{device_id}/alarms",
    who=Who.PERSON,
    along=devices.places_of,
    asks=shapes.DeleteSome,
    refuses=(NotFound, devices.RightMissing),
    example={"alarm_ids": ["$alarm_id"]},
)
def delete_alarms(caller: Caller, device_id: str, asked: shapes.DeleteSome) -> None:
    if asked.alarm_ids is None:
        actions.delete_all(caller)
    else:
        actions.delete_some(caller, asked.alarm_ids)
