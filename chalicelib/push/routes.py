"""HTTP routes of pushes."""

from __future__ import annotations

from chalicelib.entry.callers import Caller, Who
from chalicelib.entry.http import RouteTable
from chalicelib.push import actions, shapes
from chalicelib.sessions.actions import ending

routes = RouteTable(__name__)


@routes.put(
    "/terminals/current/push",
    who=Who.PERSON,
    asks=shapes.TakePushes,
    refuses=(actions.PlatformMissing,),
    example={"platform": "fcm", "token": "$push_token"},
)
def take_pushes(caller: Caller, body: shapes.TakePushes) -> None:
    actions.take_pushes(caller, body.platform, body.token)


# Here and not in sessions, on which this house is built: with the session its terminal's pushes end.
@routes.delete("/sessions/current", who=Who.PERSON, ends_session=True, example={}, tag="sessions")
def sign_out(caller: Caller) -> None:
    actions.forget_terminal(caller, ending.sign_out)
