"""The local API Gateway hands over what the real one hands over, and refuses what it refuses."""

from __future__ import annotations

import base64
import gzip
import json
import threading
import zlib
from typing import Any

import pytest
import time_machine
from chalice import Chalice, Response
from werkzeug.test import Client

from infra.local import gateway
from infra.local.functions import Functions
from infra.local.gateway import Gateway, HttpRequest, http_request, invoke_api

app = Chalice("toy")


def _event() -> dict[str, Any]:
    return app.current_request.to_original_event()


@app.route("/echo/{first}/{second}", methods=["GET", "POST"])
def echo(first: str, second: str) -> dict[str, Any]:
    return {"event": _event(), "args": [first, second]}


@app.route("/echo/literal/{second}")
def literal(second: str) -> dict[str, Any]:
    return {"literal": second, "event": _event()}


@app.route("/", methods=["GET"])
def root() -> dict[str, Any]:
    return {"event": _event()}


@app.route("/raw", methods=["POST"], content_types=["application/json", "application/octet-stream", "text/plain"])
def raw() -> dict[str, Any]:
    return {"event": _event(), "hex": bytes(app.current_request.raw_body).hex()}


@app.route("/picture")
def picture() -> Response:
    return Response(b"\x00\xff", headers={"Content-Type": "image/png"})


@app.route("/cookies")
def cookies() -> Response:
    return Response("", headers={"Set-Cookie": ["a=1", "b=2"], "WWW-Authenticate": "Bearer"}, status_code=204)


@app.route("/large/{size}")
def large(size: str) -> Response:
    return Response("x" * int(size), headers={"Content-Type": "text/plain"})


@app.route("/coded")
def coded() -> Response:
    return Response("x" * 2000, headers={"Content-Type": "text/plain", "Content-Encoding": "identity"})


@app.route("/context")
def context() -> dict[str, Any]:
    mine = app.lambda_context
    return {
        "id": mine.aws_request_id,
        "name": mine.function_name,
        "left": mine.get_remaining_time_in_millis(),
        "memory": mine.memory_limit_in_mb,
        "arn": mine.invoked_function_arn,
    }


@app.route("/shared", methods=["PUT"])
def shared() -> dict[str, Any]:
    return {}


@app.route("/dies")
def dies() -> None:
    raise Death


@app.route("/head", methods=["HEAD"])
def head() -> dict[str, Any]:
    return {"a body": "that HEAD has not"}


class Death(BaseException):
    """What no `except Exception` of the app catches."""


def _get(path: str, **how: Any) -> dict[str, Any]:
    response = invoke_api(app, "GET", path, **how)
    assert response.status == 200, response
    return response.json["event"]  # type: ignore[no-any-return]


def test_the_event_has_what_a_rest_proxy_event_has() -> None:
    with time_machine.travel("2026-01-05T08:00:00Z", tick=False):
        event = _get("/echo/a/b", headers={"User-Agent": "toy/1"}, query={"x": ["1", "2"], "y": ""})
    assert event["resource"] == "/echo/{first}/{second}"
    assert event["path"] == "/echo/a/b"
    assert event["httpMethod"] == "GET"
    assert event["pathParameters"] == {"first": "a", "second": "b"}
    assert event["queryStringParameters"] == {"x": "2", "y": ""}
    assert event["multiValueQueryStringParameters"] == {"x": ["1", "2"], "y": [""]}
    assert event["stageVariables"] is None
    assert (event["body"], event["isBase64Encoded"]) == (None, False)
    told = event["requestContext"]
    assert told["resourcePath"] == "/echo/{first}/{second}"
    assert told["path"] == "/local/echo/a/b"
    assert (told["httpMethod"], told["stage"]) == ("GET", "local")
    assert told["requestTimeEpoch"] == 1767600000000
    assert told["requestTime"] == "05/Jan/2026:08:00:00 +0000"
    assert told["identity"]["sourceIp"] == "127.0.0.1"
    assert told["identity"]["userAgent"] == "toy/1"
    assert len(told["requestId"]) == 36


