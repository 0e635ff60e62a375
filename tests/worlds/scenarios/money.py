"""Orders are placed and paid, once and again."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

from werkzeug.datastructures import Headers

from infra.local import checkout
from infra.local.gateway import Response
from tests.conftest import Home
from tests.scene import (
    pay,
)
from tests.worlds.invariants import Stored
from tests.worlds.scenarios.steps import settle, settled
from tests.worlds.sweep import AGAIN, Scenario

NAMED = {"name": "Ola", "address": "ul. Sowia 1, Kraków", "country": "PL", "vat_number": "PL5260250995"}
OWED = "Your payment of 2.99 EUR is owed back"


def ordered(home: Home) -> tuple[str, dict[str, str], bytes]:
    order_id = home.owner.order(home.camera.device_id).json["order_id"]
    home.world.settle()
    return order_id, *checkout.event(order_id, "paid")


def _place_order(home: Home, state: Any, key: str) -> Response:
    return home.owner.order(home.camera.device_id, key=key)


def _orders(home: Home, state: Any, stored: Stored) -> int:
    return len(stored.of("Order"))


def take_payment(home: Home, state: Any, key: str) -> Response:
    _, headers, body = state
    return home.world.call("POST", "/payments/sandbox", raw=body, headers=headers)


def _payments(home: Home, state: Any, stored: Stored) -> int:
    return sum(order["state"] == "paid" for order in stored.of("Order").values())


def _second_period(home: Home) -> tuple[str, dict[str, str], bytes]:
    """The device has a plan already, and the year's first invoice is out."""
    paid(home)
    home.world.settle()
    order_id = home.owner.order(home.camera.device_id, key="the-key-of-a-second-order").json["order_id"]
    home.world.settle()
    return order_id, *checkout.event(order_id, "paid")


def _second_payments(home: Home, state: Any, stored: Stored) -> int:
    return _payments(home, state, stored) - 1


def _paid_by_card(home: Home) -> tuple[str, dict[str, str], bytes]:
    """And now comes the transfer."""
    order_id, *by_card = ordered(home)
    assert take_payment(home, (order_id, *by_card), AGAIN).json == {"changed": True}
    home.world.settle()
    return order_id, *checkout.event(order_id, "paid", "transfer-2")


def _for_a_device_that_is_gone(home: Home) -> tuple[str, dict[str, str], bytes]:
    state = ordered(home)
    assert home.owner.call("DELETE", f"/devices/{home.camera.device_id}").status == 202
    home.world.advance(15 * 60)
    return state[0], *checkout.event(state[0], "paid")


def _for_no_order(home: Home) -> tuple[str, dict[str, str], bytes]:
    return "x", *checkout.event("x", "paid")


def _refunds_due(home: Home, state: Any, stored: Stored) -> int:
    """Also those that have gone back since."""
    return sum(one.get("reason", "asked_for") != "asked_for" for one in stored.of("Payment").values())


def paid(home: Home) -> None:
    order_id = home.owner.order(home.camera.device_id).json["order_id"]
    assert pay(home.world, order_id).json == {"changed": True}


def for_a_named_buyer(home: Home) -> tuple[str, dict[str, str], bytes]:
    order_id = home.owner.order(home.camera.device_id, invoice_to=NAMED).json["order_id"]
    home.world.settle()
    return order_id, *checkout.event(order_id, "paid")


def _paid_by_a_named_buyer(home: Home) -> str:
    order_id, headers, body = for_a_named_buyer(home)
    assert home.world.call("POST", "/payments/sandbox", raw=body, headers=headers).json == {"changed": True}
    return order_id


def _invoiced(home: Home) -> str:
    order_id = _paid_by_a_named_buyer(home)
    home.world.settle()
    return order_id


def _ask_for_invoice(home: Home, order_id: Any, key: str) -> Response:
    return home.owner.call("GET", f"/orders/{order_id}/invoice")


def _over(home: Home) -> None:
    _invoiced(home)
    home.world.clock.move_to(datetime(2026, 2, 1, tzinfo=UTC).timestamp())


def _close_month(home: Home, state: Any, key: str) -> Response:
    """An operator gets the exception, and orders again."""
    try:
        answer = home.world.invoke("close_month", {"month": "2026-01"})
    except Exception as fault:
        return Response(503, Headers(), repr(fault).encode())
    return Response(200, Headers(), json.dumps(answer).encode())


def _closed(home: Home, state: Any, stored: Stored) -> int:
    return len(stored.of("ClosedMonth"))


def _documents(home: Home, state: Any, stored: Stored) -> int:
    return sum(key.startswith("invoices/") for key in stored.objects) // 3


SCENARIOS = (
    Scenario(
        "an order that names somebody is paid", "POST /payments/{provider}", for_a_named_buyer, take_payment, _payments
    ),
    Scenario(
        "the documents of an invoice are written", "on_invoice_issued", _paid_by_a_named_buyer, settle, _documents,
        is_asked=False,
    ),
    Scenario("a month is closed", "close_month", _over, _close_month, _closed, is_repeated=True),
    Scenario("an invoice is looked at", "GET /orders/{order_id}/invoice", _invoiced, _ask_for_invoice),
    Scenario("an order is paid", "POST /payments/{provider}", ordered, take_payment, _payments),
    Scenario("another period is paid", "POST /payments/{provider}", _second_period, take_payment, _second_payments),
    Scenario(
        "an order is paid twice", "POST /payments/{provider}", _paid_by_card, take_payment, _refunds_due, told=OWED
    ),
    Scenario(
        "what was removed is paid", "POST /payments/{provider}", _for_a_device_that_is_gone, take_payment, _refunds_due,
        told=OWED,
    ),
    Scenario("no order is paid", "POST /payments/{provider}", _for_no_order, take_payment, _refunds_due),
    Scenario("order a plan", "POST /orders", settled, _place_order, _orders, at_most=2, keeps_answer=True),
    Scenario("the buyer is told", "on_order_changed", paid, settle, is_asked=False),
)
