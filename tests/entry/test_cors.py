"""Pages of one configured origin may read what the API answers; without it, and from elsewhere, no page may."""

from __future__ import annotations

from typing import Any

import pytest

from chalicelib.plans.shapes import Plan
from chalicelib.settings import settings
from infra.local.cloud import LocalCloud
from infra.local.gateway import Response
from infra.strict_moto import FAILING_FROM
from tests.conftest import Home
from tests.routes import all_routes, named, request_for, route_names

ORIGIN = "https://app.example.org"
ELSEWHERE = "https://app.example.org.evil.example"
ASKING = {"Authorization", "Content-Type", "Idempotency-Key", "Accept-Language", "Range"}


@pytest.fixture
def allowing(one_cloud: LocalCloud, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(vars(settings), "allowed_origin", ORIGIN)
    monkeypatch.setattr(one_cloud.gateway, "allowed_origin", ORIGIN)


def said(answer: Response) -> dict[str, str]:
    """What the answer says to browsers."""
    return {name: value for name, value in answer.headers if name.startswith("Access-Control-") or name == "Vary"}


def is_readable(answer: Response) -> bool:
    """Whether a page of the allowed origin may read it."""
    named = {"Access-Control-Allow-Origin": ORIGIN, "Vary": "Origin", "Access-Control-Expose-Headers": "Retry-After"}
    return said(answer) == named


@pytest.mark.one_in(2)
@pytest.mark.usefixtures("allowing")
@pytest.mark.parametrize("name", route_names())
def test_every_route_answers_its_page_well_and_refuses_it_legibly(home: Home, name: str) -> None:
    route = named(name)
    request = request_for(route, home)
    assert is_readable(request.send(home))
    # Whatever the route makes of a token that is none, a body that is none, and a path that leads nowhere.
    for token, raw in (("no-token", None), (None, b"{")):
        headers = {"Origin": ORIGIN, "Idempotency-Key": "a-key-of-sixteen-and-more"}
        assert is_readable(home.world.call(route.method, route.path, token=token, raw=raw, headers=headers))


@pytest.mark.usefixtures("allowing")
def test_every_route_tells_a_browser_beforehand_what_it_may_ask(world: LocalCloud) -> None:
    paths: dict[str, set[str]] = {}
    for route in all_routes():
        paths.setdefault(route.path, set()).add(route.method)
    for path, methods in paths.items():
        answer = world.call("OPTIONS", path, headers={"Origin": ORIGIN, "Access-Control-Request-Method": "POST"})
        assert (answer.status, answer.body) == (204, b"")
        assert answer.headers["Access-Control-Allow-Origin"] == ORIGIN
        assert set(answer.headers["Access-Control-Allow-Methods"].split(", ")) == methods
        assert set(answer.headers["Access-Control-Allow-Headers"].split(", ")) == ASKING


@pytest.mark.usefixtures("allowing")
def test_a_wait_and_a_fault_of_ours_are_legible_too(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    home.world.faults.fail(1, FAILING_FROM)
    busy = home.owner.call("GET", "/me")
    home.world.faults.clear()
    assert (busy.status, busy.headers["Retry-After"], is_readable(busy)) == (503, "2", True)
    monkeypatch.setattr(Plan, "of", _break)
    broken = home.world.call("GET", "/plans")
    assert (broken.status, is_readable(broken)) == (500, True)


def _break(*_: Any) -> Any:
    raise RuntimeError


@pytest.mark.usefixtures("allowing")
@pytest.mark.parametrize("origin", [ELSEWHERE, "null", "http://app.example.org", "https://APP.example.org"])
def test_another_origin_is_never_named_whatever_it_says_it_is(home: Home, origin: str) -> None:
    for method in ("GET", "OPTIONS"):
        answer = home.owner.call(method, "/me", headers={"Origin": origin})
        assert answer.headers["Access-Control-Allow-Origin"] == ORIGIN
        assert origin not in str(said(answer).values()) and "*" not in str(said(answer))


def test_without_the_setting_nothing_is_said_of_other_origins(home: Home) -> None:
    for path in ("/me", "/nowhere"):
        assert said(home.owner.call("GET", path, headers={"Origin": ORIGIN})) == {}
        preflight = home.owner.call("OPTIONS", path, headers={"Origin": ORIGIN})
        assert (preflight.status, said(preflight)) == (404, {})
