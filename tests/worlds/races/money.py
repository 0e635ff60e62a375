"""Two payments of one order."""

from __future__ import annotations

from typing import Any

from infra.local.gateway import Response
from tests.conftest import Home
from tests.worlds.invariants import Stored
from tests.worlds.races.people import close, owner_is_gone
from tests.worlds.races.race import ONE_KEY, Answers, Race, Wrong, exactly
from tests.worlds.scenarios import money


def pay(home: Home, state: Any) -> Response:
    return money.take_payment(home, state, ONE_KEY)


def paid_or_owed(home: Home, state: Any, answers: Answers, stored: Stored) -> Wrong:
    """Removing a device leaves its order: either the plan was had for a moment, or the money goes back."""
    (order,) = stored.of("Order").values()
    if order["state"] not in ("paid", "refund_due"):
        yield f"the order is {order['state']}"


def _ordered_and_stepped_up(home: Home) -> Any:
    home.owner.step_up()
    return money.ordered(home)


RACES = (
    Race("close, pay", _ordered_and_stepped_up, close, pay, exactly((202, 200)), owner_is_gone),
)
