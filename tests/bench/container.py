"""A container as Lambda starts one, in a process of its own: a handler, one event some times over, AWS out of a file.

Called by its path, with what Lambda has and nothing else: `container.py told.json list raw.handler 20 answer.json`.
"""

from __future__ import annotations

import base64
import importlib
import io
import json
import os
import sys
from typing import Any
from urllib.parse import parse_qsl, urlsplit

# What stands on the command line for a process that only starts: the bare interpreter, and this file's own work.
NOTHING = "nothing"


class _Body(io.BytesIO):
    def stream(self) -> Any:
        yield self.getvalue()


def _ready(replies: dict[str, Any]) -> dict[str, tuple[int, dict[str, str], bytes]]:
    return {name: (status, headers, base64.b64decode(body)) for name, (status, headers, body) in replies.items()}


def _own_answered_from(replies: dict[str, Any], calls: list[Any]) -> Any:
    """In the place of our own transport's way to the network."""
    http1 = sys.modules["chalicelib.aws.http1"]
    ready = {name: http1.Response(*reply) for name, reply in _ready(replies).items()}

    def exchange(method: str, host: str, path: str, headers: dict[str, str], body: bytes = b"") -> Any:
        operation = operation_of(method, headers, body)
        calls.append((operation, path, headers.get("range"), body))
        return _found(ready, operation, body)

    return exchange


def operation_of(method: str, headers: Any, body: bytes) -> str:
    """What AWS is asked to do, said in a header, in a form, or, of S3, by the method."""
    target = headers.get("x-amz-target")
    if target is not None:
        return (target if isinstance(target, str) else target.decode()).rpartition(".")[2]
    if method == "POST":
        return body.partition(b"Action=")[2].partition(b"&")[0].decode()
    return f"{method.capitalize()}Object"


def _found(ready: dict[str, Any], operation: str, body: bytes) -> Any:
    """By its key, too, where one item is asked for; an answer without one has none."""
    if operation != "GetItem":
        return ready[operation]
    return ready.get(f"GetItem {json.loads(body)['Key']['pk']['S']}", ready.get("GetItem"))


def _answered_from(replies: dict[str, Any], calls: list[Any]) -> Any:
    """In the place of botocore's way to the network: everything above it is real, what lies below costs nothing."""
    from botocore.awsrequest import AWSResponse

    ready = _ready(replies)

    def send(session: Any, request: Any) -> Any:
        body = request.body.encode() if isinstance(request.body, str) else request.body or b""
        operation = operation_of(request.method, request.headers, body)
        calls.append((operation, request.url, request.headers.get("range"), body))
        status, headers, reply = _found(ready, operation, body)
        return AWSResponse(request.url, status, headers, _Body(reply))

    return send


def _told(operation: str, address: str, byte_range: Any, body: bytes) -> list[Any]:
    """What a call said, of those whose words are the effect."""
    said: Any = None
    if operation == "GetObject":
        path = urlsplit(address).path
        said = [path, byte_range if isinstance(byte_range, str) else byte_range.decode()]
    elif operation == "Publish":
        said = sorted(parse_qsl(body.decode()))
    elif operation == "SendMessageBatch":
        said = json.loads(body)
    elif operation == "PutItem":
        said = json.loads(body)
        said = {name: value for name, value in said["Item"].items() if name != "commit_id"}
    return [operation, said]


class _Context:
    @staticmethod
    def get_remaining_time_in_millis() -> int:
        return 29_000


class _AnyHour(dict[str, bytes]):
    def get(self, hour: str, default: Any = None) -> bytes:
        return bytes(32)


def _know_the_hour() -> None:
    """A container asks for its key once an hour; what is measured is the sealing, which the raw one does without."""
    if "chalicelib.store.hour_keys" in sys.modules:
        sys.modules["chalicelib.store.hour_keys"]._known = _AnyHour()  # type: ignore[attr-defined]


def _peak_bytes() -> int:
    """The most memory that this process had at once, code of libraries included."""
    with open("/proc/self/status") as status:
        (told,) = [line for line in status if line.startswith("VmHWM:")]
    return int(told.split()[1]) * 1024


def main(recording: str, scenario: str, handler: str, count: str, answer: str) -> None:
    with open(recording) as file:
        told = json.load(file)
    os.environ.update(told["environment"])
    event, replies = told[scenario]["event"], told[scenario]["replies"]
    if handler == NOTHING:
        return
    module, _, name = handler.rpartition(".")
    handle = getattr(importlib.import_module(module), name)
    _know_the_hour()
    calls: list[Any] = []
    if "chalicelib.aws.http1" in sys.modules:
        sys.modules["chalicelib.aws.http1"].exchange = _own_answered_from(replies, calls)  # type: ignore[attr-defined]
    # Who has not imported it yet calls nothing that goes that way, and is not to pay for it.
    if "botocore" in sys.modules:
        import botocore.httpsession

        botocore.httpsession.URLLib3Session.send = _answered_from(replies, calls)
    said = None
    for _ in range(int(count)):
        calls.clear()  # or what they said would be measured as the container's memory
        said = handle(event, _Context)
    with open(answer, "w") as file:
        effects = [_told(*call) for call in calls]
        json.dump({"answer": said, "calls": effects, "peak_bytes": _peak_bytes()}, file)


if __name__ == "__main__":
    main(*sys.argv[1:])
