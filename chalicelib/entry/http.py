"""HTTP adapter: decode, authenticate, parse, call, render, refuse; the same for every route."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable, Mapping
from contextvars import ContextVar
from functools import partial
from importlib import import_module
from types import UnionType
from typing import TYPE_CHECKING, Any, TypeVar, cast
from urllib.parse import quote, unquote

from chalice.app import Blueprint, Chalice, Request, Response
from msgspec import Struct

from chalicelib import ids
from chalicelib.aws.attempts import CallRefused, ReplyLost
from chalicelib.aws.failures import is_passing
from chalicelib.entry import admission, cors, refusals, wire
from chalicelib.entry.callers import CameraTokens, Claim, PersonTokens, Visitor, Who
from chalicelib.entry.idempotency import IdempotentRequest, Replayed, checked_key, idempotent_request
from chalicelib.entry.log import Line, line
from chalicelib.entry.needs import Need
from chalicelib.entry.wrong_fields import NOT_KNOWN, said_again
from chalicelib.errors import Invalid, KeyMissing, Malformed, NotFound, NotSignedIn, Refusal, Unavailable
from chalicelib.settings import settings
from chalicelib.store import hour_keys
from chalicelib.store.commit import with_answer_record
from chalicelib.words import DEFAULT_LANGUAGE, LANGUAGES, Phrase

_HEADERS = {
    "Content-Type": "application/json",
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "Strict-Transport-Security": "max-age=63072000; includeSubDomains",
    "X-Content-Type-Options": "nosniff",
}
# The media type of what people read in a browser.
PAGE = "text/html; charset=utf-8"
_READING = ("GET", "HEAD")
# No id of ours is longer, and of a key above 1 KiB DynamoDB does not say that nothing is there: it refuses to look.
_LONGEST_ID = 192
_OK, _ACCEPTED, _NO_CONTENT, _FOUND = 200, 202, 204, 302
# Whatever its route says that it is handed, and answers with.
View = Callable[..., object]
Viewed = TypeVar("Viewed", bound=View)


class Route(Struct, frozen=True):
    """One route, as it is declared; the contract, the matrix, the costs and the crash sweep are driven by this.

    `example` is a body (or query) that works; `$names` in it are filled from the scene in which it is tried.
    `needs` says what the view is handed beside the caller: which records are read together with the session, and who
    may have them; then the view is not given the ids of the path. `ends_need` is for what ends what it
    needs, so that its exact repeat is still answered. `ends_session` is for what may end the
    caller's own session (the one that the path names, if it names one), and `outlives` for what ends the account.
    `unrestricted` is for what is done for nobody who has restricted processing, and is more than storing and reading.
    `before_agreement` is for what goes on while somebody has not agreed to a policy that asks for it anew.
    `takes_form` is for what a page's button and mail programs post: all that it says stands in the query, and the form
    itself is not looked at.
    `tag` is the part of the contract that it belongs to, where that is not its house.
    """

    method: str
    path: str
    view: View
    who: Who
    asks: type[wire.Shape] | None
    query: type[wire.Shape] | None
    answers: type[wire.Shape] | UnionType | None
    status: int
    needs: Need[object] | None
    stepped_up: bool
    unrestricted: bool
    before_agreement: bool
    idempotent: bool
    money: bool
    outlives: bool
    ends_session: bool
    ends_need: bool
    refuses: tuple[type[Refusal], ...]
    example: Mapping[str, object]
    media_type: str | None
    takes_form: bool
    tag: str

    @property
    def answers_with_json(self) -> bool:
        """Whether it is an API's client who asks, and not what opens a link."""
        return self.media_type is None and self.status != _FOUND

    @property
    def answer_shapes(self) -> tuple[type[wire.Shape], ...]:
        """One, or several where the answer goes by what was asked."""
        if self.answers is None:
            return ()
        return self.answers.__args__ if isinstance(self.answers, UnionType) else (self.answers,)

    @property
    def name(self) -> str:
        return f"{self.method} {self.path}"

    @property
    def names_last(self) -> str | None:
        """The kind of thing that its path names last: `alarm` for an `{alarm_id}`."""
        *_, last = ("", *(part[1:-1] for part in self.path.split("/") if part[:1] == "{"))
        return last.removesuffix("_id") or None

    def render(self, answer: object) -> bytes:
        """Only the fields that the shape names leave the house; text of a type of its own is a view's to write."""
        if self.media_type is not None:
            return str(answer).encode()
        if self.answers is None:
            return b"" if self.status in (_NO_CONTENT, _FOUND) else b"{}"
        of = getattr(self.answers, "of", None)
        return wire.encode(answer if of is None or isinstance(answer, self.answers) else of(answer))


