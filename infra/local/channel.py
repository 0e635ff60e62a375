"""API Gateway's WebSocket API: its events to the three handlers, its limits, and its way down to who is connected."""

from __future__ import annotations

import base64
import json
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import cache
from typing import Any
from urllib.parse import unquote

from chalice.app import Chalice
from moto.core.exceptions import JsonRESTError

from infra import applier
from infra.local.functions import REGION, Functions

STAGE, API_ID = "v1", "localws000"
DOMAIN = f"{API_ID}.execute-api.{REGION}.amazonaws.com"
MANAGEMENT_URL = f"https://{DOMAIN}/{STAGE}"
MOST_SECONDS, MOST_IDLE_SECONDS = 2 * 3600, 600
MOST_BYTES, MOST_FRAME_BYTES = 128 * 1024, 32 * 1024
PING = '{"action": "ping"}'
_DEPLOYED = applier.RESOURCES.with_name("package") / "deployed.yaml"
GOING_AWAY, TOO_BIG = 1001, 1009
TOO_MANY = 429


class Gone(JsonRESTError):
    code = 410

    def __init__(self) -> None:
        super().__init__("GoneException", "The connection is gone.")


class TooLarge(JsonRESTError):
    code = 413

    def __init__(self) -> None:
        super().__init__("PayloadTooLargeException", "Message too long.")


@dataclass
class Connection:
    """One connection. `deliver` takes what comes down; `hang_up` is called when API Gateway ends it."""

    id: str
    source_ip: str
    connected_at: float
    active_at: float
    deliver: Callable[[str], None]
    hang_up: Callable[[int, str], None]
    # Not before the camera has its answer can anything be sent to it.
    is_open: bool = False
    is_ending: bool = False
    reason: str = ""

    @property
    def ends_at(self) -> float:
        return min(self.connected_at + MOST_SECONDS, self.active_at + MOST_IDLE_SECONDS)

    def to_dict(self) -> dict[str, Any]:
        """As the management API describes it."""
        identity = {"sourceIp": self.source_ip, "userAgent": None}
        return {"connectedAt": self.connected_at, "lastActiveAt": self.active_at, "identity": identity}


@dataclass(frozen=True)
class Kept:
    """A snapshot of the connections and of the throttle's counts."""

    connections: list[Connection]
    minutes: float
    messages: int


@dataclass(frozen=True)
class Refused:
    """The status with which the handshake is answered instead."""

    status: int


@dataclass
class Throttle:
    """API Gateway's throttle: so many a second on average, and so many at once above that (a token bucket)."""

    per_second: float
    at_once: float
    _spent: float = 0.0
    _as_of: float = 0.0

    def lets_in(self) -> bool:
        now = time.time()
        self._spent = max(0.0, self._spent - (now - self._as_of) * self.per_second)
        self._as_of = now
        if self._spent + 1 > self.at_once:
            return False
        self._spent += 1
        return True


