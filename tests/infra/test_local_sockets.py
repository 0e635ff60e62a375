"""Real WebSockets on the API's own port: a client library's connection reaches the handlers, and commands reach it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection, connect

from infra.local.channel import MOST_FRAME_BYTES
from infra.local.server import HOST
from tests import loopback
from tests.conftest import Home
from tests.scene import until


@pytest.fixture
def port(home: Home) -> Iterator[int]:
    ports = loopback.Ports()
    with ports.serving(home.world):
        yield ports.port


def open_channel(port: int, token: str, path: str = "/channel", **more: Any) -> ClientConnection:
    headers = {"Authorization": f"Bearer {token}"}
    return connect(f"ws://{HOST}:{port}{path}", additional_headers=headers, proxy=None, **more)


def test_a_camera_connects_is_commanded_answers_and_goes(home: Home, port: int) -> None:
    with open_channel(port, home.camera.token) as camera:
        assert home.owner.device(home.camera.device_id)["online"] is True
        home.world.settle()
        command_id = home.owner.command(home.camera.device_id).json["command_id"]
        home.world.settle()
        told = json.loads(camera.recv(timeout=10))
        assert (told["id"], told["command"]) == (command_id, "restart")
        camera.send(json.dumps({"id": command_id, "ok": True}))
        camera.send('{"action": "ping"}')
        assert camera.ping().wait(10)
        path = f"/devices/{home.camera.device_id}/commands/{command_id}"
        until(lambda: home.owner.call("GET", path).json["state"] == "done")
    until(lambda: home.owner.device(home.camera.device_id)["online"] is False)


def test_who_has_no_token_is_refused_before_there_is_a_connection(home: Home, port: int) -> None:
    with pytest.raises(InvalidStatus) as refused:
        open_channel(port, "nonsense")
    assert refused.value.response.status_code == 401
    assert home.world.channel.connections == {}


def test_there_is_no_channel_elsewhere(home: Home, port: int) -> None:
    with pytest.raises(InvalidStatus):
        open_channel(port, home.camera.token, "/elsewhere")


def test_what_api_gateway_ends_is_ended_for_the_camera(home: Home, port: int) -> None:
    with open_channel(port, home.camera.token) as camera:
        home.world.advance(601)
        with pytest.raises(ConnectionClosed) as closed:
            camera.recv(timeout=10)
        assert closed.value.rcvd is not None
        assert (closed.value.rcvd.code, closed.value.rcvd.reason) == (1001, "Idle timeout")
    assert home.owner.device(home.camera.device_id)["online"] is False


def test_a_frame_of_more_than_32_kb_ends_the_connection(home: Home, port: int) -> None:
    with open_channel(port, home.camera.token) as camera:
        camera.send(" " * (MOST_FRAME_BYTES + 1))
        with pytest.raises(ConnectionClosed) as closed:
            camera.recv(timeout=10)
        assert closed.value.rcvd is not None and closed.value.rcvd.code == 1009


def test_a_camera_that_is_cut_off_is_offline(home: Home, port: int) -> None:
    camera = open_channel(port, home.camera.token)
    camera.socket.close()
    until(lambda: home.owner.device(home.camera.device_id)["online"] is False)
