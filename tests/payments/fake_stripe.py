"""A Stripe of the tests' own, in memory and behind HTTP: what it takes and says is held against the types of Stripe's
library, and it can be slow, down, or at fault after it has done what it was asked for."""

from __future__ import annotations

import importlib
import itertools
import json
import threading
import typing
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from typing import Any, get_args, get_origin
from urllib.parse import parse_qsl

import stripe
from stripe.params import (
    PaymentIntentCreateParams,
    PaymentIntentListParams,
    PaymentMethodListParams,
    RefundCreateParams,
    RefundListParams,
)
from stripe.params.checkout import SessionCreateParams, SessionRetrieveParams
from typing_extensions import is_typeddict
from werkzeug.wrappers import Request, Response

from tests import loopback

API_KEY = "rk_test_of_the_tests"
Params = dict[str, Any]


@dataclass
class Fault:
    """What the next requests meet, by this method if one is said: an answer of this status, before or after what they
    are for was done; no answer at all is 0."""

    status: int
    code: str = ""
    is_done: bool = False
    times: int = 1
    method: str = ""


class Refused(Exception):
    def __init__(self, status: int, code: str, kind: str = "invalid_request_error") -> None:
        super().__init__(code)
        self.status, self.code, self.kind = status, code, kind


@dataclass
class FakeStripe:
    objects: dict[str, Params] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)
    # Method, path, parameters and headers of each request.
    requests: list[tuple[str, str, Params, dict[str, str]]] = field(default_factory=list)
    _answered: dict[str, tuple[str, tuple[int, Params]]] = field(default_factory=dict)
    _count: Iterator[int] = field(default_factory=itertools.count)
    _lock: threading.RLock = field(default_factory=threading.RLock)
    # What is in none of the library's types, whoever said it.
    strange: list[str] = field(default_factory=list)
    # Who gets no answer waits for this.
    is_over: threading.Event = field(default_factory=threading.Event)

    def forget(self) -> None:
        for known in (self.objects, self.faults, self.requests, self._answered, self.strange):
            known.clear()

    def forget_answers(self) -> None:
        """As Stripe does after a day."""
        self._answered.clear()

    def __call__(self, environ: Any, start_response: Any) -> Any:
        request = Request(environ)
        params = _nested(parse_qsl(request.get_data(as_text=True) or request.query_string.decode(), True))
        self.requests.append((request.method, request.path, params, dict(request.headers)))
        try:
            status, said = self._answer(request, params)
        except AssertionError as strange:
            self.strange.append(str(strange))
            status, said = 500, _error("", "api_error")
        if status == 0:
            self.is_over.wait(5)
            status = 200
        return Response(json.dumps(said), status, content_type="application/json")(environ, start_response)

    def _answer(self, request: Request, params: Params) -> tuple[int, Params]:
        with self._lock:
            if request.headers.get("Authorization") != f"Bearer {API_KEY}":
                return 401, _error("", "invalid_request_error")
            fault = self._next_fault(request.method)
            number = request.headers.get("Idempotency-Key", "")
            sent = json.dumps([request.path, params], sort_keys=True)
            # Stripe answers a number that it knows as it did before, faults included.
            if number in self._answered:
                before, answer = self._answered[number]
                return answer if before == sent else (400, _error("", "idempotency_error"))
            if fault is not None and not fault.is_done:
                answer = fault.status, _error(fault.code, _KINDS.get(fault.status, "invalid_request_error"))
            else:
                answer = self._done(request, params)
                if fault is not None and fault.status:
                    answer = fault.status, _error(fault.code, "api_error")
            # Neither what was limited nor what never came through is remembered.
            if number and answer[0] not in (0, 401, 409, 429):
                self._answered[number] = sent, answer
            return (0, {}) if fault is not None and not fault.status else answer

    def _next_fault(self, method: str) -> Fault | None:
        if not self.faults or self.faults[0].method not in ("", method):
            return None
        fault = self.faults[0]
        fault.times -= 1
        if not fault.times:
            del self.faults[0]
        return fault

    def _done(self, request: Request, params: Params) -> tuple[int, Params]:
        try:
            for method, pattern, view, checked in _ROUTES:
                if method == request.method and (rest := _matched(request.path, pattern)) is not None:
                    if checked is not None:
                        require_fit(params, checked)
                    return 200, view(self, *rest, params)
        except Refused as refused:
            return refused.status, _error(refused.code, refused.kind)
        return 404, _error("", "invalid_request_error")

    def new_id(self, prefix: str) -> str:
        return f"{prefix}_{next(self._count):08d}"

    def put(self, said: Params) -> Params:
        self.objects[said["id"]] = said
        return said

    def get(self, number: str) -> Params:
        if number not in self.objects:
            raise Refused(404, "resource_missing")
        return self.objects[number]

    def of_kind(self, kind: str) -> list[Params]:
        return [each for each in self.objects.values() if each["object"] == kind]

    # What a person does on Stripe's page

    def session_of(self, order_id: str) -> Params:
        """The page that our cloud opened last for this order."""
        return [one for one in self.of_kind("checkout.session") if one["client_reference_id"] == order_id][-1]