def test_without_parameters_the_event_says_null_and_not_empty() -> None:
    event = _get("/")
    names = ("pathParameters", "queryStringParameters", "multiValueQueryStringParameters", "body")
    assert [event[name] for name in names] == [None] * 4


def test_path_values_stay_encoded_and_query_values_do_not() -> None:
    event = _get("/echo/a%20b/%C4%85?q=a%20b%26c+d")
    assert event["pathParameters"] == {"first": "a%20b", "second": "%C4%85"}
    assert event["queryStringParameters"] == {"q": "a b&c d"}


def test_a_literal_segment_goes_before_a_parameter_and_a_closing_slash_does_not_count() -> None:
    assert invoke_api(app, "GET", "/echo/literal/x/").json["literal"] == "x"
    assert invoke_api(app, "GET", "/echo/other/x").json["args"] == ["other", "x"]


@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", "/nowhere"), ("PUT", "/raw"), ("GET", "/echo/a"), ("GET", "/echo//b"), ("HEAD", "/"), ("OPTIONS", "/raw")],
)
def test_an_unknown_path_and_a_wrong_method_are_refused_as_deployed(method: str, path: str) -> None:
    response = invoke_api(app, method, path)
    assert response.status == 404
    assert response.json == {
        "code": "NotFound",
        "message": "There is no such thing here.",
        "request_id": response.headers["x-amzn-RequestId"],
    }
    assert response.headers["Content-Type"] == "application/json"
    assert response.headers["Cache-Control"] == "no-store"


def test_a_repeated_header_is_told_once_and_in_full() -> None:
    asked = HttpRequest(
        "GET", "/", headers=[("X-A", "1"), ("X-A", "2"), ("X-Forwarded-For", "10.0.0.1")], source_ip="10.0.0.2"
    )
    event = Gateway(app).handle(asked).json["event"]
    assert event["headers"]["X-A"] == "2"
    assert event["multiValueHeaders"]["X-A"] == ["1", "2"]
    assert event["headers"]["X-Forwarded-For"] == "10.0.0.1, 10.0.0.2"
    assert event["requestContext"]["identity"]["sourceIp"] == "10.0.0.2"


def test_the_viewers_country_is_added_unless_the_caller_says_one() -> None:
    assert _get("/")["headers"]["CloudFront-Viewer-Country"] == "PL"
    assert (
        Gateway(app, country="DE")
        .handle(http_request("GET", "/"))
        .json["event"]["headers"]["CloudFront-Viewer-Country"]
        == "DE"
    )
    told = _get("/", headers={"cloudfront-viewer-country": "FR"})["headers"]
    assert [value for name, value in told.items() if name.lower() == "cloudfront-viewer-country"] == ["FR"]


def test_text_comes_as_text_and_binary_types_as_base64() -> None:
    plain = invoke_api(app, "POST", "/raw", {"Content-Type": "application/json"}, "{ą}".encode()).json
    assert (plain["event"]["body"], plain["event"]["isBase64Encoded"]) == ("{ą}", False)
    binary = invoke_api(app, "POST", "/raw", {"Content-Type": "application/octet-stream"}, b"\x00\xff").json
    assert binary["event"]["isBase64Encoded"] is True
    assert base64.b64decode(binary["event"]["body"]) == b"\x00\xff" == bytes.fromhex(binary["hex"])


def test_a_binary_answer_arrives_as_bytes() -> None:
    response = invoke_api(app, "GET", "/picture", {"Accept": "image/png"})
    assert (response.status, response.body) == (200, b"\x00\xff")


def test_an_answer_keeps_its_repeated_headers_and_aws_renames_some() -> None:
    response = invoke_api(app, "GET", "/cookies")
    assert response.status == 204
    assert response.headers.getlist("Set-Cookie") == ["a=1", "b=2"]
    assert response.headers["x-amzn-Remapped-WWW-Authenticate"] == "Bearer"
    assert "WWW-Authenticate" not in response.headers


