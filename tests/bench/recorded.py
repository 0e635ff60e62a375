"""Two requests as API Gateway sends them, and what AWS answered, so that they can be served again without a cloud."""

from __future__ import annotations

import base64
import json
import os
import re
import sys
import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from typing import Any
from unittest.mock import patch

import botocore.endpoint

from chalicelib.aws import http1
from infra.local import module_caches
from infra.local.cloud import LocalCloud
from infra.local.functions import REGION
from tests.scene import new_camera, new_person

ALARMS = 20
# The bench runs when it runs: what ends in the world of the recording does not end for it.
_ENDS = re.compile(rb'("(?:expires_at|access_until)": *\{"N": *")\d+"')
_NEVER = rb'\g<1>4102444800"'


def record() -> dict[str, Any]:
    """`environment`, and for `list` and `write` an `event` and the `replies` by operation, and by key where one item is
    asked for: status, headers, body."""
    before = dict(os.environ)
    with LocalCloud.start(seed=0) as world:
        told = {name: value for name, value in os.environ.items() if before.get(name) != value or "AWS_" in name}
        told["MEDIA_URL"] = f"https://{told['MEDIA_BUCKET']}.s3.{REGION}.amazonaws.com"
        owner = new_person(world)
        camera = new_camera(world, owner=owner)
        for number in range(ALARMS):
            camera.see(number)
            world.advance(30)
        alarms = f"/devices/{camera.device_id}/alarms"
        ids = [alarm["alarm_id"] for alarm in owner.alarms(camera.device_id)]
        for alarm_id in ids[::2]:
            owner.call("POST", f"{alarms}/{alarm_id}/read", headers={"Idempotency-Key": f"read-{alarm_id}"})
        phone = {"Idempotency-Key": "0123456789abcdef0123456789abcdef", "Accept-Language": "pl-PL,pl;q=0.9,en;q=0.8"}
        return {
            "environment": told,
            "list": _served(world, lambda: owner.call("GET", alarms, query={"limit": ALARMS})),
            "write": _served(world, lambda: owner.call("POST", f"{alarms}/{ids[1]}/read", headers=phone)),
        }


def _served(world: LocalCloud, ask: Callable[[], Any]) -> dict[str, Any]:
    """As by a container that has just started: it looks whether the table is in service, and for the root secret."""
    module_caches.forget()
    events: list[Any] = []
    app = world.gateway.app

    def seen(event: Any, context: Any) -> Any:
        events.append(event)
        return app(event, context)

    seen.routes, seen.api = app.routes, app.api  # type: ignore[attr-defined]
    with patch.object(world.gateway, "app", seen), replies() as replied:
        answer = ask()
    assert answer.status == 200, answer.body
    return {"event": events[0], "replies": {_named(name, reply): _everlasting(*reply) for name, reply in replied}}


def _named(operation: str, reply: tuple[int, dict[str, str], bytes]) -> str:
    item = json.loads(reply[2]).get("Item") if operation == "GetItem" else None
    return operation if item is None else f"{operation} {item['pk']['S']}"


@contextmanager
def replies() -> Iterator[list[tuple[str, tuple[int, dict[str, str], bytes]]]]:
    """What AWS answers while this is open, in order, as it came over the wire, by the operation it answers."""
    heard: list[tuple[str, tuple[int, dict[str, str], bytes]]] = []
    original = botocore.endpoint.convert_to_response_dict

    def hear(response: Any, operation: Any) -> Any:
        # What streams can be read once, and not by us.
        if not operation.has_streaming_output:
            heard.append((operation.name, (response.status_code, dict(response.headers), response.content)))
        return original(response, operation)

    with ExitStack() as stack:
        stack.enter_context(patch.object(botocore.endpoint, "convert_to_response_dict", hear))
        stack.enter_context(patch.object(http1, "exchange", _heard_by(heard, http1.exchange)))
        yield heard


def _heard_by(heard: list[tuple[str, tuple[int, dict[str, str], bytes]]], original: Any) -> Any:
    """The same of what goes out over the transport of our own."""

    def exchange(method: str, host: str, path: str, headers: Mapping[str, str], body: bytes = b"") -> Any:
        response = original(method, host, path, headers, body)
        operation = headers.get("x-amz-target", f"{method.capitalize()}Object").rpartition(".")[2]
        heard.append((operation, tuple(response)))  # type: ignore[arg-type]
        return response

    return exchange


def _everlasting(status: int, headers: dict[str, str], body: bytes) -> list[Any]:
    body = _ENDS.sub(_NEVER, body)
    # DynamoDB tells the checksum of each answer, and SDKs compare it.
    told = {**headers, "x-amz-crc32": str(zlib.crc32(body)), "content-length": str(len(body))}
    return [status, told, base64.b64encode(body).decode()]


if __name__ == "__main__":
    json.dump(record(), sys.stdout)
