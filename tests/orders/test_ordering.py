"""Ordering a plan, and looking at one's orders."""

from __future__ import annotations

from typing import Any

import pytest

from infra.local.gateway import Response
from tests.conftest import Home
from tests.orders.payment_events import order, tell
from tests.scene import at_once, new_camera, rows

KEY = {"Idempotency-Key": "order-key-0123456789"}


def ask(home: Home, headers: dict[str, str] | None = None, **other: Any) -> Response:
    body = {"plan_id": "event-7-month", "device_id": home.camera.device_id, "payment_method": "card", **other}
    return home.owner.call("POST", "/orders", body, headers=KEY if headers is None else headers)


def test_an_order_says_what_it_costs_and_where_to_pay(home: Home) -> None:
    answer = ask(home)
    order_id = answer.json["order_id"]
    assert answer.status == 201
    assert answer.json == {
        "order_id": order_id,
        "state": "open",
        "plan_id": "event-7-month",
        "kind": "event",
        "keep_days": 7,
        "period_days": 30,
        "device_id": home.camera.device_id,
        "begins": "after",
        "renew": False,
        "amount": {"amount": 299, "currency": "EUR"},
        "credit": {"amount": 0, "currency": "EUR"},
        "ordered_at": "2026-01-05T08:00:00Z",
        "payment_method": "card",
        "invoice_number": None,
        "refunded": None,
        "credit_note_number": None,
        "payments": [],
        "checkout_url": f"http://127.0.0.1:8000/_local/payments/{order_id}",
    }
    assert home.owner.call("GET", f"/orders/{order_id}").json == answer.json


def test_an_order_grants_nothing_and_numbers_nothing(home: Home) -> None:
    order(home)
    assert home.owner.call("GET", f"/devices/{home.camera.device_id}/plan").json["state"] == "none"
    assert home.world.dump()["tables"]["sowa-local-Fiscal"] == []


def test_an_order_needs_a_key(home: Home) -> None:
    answer = ask(home, {})
    assert (answer.status, answer.json["code"]) == (400, "KeyMissing")
    assert rows(home.world, "account/order") == []
    assert ask(home).status == 201
    assert len(rows(home.world, "account/order")) == 1


def test_the_same_key_is_the_same_order(home: Home) -> None:
    first, again = ask(home), ask(home)
    assert (first.status, first.body) == (again.status, again.body)
    assert len(rows(home.world, "account/order")) == 1


def test_the_same_key_at_the_same_moment_too(home: Home) -> None:
    answers = at_once(lambda: ask(home), lambda: ask(home), lambda: ask(home))
    assert {(answer.status, answer.body) for answer in answers} == {(201, answers[0].body)}
    assert len(rows(home.world, "account/order")) == 1


@pytest.mark.parametrize("other", [{"plan_id": "event-3-month"}, {"payment_method": "blik"}])
def test_the_same_key_for_another_order_is_refused(home: Home, other: dict[str, str]) -> None:
    ask(home)
    answer = ask(home, **other)
    assert (answer.status, answer.json["code"]) == (422, "KeyReused")
    assert len(rows(home.world, "account/order")) == 1


@pytest.mark.parametrize(
    ("other", "code"),
    [
        ({"plan_id": "gold"}, "PlanUnknown"),
        ({"plan_id": ""}, "PlanUnknown"),
        ({"device_id": "x" * 26}, "NotFound"),
        ({"device_id": ""}, "NotFound"),
    ],
)
def test_an_unknown_plan_or_device_is_not_found(home: Home, other: dict[str, str], code: str) -> None:
    answer = ask(home, **other)
    assert (answer.status, answer.json["code"]) == (404, code)
    assert rows(home.world, "account/order") == []
    assert ask(home).status == 201
    assert len(rows(home.world, "account/order")) == 1


def test_a_plan_for_somebody_elses_device_is_not_found(home: Home) -> None:
    theirs = new_camera(home.world, "SN0002", owner=home.stranger)
    assert ask(home, device_id=theirs.device_id).status == 404


def test_a_plan_for_a_device_that_was_removed_is_not_found(home: Home) -> None:
    home.owner.call("DELETE", f"/devices/{home.camera.device_id}")
    assert ask(home).status == 404


@pytest.mark.parametrize(
    ("other", "field"),
    [
        ({"payment_method": "cash"}, "payment_method"),
        ({"plan_id": 7}, "plan_id"),
        ({"plan_id": "p" * 65}, "plan_id"),
        ({"device_id": "d" * 65}, "device_id"),
        ({"amount": 1}, "amount"),
    ],
)
def test_a_wrong_order_is_refused_by_the_name_of_its_field(home: Home, other: dict[str, Any], field: str) -> None:
    answer = ask(home, **other)
    assert (answer.status, list(answer.json["fields"])) == (422, [field])


def test_nobody_orders_without_signing_in(home: Home) -> None:
    for method, path in (("POST", "/orders"), ("GET", "/orders"), ("GET", "/orders/x")):
        assert home.world.call(method, path, headers=KEY).status == 401


# ── Looking ──────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("limit", [1, 2, 3, 7, 8, 200])
def test_pages_of_any_size_give_every_order_once_the_newest_first(home: Home, limit: int) -> None:
    placed = []
    for _ in range(7):
        home.world.clock.move_to(home.world.now().timestamp() + 1)
        placed.append(order(home)["order_id"])
    found: list[str] = []
    cursor: str | None = None
    while cursor is not None or not found:
        query = {"limit": limit} | ({} if cursor is None else {"cursor": cursor})
        answer = home.owner.call("GET", "/orders", query=query).json
        assert len(answer["items"]) <= limit
        found += [one["order_id"] for one in answer["items"]]
        cursor = answer["cursor"]
    assert found == placed[::-1]


def test_an_order_in_the_list_is_the_order_alone(home: Home) -> None:
    for outcome in ("paid", "refused", "expired"):
        tell(home, order(home), outcome)
    for one in home.owner.call("GET", "/orders").json["items"]:
        assert home.owner.call("GET", f"/orders/{one['order_id']}").json == one


@pytest.mark.parametrize(
    ("query", "field"), [({"limit": 0}, "limit"), ({"limit": 201}, "limit"), ({"cursor": "c" * 65}, "cursor")]
)
def test_a_wrong_question_is_refused(home: Home, query: dict[str, Any], field: str) -> None:
    answer = home.owner.call("GET", "/orders", query=query)
    assert (answer.status, list(answer.json["fields"])) == (422, [field])


def test_somebody_elses_and_absent_orders_are_not_found(home: Home) -> None:
    order_id = order(home)["order_id"]
    assert home.stranger.call("GET", f"/orders/{order_id}").status == 404
    assert home.stranger.call("GET", "/orders").json == {"items": [], "cursor": None}
    assert len(home.owner.call("GET", "/orders").json["items"]) == 1
    # Not even when the stranger's own id is put before the place of the order.
    place = order_id.removeprefix(home.owner.account_id)
    assert home.stranger.call("GET", f"/orders/{home.stranger.account_id}{place}").status == 404
    assert home.owner.call("GET", f"/orders/{order_id[:-1]}").status == 404
    assert home.owner.call("GET", "/orders/x").status == 404


def test_orders_of_a_removed_device_stay_with_their_buyer(home: Home) -> None:
    ordered = order(home)
    tell(home, ordered)
    home.owner.call("DELETE", f"/devices/{home.camera.device_id}")
    home.world.advance(900)
    home.owner.sign_in()
    assert home.owner.call("GET", f"/orders/{ordered['order_id']}").json["state"] == "paid"
