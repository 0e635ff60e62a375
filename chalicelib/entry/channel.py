"""The door of the camera channel: API Gateway tells of each connection, each message, and each end.

Its three handlers are declared in app.py: in a blueprint Lambda would call the bare functions.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from chalicelib.entry import gate, http, refusals, wire
from chalicelib.entry.log import Line, line

Said = dict[str, Any]
_OK: Said = {"statusCode": 200}
_MOST_TEXT = 32 * 1024  # API Gateway's largest frame


def connected(event: Any, take: Callable[[Any, str], None]) -> Said:
    """Who connects shows the camera's token; anybody else is refused, and the connection does not come about."""
    headers = {name.lower(): value for name, value in (event.to_dict().get("headers") or {}).items()}

    def admit() -> None:
        take(gate.admit_camera(gate.bearer(headers)), event.connection_id)

    return _answered("camera_connected", event, admit)


def disconnected(event: Any, take: Callable[[str], None]) -> Said:
    return _answered("camera_disconnected", event, lambda: take(event.connection_id))


def said(event: Any, take: Callable[[str, Any], None]) -> Said:
    """One message of a camera. A ping only keeps the connection, costs nothing and is not logged."""
    text = event.body
    if len(text) <= _MOST_TEXT and _is_ping(text):
        return _OK
    return _answered("camera_said", event, lambda: take(event.connection_id, wire.decode(text.encode())))


def _is_ping(text: str) -> bool:
    return "".join(text.split()) in ('{"ping":true}', '{"action":"ping"}')


def _answered(door: str, event: Any, work: Callable[[], None]) -> Said:
    request_id = str(event.to_dict()["requestContext"].get("requestId"))
    with line(door=door, asker="camera", request_id=request_id) as entry:
        answer = _refused_or_done(work, entry)
        entry["status"] = answer["statusCode"]
    return answer


def _refused_or_done(work: Callable[[], None], entry: Line) -> Said:
    try:
        work()
    except Exception as problem:
        refusal = http.as_refusal(problem)
        if refusal is None:
            entry.tell_fault(problem)
            return {"statusCode": refusals.SERVER_ERROR}
        entry["code"] = type(refusal).__name__
        return {"statusCode": refusals.status_of(refusal)}
    return _OK
