"""Lambda function URLs: the events that functions get of requests to an address of their own (payload 2.0)."""

from __future__ import annotations

import time
from typing import Any

from werkzeug.datastructures import Headers

from infra.local.functions import Functions
from infra.local.gateway import DOMAIN, MAX_EVENT_BYTES, HttpRequest, Response, refused

# Each function's address lies below this one here, and is a host of its own on AWS.
PREFIX = "/_functions/"
_HANDLERS = {"show_live": "chalicelib.live.function_urls.show_live"}


def handle(functions: Functions, request: HttpRequest) -> Response:
    """What the function answers that the address names; 502 where it dies, as Lambda says."""
    name, _, path = request.path.removeprefix(PREFIX).partition("/")
    if name not in _HANDLERS:
        return refused(404, "Not Found")
    if len(request.body) > MAX_EVENT_BYTES:
        return refused(413, "Request Too Long")
    event = _event(request, f"/{path}", functions.new_id())
    with functions.rwlock.shared():
        try:
            answer = functions.call_by_name(name, _HANDLERS[name], event)
        except KeyboardInterrupt:
            raise
        except BaseException:  # whatever a function dies of, its caller learns only that it did
            return refused(502, "Internal Server Error")
    headers = {**answer["headers"], "x-amzn-RequestId": event["requestContext"]["requestId"]}
    return Response(answer["statusCode"], Headers(headers), answer.get("body", "").encode())


def _event(request: HttpRequest, path: str, request_id: str) -> dict[str, Any]:
    """https://docs.aws.amazon.com/lambda/latest/dg/urls-invocation.html#urls-payloads"""
    several: dict[str, list[str]] = {}
    for name, value in request.headers:
        several.setdefault(name.lower(), []).append(value)
    headers = {name: ",".join(values) for name, values in several.items()} | {"host": request.host}
    return {
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": path,
        "rawQueryString": request.query,
        "headers": headers,
        "requestContext": {
            "accountId": "anonymous",
            "apiId": "local00000",
            "domainName": DOMAIN,
            "http": {
                "method": request.method,
                "path": path,
                "protocol": "HTTP/1.1",
                "sourceIp": request.source_ip,
                "userAgent": headers.get("user-agent", ""),
            },
            "requestId": request_id,
            "routeKey": "$default",
            "stage": "$default",
            "timeEpoch": int(time.time() * 1000),
        },
        **({"body": request.body.decode("utf-8", "replace")} if request.body else {}),
        "isBase64Encoded": False,
    }
