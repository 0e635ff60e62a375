"""Orders are given back and disputed, and money goes back."""

from __future__ import annotations

from typing import Any
from unittest.mock import patch

from chalicelib.errors import Unavailable
from chalicelib.orders.actions.reading import payment_id
from chalicelib.payments import sandbox
from chalicelib.payments.shapes import Dispute, Refund
from infra.local.gateway import Response
from tests.conftest import Home
from tests.worlds.invariants import Stored
from tests.worlds.scenarios import cameras, money, plans
from tests.worlds.scenarios.steps import job, once, settle
from tests.worlds.sweep import Scenario

TOLD, NOT_PAID_BACK = "We pay back 2.99 EUR", "We could not pay back 2.99 EUR"
DISPUTED, STANDS = "Your payment of 2.99 EUR is disputed", "The dispute about your payment of 2.99 EUR is over"
TAKEN = "Your payment of 2.99 EUR was taken back"
# An order and its payment, as the provider knows them.
Bought = tuple[str, str]


def bought(home: Home) -> Bought:
    order_id = str(home.owner.order(home.camera.device_id).json["order_id"])
    assert money.take_payment(home, (order_id, *_paid(order_id)), "").json == {"changed": True}
    home.world.settle()
    return order_id, str(home.owner.call("GET", f"/orders/{order_id}").json["payments"][0]["reference"])


def _paid(order_id: str) -> tuple[dict[str, str], bytes]:
    from infra.local import checkout

    return checkout.event(order_id, "paid")


def _moved(home: Home) -> Bought:
    other = plans.two_devices(home)
    (one,) = home.owner.call("GET", "/orders").json["items"]
    assert plans.move(home, other, "the-key-of-a-move-before").status == 200
    home.world.settle()
    return one["order_id"], one["payments"][0]["reference"]


def refund(home: Home, state: Bought, key: str) -> Response:
    return home.owner.call("POST", f"/orders/{state[0]}/refund", {"reason": "It rains"}, headers=once(key))


def refunds(home: Home, state: Any, stored: Stored) -> int:
    return sum(one["state"] == "refunded" for one in stored.of("Order").values())


def _preview(home: Home, state: Bought, key: str) -> Response:
    return home.owner.call("POST", f"/orders/{state[0]}/refund/preview", headers=once(key))


def _given_back(home: Home) -> None:
    """Nobody has asked the provider yet."""
    assert refund(home, bought(home), "the-key-of-a-refund-before").status == 202


def silently_given_back(home: Home) -> None:
    """The provider did not answer."""
    _given_back(home)
    with patch.object(sandbox.Sandbox, "refund", side_effect=Unavailable(retry_after_seconds=60)):
        home.world.settle()


def _gone_back(home: Home, state: Any, stored: Stored) -> int:
    return sum(one["state"] == "refunded" for one in stored.of("Payment").values())


def _given_back_and_there(home: Home) -> str:
    """The provider's number of the payment; what goes back is there, as it says."""
    state = bought(home)
    assert refund(home, state, "the-key-of-a-refund-before").status == 202
    home.world.settle()
    return state[1]


def _fail(home: Home, reference: str, key: str) -> Response:
    headers, body = sandbox.event(Refund(payment_id("sandbox", reference), "failed", "re_1"))
    return home.world.call("POST", "/payments/sandbox", raw=body, headers=headers)


def _failed(home: Home, state: Any, stored: Stored) -> int:
    return sum(one["state"] == "refund_failed" for one in stored.of("Payment").values())


def ask_for_refunds(home: Home, state: Any, key: str) -> None:
    job(home.world, "ask_for_refunds")


def dispute(home: Home, state: Bought, outcome: Any) -> Response:
    headers, body = sandbox.event(Dispute(*state[:1], outcome, state[1], "dp_1"))
    return home.world.call("POST", "/payments/sandbox", raw=body, headers=headers)


def _dispute(home: Home, state: Bought, key: str) -> Response:
    return dispute(home, state, "opened")


def _win(home: Home, state: Bought, key: str) -> Response:
    return dispute(home, state, "won")


def _lose(home: Home, state: Bought, key: str) -> Response:
    return dispute(home, state, "lost")


def disputed(home: Home) -> Bought:
    state = bought(home)
    assert dispute(home, state, "opened").json == {"changed": True}
    home.world.settle()
    return state


def _handed_over(home: Home) -> Bought:
    """Its plan went with the camera to another person."""
    transfer_id = plans.offered_with_plan(home)
    (one,) = home.owner.call("GET", "/orders").json["items"]
    answer = cameras.accept(home, transfer_id, "the-key-of-a-hand-over")
    assert answer.status == 201, answer.body
    home.world.settle()
    return one["order_id"], one["payments"][0]["reference"]


def credited(home: Home) -> Bought:
    """What was left of it was credited for another plan."""
    assert money.take_payment(home, plans.changed_for_another(home), "").json == {"changed": True}
    home.world.settle()
    first = home.owner.call("GET", "/orders").json["items"][-1]
    return first["order_id"], first["payments"][0]["reference"]


def _with_dispute(outcome: str) -> Any:
    return lambda home, state, stored: sum(
        one.get("dispute_state") == outcome for one in stored.of("Payment").values()
    )


SCENARIOS = (
    Scenario(
        "give an order back", "POST /orders/{order_id}/refund", bought, refund, refunds, may_say=(409,),
        keeps_answer=True, told=TOLD,
    ),
    Scenario(
        "give back what was moved", "POST /orders/{order_id}/refund", _moved, refund, refunds, may_say=(409,),
        keeps_answer=True, told=TOLD,
    ),
    Scenario("ask what would go back", "POST /orders/{order_id}/refund/preview", bought, _preview),
    Scenario("money goes back", "on_refund_due", _given_back, settle, _gone_back, is_asked=False),
    Scenario(
        "a silent provider is asked again", "ask_for_refunds", silently_given_back, ask_for_refunds, _gone_back,
        is_asked=False, within_seconds=2 * 60 * 60,
    ),
    Scenario(
        "a payment is disputed", "POST /payments/{provider}", bought, _dispute, _with_dispute("opened"), told=DISPUTED
    ),
    Scenario("a refund fails", "POST /payments/{provider}", _given_back_and_there, _fail, _failed, told=NOT_PAID_BACK),
    Scenario("a dispute is won", "POST /payments/{provider}", disputed, _win, _with_dispute("won"), told=STANDS),
    Scenario("a dispute is lost", "POST /payments/{provider}", disputed, _lose, _with_dispute("lost"), told=TAKEN),
    Scenario(
        "a dispute of what was handed over is lost", "POST /payments/{provider}", _handed_over, _lose,
        _with_dispute("lost"), told=TAKEN,
    ),
    Scenario(
        "a dispute of what was credited is lost", "POST /payments/{provider}", credited, _lose, _with_dispute("lost"),
        told=TAKEN,
    ),
)  # fmt: skip