def session(
    store: FakeStripe, number: str, order_id: str, amount: int, currency: str, **other: Any
) -> Params:  # fmt: skip
    """An open page."""
    return store.put(
        {
            "id": number, "object": "checkout.session", "status": "open", "payment_status": "unpaid",
            "amount_total": amount, "currency": currency.lower(), "client_reference_id": order_id, "livemode": False,
            "mode": "payment", "metadata": {"order_id": order_id}, "payment_intent": None, "customer": None,
            "setup_intent": None,
            "url": f"https://checkout.stripe.test/c/pay/{number}#{'fid' * 100}", **other,
        }
    )  # fmt: skip


def intent(store: FakeStripe, number: str, order_id: str, amount: int, currency: str, **other: Any) -> Params:
    """A payment that succeeded, with its charge."""
    charge = store.put(
        {
            "id": f"ch_{number}", "object": "charge", "amount": amount, "amount_refunded": 0, "disputed": False,
            "currency": currency.lower(), "payment_intent": number, "refunded": False, "status": "succeeded",
        }
    )  # fmt: skip
    return store.put(
        {
            "id": number, "object": "payment_intent", "status": "succeeded", "amount": amount,
            "amount_received": amount, "currency": currency.lower(), "metadata": {"order_id": order_id},
            "latest_charge": charge["id"], "livemode": False, "customer": None, "payment_method": None,
            "setup_future_usage": None, "last_payment_error": None, **other,
        }
    )  # fmt: skip


def saved_card(store: FakeStripe, declines: str = "", times: int = 99) -> tuple[str, str]:
    """The numbers of a new customer and of the card that was saved for him; it is declined so many times with this
    code."""
    customer = store.put({"id": store.new_id("cus"), "object": "customer", "livemode": False})
    method = store.put(
        {
            "id": store.new_id("pm"), "object": "payment_method", "type": "card", "customer": customer["id"],
            "livemode": False, "_declines": declines, "_times": times if declines else 0,
        }
    )  # fmt: skip
    return customer["id"], method["id"]


def setup_intent(store: FakeStripe, number: str, metadata: Params, **other: Any) -> Params:
    """A card that was saved without a payment."""
    customer, method = saved_card(store)
    return store.put(
        {
            "id": number, "object": "setup_intent", "status": "succeeded", "customer": customer,
            "payment_method": method, "metadata": metadata, "livemode": False, **other,
        }
    )  # fmt: skip


def dispute(store: FakeStripe, number: str, of: str, status: str) -> Params:
    paid = store.get(of)
    return store.put(
        {
            "id": number, "object": "dispute", "status": status, "amount": paid["amount"], "currency": paid["currency"],
            "charge": paid["latest_charge"], "payment_intent": of, "reason": "fraudulent", "livemode": False,
        }
    )  # fmt: skip


_events = itertools.count()


def event(said: Params, kind: str, **other: Any) -> bytes:
    """The body of a webhook of another number than any before. What it carries of the object is old: nothing of it may
    be believed but its id."""
    old = {name: said[name] for name in ("id", "object")}
    told = {
        "id": f"evt_{next(_events):08d}", "object": "event", "api_version": "2026-10-28.endive", "created": 1,
        "livemode": False, "pending_webhooks": 1, "request": None, "type": kind,
        "data": {"object": {**old, "amount_total": 1}}, **other,
    }  # fmt: skip
    return json.dumps(told).encode()


# What Stripe answers


def _create_session(store: FakeStripe, params: Params) -> Params:
    if params["mode"] == "setup":
        made = session(
            store, store.new_id("cs_test"), params["client_reference_id"], 0, "", mode="setup",
            metadata=params["metadata"],
        )  # fmt: skip
        made |= {"amount_total": None, "currency": None}
        made["_intent_metadata"] = params["setup_intent_data"]["metadata"]
        return _shown(store, made, [])
    (line,) = params["line_items"]
    price = line["price_data"]
    amount, currency = int(price["unit_amount"]) * int(line["quantity"]), price["currency"]
    if amount < LEAST[currency]:
        raise Refused(400, "amount_too_small")
    made = session(
        store, store.new_id("cs_test"), params["client_reference_id"], amount, currency,
        metadata=params.get("metadata", {}), customer=params.get("customer"),
    )  # fmt: skip
    # Stripe makes the payment intent when the page is paid; its metadata are those.
    made["expires_at"] = int(params["expires_at"])
    made["_intent_metadata"] = params.get("payment_intent_data", {}).get("metadata", {})
    made["_saves_card"] = params.get("payment_intent_data", {}).get("setup_future_usage") == "off_session"
    assert made["_saves_card"] == (params.get("customer_creation") == "always"), "a card is saved for somebody"
    return _shown(store, made, [])


