"""Instructions of one Query of DynamoDB whose answer is already there, by our transport and by botocore's client.

`python -m tests.bench.calls` counts both (needs valgrind; half a minute).
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import zlib
from collections.abc import Callable
from typing import Any

from tests.bench.counting import _CACHEGRIND, FEW, MANY

_LAMBDA = {"AWS_ACCESS_KEY_ID": "AKIATESTS", "AWS_SECRET_ACCESS_KEY": "secret", "AWS_SESSION_TOKEN": "t" * 600}
_ITEM = {"pk": {"S": f"device#{'a' * 52}"}, "sk": {"S": f"alarm#{'b' * 26}"}, "at": {"N": "1"}, "raw": {"B": "AAAA"}}
_BODY = json.dumps({"Items": [_ITEM] * 20, "Count": 20, "ScannedCount": 20}).encode()
_HEADERS = {
    "Server": "Server", "Date": "Sun, 29 Nov 2026 00:00:00 GMT", "Content-Type": "application/x-amz-json-1.0",
    "Content-Length": str(len(_BODY)), "Connection": "keep-alive", "x-amzn-RequestId": "A" * 52,
    "x-amz-crc32": str(zlib.crc32(_BODY)),
}  # fmt: skip
_REQUEST = {
    "TableName": "Items", "KeyConditionExpression": "pk = :pk AND sk BETWEEN :a AND :b", "ConsistentRead": True,
    "ExpressionAttributeValues": {":pk": {"S": "device"}, ":a": {"S": "alarm#"}, ":b": {"S": "alarm#~"}}, "Limit": 21,
}  # fmt: skip


_LINES = "".join(f"{name}: {value}\r\n" for name, value in _HEADERS.items())
_ANSWER = f"HTTP/1.1 200 OK\r\n{_LINES}\r\n".encode() + _BODY


class _Socket:
    def sendall(self, request: bytes) -> None:
        """It is there already."""

    def recv(self, count: int) -> bytes:
        return _ANSWER


def _own() -> Callable[[], Any]:
    from chalicelib.aws import http1, json_calls

    http1._protected = lambda *_: _Socket()  # type: ignore[assignment,return-value]
    return lambda: json_calls.call("dynamodb", "Query", _REQUEST)


def _botocore() -> Callable[[], Any]:
    import botocore.httpsession
    from botocore.awsrequest import AWSResponse

    from chalicelib.aws.clients import client

    raw = type("Raw", (), {"stream": lambda self: iter([_BODY])})()
    botocore.httpsession.URLLib3Session.send = lambda _, request: AWSResponse(request.url, 200, _HEADERS, raw)
    return lambda: client("dynamodb")._make_api_call("Query", _REQUEST)


_TRANSPORTS = {"own": _own, "botocore": _botocore}


def _counted(transport: str, count: int) -> int:
    environment = {**_LAMBDA, "AWS_REGION": "eu-central-1", "AWS_TRANSPORT": "own"}
    environment |= {"PYTHONHASHSEED": "0", "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(  # noqa: S603  # our own words only
        [*_CACHEGRIND, sys.executable, "-m", "tests.bench.calls", transport, str(count)],
        env={"PATH": os.environ["PATH"], **environment}, check=True, capture_output=True, text=True,
    )  # fmt: skip
    found = re.search(r"I\s+refs:\s+([\d,]+)", done.stderr)
    assert found is not None, done.stderr
    return int(found[1].replace(",", ""))


def main(transport: str = "", count: str = "") -> None:
    if transport:
        call = _TRANSPORTS[transport]()
        for _ in range(int(count)):
            call()
        return
    warm = {name: (_counted(name, MANY) - _counted(name, FEW)) / (MANY - FEW) for name in _TRANSPORTS}
    print({name: round(figure) for name, figure in warm.items()}, f"{warm['own'] / warm['botocore']:.3f}")


if __name__ == "__main__":
    main(*sys.argv[1:])
