"""A route, a listener or a job that does not say whether it asks for the restriction of processing cannot be built."""

from __future__ import annotations

import importlib
from typing import Any

import pytest

from chalicelib import houses
from tests.conftest import Home
from tests.house.reachable import leads_to
from tests.house.restriction import ASKED, NOT_ASKED, faults, is_declared, jobs
from tests.house.test_matrix import OF_GUESTS, RIGHTS, _guest
from tests.playback.looking import guest
from tests.routes import all_routes, named, request_for

NOT_YOURS = 404


def everybody() -> list[str]:
    return [*(route.name for route in all_routes() if not is_declared(route)), *jobs()]


def test_every_route_and_job_asks_whether_processing_is_restricted_or_says_why_not() -> None:
    assert len(jobs()) > 55
    assert faults(everybody(), ASKED, NOT_ASKED) == []


def test_who_says_nothing_is_seen() -> None:
    found = faults(["show_faces", "asks"], {"access.actions.is_restricted": ("asks", "gone")}, {"own": ("asks",)})
    assert [fault.partition(":")[0] for fault in found] == ["show_faces", "gone", "asks"]


def _function(path: str) -> Any:
    module, _, name = path.rpartition(".")
    return getattr(importlib.import_module(f"chalicelib.{module}"), name)


def _code(name: str) -> list[Any]:
    """Of a route or of a job."""
    if " " in name:
        return [named(name).view, type(named(name).needs)]
    names = (name for room in ("listeners", "scheduled", "operations") for name in houses.modules(room))
    rooms = map(importlib.import_module, names)
    return [vars(room)[name] for room in rooms if name in vars(room)]


def test_who_says_that_it_asks_does(home: Home) -> None:
    deaf = [
        name for path, names in ASKED.items() for name in names if not leads_to(_code(name), _function(path))
    ]
    assert deaf == []
    assert not leads_to(_code("GET /policy"), _function("access.actions.read_shown"))


@pytest.mark.one_in(2)
@pytest.mark.parametrize("name", sorted(OF_GUESTS))
def test_a_guest_of_who_has_restricted_processing_is_a_stranger(home: Home, name: str) -> None:
    """Each route that guests may ask for, whatever they were granted; and no more when it has ended."""
    route = named(name)
    request = request_for(route, home)
    _guest(home, rights=list(RIGHTS))
    if "{live_id}" in name:  # each has a view of his own
        request.path = f"/devices/{home.camera.device_id}/live/{home.stranger.watch(home.camera.device_id)['live_id']}"
    assert home.owner.call("PUT", "/privacy/restriction", {"reason": "accuracy"}).status == 200
    request.headers = {}
    request = request.by(home.stranger.access_token)
    answer = request.send(home)
    assert (answer.status, answer.json["kind"]) == (NOT_YOURS, "device")
    assert home.owner.call("DELETE", "/privacy/restriction").status == 204
    if "{clip_id}" not in name:  # a clip is its asker's alone
        assert request.send(home).status == route.status


def test_a_former_guest_is_told_the_same(home: Home) -> None:
    """So nobody can tell that something is restricted."""
    share_id = guest(home, "alarms")
    path = f"/devices/{home.camera.device_id}"
    assert home.owner.call("PUT", "/privacy/restriction", {"reason": "accuracy"}).status == 200
    restricted = home.stranger.call("GET", path)
    assert home.owner.call("DELETE", f"{path}/shares/{share_id}").status == 204
    assert home.owner.call("DELETE", "/privacy/restriction").status == 204
    former = home.stranger.call("GET", path)
    said = [(answer.status, answer.json | {"request_id": ""}) for answer in (restricted, former)]
    assert said[0] == said[1]
