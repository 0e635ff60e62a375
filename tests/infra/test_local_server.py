"""The served cloud speaks HTTP as a client expects it, beats while its clock ticks, and ends when it is told to."""

from __future__ import annotations

import http.client
import io
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.config import Config
from urllib3.filepost import encode_multipart_formdata

from infra.local.cloud import ACCESS_KEY_ID, SECRET_ACCESS_KEY, LocalCloud
from infra.local.functions import REGION
from infra.local.server import HOST, Heart, PortTaken, Terminal, take, take_near
from tests import loopback
from tests.infra import toycloud
from tests.infra.toycloud import house

ROOT = Path(__file__).parents[2]


class Served:
    """A cloud on two ports of this process."""

    def __init__(self, cloud: LocalCloud, ports: loopback.Ports, said: list[str]) -> None:
        self.cloud = cloud
        self.said = said
        self.port, self.s3_port = ports.port, ports.s3_port

    def connect(self, port: int | None = None) -> http.client.HTTPConnection:
        return http.client.HTTPConnection(HOST, port or self.port, timeout=20)


@pytest.fixture(scope="module")
def _served() -> Iterator[tuple[Served, Any]]:
    ports, said = loopback.Ports(), list[str]()
    with toycloud.start(tick=True) as cloud, ports.serving(cloud, say=said.append):
        cloud.settle()
        yield Served(cloud, ports, said), cloud.snapshot()


@pytest.fixture
def served(_served: tuple[Served, Any]) -> Served:
    served, beginning = _served
    served.cloud.restore(beginning)
    house.forget()
    served.said.clear()
    return served


def _ask(connection: http.client.HTTPConnection, method: str, path: str, body: Any = None, **headers: str) -> Any:
    raw = json.dumps(body) if body is not None else None
    connection.request(method, path, raw, {"Content-Type": "application/json", **headers})
    reply = connection.getresponse()
    return reply, reply.read()


def test_a_connection_stays_open_and_each_request_is_one_line(served: Served) -> None:
    connection = served.connect()
    connection.connect()
    mine = connection.sock.getsockname()
    for thing in "ab":
        reply, body = _ask(connection, "PUT", f"/things/{thing}?secret=x", {})
        assert (reply.status, json.loads(body)) == (200, {"thing": thing})
        assert reply.headers["Content-Type"] == "application/json"
        assert connection.sock.getsockname() == mine
    assert [line.rpartition(" ")[0].rpartition(" ")[0] for line in served.said] == [
        "PUT /things/a 200",
        "PUT /things/b 200",
    ]


def test_a_chunked_body_arrives_and_the_connection_goes_on(served: Served) -> None:
    connection = served.connect()
    connection.request("POST", "/_local/operations/greet", iter([b'{"name":', b' "Ala"}']), encode_chunked=True)
    assert json.loads(connection.getresponse().read())["greeting"] == "hello Ala"
    assert _ask(connection, "GET", "/_local/clock")[0].status == 200


def test_a_broken_chunked_body_is_a_bad_request(served: Served) -> None:
    with socket.create_connection((HOST, served.port), timeout=20) as raw:
        raw.sendall(b"POST /print HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nno number\r\n")
        assert raw.makefile("rb").readline() == b"HTTP/1.1 400 Bad Request\r\n"


def test_a_body_over_ten_megabytes_is_refused(served: Served) -> None:
    connection = served.connect()
    connection.putrequest("POST", "/print")
    connection.putheader("Content-Length", str(10_485_761))
    connection.endheaders()
    connection.send(b"x" * 10_485_761)
    reply = connection.getresponse()
    assert reply.status == 413
    reply.read()
    assert _ask(connection, "GET", "/_local/clock")[0].status == 200  # it was read, if not taken


def test_a_client_that_sends_far_too_much_still_gets_its_answer(served: Served) -> None:
    connection = served.connect()
    connection.putrequest("POST", "/print")
    connection.putheader("Content-Length", str(40_000_000))
    connection.endheaders()
    connection.send(b"x" * 40_000_000)
    assert connection.getresponse().status == 413


def test_a_body_that_nobody_reads_is_not_taken_for_the_next_request(served: Served) -> None:
    connection = served.connect(served.s3_port)
    connection.request("OPTIONS", "/toy-media/a", b"GET / HTTP/1.1\r\n\r\n")
    reply = connection.getresponse()
    assert (reply.status, reply.headers["Connection"]) == (403, "close")


def test_head_and_204_have_no_body_and_the_connection_goes_on(served: Served) -> None:
    connection = served.connect()
    reply, body = _ask(connection, "HEAD", "/things/a")
    assert (reply.status, body) == (404, b"")
    assert _ask(connection, "GET", "/_local/clock")[0].status == 200