class Authentication(Struct, frozen=True):
    """The modules that make a caller of a token, by name: each is imported when the first token of its kind comes."""

    of_people: str
    of_cameras: str

    @property
    def people(self) -> PersonTokens:
        return cast(PersonTokens, import_module(self.of_people))

    @property
    def cameras(self) -> CameraTokens:
        return cast(CameraTokens, import_module(self.of_cameras))


# Where no route asks who somebody is.
_NOBODY = Authentication(of_people="", of_cameras="")


class Api(Chalice):
    """Chalice, whose current request belongs to the thread that serves it: the local cloud serves several at a time."""

    _current: ContextVar[Request | None] = ContextVar("request", default=None)

    def __init__(self, app_name: str, authentication: Authentication) -> None:
        super().__init__(app_name=app_name, configure_logs=False)
        self.authentication = authentication

    @property
    def declared_routes(self) -> list[Route]:
        """Every route there is."""
        views: list[Any] = [entry.view_function for methods in self.routes.values() for entry in methods.values()]
        return [view.route for view in views]

    def _validate_binary_response(self, request_headers: object, response_headers: object) -> bool:
        # Chalice 1.34 asks of each answer whether its media type is one of thirteen binary ones; ours are text, all.
        return True

    @property
    def current_request(self) -> Request | None:
        return self._current.get()

    @current_request.setter
    def current_request(self, request: Request | None) -> None:
        self._current.set(request)


class TextResponse(Response):
    """A response of text, which needs no base64, whatever its media type is."""

    def _b64encode_body_if_needed(self, response_dict: dict[str, Any], binary_types: list[str]) -> None:
        """Chalice 1.34 would compare its media type with all that are binary."""


if TYPE_CHECKING:
    from typing import Required, TypedDict, Unpack

    class Declared(TypedDict, total=False):
        """The declaration of a route: see `Route`."""

        who: Required[Who]
        example: Required[Mapping[str, object]]
        asks: type[wire.Shape] | None
        query: type[wire.Shape] | None
        answers: type[wire.Shape] | UnionType | None
        status: int | None
        needs: Need[object] | None
        stepped_up: bool
        unrestricted: bool
        before_agreement: bool
        idempotent: bool
        money: bool
        outlives: bool
        ends_session: bool
        ends_need: bool
        refuses: tuple[type[Refusal], ...]
        media_type: str | None
        takes_form: bool
        tag: str | None


