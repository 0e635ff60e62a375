"""HTTP routes of the User Experience Plan."""

from __future__ import annotations

from chalicelib.consents.actions import ConsentMissing
from chalicelib.entry.callers import Caller, Who
from chalicelib.entry.http import RouteTable
from chalicelib.experience import actions, shapes

routes = RouteTable(__name__)


@routes.post(
    "/experience/events",
    who=Who.PERSON,
    unrestricted=True,
    asks=shapes.SendEvents,
    answers=shapes.TakenEvents,
    status=202,
    refuses=(ConsentMissing,),
    example={"events": [{"name": "opened", "at": "2026-01-05T08:00:00Z", "screen": "devices"}]},
)
def take_events(caller: Caller, body: shapes.SendEvents) -> shapes.TakenEvents:
    """Keep what the person opened, viewed, tapped, played and searched for in the app, if he agrees to it."""
    return actions.take_events(caller, body.events)
