"""Plans renew by themselves, fail to, and are told not to; and cards are saved and forgotten for it."""

from __future__ import annotations

from typing import Any

from chalicelib.payments import sandbox
from chalicelib.payments.shapes import Card, CardSaved
from infra.local import checkout
from infra.local.gateway import Response
from tests.conftest import Home
from tests.scene import new_camera
from tests.worlds.invariants import Stored
from tests.worlds.scenarios import money, plans
from tests.worlds.scenarios.plans import DAY_S
from tests.worlds.scenarios.steps import HOUR, job, once, settle
from tests.worlds.sweep import Scenario, leap

RENEWS, FAILED = 'The plan of "Garden" renews on 2026-02-03', 'The plan of "Garden" could not be renewed'
PAID = "Your order is paid"
# An order, and the webhook by which it is paid.
Ordered = tuple[str, dict[str, str], bytes]


def ordered(home: Home, card: str = "good") -> Ordered:
    body = {"plan_id": "event-7-month", "device_id": home.camera.device_id, "payment_method": "card", "renew": True}
    answer = home.owner.call("POST", "/orders", body, headers=once("the-key-of-what-renews"))
    assert answer.status == 201, answer.body
    home.world.settle()
    order_id = answer.json["order_id"]
    return order_id, *checkout.event(order_id, "paid", card=card)


def subscribed(home: Home, card: str = "good") -> Ordered:
    state = ordered(home, card)
    assert money.take_payment(home, state, "").json == {"changed": True}
    home.world.settle()
    return state


def due(home: Home) -> Ordered:
    return _due(home, "good")


def declined(home: Home) -> Ordered:
    return _due(home, "declined")


def _due(home: Home, card: str) -> Ordered:
    state = subscribed(home, card)
    home.world.outbox_of_the_world.restore([])  # the first period is paid, too, and was told in the same words
    leap(home.world, 29 * DAY_S)
    return state


def due_in_a_week(home: Home) -> None:
    subscribed(home)
    leap(home.world, 23 * DAY_S)


def renew(home: Home, state: Any, key: str) -> None:
    job(home.world, "renew_plans")


def renewals(home: Home, state: Any, stored: Stored) -> int:
    return sum("renewal" in one and one["state"] == "paid" for one in stored.of("Order").values())


def failures(home: Home, state: Any, stored: Stored) -> int:
    return sum(one["plan_renewal"].endswith(" 1") for one in stored.of("Ownership").values() if "plan_renewal" in one)


def _told(home: Home, state: Any, stored: Stored) -> int:
    """The one of the end is next."""
    return sum(one["subject"] == "grace_began" for one in stored.of("PlanWarning").values())


def cards(home: Home, state: Any, stored: Stored) -> int:
    return len(stored.of("SavedCard"))


def switch(home: Home, key: str, *, on: bool, device_id: str = "") -> Response:
    path = f"/devices/{device_id or home.camera.device_id}/plan/renewal"
    return home.owner.call("PUT", path, {"on": on}, headers=once(key))


def _switch_off(home: Home, state: Any, key: str) -> Response:
    return switch(home, key, on=False)


def _ended(home: Home, state: Any, stored: Stored) -> int:
    return sum("plan_grants" in one and "plan_renewal" not in one for one in stored.of("Ownership").values())


def two_devices(home: Home) -> str:
    """The second one's id, whose plan does not renew by itself."""
    other = new_camera(home.world, "SN0002", owner=home.owner).device_id
    subscribed(home)
    order_id = home.owner.order(other, key="the-key-of-another-device").json["order_id"]
    assert money.take_payment(home, (order_id, *checkout.event(order_id, "paid")), "").json == {"changed": True}
    home.world.settle()
    return other


def _switch_on(home: Home, other: str, key: str) -> Response:
    return switch(home, key, on=True, device_id=other)


def _renewing(home: Home, state: Any, stored: Stored) -> int:
    return sum("plan_renewal" in one for one in stored.of("Ownership").values()) - 1


def save_card(home: Home, state: Any, key: str) -> Response:
    headers, body = sandbox.event(CardSaved(home.camera.device_id, "EUR", Card("sandbox-customer-1", sandbox.card())))
    return home.world.call("POST", "/payments/sandbox", raw=body, headers=headers)


def switched_off(home: Home) -> None:
    """Nobody has looked yet whether the card is needed."""
    subscribed(home)
    assert switch(home, "the-key-of-a-tap-before", on=False).status == 200


def _gone(home: Home, state: Any, stored: Stored) -> int:
    return int(not stored.of("SavedCard") and not stored.of("DueCustomer"))


def _move(home: Home, other: str, key: str) -> Response:
    return plans.move(home, other, key)


def _moved(home: Home, other: str, stored: Stored) -> int:
    """Beside what is there already."""
    return plans.moves(home, other, stored) - 1


SCENARIOS = (
    Scenario(
        "an order that is to renew is paid", "POST /payments/{provider}", ordered, money.take_payment, cards, told=PAID
    ),
    Scenario(
        "a renewal is told", "warn_of_plan_ends", due_in_a_week, plans.warn, _told, is_asked=False,
        within_seconds=2 * HOUR, told=RENEWS,
    ),
    Scenario(
        "a plan renews by itself", "renew_plans", due, renew, renewals, is_asked=False, within_seconds=2 * HOUR,
        told=PAID,
    ),
    Scenario(
        "a renewal is declined", "renew_plans", declined, renew, failures, is_asked=False, within_seconds=2 * HOUR,
        told=FAILED,
    ),
    Scenario(
        "end a renewal", "PUT /devices/{device_id}/plan/renewal", subscribed, _switch_off, _ended, keeps_answer=True
    ),
    Scenario(
        "renew another plan by the same card", "PUT /devices/{device_id}/plan/renewal", two_devices, _switch_on,
        _renewing, keeps_answer=True,
    ),
    Scenario("a card is saved alone", "POST /payments/{provider}", plans.subscribed, save_card, cards),
    Scenario(
        "a card goes with its last renewal", ("on_renewal_ended", "on_customer_due"), switched_off, settle, _gone,
        is_asked=False, within_seconds=2 * HOUR,
    ),
    Scenario(
        "move a plan that renews", "POST /devices/{device_id}/plan/move", two_devices, _move, _moved, may_say=(409,),
        keeps_answer=True,
    ),
)  # fmt: skip