def test_header_names_and_repeated_headers_reach_the_app_as_sent(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[Any] = []
    monkeypatch.setattr(served.cloud.gateway, "app", lambda event, context: seen.append(event) or {"statusCode": 200})
    monkeypatch.setattr(served.cloud.gateway.app, "routes", {"/things/{thing}": {"PUT": None}}, raising=False)
    monkeypatch.setattr(served.cloud.gateway.app, "api", type("api", (), {"binary_types": []}), raising=False)
    connection = served.connect()
    connection.putrequest("PUT", "/things/a%2Fb")
    for value in "12":
        connection.putheader("X-mIxEd", value)
    connection.endheaders()
    assert connection.getresponse().status == 200
    [event] = seen
    assert event["multiValueHeaders"]["X-mIxEd"] == ["1", "2"]
    assert event["pathParameters"] == {"thing": "a%2Fb"}
    assert event["requestContext"]["identity"]["sourceIp"] == "127.0.0.1"


def test_uploads_and_addresses_are_served_on_the_other_port(served: Served) -> None:
    s3_client = house.client("s3")
    s3_client.put_object(Bucket="toy-media", Key="a", Body=b"bytes")
    connection = served.connect(served.s3_port)
    reply, body = _ask(connection, "GET", "/toy-media/a")
    assert reply.status == 403
    assert b"AccessDenied" in body


def _signing(served: Served) -> Any:
    return boto3.client(
        "s3",
        region_name=REGION,
        endpoint_url=f"http://{HOST}:{served.s3_port}",
        aws_access_key_id=ACCESS_KEY_ID,
        aws_secret_access_key=SECRET_ACCESS_KEY,
        config=Config(signature_version="s3v4", s3={"addressing_style": "path"}),
    )


MOST_BYTES = 64 * 1024 * 1024
VIDEO = ["starts-with", "$Content-Type", "video/mp"]


@pytest.mark.one_in(2)
@pytest.mark.parametrize(
    ("size", "kind", "status"),
    [
        (MOST_BYTES, "video/mp4", 204),
        (MOST_BYTES + 1, "video/mp4", 400),
        (100, "video/mp2t", 204),
        (99, "video/mp2t", 400),
        (100, "text/html", 403),
    ],
)
def test_an_object_of_64_mb_is_taken_and_none_that_is_larger_or_of_another_kind(
    served: Served, size: int, kind: str, status: int
) -> None:
    key, fields = "recordings/7/20260105/d/1-0800x/1/a.m4s", {"Content-Type": kind}
    form = _signing(served).generate_presigned_post(
        "toy-media", key, fields, [VIDEO, ["content-length-range", 100, MOST_BYTES]]
    )
    body, content_type = encode_multipart_formdata({**form["fields"], "file": ("a.m4s", bytes(size))})
    connection = served.connect(served.s3_port)
    connection.request("POST", "/toy-media", body, {"Content-Type": content_type})
    reply = connection.getresponse()
    reply.read()
    assert reply.status == status
    refusal = {204: None, 400: "EntityTooLarge" if size > MOST_BYTES else "EntityTooSmall", 403: "AccessDenied"}[status]
    assert served.cloud.guard.uploads[-1][1:] == (key, refusal)
    if status == 204:
        assert house.client("s3").head_object(Bucket="toy-media", Key=key)["ContentLength"] == size


def test_a_part_of_an_object_is_served_to_a_page_that_asks_for_leave(served: Served) -> None:
    house.client("s3").put_object(Bucket="toy-media", Key="a.m4s", Body=bytes(range(100)))
    origin = {"Origin": "http://localhost:8000"}
    url = _signing(served).generate_presigned_url("get_object", {"Bucket": "toy-media", "Key": "a.m4s"})
    path = url.removeprefix(f"http://{HOST}:{served.s3_port}")
    connection = served.connect(served.s3_port)
    asked = {"Access-Control-Request-Method": "GET", "Access-Control-Request-Headers": "range"}
    reply, _ = _ask(connection, "OPTIONS", path, **origin, **asked)
    assert (reply.status, reply.headers["Access-Control-Allow-Headers"]) == (200, "range")
    reply, body = _ask(connection, "GET", path, Range="bytes=10-19", **origin)
    assert (reply.status, body) == (206, bytes(range(10, 20)))
    assert (reply.headers["Content-Range"], reply.headers["Content-Length"]) == ("bytes 10-19/100", "10")
    assert "Content-Range" in reply.headers["Access-Control-Expose-Headers"]
    reply, body = _ask(connection, "GET", path, Range="bytes=90-")
    assert (reply.status, body) == (206, bytes(range(90, 100)))
    assert _ask(connection, "GET", path, Range="bytes=100-")[0].status == 416
    reply, body = _ask(connection, "GET", path)
    assert (reply.status, len(body)) == (200, 100)


def test_many_at_once_are_all_answered_as_themselves(served: Served) -> None:
    def ask(number: int) -> Any:
        return json.loads(_ask(served.connect(), "PUT", f"/things/{number}")[1])["thing"]

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(ask, range(80))) == [str(number) for number in range(80)]
    [items] = served.cloud.dump()["tables"].values()
    assert len(items) == 80