def test_a_body_over_ten_megabytes_is_refused_and_one_that_lambda_cannot_take_too() -> None:
    sent = {"Content-Type": "text/plain"}
    for size in (10_485_761, 6_291_456):
        response = invoke_api(app, "POST", "/raw", sent, b"x" * size)
        assert (response.status, response.json["code"]) == (413, "TooLarge")
    assert invoke_api(app, "POST", "/raw", sent, b"x" * 1_000_000).status == 200


def test_an_answer_over_six_megabytes_is_a_bad_gateway() -> None:
    assert invoke_api(app, "GET", "/large/6291556").status == 502
    assert len(invoke_api(app, "GET", "/large/6000000").body) == 6_000_000


def test_headers_over_their_limit_are_refused() -> None:
    assert invoke_api(app, "GET", "/", {"X": "x" * 10_240}).status == 413
    assert invoke_api(app, "GET", "/", {"X": "x" * 10_239}).status == 200


def test_an_answer_after_29_seconds_reaches_nobody_but_its_effect_stays() -> None:
    slow = Chalice("slow")
    done = []

    with time_machine.travel("2026-01-05T08:00:00Z", tick=False) as traveller:

        @slow.route("/wait/{seconds}")
        def wait(seconds: str) -> dict[str, Any]:
            traveller.shift(float(seconds))
            done.append(seconds)
            return {}

        assert invoke_api(slow, "GET", "/wait/29").status == 200
        late = invoke_api(slow, "GET", "/wait/29.5")
    assert (late.status, late.json["code"], late.headers["Retry-After"]) == (503, "Unavailable", "2")
    assert done == ["29", "29.5"]


def test_whatever_comes_out_of_the_app_is_a_bad_gateway_and_is_logged() -> None:
    functions = Functions()
    response = Gateway(app, functions).handle(http_request("GET", "/dies"))
    assert (response.status, response.json["code"]) == (502, "ServerFault")
    assert "Death" in "\n".join(functions.logs.lines())


def test_an_interrupt_is_no_answer() -> None:
    interrupted = Chalice("interrupted")

    @interrupted.route("/")
    def view() -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        invoke_api(interrupted, "GET", "/")


@pytest.mark.parametrize("answer", [{}, {"statusCode": "no"}, {"statusCode": 200, "body": {}}, None])
def test_an_answer_that_is_none_is_a_bad_gateway(answer: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Functions, "call", lambda *_: answer)
    assert Gateway(app).handle(http_request("GET", "/")).status == 502


def test_each_call_has_a_context_of_its_own() -> None:
    first, second = (invoke_api(app, "GET", "/context").json for _ in range(2))
    assert first["id"] != second["id"]
    assert first["name"] == "sowa-api"
    assert 0 < first["left"] <= 29_000
    assert first["memory"] == "512"
    assert first["arn"].endswith(":function:sowa-api")


def test_a_preflight_is_answered_without_the_function() -> None:
    origin = "https://sowa.example"
    response = Gateway(app, allowed_origin=origin).handle(http_request("OPTIONS", "/echo/a/b"))
    assert (response.status, response.body) == (204, b"")
    assert response.headers["Access-Control-Allow-Origin"] == origin
    assert response.headers["Access-Control-Allow-Methods"] == "GET, POST"


@pytest.mark.parametrize(
    ("method", "path", "status"), [("GET", "/nowhere", 404), ("OPTIONS", "/nowhere", 404), ("GET", "/dies", 502)]
)
def test_the_gateways_own_refusals_can_be_read_from_the_allowed_origin(method: str, path: str, status: int) -> None:
    origin = "https://sowa.example"
    response = Gateway(app, allowed_origin=origin).handle(http_request(method, path))
    assert (response.status, response.headers["Access-Control-Allow-Origin"]) == (status, origin)
    assert "Access-Control-Allow-Origin" not in invoke_api(app, method, path).headers


def test_head_has_the_headers_and_no_body() -> None:
    response = invoke_api(app, "HEAD", "/head")
    assert (response.status, response.body) == (200, b"")


