"""A lone surrogate, which JSON can say and UTF-8 cannot, is refused wherever it comes in; nothing answers with one.

The runtime's client of Python 3.12 and later ends over text that it cannot write; so does the local cloud.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any
from unittest.mock import patch

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some

from chalicelib import houses
from chalicelib.entry.callers import Who
from chalicelib.entry.wire import Shape, parse
from chalicelib.errors import Invalid, Refusal
from chalicelib.identities import rules
from chalicelib.live.function_urls import show_live
from infra.local.functions import Functions
from tests.conftest import Home
from tests.entry.handlers import OPERATIONS
from tests.entry.test_channel import asked
from tests.events import event
from tests.routes import all_routes

# What is left of an emoji that was cut in two, as other languages count text.
HALF = "\ud83d"
Event = dict[str, Any]
_HOW = settings(
    max_examples=25, suppress_health_check=list(HealthCheck)
)


def _in_path(event: Event) -> None:
    event["pathParameters"] = {name: value + HALF for name, value in (event["pathParameters"] or {}).items()} or None


def _in_query(event: Event, said: dict[str, str]) -> None:
    event["queryStringParameters"] = said
    event["multiValueQueryStringParameters"] = {name: [value] for name, value in said.items()}


def _in_headers(event: Event, *names: str) -> None:
    event["headers"] |= {name: event["headers"].get(name, "") + HALF for name in names}
    event["multiValueHeaders"] |= {name: [event["headers"][name]] for name in names}


PLACES: dict[str, Callable[[Event], object]] = {
    "the path": _in_path,
    "a name in the query": lambda event: _in_query(event, {f"limit{HALF}": "1"}),
    "a value in the query": lambda event: _in_query(event, {"limit": HALF, "cursor": HALF, "from": HALF}),
    "the token": lambda event: _in_headers(event, "Authorization"),
    "the key": lambda event: _in_headers(event, "Idempotency-Key"),
    "other headers": lambda event: _in_headers(event, "Accept-Language", "Sandbox-Signature", "User-Agent"),
    "the body": lambda event: event.update(body=f'{{"name": "{HALF}"}}'),
    "a name in the body, escaped": lambda event: event.update(body='{"name\\ud83d": "Ola"}'),
    "a value in the body, escaped": lambda event: event.update(body='{"name": "Ola\\udc00"}'),
}


@pytest.mark.parametrize("place", PLACES)
def test_no_route_answers_with_half_a_character_or_fails_over_one(home: Home, place: str) -> None:
    known = {"device_id": home.camera.device_id, "alarm_id": home.alarm_id}
    tokens = {Who.PERSON: home.owner.access_token, Who.CAMERA: home.camera.token}
    app, seen = home.world.gateway.app, []

    def spoiled(told: Event, context: object) -> Any:
        PLACES[place](told)
        seen.append(HALF in json.dumps(told, ensure_ascii=False) or "\\ud" in (told["body"] or ""))
        return app(told, context)

    spoiled.routes, spoiled.api = app.routes, app.api  # type: ignore[attr-defined]
    with patch.object(home.world.gateway, "app", spoiled):
        # Each place is tried at every third route, and so of each method and kind of caller.
        for route in all_routes()[list(PLACES).index(place) % 3 :: 3]:
            path = route.path
            for name in path.split("{")[1:]:
                name = name.partition("}")[0]
                path = path.replace(f"{{{name}}}", known.get(name, "x"))
            headers = {"Idempotency-Key": "k" * 32}
            answer = home.world.call(route.method, path, token=tokens.get(route.who), headers=headers)
            assert answer.status < 500, (route.name, answer.body)
    assert sum(seen) > 10


def test_a_body_with_half_a_character_is_malformed_and_a_name_is_said_again_without(home: Home) -> None:
    device = f"/devices/{home.camera.device_id}"
    told = home.owner.call("PATCH", device, raw=b'{"name": "\\ud83d"}')
    assert (told.status, told.json["code"]) == (400, "Malformed")
    with pytest.raises(Invalid) as wrong:
        parse({HALF: 1, "name": f"Ola{HALF}"}, _Said)
    assert sorted(wrong.value.details["fields"]) == ["?", "name"]


class _Said(Shape):
    name: str


def test_a_camera_that_says_half_a_character_is_told_so(home: Home) -> None:
    for body in (f'{{"id": "{HALF}", "ok": true}}', '{"id": "\\ud83d", "ok": true}'):
        assert asked("camera_said", "ws_message", body=body) == {"statusCode": 400}
    assert asked("camera_connected", "ws_connect", headers={"Authorization": f"Bearer {HALF}"}) == {"statusCode": 401}


def test_the_address_of_a_function_is_as_strict(home: Home) -> None:
    told = event("function_url")
    told["requestContext"]["http"]["path"] = told["rawPath"] = f"/live/a{HALF}.b.c.d/playlist.m3u8"
    answer = home.world.functions.call("show_live", show_live, told)
    assert (answer["statusCode"], json.loads(answer["body"])["code"]) == (404, "NotFound")


def test_what_a_platform_cut_in_two_is_no_address_and_leaves_the_rest_of_a_name() -> None:
    told = {"name": f"Ola {HALF}", "email": f"ola{HALF}@example.com", "picture": f"https://{HALF}"}
    vouched = rules.vouched("https://platform.example", {"sub": "1", "nonce": "2", "email_verified": True, **told})
    assert (vouched.nickname, vouched.email, vouched.picture) == ("Ola", None, None)


# Operators' functions: what they are told is JSON as it was written, and what they answer is what they were told


_TEXT = some.text(some.characters(codec=None, categories=["Cs", "L", "N"]), max_size=6)
_JSON = some.recursive(
    some.none() | some.integers() | _TEXT,
    lambda inner: some.lists(inner, max_size=3) | some.dictionaries(_TEXT, inner, max_size=3),
    max_leaves=6,
)


def _like(value: Any) -> Any:
    """What works, with anything in the place of some of it, and something beside."""
    if isinstance(value, dict):
        alike = some.fixed_dictionaries({name: _like(one) for name, one in value.items()})
        return some.builds(lambda one, more: more | one, alike, some.dictionaries(_TEXT, _JSON, max_size=1))
    return (some.tuples(*map(_like, value)).map(list) if isinstance(value, list) else some.just(value)) | _JSON


@pytest.mark.one_in(2)
@pytest.mark.parametrize("name", OPERATIONS)
def test_an_operator_reads_what_was_wrong_whatever_he_said(home: Home, name: str) -> None:
    handler = _operation(name)

    @_HOW
    @given(some.data())
    def try_it(data: some.DataObject) -> None:
        event = data.draw(_like(OPERATIONS[name]))
        try:
            home.world.functions.call(name, handler, event)
        except Refusal as refusal:
            str(refusal).encode()

    try_it()


def _operation(name: str) -> Any:
    from importlib import import_module

    found = [getattr(import_module(module), name, None) for module in houses.modules("operations")]
    (handler,) = [one for one in found if one is not None]
    return handler


def test_a_row_with_half_a_character_is_a_bad_row(home: Home) -> None:
    row = {"sn": "SN0099", "model": "Sowa One", "code": "ABCD-2345", "secret": "s" * 32}
    rows = [{**row, "model": HALF}, {**row, f"model{HALF}": "Two"}, row]
    told = home.world.functions.call("load_devices", _operation("load_devices"), {"devices": rows})
    assert told["loaded"] == 1
    assert [(one["row"], sorted(one["fields"])) for one in told["bad_rows"]] == [(1, ["model"]), (2, ["model?"])]


# The local cloud is as strict as Lambda


def test_an_answer_or_a_line_that_cannot_be_written_ends_the_function() -> None:
    functions = Functions()
    assert functions.call("garden", lambda event, context: {"grape": "\U0001f347"}, {}) == {"grape": "\U0001f347"}
    with pytest.raises(UnicodeEncodeError):
        functions.call("garden", lambda event, context: {"grape": HALF}, {})
    with functions.logs, pytest.raises(UnicodeEncodeError):
        functions.call("garden", lambda event, context: print(HALF), {})
