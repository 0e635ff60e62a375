"""What somebody else changed meanwhile is read again, and done with what it is then."""

from __future__ import annotations

import pytest

from chalicelib.plans.actions import ledgers
from chalicelib.plans.actions.ledgers import changed_with as really_changed
from chalicelib.store.commit import Write
from chalicelib.store.retrying import StaleRead
from tests.conftest import Home
from tests.orders.test_refunds import give_back
from tests.plans.steps import buy, move, pause, place, plan_of
from tests.scene import new_camera


@pytest.fixture
def stale(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """So many times what was read is another one by then."""
    left = [0]

    def changed(*asked: object) -> tuple[Write, ...]:
        if left[0]:
            left[0] -= 1
            raise StaleRead
        return really_changed(*asked)  # type: ignore[arg-type]

    monkeypatch.setattr(ledgers, "changed_with", changed)
    return left


def test_a_plan_is_paused_moved_and_given_back_by_what_it_is_then(home: Home, stale: list[int]) -> None:
    other = new_camera(home.world, "SN0002", owner=home.owner)
    order_id = buy(home)
    stale[0] = 1
    assert (pause(home, on=True).json["state"], stale) == ("paused", [0])
    stale[0] = 1
    assert (move(home, other.device_id).json["state"], stale) == ("active", [0])
    stale[0] = 1
    answer = give_back(home, order_id)
    assert (answer.status, answer.json["amount"]["amount"], stale) == (202, 299, [0])
    assert plan_of(home, other.device_id)["state"] == "none"


def test_a_free_plan_is_ordered_by_what_it_is_then(home: Home, stale: list[int]) -> None:
    stale[0] = 2
    assert (place(home, "free").status, stale) == (201, [0])
    assert plan_of(home)["plan_id"] == "free"
