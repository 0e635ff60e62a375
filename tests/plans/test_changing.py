"""Another plan in the place of the one that runs: what is left of that is credited to the second, and fixed."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise
from math import ceil
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as some

from chalicelib.plans.rules import catalogue, changes
from chalicelib.plans.rules.ledger import Grant, Ledger
from tests.conftest import Home
from tests.orders.payment_events import invoices, mails_of_refund, state, tell
from tests.plans.steps import DAY, buy, euros, give, in_seconds, later, move, pause, place, plan_of, preview, refused
from tests.scene import new_camera, rows
from tests.worlds.invariants import violations

MONTH, YEAR = 30 * DAY, 365 * DAY


def test_a_preview_says_price_credit_and_times_and_stores_nothing(home: Home) -> None:
    buy(home)
    later(home, 10 * DAY)
    before = rows(home.world, "account/order"), rows(home.world, "account/device-owned")
    told = preview(home, "event-30-year", begins="now")
    credit = ceil(Fraction(299 * 20, 30))
    assert told.status == 200
    assert told.json == {
        "price": euros(4990),
        "credit": euros(credit),
        "to_pay": euros(4990 - credit),
        "begins": in_seconds(home, 0),
        "ends": in_seconds(home, YEAR),
    }
    assert preview(home, "event-30-year").json == {
        "price": euros(4990),
        "credit": euros(0),
        "to_pay": euros(4990),
        "begins": in_seconds(home, 20 * DAY),
        "ends": in_seconds(home, 20 * DAY + YEAR),
    }
    assert (rows(home.world, "account/order"), rows(home.world, "account/device-owned")) == before


def test_what_was_shown_is_what_is_paid_and_the_plan_begins_then(home: Home) -> None:
    buy(home)
    later(home, 10 * DAY)
    to_pay = preview(home, "event-30-year", begins="now").json["to_pay"]["amount"]
    ordered = place(home, "event-30-year", begins="now", to_pay=to_pay).json
    assert (ordered["amount"], ordered["begins"]) == (euros(to_pay), "now")
    assert ordered["credit"] == euros(4990 - to_pay)
    later(home, 3600)
    assert tell(home, ordered).json == {"changed": True}
    said = plan_of(home)
    assert (said["plan_id"], said["until"], said["waiting"]) == ("event-30-year", in_seconds(home, YEAR), [])
    assert [int(one["amount"]) for one in invoices(home.world)] == [299, to_pay]
    # It is worth what it costs, whatever of it was credited.
    later(home, 100 * DAY)
    worth = ceil(Fraction(4990 * 265, 365))
    assert preview(home, "continuous-30-year", begins="now").json["credit"] == euros(worth)
    buy(home)
    assert len(plan_of(home)["waiting"]) == 1


def test_what_waits_follows(home: Home) -> None:
    buy(home)
    buy(home, "continuous-7-month")
    later(home, 60)
    assert preview(home, "event-30-year", begins="now").json["credit"]["amount"] <= 299
    buy(home, "event-30-year", begins="now")
    begins, until = in_seconds(home, YEAR), in_seconds(home, YEAR + MONTH)
    assert plan_of(home)["waiting"] == [{"plan_id": "continuous-7-month", "from": begins, "until": until}]


def test_all_periods_of_the_plan_that_runs_are_credited(home: Home) -> None:
    buy(home)
    buy(home)
    later(home, MONTH // 2)
    assert preview(home, "event-30-year", begins="now").json["credit"] == euros(ceil(Fraction(299 * 3, 2)))


def test_another_amount_than_was_shown_is_refused_and_says_what_it_is(home: Home) -> None:
    buy(home)
    shown = preview(home, "event-30-year", begins="now").json["to_pay"]["amount"]
    later(home, DAY)
    answer = place(home, "event-30-year", begins="now", to_pay=shown)
    assert refused(answer) == (409, "PriceChanged")
    now = preview(home, "event-30-year", begins="now").json["to_pay"]
    assert answer.json["to_pay"] == now and now["amount"] > shown
    assert place(home, "event-7-month", to_pay=1).status == 409
    assert len(rows(home.world, "account/order")) == 1


def test_the_plan_that_runs_is_made_longer_and_does_not_begin_anew(home: Home) -> None:
    """Else who orders it each day, and pays a day later, would have every other day for a cent."""
    buy(home)
    later(home, DAY)
    assert refused(preview(home, "event-7-month", begins="now")) == (409, "SamePlan")
    assert refused(place(home, "event-7-month", begins="now")) == (409, "SamePlan")
    assert preview(home, "event-7-month").json["begins"] == plan_of(home)["until"]


@pytest.mark.parametrize("plan_id", ["event-3-month"])
def test_what_is_left_is_never_worth_more_than_what_is_paid(home: Home, plan_id: str) -> None:
    """Else who changes to and fro, and is credited each beginning of a cent, would pay nothing for ever."""
    buy(home)
    for _ in range(2):
        answer = preview(home, plan_id, begins="now")
        assert refused(answer) == (409, "NothingToPay")
        assert (answer.json["credit"], answer.json["price"]) == (euros(299), euros(199))
        assert place(home, plan_id, begins="now").status == 409
        later(home, 60)
    assert preview(home, plan_id).status == 200


def test_what_was_paid_in_another_currency_is_not_credited(home: Home) -> None:
    buy(home, currency="PLN")
    answer = preview(home, "event-30-year", begins="now")
    assert (refused(answer), answer.json["currency"]) == ((409, "CreditInOtherCurrency"), "PLN")
    later(home, 15 * DAY)
    told = preview(home, "event-30-year", begins="now", currency="PLN").json
    assert told["credit"] == {"amount": ceil(Fraction(1299, 2)), "currency": "PLN"}


@pytest.mark.parametrize(("currency", "credit", "price"), [("EUR", 299, 4990), ("PLN", 1299, 21990)])
def test_of_a_plan_that_was_paid_in_two_currencies_one_is_credited_and_the_other_waits(
    home: Home, currency: str, credit: int, price: int
) -> None:
    paid = {one: buy(home, currency=one) for one in ("EUR", "PLN")}
    assert all(paid.values())
    told = preview(home, "event-30-year", begins="now", currency=currency).json
    assert told["credit"] == {"amount": credit, "currency": currency}
    buy(home, "event-30-year", begins="now", currency=currency, to_pay=price - credit)
    begins, until = in_seconds(home, YEAR), in_seconds(home, YEAR + MONTH)
    assert plan_of(home)["waiting"] == [{"plan_id": "event-7-month", "from": begins, "until": until}]


def test_what_was_given_waits_behind_the_plan_that_takes_its_place(home: Home) -> None:
    give(home, "event-7-month")
    later(home, 10 * DAY)
    told = preview(home, "event-30-year", begins="now").json
    assert (told["credit"], told["begins"]) == (euros(0), in_seconds(home, 0))
    buy(home, "event-30-year", begins="now")
    begins, until = in_seconds(home, YEAR), in_seconds(home, YEAR + 20 * DAY)
    assert plan_of(home)["waiting"] == [{"plan_id": "event-7-month", "from": begins, "until": until}]


def test_a_paused_plan_is_not_changed(home: Home) -> None:
    buy(home)
    pause(home, on=True)
    assert refused(preview(home, "event-30-year", begins="now")) == (409, "PlanPaused")
    assert preview(home, "event-30-year").status == 200


def _bought_more(home: Home) -> None:
    buy(home)


def _paused(home: Home) -> None:
    pause(home, on=True)
    later(home, 60)
    pause(home, on=False)


def _moved(home: Home) -> None:
    other = new_camera(home.world, "SN0002", owner=home.owner).device_id
    assert move(home, other).status == 200


def _a_day_is_over(home: Home) -> None:
    later(home, DAY + 1)


@pytest.mark.parametrize("what", [_bought_more, _paused, _moved, _a_day_is_over])
def test_what_is_paid_for_what_has_changed_meanwhile_is_owed_back(home: Home, what: Any) -> None:
    buy(home)
    ordered = place(home, "event-30-year", begins="now").json
    what(home)
    before = plan_of(home)
    assert tell(home, ordered).json == {"changed": True}
    home.owner.sign_in()
    assert state(home, ordered) == "refund_due"
    assert plan_of(home) == before
    (mail,) = mails_of_refund(home.world)
    assert "another by now" in mail["text"]
    assert violations(home.world.dump()) == []


def test_what_is_paid_when_what_waited_has_begun_is_owed_back(home: Home) -> None:
    """Some of that was had: put off whole behind the new plan, it would be had twice."""
    buy(home)
    buy(home, "event-3-month")
    later(home, MONTH - 60)
    ordered = place(home, "event-30-year", begins="now").json
    later(home, 3600)
    before = plan_of(home)
    assert tell(home, ordered).json == {"changed": True}
    home.owner.sign_in()
    assert (state(home, ordered), before["plan_id"]) == ("refund_due", "event-3-month")
    assert plan_of(home) == before


@pytest.mark.parametrize("late_s", [59, 60, DAY - 1])
def test_a_credit_is_for_what_is_left_when_it_is_paid(home: Home, late_s: int) -> None:
    """What has ended was had, and may have been credited for another order, too."""
    buy(home)
    later(home, MONTH - 60)
    ordered = [place(home, "event-30-year", begins="now").json for _ in range(2)]
    later(home, late_s)
    for one in ordered:
        home.owner.sign_in()
        assert tell(home, one).json == {"changed": True}
    home.owner.sign_in()
    assert [state(home, one) for one in ordered] == (["paid", "refund_due"] if late_s < 60 else ["refund_due"] * 2)


@given(
    amount=some.integers(1, 20_000), whole=some.integers(1, YEAR), cuts=some.lists(some.integers(0, YEAR), max_size=5)
)
def test_a_credit_is_rounded_up_once_and_never_more_than_was_paid(amount: int, whole: int, cuts: list[int]) -> None:
    """However what was bought is cut, all of it is worth what was paid, and a part no less than its share."""
    edges = sorted({0, whole, *(min(cut, whole) for cut in cuts)})
    parts = [
        Grant(begin, end, "event-7-month", 2, "event", 7, f"order:{begin}", amount, "EUR", whole)
        for begin, end in pairwise(edges)
    ]
    assert changes.credit(parts) == amount
    for one in parts:
        share = Fraction(amount * one.seconds, whole)
        assert share <= changes.credit([one]) < share + 1


def test_a_grant_of_before_there_were_prices_is_credited_by_the_catalogue(home: Home) -> None:
    old = "2026-01-05T08:00:00Z 2026-02-04T08:00:00Z event-7-month 1 event 7 an-order"
    (grant,) = Ledger.of([old]).grants
    assert (grant.source, grant.amount, grant.currency, grant.whole_s) == ("order:an-order", 299, "EUR", MONTH)
    assert Grant.of(grant.text) == grant
    assert catalogue.offer_of("event-7-month", 1).prices == {"EUR": 299}