class RouteTable(Blueprint):
    """The route table of a house. Chalice turns a view's exception into a 500 before middleware sees it, so each view
    is wrapped here."""

    def __init__(self, import_name: str) -> None:
        super().__init__(import_name)
        self.declared: list[Route] = []

    def get(self, path: str, **declared: Unpack[Declared]) -> Callable[[Viewed], Viewed]:
        return self._declare("GET", path, **declared)

    def post(self, path: str, **declared: Unpack[Declared]) -> Callable[[Viewed], Viewed]:
        return self._declare("POST", path, **declared)

    def put(self, path: str, **declared: Unpack[Declared]) -> Callable[[Viewed], Viewed]:
        return self._declare("PUT", path, **declared)

    def patch(self, path: str, **declared: Unpack[Declared]) -> Callable[[Viewed], Viewed]:
        return self._declare("PATCH", path, **declared)

    def delete(self, path: str, **declared: Unpack[Declared]) -> Callable[[Viewed], Viewed]:
        return self._declare("DELETE", path, **declared)

    def _declare(
        self,
        method: str,
        path: str,
        *,
        who: Who,
        example: Mapping[str, object],
        asks: type[wire.Shape] | None = None,
        query: type[wire.Shape] | None = None,
        answers: type[wire.Shape] | UnionType | None = None,
        status: int | None = None,
        needs: Need[object] | None = None,
        stepped_up: bool = False,
        unrestricted: bool = False,
        before_agreement: bool = False,
        idempotent: bool = True,
        money: bool = False,
        outlives: bool = False,
        ends_session: bool = False,
        ends_need: bool = False,
        refuses: tuple[type[Refusal], ...] = (),
        media_type: str | None = None,
        takes_form: bool = False,
        tag: str | None = None,
    ) -> Callable[[Viewed], Viewed]:
        def declare(view: Viewed) -> Viewed:
            route = Route(
                method, path, view, who, asks, query, answers, status or (_NO_CONTENT if answers is None else _OK),
                needs, stepped_up, unrestricted, before_agreement,
                idempotent and method not in _READING and who is Who.PERSON, money, outlives, ends_session or outlives,
                ends_need or answers is None, refuses, example, media_type, takes_form,
                tag or view.__module__.split(".")[1],
            )  # fmt: skip

            def served(**path_values: str) -> Response:
                app = cast(Api, self._current_app)
                return _serve(route, app.authentication, self.current_request, path_values)

            served.__name__ = view.__name__
            served.route = route  # type: ignore[attr-defined]
            self.declared.append(route)
            self.route(path, methods=[method], content_types=["*/*"])(served)
            return view

        return declare


def serve(route: Route, request: Request) -> Response:
    """The answer of a route that anybody may ask for, to a request that did not come through Chalice."""
    return _serve(route, _NOBODY, request, request.uri_params or {})


def _serve(route: Route, authentication: Authentication, request: Request, path_values: dict[str, str]) -> Response:
    request_id = str(request.context.get("requestId") or ids.new_id())
    language = _language(request.headers.get("accept-language") or "")
    with line(door=route.name, request_id=request_id) as entry:
        try:
            status, body, headers = _answer(route, authentication, request, path_values, language, entry)
        except Replayed as before:
            entry["replayed"] = True
            status, body, headers = before.status, before.body, {}
        except Exception as problem:
            refusal = _with_kind(as_refusal(problem), route)
            if refusal is None:
                entry.add_fault(problem)
                status, refusal = refusals.SERVER_ERROR, ServerFault()
            else:
                status = refusals.status_of(refusal)
            entry["code"] = type(refusal).__name__
            body = wire.encode(refusals.body_of(refusal, language, request_id))
            headers = _headers_of_refusal(route, refusal)
        entry["status"] = status
        _add_address(entry, _source_ip(request), request_id)
    return answer_of(status, body, headers, request_id)


def _with_kind(refusal: Refusal | None, route: Route) -> Refusal | None:
    """A bare NotFound comes from below what the path names first, of which the caller may know: it is told which kind
    of thing is not there."""
    if type(refusal) is NotFound and not refusal.details and route.names_last is not None:
        return NotFound(route.names_last)
    return refusal


def _headers_of_refusal(route: Route, refusal: Refusal) -> dict[str, str]:
    """When to come back, and whose token is wanted (RFC 9110, 11.6.1; API Gateway sends that one by another name)."""
    headers = {}
    if refusal.retry_after_seconds is not None:
        headers["Retry-After"] = str(refusal.retry_after_seconds)
    if isinstance(refusal, NotSignedIn):
        realm = "cameras" if route.who is Who.CAMERA else refusal.realm
        headers["WWW-Authenticate"] = f'Bearer realm="{realm}"'
    return headers


