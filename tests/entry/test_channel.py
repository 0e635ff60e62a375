"""The camera channel's three functions, called as Lambda calls them, and the events that the local cloud makes of a
connection beside those that AWS sends."""

from __future__ import annotations

import importlib
from typing import Any

import pytest

from infra.local.functions import Context
from tests.conftest import Home
from tests.events import event
from tests.scene import Camera

SAMPLES = {"$connect": "ws_connect", "$default": "ws_message", "$disconnect": "ws_disconnect"}


def asked(name: str, sample: str, **other: Any) -> Any:
    """The function's answer to a sample event."""
    handler = getattr(importlib.import_module("app"), name)
    return handler({**event(sample), **other}, Context(name, "a-request", 29))


def signed(camera: Camera) -> dict[str, Any]:
    return {**event("ws_connect")["headers"], "Authorization": f"Bearer {camera.token}"}


def test_the_functions_are_what_stands_under_their_names_in_app() -> None:
    from app import app

    told = {route: handler.handler_string for route, handler in app.websocket_handlers.items()}
    assert told == {
        "$connect": "app.camera_connected",
        "$default": "app.camera_said",
        "$disconnect": "app.camera_disconnected",
    }


def test_a_sample_connection_comes_speaks_and_goes(home: Home) -> None:
    assert asked("camera_connected", "ws_connect", headers=signed(home.camera)) == {"statusCode": 200}
    assert home.owner.device(home.camera.device_id)["online"] is True
    assert asked("camera_said", "ws_message") == {"statusCode": 404}  # there is no such command
    for ping in ('{"action": "ping"}', '{"ping": true}'):
        assert asked("camera_said", "ws_message", body=ping) == {"statusCode": 200}
    assert asked("camera_disconnected", "ws_disconnect") == {"statusCode": 200}
    assert home.owner.device(home.camera.device_id)["online"] is False


@pytest.mark.parametrize("name", ["authorization", "AUTHORIZATION"])
def test_a_header_may_be_written_in_any_case(home: Home, name: str) -> None:
    assert asked("camera_connected", "ws_connect", headers={name: f"bearer {home.camera.token}"})["statusCode"] == 200


@pytest.mark.parametrize("headers", [None, {}, {"Authorization": "Bearer c.abc.def"}, {"Authorization": "Basic x"}])
def test_a_connection_without_a_token_that_counts_is_refused(home: Home, headers: Any) -> None:
    assert asked("camera_connected", "ws_connect", headers=headers) == {"statusCode": 401}


def test_events_of_a_connection_that_nobody_knows_change_nothing(home: Home) -> None:
    before = home.world.dump()["tables"]
    assert asked("camera_said", "ws_message") == {"statusCode": 404}  # nothing is noted of what was said
    assert asked("camera_disconnected", "ws_disconnect") == {"statusCode": 200}
    assert home.world.dump()["tables"] == before


def test_the_local_events_have_the_fields_of_the_samples(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: dict[str, Any] = {}
    call = home.world.functions.call_by_name

    def noted(name: str, handler: str, told: Any) -> Any:
        if "routeKey" in told.get("requestContext", {}):
            seen[told["requestContext"]["routeKey"]] = told
        return call(name, handler, told)

    monkeypatch.setattr(home.world.functions, "call_by_name", noted)
    channel = home.camera.connect()
    channel.say({"ping": True})  # what has no route of its own
    channel.close()
    assert seen.keys() == SAMPLES.keys()
    for route, name in SAMPLES.items():
        sample = event(name)
        assert seen[route].keys() == sample.keys(), route
        assert seen[route]["requestContext"].keys() == sample["requestContext"].keys(), route
        kinds = {key: type(value) for key, value in sample["requestContext"].items()}
        assert {key: type(value) for key, value in seen[route]["requestContext"].items()} == kinds, route


def test_a_line_of_the_log_says_what_happened_and_to_nobody(home: Home) -> None:
    lines = len(home.world.logs.lines())
    home.camera.connect().close()
    said = home.world.logs.lines()[lines:]
    assert [f'"door":"camera_{what}"' in line for what, line in zip(("connected", "disconnected"), said, strict=True)]
    assert home.camera.token not in "".join(said)
