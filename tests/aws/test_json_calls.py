"""Whatever goes wrong between us and AWS is tried again, refused or said to be lost, and never taken for an answer."""

from __future__ import annotations

import contextlib
import json
import socket
import ssl
import threading
import zlib
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest

from chalicelib import clock
from chalicelib.aws import attempts, http1, json_calls, retries
from chalicelib.aws.attempts import CallRefused, ReplyLost
from chalicelib.aws.json_calls import call
from chalicelib.settings import MissingSetting, settings
from tests.aws import tls_server
from tests.aws.tls_server import Act, Authority, Server, breaks, goes, is_silent, says

BODY = b'{"Item":{"pk":{"S":"a"}}}'
KEY = {"TableName": "Items", "Key": {"pk": {"S": "a"}}}
MOST = retries.Quota.MOST


def reply(body: bytes = BODY, status: int = 200, *more: str) -> bytes:
    lines = [f"HTTP/1.1 {status} Whatever", f"Content-Length: {len(body)}", *more]
    return "\r\n".join([*lines, "", ""]).encode() + body


def refusal(code: str, status: int = 400, *more: str, **members: Any) -> bytes:
    said = {"__type": f"com.amazonaws.dynamodb.v20120810#{code}", "message": "No.", **members}
    return reply(json.dumps(said).encode(), status, "x-amzn-RequestId: R1", *more)


OK = says(reply())


