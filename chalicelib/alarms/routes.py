"""HTTP routes of alarms."""

from __future__ import annotations

from chalicelib.access import actions as access
from chalicelib.access.actions import DeviceAccess
from chalicelib.access.needs import OWNER, DeviceOf
from chalicelib.alarms import rules, shapes
from chalicelib.alarms.actions import deleting, showing
from chalicelib.alarms.actions.showing import FoundAlarm
from chalicelib.alarms.needs import AlarmOf
from chalicelib.entry.callers import Caller, Who
from chalicelib.entry.http import RouteTable
from chalicelib.errors import NotFound

routes = RouteTable(__name__)


@routes.get(
    "/alarms", who=Who.PERSON, query=shapes.Search, answers=shapes.Alarms, refuses=(rules.DayInvalid,), example={}
)
def list_all_alarms(caller: Caller, search: shapes.Search) -> shapes.Alarms:
    """The alarms of all devices whose alarms the caller may see, newest first."""
    return showing.alarms_of_all(caller, search)


@routes.get(
    "/devices/{device_id}/alarms",
    who=Who.PERSON,
    needs=DeviceOf("alarms", reads_ownership=False),
    query=shapes.Search,
    answers=shapes.Alarms,
    refuses=(NotFound, access.RightMissing, rules.DayInvalid),
    example={"limit": "20"},
)
def list_alarms(caller: Caller, device: DeviceAccess, search: shapes.Search) -> shapes.Alarms:
    """The alarms of one device, newest first."""
    return showing.alarms_of_device(device, search)


@routes.get(
    "/devices/{device_id}/alarms/{alarm_id}",
    who=Who.PERSON,
    needs=AlarmOf("alarms"),
    answers=shapes.AlarmInFull,
    refuses=(NotFound, access.RightMissing),
    example={},
)
def get_alarm(caller: Caller, found: FoundAlarm) -> shapes.AlarmInFull:
    """One alarm, with a link to its picture and what was recorded around it. That a guest looked is an activity that
    the owner reads."""
    return showing.look_at(found)


@routes.post(
    "/devices/{device_id}/alarms/{alarm_id}/read",
    who=Who.PERSON,
    needs=AlarmOf("alarms"),
    answers=shapes.AlarmInFull,
    refuses=(NotFound, access.RightMissing),
    example={},
)
def mark_read(caller: Caller, found: FoundAlarm) -> shapes.AlarmInFull:
    """Mark an alarm as read by the caller; others keep their own marks."""
    return showing.mark_read(found)


@routes.delete(
    "/devices/{device_id}/alarms/{alarm_id}",
    who=Who.PERSON,
    before_agreement=True,
    needs=AlarmOf("owner"),
    refuses=(NotFound, access.RightMissing),
    example={},
)
def delete_alarm(caller: Caller, found: FoundAlarm) -> None:
    """Delete one alarm; its picture goes with it."""
    deleting.delete_one(caller, found.device.device, found.alarm)


@routes.delete(
    "/devices/{device_id}/alarms",
    who=Who.PERSON,
    before_agreement=True,
    needs=OWNER,
    asks=shapes.DeleteSome,
    refuses=(NotFound, access.RightMissing),
    example={"alarm_ids": ["$alarm_id"]},
)
def delete_alarms(caller: Caller, device: DeviceAccess, body: shapes.DeleteSome) -> None:
    """Delete these alarms, or all that arrived up to now; their pictures go with them."""
    if body.alarm_ids is None:
        deleting.delete_all(caller, device.device)
    else:
        deleting.delete_some(caller, device.device, body.alarm_ids)
