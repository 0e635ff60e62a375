"""The routes under `/_local`: what a person, the demo or a test does to the world that no client could."""

from __future__ import annotations

import json
import re
import traceback
from collections import Counter
from collections.abc import Callable
from datetime import datetime
from typing import Any, NamedTuple
from urllib.parse import parse_qs, unquote

from werkzeug.datastructures import Headers

from infra.local import checkout, checkout_page, docs_page, landing_page
from infra.local.cloud import UNCHANGED, LocalCloud
from infra.local.gateway import HttpRequest, Response, http_request
from infra.local.mail_reports import DELIVERED
from infra.local.mail_reports import OUTCOMES as MAIL_OUTCOMES

PREFIX = "/_local/"
# The clock's route answers within 30 s; what fires at the very end still has to fit.
ADVANCE_WITHIN_SECONDS = 22.0
MAX_ADVANCE_SECONDS = 50 * 366 * 86_400
_OF_THE_CLOCK = {"advance_seconds", "reaper_lag_seconds", "within_seconds"}
OUTCOMES = (*checkout.OUTCOMES, *checkout.DISPUTES)


class Wrong(Exception):
    """A request that cannot be done; the sentence says why."""

    def __init__(self, status: int, sentence: str) -> None:
        super().__init__(sentence)
        self.status = status


class Route(NamedTuple):
    method: str
    path: re.Pattern[str]
    view: Callable[..., Any]


