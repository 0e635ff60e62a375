"""Scenarios of routes that have none written by hand, from nothing but what each declares.

They take the route's own example, and count the answers that are kept for its repeats: a route whose effect is worth
counting itself, or is told to somebody, has one of its own beside these.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from infra.local import dump
from infra.local.gateway import Response
from tests.conftest import Home
from tests.routes import Request, named, request_for, route_names
from tests.worlds.invariants import Stored
from tests.worlds.scenarios.steps import once
from tests.worlds.sweep import Scenario, kept_answers

# The request, and how many answers were kept before it.
Asked = tuple[Request, int]


def declared(but: Iterable[Scenario]) -> list[Scenario]:
    """One for each mutation of a person in the contract that none of these covers."""
    covered = {route for one in but for route in ((one.covers,) if isinstance(one.covers, str) else one.covers)}
    return [scenario_of(name) for name in route_names(of="person") if name not in covered and name[:4] != "GET "]


def scenario_of(name: str) -> Scenario:
    def arrange(home: Home) -> Asked:
        request = request_for(named(name), home)
        home.world.settle()
        return request, kept_answers(Stored(dump.dump()))

    return Scenario(name, name, arrange, _ask, _times, at_most=2, may_say=(404, 409), keeps_answer=True)


def _ask(home: Home, asked: Asked, key: str) -> Response:
    return replace(asked[0], headers=once(key)).send(home)


def _times(home: Home, asked: Asked, stored: Stored) -> int:
    return kept_answers(stored) - asked[1]
