"""API Gateway for a Chalice app: real REST proxy events in, its limits and its own refusals out."""

from __future__ import annotations

import base64
import json
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from typing import Any, ClassVar
from urllib.parse import parse_qsl, urlencode, urlsplit

from chalice.app import Chalice
from werkzeug.datastructures import Headers
from werkzeug.http import HTTP_STATUS_CODES

from chalicelib.entry import cors
from infra import gateway_responses
from infra.local.compression import compressed
from infra.local.functions import ACCOUNT, REGION, Functions

MAX_BODY_BYTES = 10_485_760
# Lambda's own limits lie below API Gateway's: they count the whole event, and the whole answer.
MAX_EVENT_BYTES = 6_291_456
MAX_ANSWER_BYTES = 6_291_556
MAX_HEADER_BYTES = 10_240
MAX_SECONDS = 29.0
# Of a function that died, or whose answer is none.
BAD_GATEWAY = 502
STAGE = "local"
API_ID = "local00000"
DOMAIN = f"{API_ID}.execute-api.{REGION}.amazonaws.com"
# API Gateway keeps these names for itself.
_REMAPPED = frozenset(
    {"authorization", "connection", "content-length", "content-md5", "date", "expect", "host", "max-forwards"}
    | {"proxy-authenticate", "server", "trailer", "transfer-encoding", "upgrade", "www-authenticate"}
)
_IDENTITY = dict.fromkeys(
    {"accessKey", "accountId", "apiKey", "apiKeyId", "caller", "cognitoAuthenticationProvider", "user", "userArn"}
    | {"cognitoAuthenticationType", "cognitoIdentityId", "cognitoIdentityPoolId", "principalOrgId"}
)


@dataclass(frozen=True)
class HttpRequest:
    """A request as it came over the wire: path and query still encoded, headers in order and as often as sent."""

    method: str
    path: str
    query: str = ""
    headers: list[tuple[str, str]] = field(default_factory=list)
    body: bytes = b""
    source_ip: str = "127.0.0.1"
    host: str = DOMAIN


@dataclass(frozen=True)
class Response:
    status: int
    headers: Headers
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body) if self.body else None