def answer_of(status: int, body: bytes, headers: dict[str, str], request_id: str) -> Response:
    """An answer with the headers that each has."""
    always = {**_HEADERS, **cors.of_answer(settings.allowed_origin), "X-Request-Id": request_id}
    return TextResponse(body.decode(), status_code=status, headers={**always, **headers})


def _source_ip(request: Request) -> str:
    return str(request.context.get("identity", {}).get("sourceIp"))


def _add_address(entry: Line, address: str, request_id: str) -> None:
    """The address that the request came from and whose it was, sealed with the hour's key, bound to this line."""
    try:
        entry["address"] = hour_keys.seal((address, entry.account_id), request_id)
    except (Refusal, CallRefused, ReplyLost):
        # The hour's key cannot be had: better no address than no answer.
        return


class ServerFault(Refusal):
    pass


def as_refusal(problem: Exception) -> Refusal | None:
    if isinstance(problem, Refusal):
        return problem
    return Unavailable(retry_after_seconds=2) if is_passing(problem) else None


def _answer(
    route: Route,
    authentication: Authentication,
    request: Request,
    path_values: dict[str, str],
    language: str,
    entry: Line,
) -> tuple[int, bytes, dict[str, str]]:
    visitor = Visitor(
        language,
        request.headers.get("cloudfront-viewer-country") or "",
        None if route.who is Who.PROVIDER else checked_key(_header(request, "idempotency-key")),
        _source_ip(request),
    )
    if route.money and visitor.repeat_key is None:
        raise KeyMissing
    raw = _raw_body(request)
    path = _path(path_values)
    asker, needed, repeat = _admit(route, authentication, visitor, request, path, raw, entry)
    arguments = _arguments(route, request, raw)
    with with_answer_record(None if repeat is None else repeat.answer_record(route.render)):
        answer = _or_replay_twin(repeat, lambda: route.view(asker, *needed, *arguments))
    if isinstance(answer, wire.Pending):
        return _ACCEPTED, wire.encode(answer), {"Retry-After": str(answer.retry_after_seconds)}
    return route.status, route.render(answer), _headers_of(route, answer)


def _path(path_values: dict[str, str]) -> dict[str, str]:
    """Raises NotFound where nothing can be: at what is no UTF-8, or longer than any id."""
    try:
        path = {name: unquote(value, errors="strict") for name, value in path_values.items()}
        "".join(path.values()).encode()
    except UnicodeError as cause:
        raise NotFound from cause
    if any(len(value) > _LONGEST_ID for value in path.values()):
        raise NotFound
    return path


def _header(request: Request, name: str) -> str | None:
    """Its only value; raises Malformed for two, of which nobody can say which was meant."""
    every: dict[str, list[str]] = request.to_original_event().get("multiValueHeaders") or {}
    given = {value for header, values in every.items() if header.lower() == name for value in values}
    if len(given) > 1:
        raise Malformed(header=name)
    value: str | None = request.headers.get(name)
    return value


def _headers_of(route: Route, answer: object) -> dict[str, str]:
    if route.media_type is not None:
        return {"Content-Type": route.media_type, **(_page_headers(str(answer)) if route.media_type == PAGE else {})}
    # What leads elsewhere answers with the address.
    return {"Location": str(answer)} if route.status == _FOUND else {}


def _page_headers(page: str) -> dict[str, str]:
    """A page may use the style that it holds, and nothing else: no script, no picture; a form only to where it came
    from, if it has one."""
    style = page.partition("<style>")[2].partition("</style>")[0]
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    posts_to = "'self'" if "<form " in page else "'none'"
    nothing_else = f"default-src 'none'; base-uri 'none'; form-action {posts_to}; frame-ancestors 'none'"
    return {"Content-Security-Policy": f"{nothing_else}; style-src 'sha256-{digest}'"}


def _or_replay_twin(repeat: IdempotentRequest | None, ask: Callable[[], object]) -> object:
    try:
        return ask()
    except Refusal:
        if repeat is not None:
            repeat.replay_twin()
        raise