def test_the_heart_settles_and_fires_what_the_ticking_clock_makes_due(served: Served) -> None:
    heart = Heart(served.cloud, served.said.append)
    house.put("a")
    served.cloud.clock.move_to(time.time() + 5 * 60)
    heart._look()
    assert house.fired == {"sweep_often": 1}
    assert len(house.told) == 1


def test_the_heart_outlives_what_goes_wrong(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    beats = threading.Semaphore(0)

    def broken() -> None:
        beats.release()
        raise RuntimeError("arrhythmia")

    monkeypatch.setattr("infra.local.server.LOOK_EVERY_SECONDS", 0.001)
    monkeypatch.setattr(served.cloud, "settle", broken)
    heart = Heart(served.cloud, served.said.append)
    heart.start()
    assert all(beats.acquire(timeout=10) for _ in range(3))
    heart.stop()
    assert "arrhythmia" in served.said[0]


def test_a_port_that_somebody_has_is_told_in_a_sentence_and_s3_takes_another() -> None:
    with take(0) as taken:
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(PortTaken, match=f"Port {port} cannot be had"):
            take(port)
        with take_near(port - 1) as other:
            assert other.getsockname()[1] != port


def test_a_quiet_terminal_only_announces_and_nobody_need_read_it() -> None:
    stream = io.StringIO()
    quiet = Terminal(stream, quiet=True)
    quiet.say("a request")
    quiet.announce("ready")
    assert stream.getvalue() == "ready\n"
    stream.close()
    quiet.announce("into the void")


TOY = """
from infra.local.__main__ import main
from tests.infra.toycloud import RESOURCES
raise SystemExit(main(app_module="tests.infra.toycloud.app", templates=[RESOURCES]))
"""


def _run(*arguments: str, **environment: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", TOY, *arguments]
    return subprocess.Popen(  # noqa: S603  # our own program
        command, cwd=ROOT, env={**os.environ, **environment}, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )


def test_a_port_that_is_no_number_is_refused_in_words() -> None:
    child = _run(PORT="http")
    said = child.communicate(timeout=60)[1]
    assert child.returncode == 2
    assert said.endswith("error: argument --port: invalid int value: 'http'\n")


@pytest.mark.one_in(2)
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_the_program_says_where_it_is_then_ready_and_ends_well_when_told_to(number: signal.Signals) -> None:
    with take(0) as free:
        port = free.getsockname()[1]
    child = _run("--port", str(port), "--seed", "1")
    try:
        lines = list(iter(lambda: child.stdout.readline().rstrip("\n"), "ready"))  # type: ignore[union-attr]
        assert f"API  http://127.0.0.1:{port}" in lines
        s3_port = int(lines[-1].rpartition(":")[2])
        connection = http.client.HTTPConnection(HOST, port, timeout=20)
        assert _ask(connection, "PUT", "/things/a", {})[0].status == 200
        assert _ask(connection, "POST", "/print", {})[0].status == 200
        world = json.loads(_ask(connection, "GET", "/_local/dump")[1])
        assert world["tables"]["sowa-local-Items"] == [{"pk": "a", "sk": "-"}]
        assert "a word from the view" in world["logs"]
        assert _ask(http.client.HTTPConnection(HOST, s3_port, timeout=20), "GET", "/toy-media/a")[0].status == 403
        child.send_signal(number)
        out, err = child.communicate(timeout=20)
    finally:
        child.kill()
    assert (child.returncode, err) == (0, "")
    assert "PUT /things/a 200" in out
    assert "a word from the view" not in out


def test_a_taken_port_ends_the_program_with_one_sentence() -> None:
    with take(0) as taken:
        taken.listen()
        child = _run(PORT=str(taken.getsockname()[1]))
        out, err = child.communicate(timeout=60)
    assert child.returncode == 1
    assert out == ""
    assert len(err.splitlines()) == 1
    assert "cannot be had" in err
