"""A layer whose items lie elsewhere: at moto's own server in another process, or where the environment says."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from datetime import timedelta
from http.client import RemoteDisconnected
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from .. import StrictAWS, endpoint
from ..endpoint import Endpoint, over_http
from .scene import client, key, make_table, nothing_else, read, stream_records

NOW = 1_790_000_000
SERVER = """
from moto.server import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import make_server
server = make_server("127.0.0.1", 0, DomainDispatcherApplication(create_backend_app))
print(server.server_port, flush=True)
server.serve_forever()
"""


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    if endpoint.URL is not None:
        yield endpoint.URL
        return
    command = [sys.executable, "-c", SERVER]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as server:  # noqa: S603  # ours
        assert server.stdout is not None
        yield f"http://127.0.0.1:{int(server.stdout.readline())}"
        server.terminate()


class Elsewhere:
    """An endpoint, what it was asked, and what lies there."""

    def __init__(self, url: str) -> None:
        self._send = over_http(url)
        self.requests: list[tuple[str, dict[str, Any]]] = []
        self.endpoint = Endpoint(self.send)

    def send(self, target: str, body: str) -> tuple[int, str]:
        self.requests.append((target.rpartition(".")[2], json.loads(body)))
        return self._send(target, body)

    @property
    def tables(self) -> list[str]:
        """Those that were made here and are there."""
        made = {request["TableName"] for operation, request in self.requests if operation == "CreateTable"}
        return [name for name in made if self._send("DynamoDB_20120810.DescribeTable", _named(name))[0] == 200]

    @property
    def items(self) -> list[dict[str, Any]]:
        found = []
        for name in self.tables:
            status, text = self._send("DynamoDB_20120810.Scan", _named(name))
            assert status == 200, text
            found += json.loads(text)["Items"]
        return sorted(found, key=str)


def _named(table: str) -> str:
    return json.dumps({"TableName": table})


@pytest.fixture
def elsewhere(url: str) -> Elsewhere:
    return Elsewhere(url)


@pytest.fixture
def strict(elsewhere: Elsewhere) -> Iterator[StrictAWS]:
    with nothing_else(), StrictAWS(dynamodb=elsewhere.endpoint) as aws:
        yield aws


def test_items_lie_at_the_endpoint_under_a_name_of_their_own(strict: StrictAWS, elsewhere: Elsewhere) -> None:
    make_table().put_item(TableName="Things", Item=key("a"))
    (name,) = elsewhere.tables
    assert name != "Things" and name.endswith("Things")
    assert elsewhere.items == [key("a")]
    assert read("a") == key("a")


def test_a_stream_says_what_took_effect_at_the_endpoint(strict: StrictAWS) -> None:
    dynamodb = make_table(stream=True)
    dynamodb.put_item(TableName="Things", Item=key("a"))
    dynamodb.delete_item(TableName="Things", Key=key("a"))
    assert [record["eventName"] for record in stream_records()] == ["INSERT", "REMOVE"]


def test_a_table_whose_stream_is_switched_off_has_none(strict: StrictAWS, elsewhere: Elsewhere) -> None:
    dynamodb = client("dynamodb")
    dynamodb.create_table(
        TableName="Things",
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
        StreamSpecification={"StreamEnabled": False},
    )
    kept = strict.snapshot()
    dynamodb.delete_table(TableName="Things")
    assert not elsewhere.tables
    strict.restore(kept)
    dynamodb.put_item(TableName="Things", Item={"pk": {"S": "a"}})
    assert elsewhere.items == [{"pk": {"S": "a"}}]


def test_a_world_is_put_back_at_the_endpoint_and_nobody_hears_of_it(strict: StrictAWS, elsewhere: Elsewhere) -> None:
    dynamodb = make_table(stream=True)
    for number in range(30):
        dynamodb.put_item(TableName="Things", Item=key(f"stays{number}"))
    kept = strict.snapshot()
    before = elsewhere.items
    for number in range(30):
        dynamodb.delete_item(TableName="Things", Key=key(f"stays{number}"))
    dynamodb.put_item(TableName="Things", Item=key("goes"))
    make_table("More")
    assert (len(elsewhere.tables), elsewhere.items) == (2, [key("goes")])
    strict.restore(kept)
    assert (len(elsewhere.tables), elsewhere.items) == (1, before)
    assert len(stream_records()) == 30
    dynamodb.put_item(TableName="Things", Item=key("new"))
    assert len(stream_records()) == 31


def test_putting_back_what_did_not_change_asks_the_endpoint_nothing(strict: StrictAWS, elsewhere: Elsewhere) -> None:
    make_table(stream=True).put_item(TableName="Things", Item=key("a"))
    kept = strict.snapshot()
    elsewhere.requests.clear()
    read("a")
    assert [operation for operation, _ in elsewhere.requests] == ["GetItem"]
    strict.restore(kept)
    assert [operation for operation, _ in elsewhere.requests] == ["GetItem"]


def test_what_is_past_its_time_is_deleted_at_the_endpoint(strict: StrictAWS, elsewhere: Elsewhere) -> None:
    dynamodb = make_table(stream=True, ttl=True)
    past, coming = ({**key(name), "expires_at": {"N": str(NOW + when)}} for name, when in (("past", -1), ("yet", 1)))
    for item in (past, coming):
        dynamodb.put_item(TableName="Things", Item=item)
    assert elsewhere.items == sorted([past, coming], key=str)
    assert strict.delete_expired(NOW, timedelta(0)) == 1
    assert elsewhere.items == [coming]
    assert stream_records()[-1]["userIdentity"]["PrincipalId"] == "dynamodb.amazonaws.com"


def test_a_token_is_the_layers_own(strict: StrictAWS) -> None:
    dynamodb = make_table()
    update = {
        "TableName": "Things", "Key": key("a"), "UpdateExpression": "ADD n :one",
        "ExpressionAttributeValues": {":one": {"N": "1"}},
    }  # fmt: skip
    kept = strict.snapshot()
    for _ in range(2):
        dynamodb.transact_write_items(TransactItems=[{"Update": update}], ClientRequestToken="once")
    assert (read("a") or {})["n"] == {"N": "1"}
    strict.restore(kept)
    assert read("a") is None
    dynamodb.transact_write_items(TransactItems=[{"Update": update}], ClientRequestToken="once")
    assert (read("a") or {})["n"] == {"N": "1"}


def test_the_trace_has_the_endpoints_figures(strict: StrictAWS) -> None:
    make_table().put_item(TableName="Things", Item={**key("a"), "x": {"S": "x" * 5000}})
    read("a")
    costs = [(call.operation, call.read_units > 0, call.write_units > 0) for call in strict.trace]
    assert costs[-2:] == [("PutItem", False, True), ("GetItem", True, False)]
    wanted: dict[str, Any] = {"TableName": "Things", "Key": key("a"), "ConsistentRead": True}
    answer = client("dynamodb").get_item(**wanted, ReturnConsumedCapacity="TOTAL")
    assert answer["ConsumedCapacity"]["CapacityUnits"] == strict.trace.calls[-1].read_units
    assert "ConsumedCapacity" not in client("dynamodb").get_item(**wanted)


def test_nothing_is_left_behind(elsewhere: Elsewhere) -> None:
    with nothing_else(), StrictAWS(dynamodb=elsewhere.endpoint) as aws:
        make_table()
        assert len(elsewhere.tables) == 1
        with aws.set_aside():
            assert not elsewhere.tables
        assert len(elsewhere.tables) == 1
    assert not elsewhere.tables


def test_what_is_loaded_lies_there_and_nobody_hears_of_it(strict: StrictAWS, elsewhere: Elsewhere) -> None:
    dynamodb = make_table(stream=True)
    dynamodb.put_item(TableName="Things", Item=key("a"))
    strict.trace.clear()
    strict.load("Things", [{**key("b"), "n": {"N": "1.0"}, "x": {"B": b"\x00"}}, key("a", "1")])
    assert len(elsewhere.items) == 3
    assert not strict.trace.calls
    assert read("b") == {**key("b"), "n": {"N": "1"}, "x": {"B": b"\x00"}}
    assert [call.operation for call in strict.trace] == ["GetItem"]
    assert [record["dynamodb"]["Keys"] for record in stream_records()] == [key("a")]


def test_a_connection_that_lay_idle_is_not_used_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """As most servers do, this one closes what is idle, and says nothing."""

    class Closing(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response_only(200)
            self.send_header("Content-Length", "2")
            self.end_headers()
            self.wfile.write(b"{}")
            self.close_connection = True

    with ThreadingHTTPServer(("127.0.0.1", 0), Closing) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        send = over_http(f"http://127.0.0.1:{server.server_port}")
        monkeypatch.setattr(endpoint, "_KEPT_IDLE_SECONDS", 0)
        assert [send("a.B", "{}") for _ in range(3)] == [(200, "{}")] * 3
        monkeypatch.setattr(endpoint, "_KEPT_IDLE_SECONDS", 3600)
        with pytest.raises((ConnectionError, RemoteDisconnected)):
            [send("a.B", "{}") for _ in range(3)]
        server.shutdown()
