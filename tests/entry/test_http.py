"""The door of the API: every answer has its form, every refusal its status, every request its one line in the log."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError

from chalicelib import errors, words
from chalicelib.aws.attempts import CallRefused, ReplyLost
from chalicelib.entry.contract import Contract
from chalicelib.entry.http import Api, RouteTable
from chalicelib.entry.log import ALLOWED, Line, NotAllowed
from chalicelib.entry.refusals import STATUS
from chalicelib.entry.wire import Shape
from chalicelib.gateway import AUTHENTICATION
from infra.local.cloud import LocalCloud
from infra.local.gateway import Gateway, Response, http_request
from infra.strict_moto import FAILING_FROM, LOST_REPLY
from tests.conftest import Home
from tests.events import event
from tests.routes import all_routes, named, request_for, route_names
from tests.scene import PASSWORD, Person, lines_of

HEADERS = {
    "Content-Type": "application/json",
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "Strict-Transport-Security": "max-age=63072000; includeSubDomains",
    "X-Content-Type-Options": "nosniff",
}
SECRET_WORDS = "the words of ola@example.com"


class Said(Shape):
    name: str


def answer_of(view: Callable[[], Any], path: str = "/garden") -> Response:
    """What a client gets from a view of this kind."""
    from chalicelib.entry.callers import Who

    routes = RouteTable("tests.garden")
    routes.get(path, who=Who.ANYONE, example={}, answers=Said)(lambda visitor: view())
    app = Api("garden", AUTHENTICATION)
    app.register_blueprint(routes)
    return Gateway(app).handle(http_request("GET", path))


def raising(problem: Exception) -> Callable[[], Any]:
    def view() -> Any:
        raise problem

    return view


def lines(world: LocalCloud) -> Iterator[dict[str, Any]]:
    for text in world.logs.lines():
        yield json.loads(text)


# ── Refusals ─────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(("family", "status"), STATUS.items(), ids=lambda one: getattr(one, "__name__", one))
def test_every_family_of_refusals_has_its_status_and_its_form(
    world: LocalCloud, family: type[errors.Refusal], status: int
) -> None:
    answer = answer_of(raising(family(fields={"name": "is wrong"}, retry_after_seconds=7)))
    assert answer.status == status
    assert answer.json == {
        "code": family.__name__,
        "message": words.message(family, "en"),
        "request_id": answer.headers["X-Request-Id"],
        "fields": {"name": "is wrong"},
    }
    assert answer.headers["Retry-After"] == "7"


def test_a_situation_inherits_the_status_of_its_family(world: LocalCloud) -> None:
    class ShedFlooded(errors.Gone):
        pass

    answer = answer_of(raising(ShedFlooded()))
    assert (answer.status, answer.json["code"]) == (410, "ShedFlooded")
    assert "Retry-After" not in answer.headers


@pytest.mark.parametrize(
    ("accepted", "language"),
    [
        (None, "en"),
        ("", "en"),
        ("pl", "pl"),
        ("PL", "pl"),
        ("pl-PL,pl;q=0.9,en;q=0.8", "pl"),
        ("en-GB,en;q=0.9,pl;q=0.8", "en"),
        ("en;q=0.5, pl;q=0.7", "pl"),
        ("de, fr;q=0.9", "en"),
        ("de, pl;q=0.1", "pl"),
        ("en; q=0.5, pl ; Q=0.7", "pl"),
        ("en;q=0, pl;q=0.1", "pl"),
        ("pl;q=0", "en"),
        ("pli;q=1", "en"),
        ("*", "en"),
        ("pl;q=nonsense", "pl"),
        ("pl;q=nan", "en"),
        ("en;q=, pl;q=0.9", "en"),
        (";;;,,,q=1", "en"),
        (",".join(["de"] * 5_00) + ",pl", "en"),
    ],
)
def test_the_message_is_in_the_language_that_is_wanted(world: LocalCloud, accepted: str | None, language: str) -> None:
    headers = {} if accepted is None else {"Accept-Language": accepted}
    answer = world.call("GET", "/me", headers=headers)
    assert answer.json["message"] == words.message(errors.NotSignedIn, language)


@pytest.mark.parametrize("path", ["/plans", "/me", "/policy?version=none", "/erasures/none", "/policy?nonsense=1"])
def test_the_same_headers_protect_every_answer(world: LocalCloud, path: str) -> None:
    answer = world.call("GET", path)
    assert {name: answer.headers[name] for name in HEADERS} == HEADERS
    assert len(answer.headers["X-Request-Id"]) >= 26


def test_an_answer_without_a_body_is_protected_too(home: Home) -> None:
    answer = home.owner.call("DELETE", "/sessions/current")
    assert (answer.status, answer.body) == (204, b"")
    assert {name: answer.headers[name] for name in HEADERS} == HEADERS


# ── What cannot be understood ────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("method", "path", "field"),
    [
        ("GET", "/me?nonsense=1", "nonsense"),
        ("GET", "/keys?limit=5", "limit"),
        ("GET", "/devices?", None),
        ("GET", "/alarms?limit=5&limit=6", "limit"),
        ("GET", "/alarms?limit=5&limit=5", "limit"),
        ("GET", "/alarms?Limit=5", "Limit"),
        ("GET", "/alarms?limit=", "limit"),
        ("GET", "/orders?" + "x" * 100 + "=1", "x" * 64),
        ("DELETE", "/sessions?but=current", "but"),
        ("POST", "/step-up?code=1", "code"),
    ],
)
def test_a_parameter_that_is_not_understood_is_refused_and_named(
    home: Home, method: str, path: str, field: str | None
) -> None:
    answer = home.owner.call(method, path)
    if field is None:
        assert answer.status == 200
    else:
        assert (answer.status, list(answer.json["fields"])) == (422, [field])


def test_who_opens_a_link_may_put_something_on_it(home: Home) -> None:
    url = home.owner.watch(home.camera.device_id)["playlist_url"]
    path = "/" + url.split("/", 3)[3]
    home.camera.stream(init="a")
    home.camera.stream()
    assert home.world.call("GET", path, query={"fbclid": "x"}).status == 200


@pytest.mark.parametrize(
    ("name", "others"),
    [("Idempotency-Key", ["a" * 16, "b" * 16]), ("Authorization", ["Bearer a.b.c.d", "Bearer e.f.g.h"])],
)
def test_a_header_that_says_two_things_is_not_understood(home: Home, name: str, others: list[str]) -> None:
    usual = {"Authorization": f"Bearer {home.owner.access_token}"}
    asked = http_request("PATCH", "/me", usual, b'{"nickname": "Ala"}')

    def with_headers(*values: str) -> int:
        kept = [one for one in asked.headers if one[0] != name]
        return home.world.gateway.handle(replace(asked, headers=[*kept, *((name, one) for one in values)])).status

    own = usual.get(name, others[0])
    assert [with_headers(own), with_headers(own, own), with_headers(own, others[1])] == [200, 200, 400]


@pytest.mark.parametrize("path", ["/devices/%ff", "/devices/%C3%28", "/devices/%00", "/devices/" + "a" * 129])
def test_a_path_that_names_nothing_leads_nowhere(home: Home, path: str) -> None:
    assert home.owner.call("GET", path).status == 404


def test_a_provider_may_say_whatever_it_likes_beside_its_event(home: Home) -> None:
    request = request_for(named("POST /payments/{provider}"), home)
    request.headers["Idempotency-Key"] = "short"
    request.query = {"attempt": "2"}
    assert request.send(home).status == 200


# ── What breaks ──────────────────────────────────────────────────────────────────────────────────────────────────────


def test_what_nobody_foresaw_says_nothing_and_the_log_says_where(world: LocalCloud) -> None:
    answer = answer_of(raising(KeyError(SECRET_WORDS)))
    assert answer.status == 500
    assert answer.json.keys() == {"code", "message", "request_id"}
    assert "KeyError" not in answer.body.decode() and SECRET_WORDS not in answer.body.decode()
    assert {name: answer.headers[name] for name in HEADERS} == HEADERS


def test_the_log_of_a_fault_names_its_kind_and_place_and_not_its_words(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    from chalicelib.plans.shapes import Plan

    monkeypatch.setattr(Plan, "of", _broken)
    before = len(home.world.logs.lines())
    assert home.world.call("GET", "/plans").status == 500
    (text,) = home.world.logs.lines()[before:]
    line = json.loads(text)
    assert (line["fault"], line["status"], line["code"]) == ("RuntimeError", 500, "ServerFault")
    assert any("plans/routes.py" in place for place in line["at"])
    assert line["level"] == "ERROR"
    assert SECRET_WORDS not in text


def _broken(*_: Any) -> Any:
    raise RuntimeError(SECRET_WORDS)


def client_error(code: str, status: int) -> ClientError:
    return ClientError({"Error": {"Code": code}, "ResponseMetadata": {"HTTPStatusCode": status}}, "GetItem")


@pytest.mark.parametrize(
    ("problem", "status"),
    [
        (EndpointConnectionError(endpoint_url="https://dynamodb"), 503),
        (client_error("ThrottlingException", 400), 503),
        (client_error("ProvisionedThroughputExceededException", 400), 503),
        (client_error("InternalServerError", 500), 503),
        (client_error("ValidationException", 400), 500),
        (ReplyLost("ConnectTimeoutError"), 503),
        (CallRefused("GetItem", 400, b'{"__type": "ThrottlingException"}', "R1"), 503),
        (CallRefused("GetItem", 500, b'{"__type": "InternalServerError"}', "R1"), 503),
        (CallRefused("GetItem", 400, b'{"__type": "ValidationException"}', "R1"), 500),
        (client_error("AccessDeniedException", 400), 500),
    ],
    ids=str,
)
def test_what_aws_may_do_better_in_a_moment_is_busy_and_the_rest_is_a_fault(
    world: LocalCloud, problem: Exception, status: int
) -> None:
    answer = answer_of(raising(problem))
    assert answer.status == status
    assert ("Retry-After" in answer.headers) == (status == 503)


def test_a_cloud_that_is_down_asks_for_patience(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    home.world.faults.fail(1, FAILING_FROM)
    answer = home.owner.call("GET", "/me")
    assert (answer.status, answer.json["code"], answer.headers["Retry-After"]) == (503, "Unavailable", "2")


def test_a_reply_that_is_lost_once_is_asked_for_again(home: Home) -> None:
    home.world.faults.fail(1, LOST_REPLY)
    assert home.owner.call("GET", "/me").status == 200


# ── What is asked ────────────────────────────────────────────────────────────────────────────────────────────────────

MALFORMED = {
    "not JSON": b"{",
    "not UTF-8": b'{"a": "\xff"}',
    "NaN": b'{"a": NaN}',
    "infinite": b'{"a": 1e999}',
    "twice": b'{"a": 1, "a": 1}',
    "deep": b"[" * 5_000 + b"]" * 5_000,
    "half a character": b'{"a": "\\ud800"}',
    "a list": b"[]",
    "a text": b'"text"',
    "null": b"null",
    "a number": b"7",
    "unknown fields": b'{"nonsense": {"a": [1, 2]}}',
    "too large": b'{"a": "' + b"x" * 262_144 + b'"}',
    "nothing": b"",  # the last, since some routes take it
    "numbers for all": None,
    "nulls for all": None,
    "lists for all": None,
}


@pytest.mark.one_in(2)
@pytest.mark.parametrize("name", [name for name in route_names() if not name.startswith("GET")])
def test_no_malformed_body_breaks_anything(home: Home, name: str) -> None:
    route = named(name)
    request = request_for(route, home)
    request.body = None
    fields = list(route.example) or ["a"]
    replaced = {"numbers for all": -1e308, "nulls for all": None, "lists for all": [[{}]]}
    for kind, body in MALFORMED.items():
        if kind == "nothing" and route.asks is None:
            continue  # that is what it wants
        request.raw = json.dumps(dict.fromkeys(fields, replaced[kind])).encode() if body is None else body
        request.headers.pop("Idempotency-Key", None)
        if route.money:
            request.headers["Idempotency-Key"] = f"a key for {kind} of sixteen"
        answer = request.send(home)
        assert answer.status < 500, kind
        if route.takes_form:
            continue  # nothing in it is looked at
        if kind in ("not JSON", "NaN", "twice", "deep", "half a character", "infinite"):
            assert (answer.status, answer.json["code"] in ("Malformed", "SignatureWrong")) == (400, True), kind
        if kind == "too large":
            assert answer.status in (400, 413), kind


def test_a_body_where_none_belongs_cannot_be_meant(home: Home) -> None:
    answer = home.owner.call("POST", "/step-up", {"code": "123456"})
    assert (answer.status, answer.json["code"]) == (400, "Malformed")
    assert home.owner.call("POST", "/step-up", {}).status == 202


def test_a_query_that_nobody_knows_is_named(home: Home) -> None:
    for query in ({"nonsense": "1"}, {"limit": "many"}, {"limit": "0"}, {"limit": "201"}):
        answer = home.owner.call("GET", "/alarms", query=query)
        (field,) = query
        assert (answer.status, list(answer.json["fields"])) == (422, [field])


def test_names_in_paths_are_decoded_once(home: Home) -> None:
    device_id = home.camera.device_id
    encoded = f"%{ord(device_id[0]):02x}{device_id[1:]}"
    assert home.owner.call("GET", f"/devices/{encoded}").status == 200
    assert home.owner.call("GET", f"/devices/{encoded.replace('%', '%25')}").status == 404


@pytest.mark.parametrize("content_type", ["application/json", "text/plain", "application/x-www-form-urlencoded", ""])
def test_a_body_is_read_whatever_it_says_it_is(world: LocalCloud, content_type: str) -> None:
    body = json.dumps({"email": "a@example.com", "password": PASSWORD}).encode()
    answer = world.call("POST", "/sessions", raw=body, headers={"Content-Type": content_type})
    assert (answer.status, list(answer.json["fields"])) == (422, ["terminal"])


def test_a_binary_body_is_read_as_it_was_before_lambda_encoded_it(world: LocalCloud) -> None:
    answer = world.call("POST", "/sessions", raw=b'{"email": 1}', headers={"Content-Type": "application/octet-stream"})
    assert answer.status == 422


def test_the_token_is_found_however_its_scheme_is_written(home: Home) -> None:
    for header in (f"Bearer {home.owner.access_token}", f"bearer  {home.owner.access_token} "):
        assert home.world.call("GET", "/me", headers={"Authorization": header}).status == 200
    for header in (home.owner.access_token, f"Basic {home.owner.access_token}", "Bearer", "Bearer  ", "\x7f"):
        assert home.world.call("GET", "/me", headers={"Authorization": header}).status == 401


def test_a_sample_event_of_api_gateway_is_served(world: LocalCloud) -> None:
    from app import app

    answer = app(event("rest_v1"), None)
    assert answer["statusCode"] == 200
    assert answer["headers"]["X-Request-Id"] == "c6af9ac6-7b61-11e6-9a41-93e8deadbeef"
    assert json.loads(answer["body"])["items"]


# ── What is logged ───────────────────────────────────────────────────────────────────────────────────────────────────

def test_each_request_writes_one_line_of_allowed_fields(home: Home) -> None:
    for name in ("GET /me", "GET /plans", "PATCH /me", "POST /cameras/tickets", "POST /sessions"):
        request = request_for(named(name), home)
        before = len(home.world.logs.lines())
        answer = request.send(home)
        written = home.world.logs.lines()[before:]
        assert len(written) == 1, written
        line = json.loads(written[0])
        assert line.keys() <= ALLOWED | {"level", "timestamp", "latency_ms"}
        assert (line["door"], line["status"]) == (name, answer.status)
        assert line["request_id"] == answer.headers["X-Request-Id"]
        assert (line["level"], line["latency_ms"] > 0) == ("INFO", True)


def test_a_refusal_is_logged_by_its_code(world: LocalCloud) -> None:
    world.call("GET", "/me")
    *_, line = lines(world)
    assert (line["status"], line["code"], line["asker"], "fault" in line) == (401, "NotSignedIn", "person", False)


@pytest.mark.one_in(2)
@pytest.mark.parametrize("name", route_names())
def test_no_door_writes_what_it_was_told(home: Home, name: str) -> None:
    """Neither tokens nor addresses, names, serial numbers, passwords or what stood in a path."""
    request_for(named(name), home).send(home)
    home.world.settle()
    # What is sealed is random text, in which any short word may stand.
    written = re.sub(r'"address":"[0-9]{10}\.[\w=-]+"', "", "\n".join(lines_of(home.world)))
    assert f'"door":"{name}"' in written
    owner, camera = home.owner, home.camera
    secret = {owner.email, owner.nickname, PASSWORD, owner.access_token, owner.refresh_token, camera.token, camera.sn}
    secret |= {camera.secret, camera.code, camera.device_id, owner.account_id, "newcomer@", "02:00:5e", "192.168.1.20"}
    assert [word for word in secret if word in written] == []


def test_every_line_is_json(home: Home) -> None:
    assert all(line["door"] for line in lines(home.world))


def test_what_is_not_on_the_list_cannot_be_logged() -> None:
    line = Line()
    with pytest.raises(NotAllowed):
        line["email"] = "ola@example.com"
    with pytest.raises(NotAllowed):
        line.add(status=200, body=b"")


# ── Only what is named leaves ────────────────────────────────────────────────────────────────────────────────────────


def test_an_answer_that_its_shape_does_not_know_does_not_leave(world: LocalCloud) -> None:
    class Narrow(Shape):
        name: str

        @classmethod
        def of(cls, found: dict[str, str]) -> Narrow:
            return cls(name=found["name"])

    from chalicelib.entry.callers import Who

    routes = RouteTable("tests.shed")
    routes.get("/shed", who=Who.ANYONE, example={}, answers=Narrow)(lambda visitor: {"name": "n", "secret": "s"})
    app = Api("shed", AUTHENTICATION)
    app.register_blueprint(routes)
    assert Gateway(app).handle(http_request("GET", "/shed")).json == {"name": "n"}


# What API Gateway makes of `WWW-Authenticate`.
REALM = "x-amzn-Remapped-WWW-Authenticate"


def test_a_401_says_whose_token_is_wanted(home: Home) -> None:
    realms = {
        path: home.world.call(method, path, {}, token="none").headers[REALM]
        for method, path in (("PATCH", "/me"), ("PUT", "/cameras/state"), ("POST", "/cameras/tickets"))
    }
    assert realms == {
        "/me": 'Bearer realm="people"',
        "/cameras/state": 'Bearer realm="cameras"',
        "/cameras/tickets": 'Bearer realm="cameras"',
    }
    of_person = home.world.call("PUT", "/cameras/state", {}, token=home.owner.access_token)
    assert (of_person.status, of_person.headers[REALM]) == (401, 'Bearer realm="cameras"')
    activation = home.camera.activation(secret="factory-secret-of-another")
    of_secret = home.world.call("POST", "/cameras/activation", activation)
    assert (of_secret.status, of_secret.headers[REALM]) == (401, 'Bearer realm="cameras"')
    of_password = home.owner.sign_in("another password")
    assert (of_password.status, of_password.headers[REALM]) == (401, 'Bearer realm="people"')
    assert REALM not in home.owner.call("GET", "/me").headers


def test_nothing_that_a_person_gets_speaks_of_somebody_else(home: Home) -> None:
    stranger: Person = home.stranger
    for route in all_routes():
        if route.method == "GET" and route.answers not in (None, Contract):
            body = request_for(route, home).send(home).body.decode()
            # The id of a device that is shared with somebody begins with its owner's, which is random and no name.
            body = re.sub(f"{stranger.account_id}[a-z2-7]{{26}}", "", body)
            assert stranger.email not in body and stranger.account_id not in body, route.name


def test_no_route_answers_with_a_type_that_api_gateway_takes_for_binary() -> None:
    from app import app

    # It would want base64, and entry/http.py does not ask Chalice whether.
    types = {route.media_type or HEADERS["Content-Type"] for route in app.declared_routes}
    assert len(types) > 1 and not types & set(app.api.binary_types)