@dataclass
class Channel:
    """All connections; a source of events like a queue, since one ends when its time has come."""

    app: Chalice
    functions: Functions
    connections: dict[str, Connection] = field(default_factory=dict)
    name: str = "channel"
    minutes: float = 0.0
    messages: int = 0
    throttle: Throttle | None = None

    # What a client does

    def connect(
        self,
        headers: Mapping[str, str],
        deliver: Callable[[str], None],
        hang_up: Callable[[int, str], None],
        source_ip: str = "127.0.0.1",
    ) -> Connection | Refused:
        """Asks the handler, unless there are too many; `connected` must follow, when the client has been answered."""
        if self.throttle is not None and not self.throttle.lets_in():
            return Refused(TOO_MANY)
        now = time.time()
        connection = Connection(self._new_id(), source_ip, now, now, deliver, hang_up)
        fields = {
            "headers": dict(headers),
            "multiValueHeaders": {name: [value] for name, value in headers.items()},
        }
        status = self._tell("$connect", "CONNECT", connection, fields)
        if not 200 <= status < 300:
            return Refused(status)
        self.connections[connection.id] = connection
        return connection

    def connected(self, connection: Connection) -> None:
        connection.is_open = True

    def say(self, connection: Connection, text: str) -> int:
        """A message of the client; with what status it was taken, which API Gateway does not tell."""
        if not connection.is_open or connection.is_ending:
            return 410
        if len(text.encode()) > MOST_FRAME_BYTES:
            self._end(connection, TOO_BIG, "Frame too long")
            return 413
        connection.active_at = time.time()
        self.messages += 1
        if _is_mocked(text):
            return 200
        status = self._tell("$default", "MESSAGE", connection, {"body": text}, messageId=self._new_id())
        if status >= 500 and connection.is_open:
            body = {"message": "Internal server error", "connectionId": connection.id}
            connection.deliver(json.dumps(body))
        return status

    def all_ping(self) -> None:
        """As cameras do that mean to stay."""
        for connection in list(self.connections.values()):
            self.say(connection, PING)

    def closed(self, connection: Connection, code: int = 1000, reason: str = "") -> None:
        """The connection is over, whoever ended it: the handler is called once."""
        if self.connections.pop(connection.id, None) is None:
            return
        connection.is_open = False
        self.minutes += (time.time() - connection.connected_at) / 60
        headers = {"Host": DOMAIN, "x-api-key": "", "X-Forwarded-For": "", "x-restapi": ""}
        fields = {"headers": headers, "multiValueHeaders": {name: [value] for name, value in headers.items()}}
        self._tell(
            "$disconnect", "DISCONNECT", connection, fields, disconnectStatusCode=code, disconnectReason=reason
        )

    # What the management API does; its calls hold the lock of all AWS, so nobody is notified here

    def post(self, data: bytes, connection_id: str) -> None:
        connection = self._open_one(connection_id)
        if len(data) > MOST_BYTES:
            raise TooLarge
        connection.active_at = time.time()
        self.messages += 1
        connection.deliver(data.decode())

    def describe(self, connection_id: str) -> Connection:
        return self._open_one(connection_id)

    def delete(self, connection_id: str) -> None:
        self._end(self._open_one(connection_id), GOING_AWAY, "Connection deleted")

    def _open_one(self, connection_id: str) -> Connection:
        connection = self.connections.get(unquote(connection_id))
        if connection is None or not connection.is_open or connection.is_ending:
            raise Gone
        return connection

    def _end(self, connection: Connection, code: int, reason: str) -> None:
        connection.is_ending, connection.reason = True, reason
        connection.hang_up(code, reason)

    # A source of events

    def deliver(self, tries: Counter[Any]) -> bool:
        """End what has lasted too long, and tell of one end."""
        now = time.time()
        for connection in list(self.connections.values()):
            if not connection.is_ending and now >= connection.ends_at:
                is_old = now >= connection.connected_at + MOST_SECONDS
                self._end(connection, GOING_AWAY, "Going away" if is_old else "Idle timeout")
        for connection in list(self.connections.values()):
            if connection.is_ending:
                self.closed(connection, GOING_AWAY, connection.reason)
                return True
        return False

    def waiting(self) -> Iterator[float]:
        """The time at which each connection ends if it stays idle, in epoch seconds."""
        return (connection.ends_at for connection in self.connections.values())

    def snapshot(self) -> Kept:
        return Kept([replace(one) for one in self.connections.values()], self.minutes, self.messages)

    def restore(self, kept: Kept) -> None:
        self.connections = {one.id: replace(one) for one in kept.connections}
        self.minutes, self.messages = kept.minutes, kept.messages

    def _tell(
        self, route: str, event_type: str, connection: Connection, fields: Mapping[str, Any], **more: Any
    ) -> int:
        handler = self.app.websocket_handlers.get(route)
        if handler is None:
            return 403
        context = {**_context(route, event_type, connection, self.functions.new_id()), **more}
        event = {**fields, "requestContext": context, "isBase64Encoded": False}
        try:
            answer = self.functions.call_by_name(handler.name, handler.handler_string, event)
            return int(answer["statusCode"])
        except KeyboardInterrupt:
            raise
        except BaseException:  # whatever a function dies of, its caller learns only that it did
            return 502

    def _new_id(self) -> str:
        return base64.urlsafe_b64encode(self.functions.random.randbytes(11)).decode()


def _is_mocked(text: str) -> bool:
    """Whether a route that API Gateway answers itself takes this message. How it takes what is no text for a key is
    written nowhere."""
    field_name, keys = _mocked_routes()
    try:
        key = json.loads(text)[field_name]
    except (ValueError, LookupError, TypeError, RecursionError):
        return False
    return isinstance(key, str) and key in keys


@cache
def _mocked_routes() -> tuple[str, frozenset[str]]:
    """The field of a message that says its route, and the keys of the routes that no function is behind; as they are
    deployed."""
    resources = applier.load(_DEPLOYED)["Resources"]
    field_name = resources["WebsocketAPI"]["Properties"]["RouteSelectionExpression"].removeprefix("$request.body.")
    routes = [one["Properties"] for one in resources.values() if one.get("Type") == "AWS::ApiGatewayV2::Route"]
    integrations = {one["RouteKey"]: one["Target"]["Fn::Join"][1][1]["Ref"] for one in routes}
    mocks = {key for key, name in integrations.items() if resources[name]["Properties"]["IntegrationType"] == "MOCK"}
    return field_name, frozenset(mocks)


def _context(route: str, event_type: str, connection: Connection, request_id: str) -> dict[str, Any]:
    now = time.time()
    return {
        "routeKey": route,
        "eventType": event_type,
        "extendedRequestId": f"{request_id[:15]}=",
        "requestTime": datetime.fromtimestamp(now, UTC).strftime("%d/%b/%Y:%H:%M:%S +0000"),
        "messageDirection": "IN",
        "stage": STAGE,
        "connectedAt": int(connection.connected_at * 1000),
        "requestTimeEpoch": int(now * 1000),
        "identity": {"sourceIp": connection.source_ip},
        "requestId": f"{request_id[:15]}=",
        "domainName": DOMAIN,
        "connectionId": connection.id,
        "apiId": API_ID,
    }
