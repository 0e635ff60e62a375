"""The camera's client of the cloud: tries, tokens, tickets, and uploads that are read from disk as they are sent."""

from __future__ import annotations

import email
import email.policy
from pathlib import Path
from typing import Any

import pytest
from werkzeug.wrappers import Request, Response

from sowa_agent.cloud import (
    MOST_ANSWER_BYTES,
    CloudClient,
    NotTaken,
    Refused,
    Ticket,
    TokenReplaced,
    Unreachable,
    Wire,
)
from tests.agent.fakes import IDENTITY, NOON_S, FakeCloud
from tests.loopback import served


@pytest.fixture
def cloud() -> FakeCloud:
    return FakeCloud()


def _activated(cloud: FakeCloud) -> CloudClient:
    client = cloud.client()
    client.activate()
    return client


def test_a_camera_shows_its_secret_and_keeps_it_and_the_token_to_itself(cloud: FakeCloud) -> None:
    client = _activated(cloud)
    assert client.token == cloud.token
    assert IDENTITY.secret not in repr(client) and client.token not in repr(client).replace(repr(client.wire), "")


def test_what_is_out_of_reach_is_tried_some_times_under_one_key(cloud: FakeCloud) -> None:
    client = _activated(cloud)
    keys: list[str] = []
    ask = cloud.ask

    def flaky(*args: Any) -> Any:
        keys.append(args[-1])
        cloud.is_gone = len(keys) < 3
        return ask(*args)

    cloud.ask = flaky  # type: ignore[method-assign]
    assert client.report()["privacy_mode"] is False
    assert len(keys) == 3 and len(set(keys)) == 1
    cloud.ask = ask  # type: ignore[method-assign]
    cloud.is_gone = True
    with pytest.raises(Unreachable):
        client.report()


@pytest.mark.parametrize("status", [500, 503, 429])
def test_a_cloud_that_has_trouble_is_asked_again(cloud: FakeCloud, status: int) -> None:
    client = _activated(cloud)
    cloud.refusals = [(status, "Unavailable")] * 2
    client.report()


def test_a_refusal_has_its_code_and_a_token_that_died_is_told(cloud: FakeCloud) -> None:
    client = _activated(cloud)
    cloud.refusals = [(409, "NobodyOwns"), (401, "NotSignedIn")]
    with pytest.raises(Refused) as refused:
        client.ticket("alarm")
    assert refused.value.code == "NobodyOwns"
    with pytest.raises(TokenReplaced):
        client.ticket("alarm")
    cloud.refusals = [(401, "CameraUnknown")]
    with pytest.raises(Refused):
        client.activate()


def test_a_ticket_is_used_until_five_minutes_before_its_end(cloud: FakeCloud) -> None:
    client = _activated(cloud)
    first = client.ticket("alarm")
    cloud.clock.advance(590)
    assert client.ticket("alarm") is first
    cloud.clock.advance(20)
    assert client.ticket("alarm") is not first


def test_a_ticket_that_ran_out_in_mid_upload_is_replaced_once(cloud: FakeCloud) -> None:
    client = _activated(cloud)
    cloud.on_upload = lambda name: cloud.clock.advance(1_000 if cloud.tickets == 1 else 0)
    client.upload("alarm", "0/a.jpg", b"jpeg")
    assert list(cloud.objects) == ["2/0/a.jpg"]
    cloud.on_upload = lambda name: cloud.clock.advance(1_000)
    with pytest.raises(NotTaken):
        client.upload("alarm", "0/b.jpg", b"jpeg")


@pytest.mark.parametrize("size_bytes", [0, 5, 3_000_000])
def test_an_upload_is_a_form_with_a_length_and_the_file_last(tmp_path: Path, size_bytes: int) -> None:
    path = tmp_path / "segment.m4s"
    path.write_bytes(bytes(range(250)) * (size_bytes // 250) + b"x" * (size_bytes % 250))
    seen: dict[str, Any] = {}

    @Request.application
    def storage(request: Request) -> Response:
        seen.update(length=request.content_length, chunked=request.headers.get("Transfer-Encoding"))
        head = f"Content-Type: {request.content_type}\r\n\r\n".encode()
        seen["body"] = request.get_data()
        seen["parts"] = email.message_from_bytes(head + seen["body"], policy=email.policy.HTTP)
        return Response(status=204)

    with served(storage) as port:
        ticket = Ticket(f"http://127.0.0.1:{port}/bucket", {"policy": "p"}, "prefix/", NOON_S)
        assert Wire("http://cloud").upload(ticket, "0/segment.m4s", path, {"x-amz-meta-start": "now"}) == 204
    parts = {part.get_param("name", header="content-disposition"): part for part in seen["parts"].iter_parts()}
    assert list(parts) == ["policy", "x-amz-meta-start", "key", "file"]
    assert parts["key"].get_content().strip() == "prefix/0/segment.m4s"
    assert path.read_bytes() in seen["body"]
    assert seen["length"] == len(seen["body"]) and not seen["chunked"]


def test_what_has_no_answer_is_unreachable_and_says_nothing_of_what_was_sent() -> None:
    wire = Wire("http://127.0.0.1:9", connect_s=0.5)
    with pytest.raises(Unreachable) as raised:
        wire.ask("POST", "/cameras/activation", {"secret": "geheim"}, "", "key")
    assert "127.0.0.1" in str(raised.value) and "geheim" not in str(raised.value)


@pytest.mark.parametrize("said", [b"[" * 100_000, b'{"now"', b"[]"])
def test_an_answer_that_is_no_object_says_nothing(said: bytes) -> None:
    with served(Response(said)) as port:
        answer = Wire(f"http://127.0.0.1:{port}").ask("PUT", "/cameras/state", {}, "", "key")
    assert answer.body == said and answer.json == {}


def test_of_an_answer_no_more_is_read_than_any_has() -> None:
    with served(Response(b" " * MOST_ANSWER_BYTES + b"{}")) as port, pytest.raises(Unreachable, match="not understood"):
        Wire(f"http://127.0.0.1:{port}").ask("PUT", "/cameras/state", {}, "", "key")