@pytest.fixture
def waits(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    slept: list[float] = []
    monkeypatch.setattr(clock, "sleep", slept.append)
    return slept


@pytest.fixture(autouse=True)
def _own_transport(monkeypatch: pytest.MonkeyPatch, waits: list[float]) -> Iterator[None]:
    told = {"AWS_ACCESS_KEY_ID": "AKIATESTS", "AWS_SECRET_ACCESS_KEY": "secret", "AWS_SESSION_TOKEN": "token"}
    for name, value in told.items():
        monkeypatch.setenv(name, value)
    for name, value in {"aws_transport": "own", "region": "eu-central-1"}.items():
        monkeypatch.setitem(vars(settings), name, value)
    # On a machine that has more to do.
    for name, seconds in {"CONNECT_S": 20, "READ_S": 30, "WHOLE_S": 60}.items():
        monkeypatch.setattr(http1, name, seconds)
    monkeypatch.setattr(attempts, "_skew", timedelta())
    monkeypatch.setattr(attempts, "_quotas", {service: retries.Quota() for service in attempts._quotas})
    yield
    for connection in vars(http1._of_thread).pop("kept", {}).values():
        connection.close()


def trust(monkeypatch: pytest.MonkeyPatch, name: str, *authorities: Authority) -> None:
    context = http1._strict_context()
    for authority in authorities:
        context.load_verify_locations(cadata=authority.pem)
    monkeypatch.setattr(http1, name, lambda: context)


@contextlib.contextmanager
def served(monkeypatch: pytest.MonkeyPatch, context: ssl.SSLContext) -> Iterator[Server]:
    with Server(context).running() as running:
        monkeypatch.setattr(json_calls, "_host", lambda service: f"{tls_server.HOST}:{running.port}")
        yield running


OURS = Authority.named("ours")


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    trust(monkeypatch, "_context", OURS)
    trust(monkeypatch, "_system_context")
    with served(monkeypatch, OURS.server_context(tls_server.HOST)) as running:
        yield running


def quota_left(service: str = "dynamodb") -> int:
    return attempts._quotas[service]._left


# What is sent, and what comes


def test_the_body_comes_as_it_was_sent(server: Server) -> None:
    server.acts = [OK]
    assert call("dynamodb", "GetItem", {**KEY, "raw": {"B": b"\x00\xff"}}) == BODY
    (request,) = server.requests
    assert json.loads(request.body) == {**KEY, "raw": {"B": "AP8="}}
    assert request.headers["x-amz-target"] == "DynamoDB_20120810.GetItem"
    assert request.headers["content-type"] == "application/x-amz-json-1.0"
    assert request.headers["x-amz-security-token"] == "token"
    assert request.headers["host"] == f"localhost:{server.port}"
    assert request.headers["authorization"].startswith("AWS4-HMAC-SHA256 Credential=AKIATESTS/")


def test_kms_is_called_in_its_own_protocol(server: Server) -> None:
    server.acts = [OK]
    call("kms", "Decrypt", {"CiphertextBlob": b"\x01"})
    headers = server.requests[0].headers
    assert (headers["x-amz-target"], headers["content-type"]) == ("TrentService.Decrypt", "application/x-amz-json-1.1")


@pytest.mark.parametrize(
    "raw",
    [
        reply(),
        reply(BODY, 200, f"x-amz-crc32: {zlib.crc32(BODY)}", "Connection: keep-alive"),
        b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n" + reply(),
        b"HTTP/1.1 200\r\ncontent-length:%d\r\nx: a:b\r\nx: c\r\ny:\r\n\r\n%s" % (len(BODY), BODY),
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: Chunked\r\n\r\n"
        b"5;name=value\r\n%s\r\n%X \r\n%s\r\n000\r\nTrailer: x\r\n\r\n"
        % (BODY[:5], len(BODY) - 5, BODY[5:]),
    ],
)  # fmt: skip
def test_every_form_of_a_whole_answer_is_read_and_the_connection_is_kept(server: Server, raw: bytes) -> None:
    server.acts = [says(raw), says(raw)]
    assert [call("dynamodb", "GetItem", KEY) for _ in range(2)] == [BODY, BODY]
    assert server.connections == 1


def test_an_answer_may_come_byte_by_byte(server: Server) -> None:
    chunked = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n%x\r\n%s\r\n0\r\n\r\n" % (len(BODY), BODY)

    def dribble(connection: ssl.SSLSocket) -> None:
        for raw in (reply(), chunked):
            for byte in raw:
                connection.sendall(bytes([byte]))
            if raw is not chunked:
                tls_server._read(connection.makefile("rb"), 0)

    server.acts = [dribble]
    assert [call("dynamodb", "GetItem", KEY) for _ in range(2)] == [BODY, BODY]


@pytest.mark.parametrize(
    "act",
    [
        goes(reply(BODY, 200, "Connection: close")),
        says(reply(BODY, 200, "Connection: Close")),
        says(reply().replace(b"HTTP/1.1", b"HTTP/1.0")),
        says(reply() + b"more"),
        goes(b"HTTP/1.1 200 OK\r\n\r\n" + BODY),
    ],
)
def test_what_ends_a_connection_is_heeded(server: Server, act: Act, waits: list[float]) -> None:
    server.acts = [act, act]
    assert [call("dynamodb", "GetItem", KEY) for _ in range(2)] == [BODY, BODY]
    assert (server.connections, len(server.requests), waits) == (2, 2, [])


def test_each_thread_has_a_connection_of_its_own(server: Server) -> None:
    server.acts = [OK] * 4

    def twice() -> None:
        for _ in range(2):
            assert call("dynamodb", "GetItem", KEY) == BODY

    twice()
    other = threading.Thread(target=twice)
    other.start()
    other.join()
    assert [request.connection for request in server.requests] == [1, 1, 2, 2]


# What is lost


@pytest.mark.parametrize("leave", [goes, breaks])
def test_a_connection_that_died_idle_is_replaced_and_costs_no_try(
    server: Server, waits: list[float], leave: Callable[[bytes], Act]
) -> None:
    server.acts = [leave(reply()), OK]
    assert [call("dynamodb", "GetItem", KEY) for _ in range(2)] == [BODY, BODY]
    assert ([request.connection for request in server.requests], waits, quota_left()) == ([1, 2], [], MOST)


STRAY = reply(b'{"Item": {"pk": {"S": "of somebody else"}}}')
TOO_LONG_IDLE = b"HTTP/1.1 408 Request Timeout\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"


@pytest.mark.parametrize("raw", [STRAY, TOO_LONG_IDLE])
def test_what_comes_between_two_requests_is_no_answer_to_the_second(
    server: Server, waits: list[float], raw: bytes
) -> None:
    is_answered, has_come = threading.Event(), threading.Event()

    def answer_and_say_more(connection: ssl.SSLSocket) -> None:
        connection.sendall(reply())
        is_answered.wait()
        connection.sendall(raw)
        has_come.set()

    server.acts = [answer_and_say_more, OK]
    assert call("dynamodb", "GetItem", KEY) == BODY
    is_answered.set()
    has_come.wait()
    assert call("dynamodb", "GetItem", KEY) == BODY
    assert ([request.connection for request in server.requests], waits, quota_left()) == ([1, 2], [], MOST)


def test_a_new_connection_that_dies_costs_a_try(server: Server, waits: list[float]) -> None:
    server.acts = [breaks(), OK]
    assert call("dynamodb", "GetItem", KEY) == BODY
    assert (len(waits), quota_left()) == (1, MOST)


def test_a_lost_reply_is_asked_for_with_the_same_token(server: Server) -> None:
    server.acts = [breaks(), goes(), OK]
    call("dynamodb", "TransactWriteItems", {"TransactItems": []})
    assert len({request.body for request in server.requests}) == 1 and len(server.requests) == 3
    assert len(json.loads(server.requests[0].body)["ClientRequestToken"]) == 26
    server.acts = [OK]
    call("dynamodb", "TransactWriteItems", {"ClientRequestToken": "mine"})
    assert json.loads(server.requests[3].body) == {"ClientRequestToken": "mine"}


NOT_WHOLE: dict[str, Act] = {
    "nothing": breaks(),
    "a goodbye": goes(),
    "a head cut short": goes(b"HTTP/1.1 200 OK\r\nContent-Le"),
    "a body cut short": goes(reply()[:-1]),
    "a body broken off": breaks(reply()[:-1]),
    "a body of no said length, broken off": breaks(b"HTTP/1.1 200 OK\r\n\r\n" + BODY),
    "a chunk cut short": goes(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n20\r\nabc"),
    "no last chunk": goes(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n"),
    "another checksum": says(reply(BODY, 200, "x-amz-crc32: 1")),
    "no checksum": says(reply(BODY, 200, "x-amz-crc32: abc")),
}
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
GARBAGE = {
    "no HTTP": b"hello\r\n\r\n",
    "another version": reply().replace(b"HTTP/1.1", b"HTTP/2"),
    "a status of four digits": reply(BODY, 2000),
    "a status below all": b"HTTP/1.1 099 Early\r\nContent-Length: 2\r\n\r\n{}",
    "a status in words": b"HTTP/1.1 OK\r\n\r\n",
    "bare line feeds": reply().replace(b"\r\n", b"\n") + b"\r\n\r\n",
    "a bare line feed in a header": reply(BODY, 200, "Name: value\nOther: value"),
    "a bare carriage return in a header": reply(BODY, 200, "Name: value\rOther: value"),
    "a space before the colon": reply(BODY, 200, "Name : value"),
    "a folded header": reply(BODY, 200, "Name: value", " more"),
    "a header without a colon": reply(BODY, 200, "Name"),
    "a header without a name": reply(BODY, 200, ": value"),
    "two lengths": reply(BODY, 200, "Content-Length: 3"),
    "a length and chunks": reply(b"0\r\n\r\n", 200, "Transfer-Encoding: chunked"),
    "another coding": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
    "a compressed body": reply(BODY, 200, "Content-Encoding: gzip"),
    "a length below nothing": b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
    "no length": b"HTTP/1.1 200 OK\r\nContent-Length: \r\n\r\n",
    "a length with a sign": b"HTTP/1.1 200 OK\r\nContent-Length: +1\r\n\r\na",
    "a length in hexadecimal": b"HTTP/1.1 200 OK\r\nContent-Length: a\r\n\r\n0123456789",
    "too long a body": b"HTTP/1.1 200 OK\r\nContent-Length: 9999999999\r\n\r\n",
    "too many headers": reply(BODY, 200, *["Name: value"] * http1.MOST_HEADERS),
    "too long a head": reply(BODY, 200, "Name: " + "a" * http1.MOST_HEAD_BYTES),
    "no end of a head": b"HTTP/1.1 200 OK\r\nName: " + b"a" * (http1.MOST_HEAD_BYTES + 100_000),
    "interim answers without end": b"HTTP/1.1 100 Continue\r\n\r\n" * 20,
    "a chunk of no size": CHUNKED + b"\r\n",
    "a chunk of a strange size": CHUNKED + b"0x1\r\na\r\n0\r\n\r\n",
    "a chunk of a size below nothing": CHUNKED + b"-1\r\n\r\n",
    "a chunk that is longer than it says": CHUNKED + b"1\r\na--0\r\n\r\n",
    "too large a chunk": CHUNKED + b"fffffffff\r\n",
    "too long a line of a chunk": CHUNKED + b"1;" + b"a" * 5_000 + b"\r\na\r\n0\r\n\r\n",
    "a trailer without end": CHUNKED + b"0\r\n" + b"a: b\r\n" * 200 + b"\r\n",
}


@pytest.mark.one_in(2)
@pytest.mark.parametrize("act", [*NOT_WHOLE.values(), *map(says, GARBAGE.values())], ids=[*NOT_WHOLE, *GARBAGE])
def test_what_is_no_whole_answer_is_asked_for_again_and_is_lost_at_the_last_try(
    server: Server, waits: list[float], act: Act
) -> None:
    server.acts = [act, OK, act, act, act]
    assert call("dynamodb", "GetItem", KEY) == BODY
    assert len(waits) == 1
    http1._kept().clear()  # the next one is no connection that died idle
    with pytest.raises(ReplyLost) as lost:
        call("dynamodb", "GetItem", KEY)
    assert isinstance(lost.value.__cause__, http1.ConnectionLost)
    assert (len(server.requests), len(waits)) == (5, 3)


def test_bodies_have_a_bound_however_they_come(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http1, "MOST_BODY_BYTES", 1000)
    three = CHUNKED + b"190\r\n%s\r\n" % (b"a" * 400) * 3 + b"0\r\n\r\n"
    kinds = [says(three), goes(b"HTTP/1.1 200 OK\r\n\r\n" + b"a" * 1001), says(reply(b"a" * 1001))]
    for kind in kinds:
        server.acts = [kind] * 3
        with pytest.raises(ReplyLost):
            call("dynamodb", "GetItem", KEY)


def test_who_does_not_answer_in_time_is_asked_again(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock, "sleep", lambda _: server.has_begun(server.connections))
    server.acts = [is_silent] * 3
    with monkeypatch.context() as patch, pytest.raises(ReplyLost, match="timed out"):
        patch.setattr(http1, "READ_S", 0.02)
        call("dynamodb", "GetItem", KEY)
    assert server.has_begun(3)
    server.acts = [OK]
    assert call("dynamodb", "GetItem", KEY) == BODY
    assert (server.connections, len(server.requests)) == (4, 4)


def test_an_answer_is_waited_for_longer_than_a_connection(server: Server) -> None:
    server.acts = [OK]
    call("dynamodb", "GetItem", KEY)
    (connection,) = http1._kept().values()
    assert connection._socket.gettimeout() == http1.READ_S > http1.CONNECT_S


def test_a_kept_connection_that_does_not_answer_in_time_costs_a_try(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    waits: list[bool] = []
    monkeypatch.setattr(clock, "sleep", lambda _: waits.append(server.has_begun(2)))
    server.acts = [OK, is_silent, OK]
    call("dynamodb", "GetItem", KEY)
    (connection,) = http1._kept().values()
    connection._socket.settimeout(0.02)
    assert call("dynamodb", "GetItem", KEY) == BODY
    assert ([request.connection for request in server.requests], waits) == ([1, 1, 2], [True])


def test_an_answer_that_comes_too_slowly_is_lost(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    ticks = iter(range(1000))
    monkeypatch.setattr(clock, "ticks_s", lambda: next(ticks))

    def dribble(connection: ssl.SSLSocket) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\nx: ")
        while True:
            connection.sendall(b"a")

    server.acts = [dribble] * 3
    with pytest.raises(ReplyLost, match="too long"):
        call("dynamodb", "GetItem", KEY)


def test_a_connection_in_the_midst_of_an_answer_is_not_used_again(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Stopped(BaseException):
        pass

    def stop(connection: Any) -> bool:
        raise Stopped

    server.acts = [OK, says(reply(b"{}")), OK]
    call("dynamodb", "GetItem", KEY)
    with monkeypatch.context() as patch, pytest.raises(Stopped):
        patch.setattr(http1._Connection, "_receive", stop)
        call("dynamodb", "GetItem", KEY)
    assert call("dynamodb", "GetItem", KEY) == BODY
    assert server.requests[-1].connection == 2


# To whom


def test_who_has_a_certificate_of_nobody_that_is_trusted_is_told_nothing(
    monkeypatch: pytest.MonkeyPatch, server: Server
) -> None:
    other = Authority.named("other")
    with served(monkeypatch, other.server_context(tls_server.HOST)) as stranger:
        stranger.acts = [OK]
        with pytest.raises(ReplyLost, match="CERTIFICATE_VERIFY_FAILED"):
            call("dynamodb", "GetItem", KEY)
        assert (stranger.requests, stranger.connections) == ([], 6)
        # When AWS has new roots, the system's are asked.
        trust(monkeypatch, "_system_context", other)
        assert call("dynamodb", "GetItem", KEY) == BODY


def test_who_has_a_certificate_for_another_host_is_told_nothing(
    monkeypatch: pytest.MonkeyPatch, server: Server
) -> None:
    trust(monkeypatch, "_system_context", OURS)
    with served(monkeypatch, OURS.server_context("elsewhere.example")) as stranger:
        with pytest.raises(ReplyLost, match="Hostname mismatch"):
            call("dynamodb", "GetItem", KEY)
        assert stranger.requests == [] and stranger.connections


def test_the_roots_are_amazons_own_and_the_systems() -> None:
    subjects = {dict(pair for (pair,) in root["subject"])["commonName"] for root in http1._context().get_ca_certs()}
    amazons = {f"Amazon Root CA {number}" for number in (1, 2, 3, 4)}
    assert subjects == amazons | {"Starfield Services Root Certificate Authority - G2"}
    for context in (http1._context(), http1._system_context()):
        assert (context.check_hostname, context.verify_mode) == (True, ssl.CERT_REQUIRED)
        assert context.minimum_version == ssl.TLSVersion.TLSv1_2


def test_an_address_that_does_not_take_connections_is_followed_by_the_next(
    server: Server, monkeypatch: pytest.MonkeyPatch, waits: list[float]
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        closed = taken.getsockname()[1]
    found = [(socket.AF_INET6, ("::1", closed, 0, 0)), (socket.AF_INET, ("127.0.0.1", closed)),
             (socket.AF_INET, ("127.0.0.1", server.port))]  # fmt: skip
    addresses = [(family, socket.SOCK_STREAM, 6, "", address) for family, address in found]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_: addresses)
    server.acts = [OK]
    assert call("dynamodb", "GetItem", KEY) == BODY
    assert (server.connections, waits) == (1, [])
    addresses.pop()
    http1._kept().clear()
    with pytest.raises(ReplyLost, match="refused"):
        call("dynamodb", "GetItem", KEY)


def test_a_host_that_nobody_knows_is_a_lost_reply(monkeypatch: pytest.MonkeyPatch, waits: list[float]) -> None:
    def unknown(*_: object) -> Any:
        raise socket.gaierror(-2, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    monkeypatch.setattr(json_calls, "_host", lambda service: f"{service}.example.org")
    with pytest.raises(ReplyLost, match="not known"):
        call("dynamodb", "GetItem", KEY)
    assert len(waits) == retries.MOST


# What is refused


def test_a_refusal_is_told_whole_and_not_tried_again(server: Server, waits: list[float]) -> None:
    server.acts = [says(refusal("ConditionalCheckFailedException", Item={"pk": {"B": "AA=="}}))]
    with pytest.raises(CallRefused) as refused:
        call("dynamodb", "PutItem", {})
    error = refused.value
    assert (error.status, error.code, error.message) == (400, "ConditionalCheckFailedException", "No.")
    assert (error.body["Item"], error.request_id, waits) == ({"pk": {"B": "AA=="}}, "R1", [])
    assert str(error) == "PutItem: 400 ConditionalCheckFailedException: No. (R1)"


@pytest.mark.parametrize(
    ("raw", "code", "message"),
    [
        (b"", "413", ""),
        (b"<html>No", "413", "<html>No"),
        (b"[1]", "413", "[1]"),
        (b'"no"', "413", '"no"'),
        (b"[" * 100_000, "413", "[" * 200),
        (b"\xff", "413", "\ufffd"),
        (b'{"Message":"No"}', "413", "No"),
        (b'{"__type":"Plain","message":"No"}', "Plain", "No"),
        (b'{"__type":"a.b#Named:http://x#y","Message":"No"}', "Named", "No"),
        (b'{"__type":7,"message":null}', "7", "None"),
    ],
)
def test_refusals_of_any_form_are_told(server: Server, raw: bytes, code: str, message: str) -> None:
    server.acts = [says(reply(raw, 413))]
    with pytest.raises(CallRefused) as refused:
        call("dynamodb", "PutItem", {})
    assert (refused.value.code, refused.value.message, refused.value.request_id) == (code, message, "")


@pytest.mark.parametrize("status", [500, 502, 503, 504])
def test_a_fault_of_aws_is_tried_again(server: Server, waits: list[float], status: int) -> None:
    server.acts = [says(reply(b"<html>", status)), OK]
    assert call("dynamodb", "GetItem", KEY) == BODY
    assert 0 <= waits[0] <= 0.025 and quota_left() == MOST
    server.acts = [says(refusal("InternalServerError", status))] * 3
    with pytest.raises(CallRefused) as refused:
        call("dynamodb", "GetItem", KEY)
    assert (refused.value.status, refused.value.code) == (status, "InternalServerError")
    assert (len(server.requests), quota_left()) == (5, MOST - 28)


@pytest.mark.parametrize(
    ("status", "code"), [(400, "ProvisionedThroughputExceededException"), (400, "ThrottlingException"), (429, "Other")]
)
def test_who_is_throttled_waits_longer(
    server: Server, waits: list[float], monkeypatch: pytest.MonkeyPatch, status: int, code: str
) -> None:
    monkeypatch.setattr("chalicelib.ids.fraction", lambda: 0.75)
    server.acts = [says(refusal(code, status)), says(refusal(code, status)), OK]
    assert call("kms", "Decrypt", {}) == BODY
    # As in botocore, the last retry's cost comes back.
    assert (waits, quota_left("kms"), quota_left()) == ([0.75, 1.5], MOST - 5, MOST)


def test_aws_may_say_how_long_to_wait(server: Server, waits: list[float], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("chalicelib.ids.fraction", lambda: 0.5)
    for asked in ("700", "99999", "-1", "soon", "9" * 30):
        server.acts = [says(reply(b"", 503, f"x-amz-retry-after: {asked}")), OK]
        call("dynamodb", "GetItem", KEY)
    assert waits == [0.7, 5.0125, 0.0125, 0.0125, 0.0125]


def test_whose_quota_is_spent_tries_once_and_earns_it_by_successes(server: Server, waits: list[float]) -> None:
    assert attempts._quotas["dynamodb"].take(MOST - 13)
    server.acts = [breaks()]
    with pytest.raises(ReplyLost):
        call("dynamodb", "GetItem", KEY)
    assert (len(server.requests), waits) == (1, [])
    server.acts = [OK, breaks(), OK]
    assert [call("dynamodb", "GetItem", KEY) for _ in range(2)] == [BODY, BODY]
    assert (len(waits), quota_left()) == (0, 15)
    server.acts = [says(reply(b"", 503)), OK]
    assert call("dynamodb", "GetItem", KEY) == BODY
    assert (len(waits), quota_left()) == (1, 15)


# Clocks and keys


def test_who_is_refused_for_his_clock_signs_anew_by_that_of_aws(server: Server) -> None:
    ahead = (clock.now() + timedelta(hours=1)).strftime("Date: %a, %d %b %Y %H:%M:%S GMT")
    server.acts = [says(refusal("InvalidSignatureException", 400, ahead)), OK, OK]
    assert [call("dynamodb", "GetItem", KEY) for _ in range(2)] == [BODY, BODY]
    signed = [request.headers["x-amz-date"] for request in server.requests]
    wrong, *right = signed
    late = (clock.now() + timedelta(minutes=59)).strftime("%Y%m%dT%H%M%SZ")
    assert wrong < late < min(right)


@pytest.mark.parametrize("date", ["", "Date: yesterday", "Date: {now}"])
def test_a_signature_that_is_wrong_for_another_reason_is_not_tried_again(server: Server, date: str) -> None:
    now = clock.now().strftime("%a, %d %b %Y %H:%M:%S GMT")
    server.acts = [says(refusal("InvalidSignatureException", 400, *([date.format(now=now)] if date else [])))]
    with pytest.raises(CallRefused):
        call("dynamodb", "GetItem", KEY)
    assert len(server.requests) == 1


def test_a_clock_that_cannot_be_right_is_asked_for_no_longer_than_others(server: Server) -> None:
    dates = [(clock.now() + timedelta(hours=hours)).strftime("Date: %a, %d %b %Y %H:%M:%S GMT") for hours in (1, 2, 3)]
    server.acts = [says(refusal("InvalidSignatureException", 400, date)) for date in dates]
    with pytest.raises(CallRefused):
        call("dynamodb", "GetItem", KEY)
    assert len(server.requests) == 3


def test_credentials_are_those_of_the_moment(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    server.acts = [OK, OK]
    call("dynamodb", "GetItem", KEY)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIALATER")
    monkeypatch.delenv("AWS_SESSION_TOKEN")
    call("dynamodb", "GetItem", KEY)
    first, second = (request.headers for request in server.requests)
    assert "AKIATESTS" in first["authorization"] and "x-amz-security-token" in first
    assert "AKIALATER" in second["authorization"] and "x-amz-security-token" not in second
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    with pytest.raises(MissingSetting, match="AWS_ACCESS_KEY_ID"):
        call("dynamodb", "GetItem", KEY)


@pytest.mark.parametrize("line_break", ["\r\n", "\n", "\r"])
def test_credentials_with_a_line_break_say_nothing_in_our_name(
    server: Server, monkeypatch: pytest.MonkeyPatch, line_break: str
) -> None:
    monkeypatch.setenv("AWS_SESSION_TOKEN", f"token{line_break}x-amz-target: DynamoDB_20120810.DeleteTable")
    with pytest.raises(ValueError, match="line break"):
        call("dynamodb", "GetItem", KEY)
    assert server.connections == 0
