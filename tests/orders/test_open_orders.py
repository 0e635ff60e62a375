"""How many orders may be open at a time, and when one is over that nobody could pay."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from unittest.mock import patch

import pytest

from chalicelib.errors import Unavailable
from chalicelib.orders import rules
from chalicelib.payments import sandbox
from tests.conftest import Home
from tests.orders.payment_events import is_nothing_invoiced, order, payments, state, tell
from tests.plans.steps import DAY, later, place, refused
from tests.scene import at_once, rows


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(rules, "MOST_OPEN", 2)
    yield


def opened(home: Home) -> set[str]:
    (row,) = rows(home.world, "account/open-orders")
    return set(row["order_ids"])


@pytest.mark.usefixtures("few")
def test_so_many_orders_are_open_at_a_time_and_no_more(home: Home) -> None:
    ordered = [order(home) for _ in range(2)]
    later(home, 600)
    answer = place(home, "event-7-month")
    assert refused(answer) == (429, "TooManyOrders")
    assert answer.headers["Retry-After"] == str(DAY - 300 - 600)
    assert len(rows(home.world, "account/order")) == len(opened(home)) == 2
    # One that is paid, or over, makes room, and so does a day.
    for outcome in ("paid", "expired"):
        tell(home, ordered.pop(), outcome)
        assert place(home, "event-7-month").status == 201
        assert refused(place(home, "event-7-month")) == (429, "TooManyOrders")
    later(home, DAY)
    assert place(home, "event-7-month").status == 201
    assert len(opened(home)) == 1


@pytest.mark.usefixtures("few")
def test_what_costs_nothing_is_never_open(home: Home) -> None:
    for _ in range(2):
        order(home)
    assert place(home, "free").status == 201
    assert len(opened(home)) == 2


@pytest.mark.usefixtures("few")
def test_two_that_are_placed_at_once_do_not_both_get_the_last_place(home: Home) -> None:
    order(home)
    home.owner.sign_in()
    device_id = home.camera.device_id
    keys = [f"the-key-of-order-{nth}" for nth in range(2)]
    answers = at_once(*(lambda key=key: home.owner.order(device_id, key=key) for key in keys))
    assert sorted(one.status for one in answers) == [201, 429]
    assert len(rows(home.world, "account/order")) == 2


def without_a_page(home: Home) -> dict[str, Any]:
    """The provider does not answer."""
    with patch.object(sandbox.Sandbox, "open_checkout", side_effect=Unavailable(retry_after_seconds=5)):
        return order(home)


def test_an_order_for_which_there_was_no_page_in_a_day_is_over(home: Home) -> None:
    ordered = without_a_page(home)
    assert (ordered["state"], ordered["checkout_url"]) == ("open", None)
    later(home, rules.PAYABLE_S)
    home.owner.sign_in()
    assert state(home, ordered) == "open"  # no page lasts for so short a time
    later(home, 1)
    (listed,) = home.owner.call("GET", "/orders").json["items"]
    assert (listed["state"], rows(home.world, "account/order")[0]["state"]) == ("expired", "open")
    assert state(home, ordered) == "expired"
    assert rows(home.world, "account/order")[0]["state"] == "expired"


@pytest.mark.parametrize("is_noted", [True, False])
def test_what_is_paid_then_goes_back(home: Home, is_noted: bool) -> None:
    """Its page had been made, and its address was lost."""
    ordered = without_a_page(home)
    later(home, DAY)
    home.owner.sign_in()
    if is_noted:
        assert state(home, ordered) == "expired"
    assert tell(home, ordered).json == {"changed": True}
    assert state(home, ordered) == "refund_due"
    assert [one[2] for one in payments(home, ordered)] == ["refund_due"]
    assert is_nothing_invoiced(home.world)


@pytest.mark.parametrize(
    ("is_open", "age_s", "has_page", "found"),
    [
        ("open", rules.PAYABLE_S, False, "open"),
        ("open", rules.PAYABLE_S + 1, False, "expired"),
        ("open", rules.PAYABLE_S + 1, True, "open"),
        ("paid", rules.PAYABLE_S + 1, False, "paid"),
        ("refused", rules.PAYABLE_S + 1, False, "refused"),
    ],
)
def test_only_what_is_open_without_a_page_is_over_by_time(
    is_open: rules.State, age_s: int, has_page: bool, found: rules.State
) -> None:
    assert rules.state_at(is_open, 1000, 1000 + age_s, has_page=has_page) == found