class ControlApi:
    """The control API: serves `/_local` and the landing page, and leaves everything else to the API."""

    def __init__(self, cloud: LocalCloud, say: Callable[[str], None] = lambda sentence: None) -> None:
        self._cloud = cloud
        self._say = say
        self._routes = [
            Route("GET", re.compile("outbox"), self._outbox),
            Route("GET", re.compile("mail"), self._mail),
            Route("POST", re.compile("mail"), self._decide_mail),
            Route("GET", re.compile("clock"), self._clock),
            Route("POST", re.compile("clock"), self._advance),
            Route("POST", re.compile("schedules/([^/]+)"), self._schedule),
            Route("POST", re.compile("operations/([^/]+)"), self._operation),
            Route("POST", re.compile("operators/([A-Za-z0-9]{1,64})"), self._operator),
            Route("GET", re.compile("payments/([^/]+)"), self._checkout),
            Route("POST", re.compile("payments/([^/]+)"), self._payment),
            Route("GET", re.compile("cards/([^/]+)"), self._cards),
            Route("POST", re.compile("cards/([^/]+)"), self._card),
            Route("PUT", re.compile("factory/(.+)"), self._lay_down),
            Route("GET", re.compile("factory/(.+)"), self._look_up),
            Route("GET", re.compile("dump"), self._dump),
            Route("GET", re.compile("trace"), self._trace),
            Route("GET", re.compile("refused"), self._refused),
        ]

    def handle(self, request: HttpRequest) -> Response:
        if landing_page.is_landing_page(request) and (page := landing_page.serve(request)):
            return page
        if docs_page.is_docs_page(request) and (page := docs_page.serve(request)):
            return page
        if not request.path.startswith(PREFIX):
            return self._cloud.handle(request)
        try:
            view, parts = self._view(request.method, request.path.removeprefix(PREFIX))
            answer = view(request, *parts)
        except Wrong as wrong:
            return _json(wrong.status, {"message": str(wrong)})
        except Exception as fault:  # a job's or an operation's own, whatever it is
            if refusal := _refusal(fault):
                return refusal
            return _json(500, {"message": f"{type(fault).__name__}: {fault}", "traceback": traceback.format_exc()})
        return answer if isinstance(answer, Response) else _json(200, answer)

    def _view(self, method: str, path: str) -> tuple[Callable[..., Any], list[str]]:
        found = [(route, match) for route in self._routes if (match := route.path.fullmatch(path))]
        if not found:
            raise Wrong(404, f"There is no {PREFIX}{path}.")
        for route, match in found:
            if route.method == method:
                return route.view, [unquote(part) for part in match.groups()]
        raise Wrong(405, f"{PREFIX}{path} takes {' and '.join(route.method for route, _ in found)}, not {method}.")

    def _outbox(self, request: HttpRequest) -> Any:
        to = parse_qs(request.query, keep_blank_values=True).get("to", [None])[-1]
        return self._cloud.outbox(to)

    def _mail(self, request: HttpRequest) -> Any:
        """What SES reports of mails to an address."""
        to = parse_qs(request.query, keep_blank_values=True).get("to", [""])[-1]
        if not to:
            raise Wrong(400, "Say of whom: ?to=an-address.")
        return {"to": to, "outcome": self._cloud.mail.outcome_of(to)}

    def _decide_mail(self, request: HttpRequest) -> Any:
        wanted = _object(request)
        to, outcome = wanted.get("to"), wanted.get("outcome", DELIVERED)
        if unknown := set(wanted) - {"to", "outcome"}:
            raise Wrong(400, f"A mail has to and outcome, not {', '.join(sorted(unknown))}.")
        if not isinstance(to, str) or "@" not in to:
            raise Wrong(400, "to is an e-mail address.")
        if outcome not in MAIL_OUTCOMES:
            raise Wrong(400, f"outcome is one of {', '.join(MAIL_OUTCOMES)}.")
        self._cloud.mail.decide(to, outcome)
        return {"to": to, "outcome": outcome}

    def _clock(self, request: HttpRequest) -> Any:
        return {"now": _rfc3339(self._cloud.now())}

    def _advance(self, request: HttpRequest) -> Any:
        wanted = _object(request)
        if unknown := set(wanted) - _OF_THE_CLOCK:
            known = " and ".join(sorted(_OF_THE_CLOCK))
            raise Wrong(400, f"The clock takes {known}, not {', '.join(sorted(unknown))}.")
        if not wanted.keys() - {"within_seconds"}:
            raise Wrong(400, "Say advance_seconds, reaper_lag_seconds, or both.")
        seconds = wanted.get("advance_seconds", 0)
        if not _is_number(seconds) or not 0 <= seconds <= MAX_ADVANCE_SECONDS:
            raise Wrong(400, f"advance_seconds is a number from 0 to {MAX_ADVANCE_SECONDS}.")
        lag = wanted.get("reaper_lag_seconds", UNCHANGED)
        if lag is not UNCHANGED and lag is not None and not (_is_number(lag) and lag >= 0):
            raise Wrong(400, "reaper_lag_seconds is a number from 0, or null for never.")
        within = wanted.get("within_seconds", ADVANCE_WITHIN_SECONDS)
        if not _is_number(within) or not 0 < within <= ADVANCE_WITHIN_SECONDS:
            raise Wrong(400, f"within_seconds is a number above 0, and at most {ADVANCE_WITHIN_SECONDS:.0f}.")
        passage = self._cloud.advance(seconds, reaper_lag_seconds=lag, within_seconds=within)
        answer: dict[str, Any] = {"now": _rfc3339(self._cloud.now())}
        if passage.every_hours > 1:
            # Nothing is left out in silence.
            answer["fired_at_most_every_hours"] = passage.every_hours
            self._say(f"To be back in time, schedules fired at most every {passage.every_hours} hours.")
        return answer

    def _schedule(self, request: HttpRequest, name: str) -> Any:
        if name not in (known := self._cloud.calendar.schedules):
            raise Wrong(404, f"There is no schedule {name}. There are: {', '.join(sorted(known))}.")
        return self._cloud.run_schedule(name)

    def _operation(self, request: HttpRequest, name: str) -> Any:
        if name not in (known := {one.name for one in self._cloud.gateway.app.pure_lambda_functions}):
            raise Wrong(404, f"There is no operation {name}. There are: {', '.join(sorted(known))}.")
        return self._cloud.invoke(name, _object(request))

    def _operator(self, request: HttpRequest, name: str) -> Any:
        """With what somebody signs who is an operator of this name."""
        return self._cloud.operator(name)

    def _checkout(self, request: HttpRequest, order_id: str) -> Response:
        return checkout_page.show(request, order_id)

    def _payment(self, request: HttpRequest, order_id: str) -> Any:
        is_form = checkout_page.is_form(request)
        wanted = checkout_page.form_of(request) if is_form else _object(request)
        outcome, reference = wanted.get("outcome"), wanted.get("reference")
        if outcome not in OUTCOMES:
            raise Wrong(400, f"outcome is one of {', '.join(OUTCOMES)}.")
        if not (reference is None or isinstance(reference, str)):
            raise Wrong(400, "reference is a text: another payment of the same order.")
        headers, body = checkout.event(order_id, outcome, reference, _card_of(wanted))
        answer = self._cloud.handle(http_request("POST", "/payments/sandbox", headers, body))
        return checkout_page.back_to(order_id, wanted.get("language")) if is_form else answer

    def _cards(self, request: HttpRequest, device_id: str) -> Response:
        return checkout_page.show_cards(request)

    def _card(self, request: HttpRequest, device_id: str) -> Any:
        is_form = checkout_page.is_form(request)
        wanted = checkout_page.form_of(request) if is_form else _object(request)
        headers, body = checkout.card_saved(device_id, str(wanted.get("currency", "EUR")), _card_of(wanted))
        answer = self._cloud.handle(http_request("POST", "/payments/sandbox", headers, body))
        return checkout_page.back_to_cards(device_id, wanted.get("language")) if is_form else answer

    def _lay_down(self, request: HttpRequest, key: str) -> Any:
        """What a factory does with its credentials: a file into its bucket, for `load_devices` to read."""
        with self._cloud.aws.outside():
            _s3().put_object(Bucket=self._factory, Key=key, Body=request.body or b"")
        return {"s3": f"s3://{self._factory}/{key}"}

    def _look_up(self, request: HttpRequest, key: str) -> Any:
        """The file, or everything that lies below, one after the other, where the key ends with a slash."""
        with self._cloud.aws.outside():
            found = _s3().list_objects_v2(Bucket=self._factory, Prefix=key).get("Contents", [])
            keys = [one["Key"] for one in found if key.endswith("/") or one["Key"] == key]
            if not keys:
                raise Wrong(404, f"There is no s3://{self._factory}/{key}.")
            data = b"".join(_s3().get_object(Bucket=self._factory, Key=one)["Body"].read() for one in keys)
        return Response(200, Headers({"Content-Type": "application/octet-stream"}), data)

    @property
    def _factory(self) -> str:
        return str(self._cloud.stack.physical("Factory"))

    def _dump(self, request: HttpRequest) -> Any:
        return self._cloud.dump()

    def _refused(self, request: HttpRequest) -> Any:
        return self._cloud.refused()

    def _trace(self, request: HttpRequest) -> Any:
        """What AWS was asked since this was last asked, the functions' own waits for work not counted."""
        calls = list(self._cloud.trace)
        self._cloud.trace.clear()
        return {
            "calls": len(calls),
            "read_units": sum(call.read_units for call in calls),
            "write_units": sum(call.write_units for call in calls),
            "by_operation": dict(sorted(Counter(call.name for call in calls).items())),
        }