def _create_intent(store: FakeStripe, params: Params) -> Params:
    """Confirmed at once, while nobody is there."""
    assert (params["off_session"], params["confirm"]) == ("true", "true"), "nobody is there to confirm it"
    method = store.get(params["payment_method"])
    if store.get(params["customer"]).get("_is_deleted") or method["customer"] != params["customer"]:
        raise Refused(404, "resource_missing")
    made = intent(
        store, store.new_id("pi"), "", int(params["amount"]), params["currency"], customer=params["customer"],
        payment_method=method["id"], metadata=params["metadata"],
    )  # fmt: skip
    if method["_times"]:
        method["_times"] -= 1
        error = {"code": method["_declines"], "type": "card_error"}
        made |= {"status": "requires_payment_method", "amount_received": 0, "last_payment_error": error}
        raise Refused(402, method["_declines"], "card_error")
    return _shown(store, made, [])


def _list_intents(store: FakeStripe, params: Params) -> Params:
    found = [one for one in store.of_kind("payment_intent") if one["customer"] == params["customer"]]
    return _listing(store, "/v1/payment_intents", found, params)


def _list_methods(store: FakeStripe, params: Params) -> Params:
    if store.get(params["customer"]).get("_is_deleted"):
        raise Refused(404, "resource_missing")
    found = [one for one in store.of_kind("payment_method") if one["customer"] == params["customer"]]
    return _listing(store, "/v1/payment_methods", found, params)


def _detach(store: FakeStripe, number: str, params: Params) -> Params:
    store.get(number)["customer"] = None
    return _shown(store, store.get(number), [])


def _delete_customer(store: FakeStripe, number: str, params: Params) -> Params:
    """It stays to be looked at, as one that is deleted."""
    if store.get(number).get("_is_deleted"):
        raise Refused(404, "resource_missing")
    store.get(number)["_is_deleted"] = True
    return {"id": number, "object": "customer", "deleted": True}


def _retrieve(store: FakeStripe, number: str, params: Params) -> Params:
    return _shown(store, store.get(number), params.get("expand", []))


def create_refund(store: FakeStripe, params: Params) -> Params:
    paid = store.get(params["payment_intent"])
    charge = store.get(paid["latest_charge"])
    amount = int(params.get("amount", charge["amount"] - charge["amount_refunded"]))
    if charge["disputed"]:
        raise Refused(400, "charge_disputed")
    if charge["amount_refunded"] >= charge["amount"]:
        raise Refused(400, "charge_already_refunded")
    if amount > charge["amount"] - charge["amount_refunded"]:
        raise Refused(400, "amount_too_large")
    charge["amount_refunded"] += amount
    made = {
        "id": store.new_id("re"), "object": "refund", "amount": amount, "currency": paid["currency"],
        "payment_intent": paid["id"], "charge": charge["id"], "metadata": params.get("metadata", {}),
        "status": "succeeded", "reason": None,
    }  # fmt: skip
    return _shown(store, store.put(made), [])


def _list_refunds(store: FakeStripe, params: Params) -> Params:
    found = [one for one in store.of_kind("refund") if one["payment_intent"] == params["payment_intent"]]
    return _listing(store, "/v1/refunds", found, params)


def _listing(store: FakeStripe, url: str, found: list[Params], params: Params) -> Params:
    """The newest first."""
    shown = [_shown(store, one, []) for one in reversed(found)][: int(params.get("limit", 10))]
    return {"object": "list", "url": url, "has_more": len(found) > len(shown), "data": shown}


