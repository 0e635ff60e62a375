"""What may be asked about cameras, and what cameras may say."""

from __future__ import annotations

from typing import Any

from msgspec import UNSET, structs

from chalicelib.devices import actions, rules, shapes
from chalicelib.entry.gate import Visitor, Who
from chalicelib.entry.http import Routes
from chalicelib.errors import NotFound
from chalicelib.sessions.actions import Caller

routes = Routes(__name__)


@routes.post(
    "/cameras/activation",
    who=Who.ANYONE,
    asks=shapes.Activate,
    answers=shapes.Activated,
    refuses=(actions.CameraUnknown,),
    example={
        "sn": "$sn",
        "secret": "$secret",
        "mac": "02:00:5e:10:00:01",
        "model": "Sowa One",
        "firmware": "1.0.0",
        "channels": [{"id": "1", "name": "Door"}],
        "lan": {"ip": "192.168.1.20", "port": 8554},
    },
)
def activate(visitor: Visitor, asked: shapes.Activate) -> shapes.Activated:
    token = actions.activate(asked, visitor.country)
    return shapes.Activated(camera_token=token, channel_url=actions.channel_url())


@routes.post(
    "/devices",
    who=Who.PERSON,
    asks=shapes.Bind,
    answers=shapes.Device,
    status=201,
    refuses=(
        actions.DeviceNotFound,
        actions.DeviceLocked,
        actions.DeviceBusy,
        actions.DeviceTaken,
        actions.TooManyDevices,
        rules.TimeZoneUnknown,
    ),
    example={"sn": "$free_sn", "code": "$free_code", "name": "Garden", "time_zone": "Europe/Warsaw", "dst": True},
)
def bind(caller: Caller, asked: shapes.Bind) -> Any:
    return actions.bind(caller, asked)


@routes.get("/devices", who=Who.PERSON, answers=shapes.Devices, example={})
def list_devices(caller: Caller) -> Any:
    return actions.devices_of(caller)


@routes.get(
    "/devices/{device_id}",
    who=Who.PERSON,
    along=actions.places_of,
    answers=shapes.Device,
    refuses=(NotFound,),
    example={},
)
def get_device(caller: Caller, device_id: str) -> Any:
    return actions.owned(caller)


@routes.patch(
    "/devices/{device_id}",
    who=Who.PERSON,
    along=actions.places_of,
    asks=shapes.ChangeDevice,
    answers=shapes.Device,
    refuses=(NotFound, rules.TimeZoneUnknown),
    example={"name": "Back door"},
)
def change_device(caller: Caller, device_id: str, asked: shapes.ChangeDevice) -> Any:
    changes = {name: value for name, value in structs.asdict(asked).items() if value is not UNSET}
    return actions.change_device(caller, **changes)


@routes.delete(
    "/devices/{device_id}",
    who=Who.PERSON,
    along=actions.places_of,
    answers=shapes.Removed,
    status=202,
    refuses=(NotFound,),
    example={},
)
def remove_device(caller: Caller, device_id: str) -> shapes.Removed:
    return actions.remove_device(caller)


