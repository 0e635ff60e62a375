"""Each route says whether it goes on while its caller has not agreed to a policy that asks for it; all are tried."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec import structs

from chalicelib.entry.callers import Who
from tests.conftest import Home
from tests.house.agreement import GOES_ON, faults, is_safety_control
from tests.policy.publishing import begun
from tests.routes import all_routes, named, request_for

OF_PEOPLE = sorted(route.name for route in all_routes() if route.who is Who.PERSON)


def test_every_route_that_goes_on_says_why() -> None:
    assert len(OF_PEOPLE) > 95
    assert faults(all_routes(), GOES_ON) == []


def test_who_says_nothing_is_seen() -> None:
    silent = named("GET /alarms")
    routes: list[Any] = [_going_on(silent), named("GET /me"), _going_on(named("GET /plans"))]
    assert [fault.partition(":")[0] for fault in faults(routes, {"why": ("GET /me", "GET /gone", "GET /gone")})] == [
        "GET /alarms", "GET /plans", "GET /gone", "GET /plans", "GET /gone",
    ]  # fmt: skip


def _going_on(route: Any) -> Any:
    return structs.replace(route, before_agreement=True)


def test_whatever_ends_or_deletes_goes_on() -> None:
    ending = [route for route in all_routes() if is_safety_control(route)]
    assert len(ending) > 15
    assert [route.name for route in ending if not route.before_agreement] == []


def _kind(name: str) -> str:
    return "goes on" if named(name).before_agreement else "waits"


@pytest.mark.one_in(8, by=_kind)
@pytest.mark.parametrize("name", OF_PEOPLE)
def test_a_route_waits_for_agreement_or_goes_on_without_as_it_says(home: Home, name: str) -> None:
    route = named(name)
    request = request_for(route, home)
    begun(home.world)
    answer = request.send(home)
    if route.before_agreement:
        assert answer.status == route.status, answer.body
    else:
        assert (answer.status, answer.json["code"]) == (403, "PolicyNotAccepted")
