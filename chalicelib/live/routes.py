"""HTTP routes of live views."""

from __future__ import annotations

from chalicelib.access import actions as access
from chalicelib.access.actions import DeviceAccess
from chalicelib.access.needs import DeviceOf
from chalicelib.entry.callers import Caller, Visitor, Who
from chalicelib.entry.http import RouteTable
from chalicelib.errors import NotFound
from chalicelib.live import shapes
from chalicelib.live.actions import views as actions
from chalicelib.live.needs import LiveViewOf, View
from chalicelib.live.rules import pieces as rules

routes = RouteTable(__name__)


@routes.post(
    "/devices/{device_id}/live",
    who=Who.PERSON,
    unrestricted=True,
    needs=DeviceOf("live"),
    asks=shapes.Watch,
    answers=shapes.Live,
    status=201,
    refuses=(NotFound, access.RightMissing, access.PrivacyModeOn, actions.TooManyViews),
    example={"channel": "1"},
)
def watch_live(caller: Caller, device: DeviceAccess, body: shapes.Watch) -> shapes.Live:
    """Begin a live view of a channel; its playlist has pictures once the camera has sent some. Of more than three views
    of one person the oldest ends. The owner can read who looked."""
    return actions.watch(caller, device, body.channel, body.piece_ms)


@routes.post(
    "/devices/{device_id}/live/{live_id}",
    who=Who.PERSON,
    unrestricted=True,
    needs=LiveViewOf(),
    answers=shapes.Live,
    refuses=(NotFound, access.RightMissing, access.PrivacyModeOn),
    example={},
)
def go_on_watching(caller: Caller, view: View) -> shapes.Live:
    """Let a live view go on for five more minutes from now."""
    return actions.go_on(view.device, view.live)


@routes.delete(
    "/devices/{device_id}/live/{live_id}",
    who=Who.PERSON,
    before_agreement=True,
    needs=LiveViewOf(),
    refuses=(NotFound, access.RightMissing),
    example={},
)
def stop_live(caller: Caller, view: View) -> None:
    """End a live view: nothing more is shown from the next request on."""
    actions.stop(view.live)


@routes.get(
    "/live/{capability}/playlist.m3u8",
    who=Who.ANYONE,
    media_type=rules.PLAYLIST,
    status=200,
    refuses=(NotFound, actions.NoPictureYet),
    example={},
)
def get_live_playlist(visitor: Visitor, capability: str) -> str:
    """The HLS playlist of a live view as it is now; the first answer waits for the first piece."""
    return actions.playlist(capability)


@routes.get("/live/{capability}/media/{place}", who=Who.ANYONE, status=302, refuses=(NotFound,), example={})
def get_live_piece(visitor: Visitor, capability: str, signed_path: str) -> str:
    """Leads to one piece of video that the view's playlist has named."""
    return actions.piece(capability, signed_path)
