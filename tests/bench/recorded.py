"""Requests as API Gateway sends them and batches as Lambda hands them over, and what AWS answered, so that they can be
served again without a cloud."""

from __future__ import annotations

import base64
import json
import os
import sys
import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from typing import Any
from unittest.mock import patch

import botocore.endpoint
from moto.events.models import EventPattern

from chalicelib.alarms import listeners
from chalicelib.aws import http1
from chalicelib.entry import forwarding, object_events
from chalicelib.store.records import Item
from infra.local import module_caches
from infra.local.async_events import RETRIED_AFTER_S
from infra.local.cloud import LocalCloud
from infra.local.functions import REGION
from infra.package.template import stream_events
from tests.bench import container
from tests.scene import Camera, Person, elsewhere, new_camera, new_person

ALARMS, PICTURES, CHANGES = 20, 10, 25
# The bench runs when it runs: what ends in the world of the recording has not ended by then.
_LATER = datetime(2090, 1, 5, 8, 0, tzinfo=UTC)

Reply = tuple[int, dict[str, str], bytes]


def record() -> dict[str, Any]:
    """`environment`, and for each scenario an `event` and the `replies` by operation, and by key where one item is
    asked for: status, headers, body."""
    with world_to_record() as (world, told):
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
            "picture": _handled(world, listeners.on_picture_uploaded, _given_up(world, owner, camera)),
            "stream": _handled(world, forwarding.forward_item_changes, _changed(world, owner, camera)),
        }


@contextmanager
def world_to_record() -> Iterator[tuple[LocalCloud, dict[str, str]]]:
    """A world, and the environment of its functions on AWS."""
    before = dict(os.environ)
    with LocalCloud.start(seed=0, at=_LATER) as world:
        told = {name: value for name, value in os.environ.items() if before.get(name) != value or "AWS_" in name}
        told["MEDIA_URL"] = f"https://{told['MEDIA_BUCKET']}.s3.{REGION}.amazonaws.com"
        yield world, told


def _served(world: LocalCloud, ask: Callable[[], Any]) -> dict[str, Any]:
    """As by a container that has just started: it looks whether the table is in service, for the root secret, and which
    versions of the policy were published."""
    module_caches.forget()
    module_caches.policies().clear()
    events: list[Any] = []
    app = world.gateway.app

    def seen(event: Any, context: Any) -> Any:
        events.append(event)
        return app(event, context)

    seen.routes, seen.api = app.routes, app.api  # type: ignore[attr-defined]
    with patch.object(world.gateway, "app", seen), replies() as replied:
        answer = ask()
    assert answer.status == 200, answer.body
    return {"event": events[0], "replies": _by_name(replied)}


def _handled(world: LocalCloud, function: Any, event: Any) -> dict[str, Any]:
    """The same of a batch."""
    module_caches.forget()
    with replies() as replied:
        answer = world.functions.call(function.__name__, function, event)
    assert answer == {"batchItemFailures": []}, answer
    return {"event": event, "replies": _by_name(replied)}


def _given_up(world: LocalCloud, owner: Person, camera: Camera) -> dict[str, Any]:
    """Pictures that nobody took for some minutes, in one batch of the queue where Lambda left them; they are pushed to
    the owner's phone."""
    assert owner.take_pushes("a" * 163).status == 204
    for number in range(PICTURES):
        assert camera.upload(ALARMS + number).status == 204
    left: list[Any] = []

    def fail(event: Any, context: Any) -> Any:
        if object_events.is_direct(event):
            raise RuntimeError("nobody takes it")
        left.extend(event["Records"])
        return {"batchItemFailures": []}

    with patch.object(listeners, "on_picture_uploaded", fail):
        for seconds in (0, *RETRIED_AFTER_S):
            world.advance(seconds + 1)
            world.settle()
    assert len(left) == PICTURES
    return {"Records": left}


def _changed(world: LocalCloud, owner: Person, camera: Camera) -> dict[str, Any]:
    """What people did, as the stream's filter lets it through."""
    told: list[Any] = []
    patterns = [EventPattern.load(json.dumps(one)) for one in stream_events(Item)]

    def see(event: Any, context: Any) -> Any:
        told.extend(one for one in event["Records"] if any(pattern.matches_event(one) for pattern in patterns))
        return {"batchItemFailures": []}

    ids = iter(owner.alarms(camera.device_id))
    with patch.object(forwarding, "forward_item_changes", see):
        while len(told) < CHANGES:
            assert owner.command(camera.device_id).status == 202
            device = f"/devices/{camera.device_id}"
            assert owner.call("DELETE", f"{device}/alarms/{next(ids)['alarm_id']}").status == 204
            assert elsewhere(owner).call("DELETE", "/sessions/current").status == 204
            assert owner.share(camera.device_id, email=f"{len(told)}@example.com").status == 201
            world.settle()
    return {"Records": told[:CHANGES]}


def _by_name(replied: list[tuple[str, Reply]]) -> dict[str, Any]:
    return {_named(name, reply): _written(name, *reply) for name, reply in replied}


def _named(operation: str, reply: Reply) -> str:
    item = json.loads(reply[2]).get("Item") if operation == "GetItem" else None
    return operation if item is None else f"{operation} {item['pk']['S']}"


@contextmanager
def replies() -> Iterator[list[tuple[str, Reply]]]:
    """What AWS answers while this is open, in order, as it came over the wire, by the operation it answers."""
    heard: list[tuple[str, Reply]] = []
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


def _heard_by(heard: list[tuple[str, Reply]], original: Any) -> Any:
    """The same of what goes out over the transport of our own."""

    def exchange(method: str, host: str, path: str, headers: Mapping[str, str], body: bytes = b"") -> Any:
        response = original(method, host, path, headers, body)
        heard.append((container.operation_of(method, headers, body), tuple(response)))  # type: ignore[arg-type]
        return response

    return exchange


def _written(operation: str, status: int, headers: dict[str, str], body: bytes) -> list[Any]:
    told = {**headers, "content-length": str(len(body))}
    if operation not in ("GetObject", "HeadObject"):
        # DynamoDB tells the checksum of each answer, and SDKs compare it.
        told["x-amz-crc32"] = str(zlib.crc32(body))
    return [status, told, base64.b64encode(body).decode()]


if __name__ == "__main__":
    json.dump(record(), sys.stdout)
