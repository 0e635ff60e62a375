"""HTTP routes of cameras themselves."""

from __future__ import annotations

from msgspec import structs

from chalicelib.access import actions as access
from chalicelib.entry.callers import Camera, Visitor, Who
from chalicelib.entry.http import RouteTable
from chalicelib.stock import shapes
from chalicelib.stock.actions import cameras, channel, states

routes = RouteTable(__name__)


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
    tag="devices",
)
def activate(visitor: Visitor, body: shapes.Activate) -> shapes.Activated:
    """Exchange the factory secret for the camera's token; an earlier token dies. Says how to reach the channel."""
    token = cameras.activate(body, visitor.country)
    return shapes.Activated(camera_token=token, **structs.asdict(channel.how_to_connect(body.sn)))


@routes.put(
    "/cameras/state",
    who=Who.CAMERA,
    asks=shapes.State,
    answers=shapes.Wanted,
    refuses=(access.NobodyOwns,),
    example={
        "at": "2026-01-05T08:00:00Z",
        "settings": {"version": 0, "settings": shapes.EXAMPLE_OF_SETTINGS},
        "firmware": "1.0.1",
        "lan": {"ip": "192.168.1.21", "port": 8554},
        "battery_percent": 80,
        "streams": [
            {
                "channel": "1",
                "codec": "h264",
                "width": 1920,
                "height": 1080,
                "bitrate_bps": 2_000_000,
                "frames_per_second": 25.0,
                "dropped_frames": 3,
            }
        ],
    },
    tag="devices",
)
def take_state(camera: Camera, report: shapes.State) -> shapes.Wanted:
    """Take a camera's report: settings, firmware, LAN address, battery, streams. The answer says how it ought to be."""
    return states.take_state(camera, report)
