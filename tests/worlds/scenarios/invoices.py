"""Documents of invoices, and the copies of them that were shown, go when their time is over."""

from __future__ import annotations

from typing import Any

from chalicelib.invoices.records import COPIES
from tests.conftest import Home
from tests.worlds.invariants import Stored
from tests.worlds.scenarios.money import for_a_named_buyer, take_payment
from tests.worlds.scenarios.steps import HOUR, job
from tests.worlds.sweep import AGAIN, Scenario, leap


def _copy_of_yesterday(home: Home) -> None:
    """It lies open since it was shown, and neither clock nor lifecycle has come yet."""
    order_id, *told = for_a_named_buyer(home)
    assert take_payment(home, (order_id, *told), AGAIN).json == {"changed": True}
    home.world.settle()
    assert home.owner.call("GET", f"/orders/{order_id}/invoice", query={"format": "pdf"}).status == 200
    assert _copies(Stored(home.world.dump())) == 1
    leap(home.world, 2 * 86_400)


def _sweep(home: Home, state: Any, key: str) -> None:
    job(home.world, "sweep_expired_invoices")


def _copies(stored: Stored) -> int:
    return sum(key.startswith(f"{COPIES.name}/") for key in stored.objects)


def _copies_deleted(home: Home, state: Any, stored: Stored) -> int:
    return 1 - _copies(stored)


SCENARIOS = (
    Scenario(
        "old copies of invoices go", "sweep_expired_invoices", _copy_of_yesterday, _sweep, _copies_deleted,
        is_asked=False, within_seconds=7 * HOUR,
    ),
)  # fmt: skip
