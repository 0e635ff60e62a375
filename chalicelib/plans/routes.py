"""HTTP routes of plans: the catalogue, and what an owner does with the plan of a device."""

from __future__ import annotations

from chalicelib.access.actions import DeviceAccess, RightMissing
from chalicelib.access.needs import OWNER
from chalicelib.entry.callers import Caller, Visitor, Who
from chalicelib.entry.http import RouteTable
from chalicelib.entry.wire import page_of
from chalicelib.errors import NotFound
from chalicelib.plans import shapes
from chalicelib.plans.actions import moves, pausing
from chalicelib.plans.rules import catalogue, changes

routes = RouteTable(__name__)


@routes.get("/plans", who=Who.ANYONE, query=shapes.Search, answers=shapes.Plans, example={})
def list_plans(visitor: Visitor, search: shapes.Search) -> shapes.Plans:
    """The plans that can be bought, the cheapest first, in the language of the request; nobody needs to be signed
    in."""
    offers = catalogue.by_price(search.currency)
    plans = [shapes.Plan.of(offer, search.currency, visitor.language) for offer in offers]
    return page_of(shapes.Plans(items=plans), search)


@routes.put(
    "/devices/{device_id}/plan/pause",
    who=Who.PERSON,
    needs=OWNER,
    asks=shapes.SetPause,
    answers=shapes.DevicePlan,
    refuses=(NotFound, RightMissing, changes.NoPlanRuns, changes.PlanSuspended, changes.PauseSpent),
    example={"on": True},
)
def set_pause(caller: Caller, device: DeviceAccess, body: shapes.SetPause) -> shapes.DevicePlan:
    """Pause the device's plan, or end the pause: nothing is recorded, and time stands still, for thirty days of a year
    at most."""
    return pausing.set_pause(caller, device, on=body.on)


@routes.post(
    "/devices/{device_id}/plan/move",
    who=Who.PERSON,
    needs=OWNER,
    asks=shapes.MovePlan,
    answers=shapes.DevicePlan,
    refuses=(NotFound, RightMissing, changes.NothingToMove, changes.MovedTooOften, changes.PlanSuspended),
    example={"to_device_id": "$other_device_id"},
)
def move_plan(caller: Caller, device: DeviceAccess, body: shapes.MovePlan) -> shapes.DevicePlan:
    """Put what is left of the device's plans behind those of another one of the caller's; recordings stay, up to their
    own end. The answer is the plan of the other one."""
    return moves.move(caller, device, body.to_device_id)