def _s3() -> Any:
    from chalicelib.aws.clients import client

    return client("s3")


def _refusal(fault: Exception) -> Response | None:
    """An operator sees the code of what was refused; the product's refusals tell their sentence by language."""
    from chalicelib.entry import refusals
    from chalicelib.errors import NotFound, Refusal

    if not isinstance(fault, Refusal):
        return None
    status = 404 if isinstance(fault, NotFound) else 422
    return _json(status, refusals.body_of(fault, "en", ""))


def _card_of(wanted: dict[str, Any]) -> str:
    card = wanted.get("card", "good")
    if card not in checkout.CARDS:
        raise Wrong(400, f"card is one of {', '.join(checkout.CARDS)}.")
    return str(card)


def _object(request: HttpRequest) -> dict[str, Any]:
    try:
        value = json.loads(request.body or b"{}")
    except ValueError as error:
        raise Wrong(400, f"The body is not JSON: {error}.") from error
    if not isinstance(value, dict):
        raise Wrong(400, "The body is a JSON object.")
    return value


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _json(status: int, value: Any) -> Response:
    return Response(status, Headers({"Content-Type": "application/json"}), json.dumps(value).encode())


def _rfc3339(at: datetime) -> str:
    return at.isoformat().replace("+00:00", "Z")
