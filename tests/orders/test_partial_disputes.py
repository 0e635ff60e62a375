"""Disputes of a part of a payment: they count what they are."""

from __future__ import annotations

from typing import Any

import pytest

from chalicelib.orders import rules
from chalicelib.payments import sandbox
from chalicelib.payments.shapes import Dispute
from tests.conftest import Home
from tests.orders.payment_events import order, received, tell
from tests.orders.test_disputes import OPENED
from tests.orders.test_refunds import Remembering, credit_notes, give_back, given_back, looked_at, mails, provider
from tests.plans.steps import DAY, buy, euros, in_seconds, later, plan_of, refused

__all__ = ["provider"]
PART = "Of your payment of 2.99 EUR 1.00 EUR were taken back"


def told(
    home: Home, order_id: str, outcome: Any, amount: int | None, currency: str = "EUR", reference: str = ""
) -> None:
    paid = reference or looked_at(home, order_id)["payments"][0]["reference"]
    headers, body = sandbox.event(Dispute(order_id, outcome, paid, "dp_1", amount, currency))
    answer = home.world.call("POST", "/payments/sandbox", raw=body, headers=headers)
    assert (answer.status, answer.json) == (200, {"changed": True})


def test_of_a_part_that_is_lost_as_much_of_what_is_left_ends(home: Home, provider: Remembering) -> None:
    order_id = buy(home)
    later(home, 10 * DAY)
    home.owner.sign_in()
    told(home, order_id, "opened", 100)
    assert plan_of(home)["state"] == "suspended"  # which part of it nobody could say
    told(home, order_id, "lost", 100)
    left_s = 20 * DAY - 20 * DAY * 100 // 299
    assert (plan_of(home)["state"], plan_of(home)["until"]) == ("active", in_seconds(home, left_s))
    one = looked_at(home, order_id)
    assert (one["state"], one["refunded"]) == ("charged_back", euros(100))
    (note,) = credit_notes(home)
    assert (note["amount"], note["corrects"]) == (100, one["invoice_number"])
    (payment,) = received(home.world)
    assert (payment["lost_amount"], payment["refund_amount"]) == (100, 100)
    assert (len(mails(home, OPENED)), len(mails(home, PART))) == (1, 1)
    # What is left is had; nothing of it goes back a second time.
    assert refused(give_back(home, order_id)) == (409, "RefundedAlready")
    home.world.settle()
    assert provider.made == {}


@pytest.mark.parametrize(("amount", "currency"), [(299, "EUR"), (5000, "EUR"), (100, "USD"), (None, "EUR"), (0, "EUR")])
def test_all_of_it_counts_where_no_part_is_said(home: Home, amount: int | None, currency: str) -> None:
    order_id = buy(home)
    later(home, DAY)
    home.owner.sign_in()
    told(home, order_id, "lost", amount, currency)
    assert (plan_of(home)["state"], credit_notes(home)[0]["amount"]) == ("grace", 299)


def test_of_what_goes_back_so_much_less_is_asked_for(home: Home, provider: Remembering) -> None:
    provider.is_silent = True
    order_id = buy(home)
    assert given_back(home, order_id) == 299
    home.world.settle()
    told(home, order_id, "opened", 100)
    told(home, order_id, "lost", 100)
    provider.is_silent = False
    home.world.run_schedule("ask_for_refunds")
    assert list(provider.amounts.values()) == [199]
    (payment,) = received(home.world)
    assert (payment["state"], payment["refund_amount"], payment["lost_amount"]) == ("refunded", 299, 100)
    assert [note["amount"] for note in credit_notes(home)] == [299]


def test_what_bought_nothing_goes_back_but_for_what_the_bank_took(home: Home, provider: Remembering) -> None:
    provider.is_silent = True
    ordered = order(home)
    for reference in ("one", "two"):
        tell(home, ordered, reference=reference)
    home.world.settle()
    told(home, ordered["order_id"], "lost", 100, reference="two")
    provider.is_silent = False
    home.world.run_schedule("ask_for_refunds")
    assert provider.amounts == {"two": 199}
    assert plan_of(home)["state"] == "active"


@pytest.mark.parametrize(("owed", "lost", "still"), [(299, 100, 199), (100, 100, 0), (100, 299, 0), (50, 0, 50)])
def test_what_the_bank_gave_is_owed_no_more(owed: int, lost: int, still: int) -> None:
    assert rules.owed_still(owed, lost) == still
