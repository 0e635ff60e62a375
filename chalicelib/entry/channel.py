"""WebSocket adapter of the camera channel: API Gateway's events for each connection, each message, and each end."""

from __future__ import annotations

from collections.abc import Callable

from chalicelib.entry import admission, http, refusals, wire
from chalicelib.entry.callers import Camera
from chalicelib.entry.http import Authentication
from chalicelib.entry.log import Line, line
from chalicelib.entry.wire import AnyShape, Event

Response = dict[str, object]
_OK: Response = {"statusCode": 200}
_LONGEST_PING = 40
# API Gateway answers the first itself. The second is that of cameras from before it did.
_PINGS = ('{"action":"ping"}', '{"ping":true}')


def connected(event: Event, authentication: Authentication, take: Callable[[Camera, str], None]) -> Response:
    """A connection is admitted with the camera's token; anything else is refused, and no connection comes about."""
    headers = {name.lower(): value for name, value in (event.get("headers") or {}).items()}
    token = admission.bearer(headers.get("authorization"))

    def take_in() -> None:
        take(authentication.cameras.recognise_camera(token), _connection_of(event))

    return _answered("camera_connected", event, take_in)


def disconnected(event: Event, take: Callable[[str], None]) -> Response:
    return _answered("camera_disconnected", event, lambda: take(_connection_of(event)))


def received(event: Event, take: Callable[[str, AnyShape], None], asks: type[AnyShape]) -> Response:
    """One message of a camera. A ping only keeps the connection: it costs no call, and is not logged."""
    text = event.get("body") or ""
    if _is_ping(text):
        return _OK

    def hear() -> None:
        take(_connection_of(event), wire.parse(wire.decode(text.encode(errors="surrogatepass")), asks))

    return _answered("camera_said", event, hear)


def _connection_of(event: Event) -> str:
    return str(event["requestContext"]["connectionId"])


def _is_ping(text: str) -> bool:
    return len(text) <= _LONGEST_PING and "".join(text.split()) in _PINGS


def _answered(function: str, event: Event, work: Callable[[], None]) -> Response:
    request_id = str(event["requestContext"].get("requestId"))
    with line(door=function, asker="camera", request_id=request_id) as entry:
        answer = _refused_or_done(work, entry)
        entry["status"] = answer["statusCode"]
    return answer


def _refused_or_done(work: Callable[[], None], entry: Line) -> Response:
    try:
        work()
    except Exception as problem:
        refusal = http.as_refusal(problem)
        if refusal is None:
            entry.add_fault(problem)
            return {"statusCode": refusals.SERVER_ERROR}
        entry["code"] = type(refusal).__name__
        return {"statusCode": refusals.status_of(refusal)}
    return _OK