def test_an_authorizer_is_not_passed_over() -> None:
    guarded = Chalice("guarded")

    @guarded.authorizer()
    def nobody(request: Any) -> Any: ...

    @guarded.route("/", authorizer=nobody)
    def view() -> None: ...

    with pytest.raises(NotImplementedError, match="authorizer"):
        Gateway(guarded)


def test_over_wsgi_it_is_the_same_event() -> None:
    client = Client(Gateway(app))
    event = client.post("/echo/a%20b/c?x=1&x=2", json={"n": 1}, headers={"X-Toy": "1"}).json["event"]
    assert event["pathParameters"] == {"first": "a%20b", "second": "c"}
    assert event["multiValueQueryStringParameters"] == {"x": ["1", "2"]}
    assert event["headers"]["X-Toy"] == "1"
    assert json.loads(event["body"]) == {"n": 1}


def test_a_chunked_body_arrives_whole() -> None:
    environ = {"wsgi.input_terminated": True, "HTTP_TRANSFER_ENCODING": "chunked"}
    client = Client(Gateway(app))
    answer = client.post(
        "/raw", data=b"chunks", content_type="text/plain", environ_overrides={**environ, "CONTENT_LENGTH": ""}
    )
    assert answer.json["event"]["body"] == "chunks"


def test_threads_do_not_see_each_others_request() -> None:
    """Chalice keeps the current request on the app: with threads, a person would be answered for another."""
    meeting = threading.Barrier(2, timeout=10)
    crowded = Chalice("crowded")
    seen: dict[str, Any] = {}

    @crowded.route("/{name}")
    def view(name: str) -> dict[str, Any]:
        meeting.wait()
        seen[name] = (crowded.current_request.uri_params["name"], crowded.lambda_context.aws_request_id)
        return {}

    served = Gateway(crowded)
    threads = [threading.Thread(target=served.handle, args=(http_request("GET", f"/{name}"),)) for name in "ab"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert [seen[name][0] for name in "ab"] == ["a", "b"]
    assert seen["a"][1] != seen["b"][1]


def test_a_seed_makes_request_ids_repeatable() -> None:
    first, second = (
        Gateway(app, Functions(seed=7)).handle(http_request("GET", "/context")).json["id"] for _ in range(2)
    )
    assert first == second


def test_status_lines_have_their_words() -> None:
    assert gateway.status_line(404) == "404 Not Found"
    assert gateway.status_line(299) == "299 Unknown"


CODINGS = {"gzip": gzip.decompress, "deflate": zlib.decompress}


@pytest.mark.parametrize(
    ("accepted", "coding"),
    [
        ("gzip", "gzip"), ("gzip, deflate, br", "gzip"), ("deflate", "deflate"), ("gzip;q=0.5, deflate", "deflate"),
        # The one of most weight it has to know; it looks for no other.
        ("br, gzip", None), ("gzip;q=0.5, zstd", None), ("identity", None), ("*", None), ("gzip;q=0", None),
        ("gzip;q=x", None), ("", None), (None, None),
    ],
)  # fmt: skip
def test_a_long_answer_is_compressed_for_whoever_accepts_it(accepted: str | None, coding: str | None) -> None:
    asked = {} if accepted is None else {"Accept-Encoding": accepted}
    answer = invoke_api(app, "GET", "/large/1024", headers=asked)
    assert answer.headers.get("Content-Encoding") == coding
    body = answer.body if coding is None else CODINGS[coding](answer.body)
    assert (answer.status, body) == (200, b"x" * 1024)
    assert (len(answer.body) < 100) == (coding is not None)


@pytest.mark.parametrize(("path", "coding"), [("/large/1023", None), ("/coded", "identity")])
def test_a_short_answer_and_one_that_has_a_coding_go_as_they_are(path: str, coding: str | None) -> None:
    answer = invoke_api(app, "GET", path, headers={"Accept-Encoding": "gzip"})
    assert (answer.headers.get("Content-Encoding"), answer.body[:1]) == (coding, b"x")
    assert len(answer.body) > 1000
