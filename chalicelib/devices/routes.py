"""What may be asked about cameras, and what cameras may say."""

from __future__ import annotations

from typing import Any

from msgspec import UNSET, structs

from chalicelib.devices import rules, shapes
from chalicelib.devices.actions import binding, cameras, channel, owning, standing
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
    refuses=(cameras.CameraUnknown,),
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
    token = cameras.activate(asked, visitor.country)
    return shapes.Activated(camera_token=token, **structs.asdict(channel.how_to_connect(asked.sn)))


@routes.post(
    "/devices",
    who=Who.PERSON,
    asks=shapes.Bind,
    answers=shapes.Device,
    status=201,
    refuses=(
        binding.DeviceNotFound,
        binding.DeviceLocked,
        binding.DeviceBusy,
        binding.DeviceTaken,
        binding.TooManyDevices,
        rules.TimeZoneUnknown,
    ),
    example={"sn": "$free_sn", "code": "$free_code", "name": "Garden", "time_zone": "Europe/Warsaw", "dst": True},
)
def bind(caller: Caller, asked: shapes.Bind) -> Any:
    return binding.bind(caller, asked)


@routes.get("/devices", who=Who.PERSON, answers=shapes.Devices, example={})
def list_devices(caller: Caller) -> Any:
    return standing.present(standing.devices_of(caller))


@routes.get(
    "/devices/{device_id}",
    who=Who.PERSON,
    along=standing.places_of,
    answers=shapes.Device,
    refuses=(NotFound,),
    example={},
)
def get_device(caller: Caller, device_id: str) -> Any:
    (mine,) = standing.present([standing.owned(caller)])
    return mine


@routes.patch(
    "/devices/{device_id}",
    who=Who.PERSON,
    along=standing.places_of,
    asks=shapes.ChangeDevice,
    answers=shapes.Device,
    refuses=(NotFound, rules.TimeZoneUnknown),
    example={"name": "Back door"},
)
def change_device(caller: Caller, device_id: str, asked: shapes.ChangeDevice) -> Any:
    changes = {name: value for name, value in structs.asdict(asked).items() if value is not UNSET}
    return owning.change_device(caller, **changes)


@routes.delete(
    "/devices/{device_id}",
    who=Who.PERSON,
    along=standing.places_of,
    answers=shapes.Removed,
    status=202,
    refuses=(NotFound,),
    example={},
)
def remove_device(caller: Caller, device_id: str) -> shapes.Removed:
    return owning.remove_device(caller)