def _admit(
    route: Route,
    authentication: Authentication,
    visitor: Visitor,
    request: Request,
    path: dict[str, str],
    raw: bytes,
    entry: Line,
) -> tuple[object, tuple[object, ...], IdempotentRequest | None]:
    """The caller, what the view is handed of the path or by its need, and the request's idempotency; before the body is
    parsed."""
    path_ids = tuple(path.values())
    if route.who is Who.PERSON:
        entry["asker"] = "person"
        caller, handed, repeat = admission.admit_person(
            authentication.people,
            visitor,
            admission.bearer(_header(request, "authorization")),
            need=route.needs,
            path_ids=path_ids,
            idempotency_of=lambda claim: _idempotent_request(route, visitor, path, raw, claim),
            stepped_up=route.stepped_up,
            unrestricted=route.unrestricted,
            before_agreement=route.before_agreement,
            known=partial(setattr, entry, "account_id"),
        )
        return caller, path_ids if route.needs is None else handed, repeat
    if route.who is Who.CAMERA:
        entry["asker"] = "camera"
        token = admission.bearer(_header(request, "authorization"))
        return authentication.cameras.recognise_camera(token), path_ids, None
    if route.who is Who.PROVIDER:
        return {name.lower(): value for name, value in request.headers.items()}, path_ids, None
    return visitor, path_ids, None


def _idempotent_request(
    route: Route, visitor: Visitor, path: dict[str, str], raw: bytes, claim: Claim
) -> IdempotentRequest | None:
    if not route.idempotent or visitor.repeat_key is None:
        return None
    return idempotent_request(
        claim,
        route=" ".join((route.name, *(quote(value, safe="") for value in path.values()))),
        key_text=visitor.repeat_key,
        body=raw,
        status=route.status,
        money=route.money,
        outlives=route.outlives,
        ends_need=route.ends_need,
        ends_session=route.ends_session and path.get("session_id", claim.session_id) == claim.session_id,
    )


def _arguments(route: Route, request: Request, raw: bytes) -> tuple[object, ...]:
    if route.who is Who.PROVIDER:
        return (raw,)  # its signature is over these very bytes
    query = _query(route, request)
    if route.asks is not None:
        return (wire.parse(wire.decode(raw or b"{}"), route.asks),)
    if raw and not route.takes_form and wire.decode(raw) != {}:
        raise Malformed(reason="this request has no body")
    return () if route.query is None else (wire.parse(query, route.query, from_text=True),)


def _query(route: Route, request: Request) -> dict[str, str]:
    """The query's parameters. Raises Invalid for what is said twice, and for what no route of this kind understands."""
    given: Any = request.query_params or {}
    twice = next((name for name in given if len(given.getlist(name)) > 1), None)
    if twice is not None:
        raise Invalid(fields={said_again(twice): Phrase("given_twice")})
    # A link is opened by browsers, mail programs and players, who put on it what they like.
    if given and route.query is None and route.answers_with_json:
        raise Invalid(fields={said_again(next(iter(given))): NOT_KNOWN})
    return {name: given[name] for name in given}


def _raw_body(request: Request) -> bytes:
    try:
        raw = request.raw_body
    except UnicodeEncodeError as cause:
        raise Malformed from cause
    return raw.encode() if isinstance(raw, str) else raw or b""


def _language(accepted: str) -> str:
    """Of the languages that are offered the one that is wanted most."""
    wanted = sorted(map(_weighed, accepted.split(",")[:20]), key=lambda one: one[0], reverse=True)
    return next((language for weight, language in wanted if weight > 0 and language in LANGUAGES), DEFAULT_LANGUAGE)


def _weighed(wish: str) -> tuple[float, str]:
    """Weight and name of a language that is wanted: `pl-PL; q=0.8` (RFC 9110, 12.5.4). Nonsense weighs least."""
    tag, *parameters = (part.strip().lower() for part in wish.split(";"))
    quality = next((one.removeprefix("q=") for one in parameters if one.startswith("q=")), "")
    try:
        weight = float(quality or 1)
    except ValueError:
        weight = 0.001
    return weight, tag.partition("-")[0]
