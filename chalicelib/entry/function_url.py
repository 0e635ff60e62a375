"""Function URLs: routes that are asked for so often that an address of their function alone serves them, cheaper than
API Gateway does, with the same answers."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from chalice.app import Request, Response

from chalicelib import ids
from chalicelib.entry import cors, http, refusals, wire
from chalicelib.entry.callers import Who
from chalicelib.entry.http import Route, RouteTable
from chalicelib.entry.queues import Context, EntryPoints, Function
from chalicelib.entry.wire import Event
from chalicelib.errors import NotFound
from chalicelib.settings import settings
from chalicelib.words import DEFAULT_LANGUAGE

Answer = dict[str, object]
# Longer than any address of ours; what is longer is not looked into.
_LONGEST_PATH = 512


class FunctionUrls(EntryPoints):
    """Decorators for functions that have an address of their own."""

    def serving(self, table: RouteTable) -> Callable[[Callable[[], None]], Function]:
        """A function of the routes of this table that anybody may ask for; of others it knows nothing."""
        known = [(_pattern(route.path), route) for route in table.declared if route.who is Who.ANYONE]

        def declare(named: Callable[[], None]) -> Function:
            def function(event: Event, context: Context) -> Answer:
                request = event["requestContext"]["http"]
                if request["method"] == "OPTIONS" and settings.allowed_origin:
                    return {"statusCode": 204, "headers": cors.of_preflight(settings.allowed_origin, ["GET"])}
                path = request["path"] if len(request["path"]) <= _LONGEST_PATH else ""
                for pattern, route in known:
                    if (found := pattern.fullmatch(path)) is not None and request["method"] == route.method:
                        return _answered(http.serve(route, Request(_as_rest(event, route, found.groupdict()))))
                return _answered(_nothing_there(event))

            return self._register("lambda_function", function, named)

        return declare


def _pattern(path: str) -> re.Pattern[str]:
    """Of a route's path, each parameter one segment."""
    return re.compile(re.sub(r"{(\w+)}", r"(?P<\1>[^/]+)", re.escape(path).replace(r"\{", "{").replace(r"\}", "}")))


def _as_rest(event: Event, route: Route, values: dict[str, str]) -> dict[str, Any]:
    """A request to a function URL (payload 2.0) as API Gateway's REST proxy hands one over (1.0)."""
    context = event["requestContext"]
    return {
        "headers": event["headers"],
        "multiValueHeaders": {name: [value] for name, value in event["headers"].items()},
        "multiValueQueryStringParameters": None,
        "pathParameters": values,
        "stageVariables": None,
        "body": event.get("body"),
        "isBase64Encoded": event.get("isBase64Encoded", False),
        "requestContext": {
            "httpMethod": route.method,
            "resourcePath": route.path,
            "requestId": context["requestId"],
            "identity": {"sourceIp": context["http"]["sourceIp"]},
        },
    }


def _answered(response: Response) -> Answer:
    return {"statusCode": response.status_code, "headers": dict(response.headers), "body": response.body}


def _nothing_there(event: Event) -> Response:
    request_id = event["requestContext"].get("requestId") or ids.new_id()
    body = wire.encode(refusals.body_of(NotFound(), DEFAULT_LANGUAGE, request_id))
    return http.answer_of(refusals.status_of(NotFound), body, {}, request_id)
