"""HTTP routes of pushes."""

from __future__ import annotations

from chalicelib.entry.callers import Caller, Who
from chalicelib.entry.http import RouteTable
from chalicelib.push import shapes
from chalicelib.push.actions import terminals

routes = RouteTable(__name__)


@routes.put(
    "/terminals/current/push",
    who=Who.PERSON,
    before_agreement=True,
    asks=shapes.TakePushes,
    refuses=(terminals.PlatformMissing,),
    example={"platform": "fcm", "token": "$push_token"},
)
def take_pushes(caller: Caller, body: shapes.TakePushes) -> None:
    """Push to this terminal from now on, at this platform token; an earlier one is forgotten."""
    terminals.take_pushes(caller, body.platform, body.token)
