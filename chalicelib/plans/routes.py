"""What may be asked about plans."""

from __future__ import annotations

from chalicelib.devices.actions import standing as devices
from chalicelib.entry.gate import Visitor, Who
from chalicelib.entry.http import Routes
from chalicelib.errors import NotFound
from chalicelib.plans import actions, rules, shapes
from chalicelib.sessions.actions.standing import Caller

routes = Routes(__name__)


@routes.get("/plans", who=Who.ANYONE, answers=shapes.Plans, example={})
def list_plans(visitor: Visitor) -> shapes.Plans:
    return shapes.Plans(items=[shapes.Plan.in_language(offer, visitor.language) for offer in rules.CATALOGUE])


@routes.get(
    "/devices/{device_id}/plan",
    who=Who.PERSON,
    along=devices.places_of,
    answers=shapes.DevicePlan,
    refuses=(NotFound, devices.RightMissing),
    example={},
)
def get_device_plan(caller: Caller, device_id: str) -> shapes.DevicePlan:
    return actions.described(devices.owned(caller).plan)