class Gateway:
    """Serves one app. `country` is what CloudFront says of a viewer; here, for trying, he may say another.
    `allowed_origin` is the stack's parameter of that name."""

    def __init__(
        self, app: Chalice, functions: Functions | None = None, *, country: str = "PL", allowed_origin: str = ""
    ) -> None:
        self.app = _for_threads(app)
        self.functions = functions or Functions()
        self.country = country
        self.allowed_origin = allowed_origin
        self._ways = _Ways(app)

    def handle(self, request: HttpRequest) -> Response:
        if len(request.body) > MAX_BODY_BYTES:
            return self._refused("REQUEST_TOO_LARGE")
        if sum(len(name) + len(value) for name, value in request.headers) > MAX_HEADER_BYTES:
            return self._refused("REQUEST_TOO_LARGE")
        route, values = self._ways.find(request.path)
        methods = self.app.routes[route] if route is not None else {}
        if self.allowed_origin and request.method == "OPTIONS" and methods:
            # Deployed as a mock integration that no function sees.
            return Response(204, Headers(cors.of_preflight(self.allowed_origin, methods)), b"")
        if route is None or request.method not in methods:
            return self._refused("MISSING_AUTHENTICATION_TOKEN")
        return _without_body_for_head(request, _compressed(request, self._integrate(request, route, values)))

    def __call__(self, environ: Mapping[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        response = self.handle(request_of(environ))
        start_response(status_line(response.status), list(response.headers))
        return [response.body]

    def _integrate(self, request: HttpRequest, route: str, values: dict[str, str] | None) -> Response:
        # Wait for one's turn first: what time did meanwhile is not the function's.
        with self.functions.rwlock.shared():
            return self._in_time(request, route, values)

    def _in_time(self, request: HttpRequest, route: str, values: dict[str, str] | None) -> Response:
        request_id = self.functions.new_id()
        event = self._event(request, route, values, request_id)
        if _size_of(event) > MAX_EVENT_BYTES:
            return self._refused("REQUEST_TOO_LARGE", request_id)
        started, passed_by = time.time(), self.functions.rwlock.passed_by
        try:
            answer = self.functions.call("sowa-api", self.app, event)
            response = _response(answer, request_id)
        except KeyboardInterrupt:
            raise
        except BaseException:  # whatever a function dies of, its caller learns only that it did
            return self._refused("DEFAULT_5XX", request_id)
        # The world's time, because a slow dependency may be a simulated one. Nothing is killed: effects stay.
        passed_by = self.functions.rwlock.passed_by - passed_by
        if time.time() - started - passed_by > MAX_SECONDS:
            return self._refused("INTEGRATION_TIMEOUT", request_id)
        return response

    def _refused(self, kind: str, request_id: str | None = None) -> Response:
        """What is deployed says the same, in the same words."""
        request_id = request_id or self.functions.new_id()
        headers = {"Content-Type": "application/json", "x-amzn-RequestId": request_id}
        headers |= gateway_responses.headers_of(kind) | cors.of_answer(self.allowed_origin)
        body = json.dumps(gateway_responses.body_of(kind, request_id)).encode()
        return Response(gateway_responses.status_of(kind) or BAD_GATEWAY, Headers(headers), body)

    def _event(
        self, request: HttpRequest, route: str, values: dict[str, str] | None, request_id: str
    ) -> dict[str, Any]:
        headers = self._headers(request)
        several: dict[str, list[str]] = {}
        for name, value in headers:
            several.setdefault(name, []).append(value)
        query: dict[str, list[str]] = {}
        for name, value in parse_qsl(request.query, keep_blank_values=True):
            query.setdefault(name, []).append(value)
        body, encoded = self._body(request, headers)
        return {
            "resource": route,
            "path": request.path,
            "httpMethod": request.method,
            "headers": {name: given[-1] for name, given in several.items()},
            "multiValueHeaders": several,
            "queryStringParameters": {name: given[-1] for name, given in query.items()} or None,
            "multiValueQueryStringParameters": query or None,
            "pathParameters": values,
            "stageVariables": None,
            "requestContext": _context(request, route, request_id),
            "body": body,
            "isBase64Encoded": encoded,
        }

    def _headers(self, request: HttpRequest) -> list[tuple[str, str]]:
        given = {name.lower(): value for name, value in request.headers}
        chain = f"{given['x-forwarded-for']}, {request.source_ip}" if "x-forwarded-for" in given else request.source_ip
        added = {"CloudFront-Viewer-Country": self.country, "Host": request.host, "X-Forwarded-Proto": "https"}
        return [
            *(
                (name, value)
                for name, value in request.headers
                if name.lower() not in ("x-forwarded-for", "connection")
            ),
            *((name, value) for name, value in added.items() if name.lower() not in given),
            ("X-Forwarded-For", chain),
        ]

    def _body(self, request: HttpRequest, headers: list[tuple[str, str]]) -> tuple[str | None, bool]:
        if not request.body:
            return None, False
        kind = next((value for name, value in headers if name.lower() == "content-type"), "")
        if kind.partition(";")[0].strip().lower() in self.app.api.binary_types:
            return base64.b64encode(request.body).decode(), True
        return request.body.decode("utf-8", "replace"), False


def invoke_api(
    app: Chalice,
    method: str,
    path: str,
    headers: Mapping[str, str] | None = None,
    body: bytes = b"",
    query: Mapping[str, str] | str | None = None,
) -> Response:
    """One request to an app without a world around it; the same way as over HTTP."""
    return _gateway_of(app).handle(http_request(method, path, headers, body, query))


def http_request(
    method: str,
    path: str,
    headers: Mapping[str, str] | None = None,
    body: bytes = b"",
    query: Mapping[str, Any] | str | None = None,
) -> HttpRequest:
    """`path` may hold a query itself; a query given as a mapping is encoded, its lists repeated."""
    address = urlsplit(path)
    encoded = query if isinstance(query, str) else urlencode(query, doseq=True) if query else address.query
    return HttpRequest(method.upper(), address.path, encoded, list((headers or {}).items()), body)


def request_of(environ: Mapping[str, Any]) -> HttpRequest:
    """A WSGI request. The server may leave the headers as they came under `local.headers`; WSGI itself maims them."""
    raw = urlsplit(environ["RAW_URI"]) if "RAW_URI" in environ else None
    return HttpRequest(
        environ["REQUEST_METHOD"],
        raw.path if raw else environ["PATH_INFO"],
        environ.get("QUERY_STRING", ""),
        environ.get("local.headers") or _headers_of(environ),
        _read(environ),
        environ.get("REMOTE_ADDR", "127.0.0.1"),
        environ.get("HTTP_HOST", DOMAIN),
    )


def refused(status: int, message: str) -> Response:
    """A refusal by the server itself, where the cloud cannot answer."""
    return Response(status, Headers({"Content-Type": "application/json"}), json.dumps({"message": message}).encode())


def status_line(status: int) -> str:
    return f"{status} {HTTP_STATUS_CODES.get(status, 'Unknown')}"


class _Ways:
    """The routes as a tree of segments; a literal segment goes before a parameter, as on AWS."""

    def __init__(self, app: Chalice) -> None:
        self._root: dict[str, Any] = {}
        for route, methods in app.routes.items():
            for entry in methods.values():
                if entry.authorizer is not None:
                    raise NotImplementedError(f"{route} has an authorizer, which the local gateway would not ask")
            node = self._root
            for segment in _segments(route):
                node = node.setdefault("{}" if segment.startswith("{") else segment, {})
            node[""] = (route, [segment[1:-1] for segment in _segments(route) if segment.startswith("{")])

    def find(self, path: str) -> tuple[str | None, dict[str, str] | None]:
        """The route and the values of its parameters, as encoded as they came."""
        found = _descend(self._root, _segments(path), [])
        if found is None:
            return None, None
        (route, names), values = found
        return route, dict(zip(names, values, strict=True)) or None


def _segments(path: str) -> list[str]:
    stripped = path.removeprefix("/").removesuffix("/")
    return stripped.split("/") if stripped else []


def _descend(node: dict[str, Any], segments: list[str], values: list[str]) -> Any:
    if not segments:
        return (node[""], values) if "" in node else None
    first, rest = segments[0], segments[1:]
    if not first:
        return None
    if first in node and first != "{}" and (found := _descend(node[first], rest, values)):
        return found
    return _descend(node["{}"], rest, [*values, first]) if "{}" in node else None


def _context(request: HttpRequest, route: str, request_id: str) -> dict[str, Any]:
    now = time.time()
    agent = next((value for name, value in request.headers if name.lower() == "user-agent"), None)
    return {
        "accountId": ACCOUNT,
        "apiId": API_ID,
        "domainName": request.host,
        "domainPrefix": request.host.partition(".")[0],
        "extendedRequestId": f"{request_id[:15]}=",
        "httpMethod": request.method,
        "identity": {**_IDENTITY, "sourceIp": request.source_ip, "userAgent": agent},
        "path": f"/{STAGE}{request.path}",
        "protocol": "HTTP/1.1",
        "requestId": request_id,
        "requestTime": datetime.fromtimestamp(now, UTC).strftime("%d/%b/%Y:%H:%M:%S +0000"),
        "requestTimeEpoch": int(now * 1000),
        "resourceId": "local0",
        "resourcePath": route,
        "stage": STAGE,
    }


def _response(answer: Mapping[str, Any], request_id: str) -> Response:
    """What API Gateway makes of a function's answer; one that it cannot read raises."""
    body = "" if answer.get("body") is None else answer["body"]
    if not isinstance(body, str):
        raise TypeError("a proxy answer's body is text")
    if _size_of(answer) > MAX_ANSWER_BYTES:
        raise ValueError("a function's answer has at most 6 MB")
    headers = Headers()
    for name, value in (answer.get("headers") or {}).items():
        headers.set(_remapped(name), str(value))
    for name, values in (answer.get("multiValueHeaders") or {}).items():
        headers.setlist(_remapped(name), [str(value) for value in values])
    headers.setdefault("Content-Type", "application/json")
    headers.set("x-amzn-RequestId", request_id)
    raw = base64.b64decode(body, validate=True) if answer.get("isBase64Encoded") else body.encode()
    return Response(int(answer["statusCode"]), headers, raw)


def _remapped(name: str) -> str:
    return f"x-amzn-Remapped-{name}" if name.lower() in _REMAPPED else name


def _size_of(message: Mapping[str, Any]) -> int:
    """Bytes as JSON; a small body is only estimated, because this is asked at each call."""
    if len(message.get("body") or "") < MAX_EVENT_BYTES // 8:
        return 0
    return len(json.dumps(message, ensure_ascii=False).encode())


def _compressed(request: HttpRequest, response: Response) -> Response:
    return Response(response.status, *compressed(request.headers, response.headers, response.body))


def _without_body_for_head(request: HttpRequest, response: Response) -> Response:
    return Response(response.status, response.headers, b"") if request.method == "HEAD" else response


def _headers_of(environ: Mapping[str, Any]) -> list[tuple[str, str]]:
    plain = [(name[5:], value) for name, value in environ.items() if name.startswith("HTTP_")]
    for name in ("CONTENT_TYPE", "CONTENT_LENGTH"):
        if environ.get(name):
            plain.append((name, environ[name]))
    return [(name.replace("_", "-").title(), value) for name, value in plain]


def _read(environ: Mapping[str, Any]) -> bytes:
    """One byte more than allowed is enough to refuse it."""
    if environ.get("wsgi.input_terminated"):  # chunked: the end shows itself
        body: bytes = environ["wsgi.input"].read(MAX_BODY_BYTES + 1)
        return body
    length = int(environ.get("CONTENT_LENGTH") or 0)
    return environ["wsgi.input"].read(min(length, MAX_BODY_BYTES + 1)) if length > 0 else b""


@cache
def _gateway_of(app: Chalice) -> Gateway:
    return Gateway(app)


def _for_threads(app: Chalice) -> Chalice:
    """A Lambda serves one request at a time, so Chalice keeps it on the app; here threads serve several."""
    if not isinstance(app, _PerThread):
        app.__class__ = type(f"Threaded{type(app).__name__}", (_PerThread, type(app)), {})
    return app


class _PerThread:
    _current: ClassVar[threading.local] = threading.local()

    @property
    def current_request(self) -> Any:
        return getattr(self._current, "request", None)

    @current_request.setter
    def current_request(self, request: Any) -> None:
        self._current.request = request

    @property
    def lambda_context(self) -> Any:
        return self._current.context

    @lambda_context.setter
    def lambda_context(self, context: Any) -> None:
        self._current.context = context
