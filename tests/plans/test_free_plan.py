"""The free plan: one device of an account at a time, had at once, and renewed by a tap each month."""

from __future__ import annotations

import pytest

from tests.conftest import Home
from tests.plans.steps import DAY, buy, euros, in_seconds, later, move, pause, place, plan_of, preview, refused
from tests.scene import new_camera, rows

MONTH = 30 * DAY


def take(home: Home, device_id: str = "") -> None:
    answer = place(home, "free", device_id)
    assert answer.status == 201, answer.body


def test_it_is_the_first_of_all_in_every_currency_and_the_rest_by_price(home: Home) -> None:
    for currency in ("EUR", "PLN", "USD", "GBP"):
        items = home.world.call("GET", "/plans", query={"currency": currency}).json["items"]
        prices = [one["price"]["amount"] for one in items]
        assert (items[0]["plan_id"], prices[0], prices) == ("free", 0, sorted(prices))
        assert {one["price"]["currency"] for one in items} == {currency}
    assert home.world.call("GET", "/plans").json["items"][1]["price"] == euros(199)
    assert home.world.call("GET", "/plans", query={"currency": "CHF"}).status == 422


def test_an_order_of_it_is_paid_at_once_without_payment_invoice_or_mail(home: Home) -> None:
    answer = place(home, "free")
    assert answer.status == 201
    told = answer.json
    assert (told["state"], told["checkout_url"], told["amount"]) == ("paid", None, euros(0))
    assert (told["invoice_number"], told["payments"]) == (None, [])
    said = plan_of(home)
    assert (said["state"], said["plan_id"], said["kind"], said["keep_days"]) == ("active", "free", "event", 3)
    assert said["until"] == in_seconds(home, MONTH)
    home.world.settle()
    assert home.world.dump()["tables"]["sowa-local-Fiscal"] == []
    assert [one for one in home.world.outbox("ola@example.com") if "plan" in one.get("subject", "")] == []


def test_a_second_device_waits_until_the_first_has_it_no_more(home: Home) -> None:
    other = new_camera(home.world, "SN0002", owner=home.owner).device_id
    take(home)
    answer = place(home, "free", other)
    assert refused(answer) == (409, "FreePlanElsewhere")
    assert (answer.json["device_id"], answer.json["until"]) == (home.camera.device_id, in_seconds(home, MONTH))
    assert refused(preview(home, "free", other)) == (409, "FreePlanElsewhere")
    later(home, MONTH - 1)
    assert place(home, "free", other).status == 409
    later(home, 1)
    take(home, other)
    assert plan_of(home, other)["state"] == "active"


def test_it_is_renewed_in_its_last_week_and_not_before(home: Home) -> None:
    until = in_seconds(home, 2 * MONTH)
    take(home)
    later(home, 23 * DAY - 1)
    answer = place(home, "free")
    assert refused(answer) == (409, "FreePlanRuns")
    assert answer.json["may_be_renewed_from"] == in_seconds(home, 1)
    later(home, 1)
    take(home)
    assert plan_of(home)["until"] == until
    assert place(home, "free").status == 409


def test_it_is_not_had_beside_another_plan(home: Home) -> None:
    buy(home)
    assert refused(place(home, "free")) == (409, "PlanRuns")
    later(home, MONTH)
    take(home)  # in the grace: what was recorded is shown again
    assert plan_of(home)["plan_id"] == "free"


def test_what_is_bought_waits_behind_it_or_takes_its_place(home: Home) -> None:
    take(home)
    until = in_seconds(home, MONTH)
    buy(home)
    said = plan_of(home)
    assert (said["plan_id"], said["until"], said["waiting"][0]["from"]) == ("free", until, until)
    price = preview(home, "continuous-7-month", begins="now").json
    assert (price["credit"], price["to_pay"]) == (euros(0), euros(699))
    buy(home, "continuous-7-month", begins="now")
    said = plan_of(home)
    assert said["plan_id"] == "continuous-7-month"
    assert [one["plan_id"] for one in said["waiting"]] == ["event-7-month"]
    assert rows(home.world, "account/free-plan") == []


def test_it_does_not_move_and_what_waits_behind_it_does(home: Home) -> None:
    other = new_camera(home.world, "SN0002", owner=home.owner).device_id
    take(home)
    assert refused(move(home, other)) == (409, "NothingToMove")
    buy(home)
    assert len(plan_of(home)["waiting"]) == 1
    assert move(home, other).status == 200
    assert (plan_of(home)["plan_id"], plan_of(home)["waiting"]) == ("free", [])
    assert plan_of(home, other)["until"] == in_seconds(home, MONTH)


def test_another_device_may_have_it_when_the_one_is_removed(home: Home) -> None:
    other = new_camera(home.world, "SN0002", owner=home.owner).device_id
    take(home)
    assert home.owner.call("DELETE", f"/devices/{home.camera.device_id}").status == 202
    assert rows(home.world, "account/free-plan") == []
    take(home, other)


def test_a_pause_puts_its_end_off_for_other_devices_too(home: Home) -> None:
    other = new_camera(home.world, "SN0002", owner=home.owner).device_id
    take(home)
    later(home, DAY)
    assert pause(home, on=True).status == 200
    later(home, MONTH)
    assert place(home, "free", other).status == 409
    assert pause(home, on=False).status == 200
    later(home, 29 * DAY)
    take(home, other)


def test_of_two_taps_at_once_with_one_key_one_counts(home: Home) -> None:
    key = {"Idempotency-Key": "one-tap-one-tap-one-tap"}
    body = {"plan_id": "free", "device_id": home.camera.device_id, "payment_method": "card"}
    first, again = (home.owner.call("POST", "/orders", body, headers=key) for _ in range(2))
    assert (first.status, first.body) == (again.status, again.body)
    assert len(rows(home.world, "account/order")) == 1


@pytest.mark.parametrize("currency", ["PLN", "USD", "GBP"])
def test_an_order_is_in_the_currency_that_was_asked_for(home: Home, currency: str) -> None:
    items = home.world.call("GET", "/plans", query={"currency": currency}).json["items"]
    (price,) = (one["price"] for one in items if one["plan_id"] == "event-7-month")
    assert preview(home, "event-7-month", currency=currency).json["price"] == price
    assert place(home, "event-7-month", currency=currency).json["amount"] == price