_ROUTES: list[tuple[str, str, Callable[..., Params], Any]] = [
    ("POST", "/v1/checkout/sessions", _create_session, SessionCreateParams),
    ("GET", "/v1/checkout/sessions/*", _retrieve, SessionRetrieveParams),
    ("GET", "/v1/payment_intents/*", _retrieve, None),
    ("POST", "/v1/payment_intents", _create_intent, PaymentIntentCreateParams),
    ("GET", "/v1/payment_intents", _list_intents, PaymentIntentListParams),
    ("GET", "/v1/payment_methods", _list_methods, PaymentMethodListParams),
    ("POST", "/v1/payment_methods/*/detach", _detach, None),
    ("DELETE", "/v1/customers/*", _delete_customer, None),
    ("GET", "/v1/disputes/*", _retrieve, None),
    ("GET", "/v1/refunds/*", _retrieve, None),
    ("GET", "/v1/refunds", _list_refunds, RefundListParams),
    ("POST", "/v1/refunds", create_refund, RefundCreateParams),
]
LEAST = {"eur": 50, "usd": 50, "gbp": 30, "pln": 200}
_KINDS = {429: "rate_limit_error", 500: "api_error", 503: "api_error"}
_TYPES: dict[str, type[stripe.StripeObject]] = {
    "checkout.session": stripe.checkout.Session,
    "payment_intent": stripe.PaymentIntent,
    "payment_method": stripe.PaymentMethod,
    "setup_intent": stripe.SetupIntent,
    "customer": stripe.Customer,
    "charge": stripe.Charge,
    "refund": stripe.Refund,
    "dispute": stripe.Dispute,
    "event": stripe.Event,
}


def _matched(path: str, pattern: str) -> list[str] | None:
    named, wanted = path.split("/"), pattern.split("/")
    if len(named) != len(wanted) or any(other not in ("*", one) for one, other in zip(named, wanted, strict=True)):
        return None
    return [one for one, other in zip(named, wanted, strict=True) if other == "*"]


def _error(code: str, kind: str) -> Params:
    return {"error": {"code": code or None, "message": "as the tests have it", "type": kind}}


def _shown(store: FakeStripe, said: Params, expand: list[str]) -> Params:
    """As Stripe sends it: others by their ids, unless more of them is wanted."""
    shown = {name: value for name, value in said.items() if not name.startswith("_")}
    require_said(shown)
    for name in {one.partition(".")[0] for one in expand}:
        rest = [one.partition(".")[2] for one in expand if one.startswith(f"{name}.")]
        if shown.get(name) is not None:
            shown[name] = _shown(store, store.get(shown[name]), rest)
    return shown


def _nested(pairs: list[tuple[str, str]]) -> Params:
    """`a[b][0][c]=d`, as Stripe reads it."""
    root: Params = {}
    for name, value in pairs:
        at: Params = root
        *path, last = name.replace("]", "").split("[")
        for step in path:
            at = at.setdefault(step, {})
        at[last if last else str(len(at))] = value
    return typing.cast("Params", _listed(root))


def _listed(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    inner = {name: _listed(each) for name, each in value.items()}
    return list(inner.values()) if inner and all(name.isdigit() for name in inner) else inner


# Held against the library's types


def require_said(said: Params) -> None:
    """Each field is one that the library's type of this object has, and a word is one of those that it may be."""
    kind = _TYPES[said["object"]]
    hints = _hints(kind)
    for name, value in said.items():
        assert name in hints, f"{said['object']} has no {name}"
        words = {word for each in _parts(hints[name], kind) for word in get_args(each)}
        assert not words or value is None or value in words, f"{name} of {said['object']} is never {value}"


def require_fit(params: Params, wanted: Any) -> None:
    """Each parameter is one that the library's type has, at every depth."""
    hints = _hints(wanted)
    for name, value in params.items():
        assert name in hints, f"{wanted.__name__} has no {name}"
        inner = next((each for each in _parts(hints[name], wanted) if is_typeddict(each)), None)
        for each in value if isinstance(value, list) else [value]:
            if inner is not None and isinstance(each, dict):
                require_fit(each, inner)


@cache
def _hints(of: Any) -> dict[str, Any]:
    kinds = getattr(of, "__orig_bases__", of.__mro__)
    inherited = [each for each in kinds if is_typeddict(each)] if is_typeddict(of) else of.__mro__[1:]
    found: dict[str, Any] = {}
    for kind in (*reversed(inherited), of):
        found |= getattr(kind, "__annotations__", {})
    return found


def _parts(hint: Any, of: Any) -> list[Any]:
    """The literals and the classes that a hint is made of. Its modules open one another for the checker of types alone:
    of a name that is not there nothing is known."""
    text = hint.__forward_arg__ if isinstance(hint, typing.ForwardRef) else hint
    if isinstance(text, str):
        names = {**vars(typing), **vars(importlib.import_module(of.__module__)), **vars(of)}
        try:
            return _parts(eval(text, names), of)  # noqa: S307  # the library's own words
        except NameError:
            return []
    if get_origin(text) is typing.Literal or not get_args(text):
        return [text]
    return [part for each in get_args(text) for part in _parts(each, of)]


# Served


@contextmanager
def served() -> Iterator[tuple[FakeStripe, str]]:
    """One that answers on this machine, and its address."""
    made = FakeStripe()
    with loopback.served(made) as port:
        try:
            yield made, f"http://127.0.0.1:{port}"
        finally:
            made.is_over.set()
