"""What may be asked about pushes."""

from __future__ import annotations

from chalicelib.entry.gate import Who
from chalicelib.entry.http import Routes
from chalicelib.push import actions, shapes
from chalicelib.sessions.actions.standing import Caller

routes = Routes(__name__)


@routes.put(
    "/terminals/current/push",
    who=Who.PERSON,
    asks=shapes.TakePushes,
    refuses=(actions.PlatformMissing,),
    example={"platform": "fcm", "token": "$push_token"},
)
def take_pushes(caller: Caller, asked: shapes.TakePushes) -> None:
    actions.take_pushes(caller, asked.platform, asked.token)
