"""The channel is kept open, commands on it are answered, and a dead token ends it."""

from __future__ import annotations

import http
import json
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from websockets.sync.server import ServerConnection, serve

from sowa_agent import channel as channels
from sowa_agent.channel import Channel
from sowa_agent.cloud import Json, TokenReplaced
from tests.agent.fakes import FakeCloud


@contextmanager
def _served(talk: Callable[[ServerConnection], Any], **how: Any) -> Iterator[str]:
    with serve(talk, "127.0.0.1", 0, **how) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"ws://127.0.0.1:{server.socket.getsockname()[1]}"
        server.shutdown()
        thread.join(10)


def _channel(url: str, do: Callable[[Json], Json] = lambda command: {}, **how: Any) -> Channel:
    opening = {"channel_url": url, "ping_seconds": 570, "reconnect_after_seconds": 0.01, **how}
    return Channel(FakeCloud(token="token").client(), opening, do, threading.Event(), ask_within_s=0)


def test_commands_are_answered_and_what_is_none_is_passed_over() -> None:
    answers: list[Any] = []
    tokens: list[str] = []

    def talk(connection: ServerConnection) -> None:
        assert connection.request is not None
        tokens.append(connection.request.headers["Authorization"])
        for message in ('{"pong": true}', "no JSON", "[1]", '{"command": "live"}', "[" * 100_000):
            connection.send(message)
        connection.send('{"id": "c1", "command": "restart"}')
        answers.append(json.loads(connection.recv()))
        channel.stopped.set()

    with _served(talk) as url:
        channel = _channel(url, lambda command: {"id": command["id"], "ok": True})
        channel.run()
    assert answers == [{"id": "c1", "ok": True}] and tokens == ["Bearer token"]


def test_a_connection_that_ends_is_opened_anew() -> None:
    opened: list[int] = []

    def talk(connection: ServerConnection) -> None:
        opened.append(1)
        if len(opened) == 3:
            channel.stopped.set()

    with _served(talk) as url:
        channel = _channel(url)
        channel.run()
    assert len(opened) == 3


def test_something_is_said_before_the_connection_is_taken_for_idle(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(channels, "LOOK_S", 0.01)
    said: list[Any] = []

    def talk(connection: ServerConnection) -> None:
        said.append(json.loads(connection.recv()))
        channel.stopped.set()

    with _served(talk) as url:
        channel = _channel(url, ping_seconds=-1)
        channel.run()
    assert said == [{"action": "ping"}]


@pytest.mark.parametrize("status", [401, 403])
def test_a_token_that_was_replaced_ends_it(status: int) -> None:
    def refuse(connection: ServerConnection, request: Any) -> Any:
        return connection.respond(http.HTTPStatus(status), "")

    with _served(lambda connection: None, process_request=refuse) as url, pytest.raises(TokenReplaced):
        _channel(url).run()


def test_who_was_hung_up_on_asks_at_once_whether_another_was_activated() -> None:
    opened: list[int] = []

    def talk(connection: ServerConnection) -> None:
        opened.append(1)
        cloud.token = "of another"
        if len(opened) == 2:
            channel.stopped.set()

    with _served(talk) as url, pytest.raises(TokenReplaced):
        channel = _channel(url)
        cloud: Any = channel.cloud.wire
        channel.run()
    assert opened == [1] and cloud.asked == ["/cameras/state"]


def test_a_connection_that_was_lost_is_no_reason_to_ask() -> None:
    def talk(connection: ServerConnection) -> None:
        channel.stopped.set()
        connection.socket.shutdown(socket.SHUT_RDWR)

    with _served(talk) as url:
        channel = _channel(url)
        channel.run()
    assert channel.cloud.wire.asked == []  # type: ignore[attr-defined]


@pytest.mark.parametrize("is_known", [True, False])
def test_a_token_that_was_kept_is_replaced_by_another_activation(is_known: bool) -> None:
    """Where the cloud refuses that, it is tried again later."""
    tokens: list[str] = []

    def refuse(connection: ServerConnection, request: Any) -> Any:
        tokens.append(request.headers["Authorization"].removeprefix("Bearer "))
        if tokens[-1] == "token":
            return connection.respond(http.HTTPStatus.UNAUTHORIZED, "")
        channel.stopped.set()
        return None

    with _served(lambda connection: None, process_request=refuse) as url:
        channel = _channel(url)
        channel.cloud.is_token_kept = True
        if not is_known:
            channel.cloud.wire.refusals = [(401, "CameraUnknown")]  # type: ignore[attr-defined]
        channel.run()
    assert tokens == ["token"] * (1 if is_known else 2) + [channel.cloud.token]


def test_another_refusal_and_nobody_there_are_tried_again() -> None:
    refused: list[int] = []

    def refuse(connection: ServerConnection, request: Any) -> Any:
        refused.append(1)
        if len(refused) == 2:
            channel.stopped.set()
        return connection.respond(http.HTTPStatus.SERVICE_UNAVAILABLE, "")

    with _served(lambda connection: None, process_request=refuse) as url:
        channel = _channel(url)
        channel.run()
    assert len(refused) == 2
    nobody = _channel("ws://127.0.0.1:9")
    threading.Timer(0.2, nobody.stopped.set).start()
    nobody.run()


def test_it_is_renewed_before_its_two_hours_are_over(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(channels, "LOOK_S", 0.01)
    opened: list[int] = []

    def talk(connection: ServerConnection) -> None:
        opened.append(1)
        if len(opened) == 2:
            channel.stopped.set()
        connection.send('{"id": "c1", "command": "restart"}')
        for _ in connection:
            pass

    def wait_long(command: Json) -> Json:
        # While it listens, or the time before it would be looked at afterwards.
        channel.cloud.clock.advance(111 * 60)  # type: ignore[attr-defined]
        return {"id": command["id"], "ok": True}

    with _served(talk) as url:
        channel = _channel(url, wait_long, ping_seconds=1e6, reconnect_after_seconds=3600)  # not waited for
        channel.run()
    assert len(opened) == 2
