"""HTTP routes of recordings: the plan that keeps them."""

from __future__ import annotations

from chalicelib.access import actions as access
from chalicelib.entry.callers import Caller, Who
from chalicelib.entry.http import RouteTable
from chalicelib.errors import NotFound
from chalicelib.recordings import shapes
from chalicelib.recordings.actions import usage
from chalicelib.recordings.needs import Recordings, RecordingsOf

routes = RouteTable(__name__)


@routes.get(
    "/devices/{device_id}/plan",
    who=Who.PERSON,
    before_agreement=True,
    needs=RecordingsOf("owner"),
    answers=shapes.RecordedPlan,
    refuses=(NotFound, access.RightMissing),
    example={},
    tag="plans",
)
def get_device_plan(caller: Caller, recordings: Recordings) -> shapes.RecordedPlan:
    """The device's plan, what waits behind it, and what it keeps now."""
    return usage.described_plan(recordings.of)
