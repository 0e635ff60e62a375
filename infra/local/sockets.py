"""Real WebSockets for the local cloud: the protocol is simple-websocket's, on the socket that werkzeug accepted."""

from __future__ import annotations

import threading
from contextlib import suppress
from functools import partial
from typing import Any

from simple_websocket import ConnectionClosed, Server

from infra.local.channel import MOST_BYTES, Channel, Refused

PATH = "/channel"
# How soon an end that API Gateway decided on is noticed here.
LOOK_EVERY_SECONDS = 0.2


def is_asked_for(environ: dict[str, Any]) -> bool:
    return environ.get("HTTP_UPGRADE", "").lower() == "websocket" and environ.get("PATH_INFO") == PATH


def serve(channel: Channel, environ: dict[str, Any]) -> int | None:
    """Until the connection ends. The status of a refusal, which is for the caller to send."""
    line: dict[str, Any] = {}

    def deliver(text: str) -> None:
        with suppress(ConnectionClosed, OSError):
            line["socket"].send(text)

    def hang_up(code: int, reason: str) -> None:
        with suppress(ConnectionClosed, OSError):
            line["socket"].close(code, reason)

    headers = dict(environ["local.headers"])
    connection = channel.connect(headers, deliver, hang_up, environ.get("REMOTE_ADDR", "127.0.0.1"))
    if isinstance(connection, Refused):
        return connection.status
    try:
        socket = line["socket"] = Server.accept(
            environ, max_message_size=MOST_BYTES, thread_class=partial(threading.Thread, daemon=True)
        )
        channel.connected(connection)
        while connection.id in channel.connections:
            if (message := socket.receive(timeout=LOOK_EVERY_SECONDS)) is not None:
                channel.say(connection, message if isinstance(message, str) else message.decode("utf-8", "replace"))
    except ConnectionClosed as end:
        channel.closed(connection, int(end.reason or 1005), end.message or "")
    except OSError:
        channel.closed(connection, 1006, "")
    return None
