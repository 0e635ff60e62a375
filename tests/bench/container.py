"""A container as Lambda starts one, in a process of its own: a handler, one event some times over, AWS out of a file.

Called by its path, with what Lambda has and nothing else: `container.py told.json list raw.handler 20 answer.json`.
"""

from __future__ import annotations

import base64
import importlib
import json
import os
import sys
from typing import Any

# What stands on the command line for a process that only starts: the bare interpreter, and this file's own work.
NOTHING = "nothing"


class _Body:
    def __init__(self, body: bytes) -> None:
        self._body = body

    def stream(self) -> Any:
        yield self._body


def _ready(replies: dict[str, Any]) -> dict[str, tuple[int, dict[str, str], bytes]]:
    return {name: (status, headers, base64.b64decode(body)) for name, (status, headers, body) in replies.items()}


def _own_answered_from(replies: dict[str, Any], calls: list[str]) -> Any:
    """In the place of our own transport's way to the network."""
    http1 = sys.modules["chalicelib.aws.http1"]
    ready = {name: http1.Response(*reply) for name, reply in _ready(replies).items()}

    def exchange(method: str, host: str, path: str, headers: dict[str, str], body: bytes = b"") -> Any:
        name = headers.get("x-amz-target", f"{method.capitalize()}Object").rpartition(".")[2]
        calls.append(name)
        return ready[_named(name, body)]

    return exchange


def _named(operation: str, body: bytes) -> str:
    """By its key, too, where one item is asked for."""
    return f"{operation} {json.loads(body)['Key']['pk']['S']}" if operation == "GetItem" else operation


def _answered_from(replies: dict[str, Any], calls: list[str]) -> Any:
    """In the place of botocore's way to the network: everything above it is real, what lies below costs nothing."""
    from botocore.awsrequest import AWSResponse

    ready = _ready(replies)

    def send(session: Any, request: Any) -> Any:
        operation = request.headers.get("X-Amz-Target")
        if operation is None:  # S3 is asked by method and path
            name = f"{request.method.capitalize()}Object"
        else:
            name = (operation if isinstance(operation, str) else operation.decode()).rpartition(".")[2]
        calls.append(name)
        status, headers, body = ready[_named(name, request.body)]
        return AWSResponse(request.url, status, headers, _Body(body))

    return send


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
    calls: list[str] = []
    if "chalicelib.aws.http1" in sys.modules:
        sys.modules["chalicelib.aws.http1"].exchange = _own_answered_from(replies, calls)  # type: ignore[attr-defined]
    # Who has not imported it yet calls nothing that goes that way, and is not to pay for it.
    if "botocore" in sys.modules:
        import botocore.httpsession

        botocore.httpsession.URLLib3Session.send = _answered_from(replies, calls)
    said = None
    for _ in range(int(count)):
        said = handle(event, None)
    with open(answer, "w") as file:
        json.dump({"answer": said, "calls": calls, "peak_bytes": _peak_bytes()}, file)


if __name__ == "__main__":
    main(*sys.argv[1:])
