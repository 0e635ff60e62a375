"""Plans that renew by themselves: told, paid by a saved card, tried again, and ended by a tap."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from chalicelib.payments.shapes import DeclineReason
from chalicelib.plans.rules import catalogue
from chalicelib.settings import settings
from tests.conftest import Home
from tests.orders.payment_events import invoices, tell
from tests.orders.test_disputes import changed
from tests.payments import stripe_events
from tests.payments.fake_stripe import FakeStripe, Fault
from tests.payments.renewal_steps import (
    HOUR,
    cards,
    customers_at_the_provider,
    has_card,
    orders,
    renew,
    subjects,
    subscribe,
    switch,
    until_renewal,
)
from tests.payments.saved_cards import is_stripe, tell_card_saved
from tests.plans.steps import DAY, buy, give, later, move, pause, place, plan_of, refused
from tests.privacy.leaving import claims, receipt
from tests.scene import new_camera, rows

PAID, OWED = "Your order is paid", "Your payment of 2.99 EUR is owed back"
RENEWS, FAILED = 'The plan of "Garden" renews on 2026-02-03', 'The plan of "Garden" could not be renewed'
ENDED = 'The plan of "Garden" has ended'
END = "2026-02-04T08:00:00Z"
RENEWAL = {"at": "2026-02-03T08:00:00Z", "price": {"amount": 299, "currency": "EUR"}}


def warn(home: Home) -> None:
    home.world.run_schedule("warn_of_plan_ends")
    home.world.settle()


# ── Said ─────────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_an_order_that_is_to_renew_saves_a_card_and_says_when_it_renews_and_for_how_much(home: Home) -> None:
    assert subscribe(home)["renew"] is True
    assert plan_of(home)["renews"] == RENEWAL
    assert has_card(home)


def test_nothing_is_saved_unless_it_was_said(home: Home) -> None:
    buy(home)
    assert plan_of(home)["renews"] is None and not has_card(home)
    assert not any(one["renew"] for one in orders(home))
    subscribe(home)
    assert has_card(home)


def test_a_card_that_was_saved_though_nobody_said_so_is_forgotten(home: Home) -> None:
    from tests.payments.saved_cards import saving

    answer = place(home, "event-7-month")
    assert tell(home, answer.json, **saving()).json == {"changed": True}
    assert (plan_of(home)["renews"], has_card(home)) == (None, False)
    subscribe(home)
    assert has_card(home)


def test_an_order_that_is_not_paid_saves_nothing(home: Home) -> None:
    answer = place(home, "event-7-month", renew=True)
    assert tell(home, answer.json, "refused").json == {"changed": True}
    assert (plan_of(home)["renews"], has_card(home)) == (None, False)
    subscribe(home)
    assert has_card(home)


def test_the_free_plan_and_what_is_not_paid_by_card_do_not_renew(home: Home) -> None:
    assert refused(place(home, "free", renew=True)) == (409, "NothingToRenew")
    answer = place(home, "event-7-month", renew=True, payment_method="blik", currency="PLN")
    assert refused(answer) == (422, "RenewedByCard") and "payment_method" in answer.json["fields"]
    assert place(home, "event-7-month", renew=True, payment_method="sandbox").status == 201


# ── Told and paid ────────────────────────────────────────────────────────────────────────────────────────────────────


def test_it_is_told_a_week_before_paid_a_day_before_and_no_second_is_lost_or_paid_twice(home: Home) -> None:
    first = subscribe(home)
    home.owner.take_pushes("platform-token-of-the-owner")
    later(home, 23 * DAY - 1)
    warn(home)
    assert renew(home) == 0 and subjects(home) == [PAID]
    later(home, 1)
    warn(home)
    assert subjects(home) == [PAID, RENEWS]
    later(home, 6 * DAY - 1)
    assert renew(home) == 0
    later(home, 1)
    assert [renew(home), renew(home)] == [1, 0]
    warn(home)
    assert subjects(home) == [PAID, RENEWS, PAID]
    had = plan_of(home)
    assert (had["state"], had["until"]) == ("active", "2026-03-06T08:00:00Z")
    assert had["renews"] == {"at": "2026-03-05T08:00:00Z", "price": {"amount": 299, "currency": "EUR"}}
    second, before = orders(home)
    assert before["order_id"] == first["order_id"] and second["renew"] is True
    assert (second["state"], second["amount"], second["payment_method"]) == ("paid", first["amount"], "card")
    assert [one["state"] for one in second["payments"]] == ["applied"]
    assert [one["sk"] for one in invoices(home.world)] == ["invoice#S-2026-000001", "invoice#S-2026-000002"]
    assert home.world.failures == []


def test_it_renews_by_the_clock(sandbox_home: Home) -> None:
    subscribe(sandbox_home)
    later(sandbox_home, 22 * DAY)
    sandbox_home.world.advance(9 * DAY, every_hours=6)
    assert plan_of(sandbox_home)["state"] == "active"
    assert [one["state"] for one in orders(sandbox_home)] == ["paid"] * 2
    assert subjects(sandbox_home) == [PAID, RENEWS, PAID]


def test_the_mail_says_when_and_how_much_and_how_to_end_it(home: Home) -> None:
    home.owner.call("PATCH", "/me", {"language": "pl"})
    subscribe(home)
    later(home, 23 * DAY)
    warn(home)
    mail = home.world.outbox(home.owner.email)[0]
    assert mail["subject"] == "Plan kamery „Garden” odnowi się 2026-02-03"
    assert "2.99 EUR" in mail["text"] and "jedno dotknięcie" in mail["text"]


def test_the_invoice_of_a_renewal_names_whom_the_first_one_named(home: Home) -> None:
    named = {"name": "Ola", "address": "ul. Sowia 1, Kraków", "country": "PL"}
    subscribe(home, invoice_to=named)
    until_renewal(home)
    assert renew(home) == 1
    assert [row.get("buyer") is not None for row in invoices(home.world)] == [True, True]


def test_a_price_that_changes_before_it_was_told_is_told_and_paid(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    subscribe(home)
    _raise_the_price(monkeypatch, 399)
    assert plan_of(home)["renews"] == RENEWAL  # what was told last
    later(home, 23 * DAY)
    warn(home)
    assert "3.99 EUR" in home.world.outbox(home.owner.email)[0]["text"]
    assert plan_of(home)["renews"]["price"]["amount"] == 399
    later(home, 6 * DAY)
    assert renew(home) == 1
    assert [one["amount"]["amount"] for one in orders(home)] == [399, 299]


def test_a_price_that_changes_after_it_was_told_is_not_paid(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    subscribe(home)
    later(home, 23 * DAY)
    warn(home)
    _raise_the_price(monkeypatch, 399)
    later(home, 6 * DAY)
    assert renew(home) == 1
    assert [one["amount"]["amount"] for one in orders(home)] == [299, 299]


def _raise_the_price(monkeypatch: pytest.MonkeyPatch, amount: int) -> None:
    old = catalogue.offer("event-7-month")
    from msgspec.structs import replace as changed

    new = changed(old, version=old.version + 1, prices={**old.prices, "EUR": amount})
    monkeypatch.setattr(catalogue, "_EVER", [*catalogue._EVER, new])
    monkeypatch.setattr(catalogue, "CATALOGUE", catalogue.newest(catalogue._EVER))


# ── What fails ───────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("reason", "said"),
    [("declined", "your bank declined it"), ("authentication_required", "confirm the payment yourself"),
     ("card_gone", "no saved card")],
)  # fmt: skip
def test_a_renewal_that_fails_is_tried_after_1_3_and_5_days_told_each_time_and_ends_in_grace(
    home: Home, reason: DeclineReason, said: str
) -> None:
    subscribe(home, reason=reason)
    if reason == "card_gone" and is_stripe():
        _take_the_card_away()
    later(home, 23 * DAY)
    warn(home)
    home.owner.sign_in()
    home.owner.take_pushes("platform-token-of-the-owner")
    later(home, 6 * DAY)
    for days, again in ((0, "2026-02-04"), (1, "2026-02-06"), (2, "2026-02-08"), (2, None)):
        later(home, days * DAY)
        assert [renew(home), renew(home)] == [1, 0]
        mail = home.world.outbox(home.owner.email)[0]
        assert mail["subject"] == FAILED and said in mail["text"]
        assert f"We try again on {again}" in mail["text"] if again else "last time" in mail["text"]
        warn(home)
    assert subjects(home).count(FAILED) == 4
    pushes = [one["data"]["data"] for one in home.world.outbox("platform-token-of-the-owner") if one["kind"] == "push"]
    assert [one["plan"] for one in pushes if "plan" in one] == [
        "renewal_failed", "renewal_failed", "grace_began", "renewal_failed", "renewal_failed"
    ]  # fmt: skip
    had = plan_of(home)
    assert (had["state"], had["until"], had["renews"]) == ("grace", END, None)
    assert [one["state"] for one in orders(home)] == ["expired", "paid"]
    assert not has_card(home) and rows(home.world, "plan-renewals/plan-renewal") == []
    # Nothing but that it fails, and that it has ended.
    assert [one for one in subjects(home) if one not in (PAID, FAILED)] == [RENEWS, ENDED]


def _take_the_card_away() -> None:
    for one in stripe_events.ours().of_kind("payment_method"):
        one["customer"] = None


@pytest.mark.parametrize(("times", "until"), [(1, "2026-03-06T08:00:00Z"), (2, "2026-03-08T08:00:00Z")])
def test_a_later_attempt_pays_and_what_came_before_it_is_not_paid_for(home: Home, times: int, until: str) -> None:
    subscribe(home, reason="declined", times=times)
    until_renewal(home)
    renew(home)
    for days in (1, 2)[:times]:
        later(home, days * DAY)
        assert renew(home) == 1
    had = plan_of(home)
    assert (had["state"], had["until"]) == ("active", until)
    assert [one["state"] for one in orders(home)] == ["paid", "paid"]
    assert had["renews"] is not None and has_card(home)


def test_a_job_that_did_not_run_for_two_weeks_takes_nothing_and_says_so(home: Home) -> None:
    subscribe(home)
    until_renewal(home, 38)
    home.world.clock.move_to(home.world.now().timestamp() // DAY * DAY + DAY)
    assert renew(home) == 1
    assert "too late" in home.world.outbox(home.owner.email)[0]["text"]
    assert (plan_of(home)["renews"], has_card(home)) == (None, False)
    assert [one["state"] for one in orders(home)] == ["paid"]


def test_a_provider_that_is_silent_is_asked_each_hour_for_half_a_day_and_then_that_is_a_failure(
    stripe_home: Home, stripe_server: FakeStripe
) -> None:
    subscribe(stripe_home)
    until_renewal(stripe_home)
    for hours in (0, 1, 10):
        later(stripe_home, hours * HOUR)
        stripe_server.faults.append(Fault(503, times=3))
        assert renew(stripe_home) == 0
        stripe_server.faults.clear()
    later(stripe_home, HOUR)
    stripe_server.faults.append(Fault(503, times=3))
    assert renew(stripe_home) == 1
    stripe_server.faults.clear()
    assert "did not answer" in stripe_home.world.outbox(stripe_home.owner.email)[0]["text"]
    later(stripe_home, DAY)
    assert renew(stripe_home) == 1
    assert [one["state"] for one in orders(stripe_home)] == ["paid", "paid"]


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_money_whose_answer_was_lost_counts_one_time(
    stripe_home: Home, stripe_server: FakeStripe, method: str
) -> None:
    subscribe(stripe_home)
    until_renewal(stripe_home)
    stripe_server.faults.append(Fault(500, is_done=True, method=method))
    assert renew(stripe_home) == 0
    later(stripe_home, HOUR)
    assert [renew(stripe_home), renew(stripe_home)] == [1, 0]
    assert [one["status"] for one in stripe_server.of_kind("payment_intent")] == ["succeeded"] * 2
    assert len(invoices(stripe_home.world)) == 2


def test_the_webhook_of_a_renewal_may_come_first_last_or_twice(stripe_home: Home, stripe_server: FakeStripe) -> None:
    from tests.orders.payment_events import send, signature
    from tests.payments import fake_stripe

    def told() -> Any:
        (*_, made) = stripe_server.of_kind("payment_intent")
        body = fake_stripe.event(made, "payment_intent.succeeded")
        return send(stripe_home.world, body, signature(stripe_home.world, body)).json

    subscribe(stripe_home)
    until_renewal(stripe_home)
    stripe_server.faults.append(Fault(500, is_done=True, method="POST"))
    assert renew(stripe_home) == 0
    assert [told(), told()] == [{"changed": True}, {"changed": False}]
    assert renew(stripe_home) == 0
    until_renewal(stripe_home, 30)
    assert renew(stripe_home) == 1
    assert told() == {"changed": False}
    assert [one["state"] for one in orders(stripe_home)] == ["paid"] * 3


# ── Ended ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_one_tap_ends_it_and_the_card_goes(home: Home) -> None:
    subscribe(home)
    assert has_card(home)
    answer = switch(home, on=False)
    assert (answer.status, answer.json["renews"], answer.json["until"]) == (200, None, END)
    assert switch(home, on=False).status == 200
    assert not has_card(home)
    later(home, 23 * DAY)
    warn(home)
    later(home, 6 * DAY)
    assert renew(home) == 0 and plan_of(home)["until"] == END
    assert 'The plan of "Garden" ends on 2026-02-04' in subjects(home)


def test_a_tap_at_any_moment_of_a_failing_renewal_ends_it(home: Home) -> None:
    subscribe(home, reason="declined")
    until_renewal(home)
    assert renew(home) == 1
    assert switch(home, on=False).json["renews"] is None
    later(home, DAY)
    assert renew(home) == 0 and not has_card(home)


def test_the_card_stays_while_another_device_renews_with_it(home: Home) -> None:
    other = new_camera(home.world, "SN0002", owner=home.owner).device_id
    subscribe(home)
    buy(home, device_id=other)
    assert switch(home, on=True, device_id=other).status == 200
    switch(home, on=False)
    assert has_card(home) and plan_of(home, other)["renews"] is not None
    switch(home, on=False, device_id=other)
    assert not has_card(home)


def test_a_card_that_is_saved_anew_takes_the_place_of_the_one_before(home: Home) -> None:
    subscribe(home)
    (before,) = cards(home)
    subscribe(home)
    (after,) = cards(home)
    assert is_stripe() == (before["customer"] != after["customer"])
    assert has_card(home)


def test_who_has_no_card_is_told_where_to_save_one_and_then_it_renews(home: Home) -> None:
    buy(home)
    answer = switch(home, on=True)
    assert refused(answer) == (409, "CardMissing") and answer.json["card_url"].startswith("http")
    assert (plan_of(home)["renews"], has_card(home)) == (None, False)
    assert tell_card_saved(home, home.camera.device_id).json == {"changed": True}
    assert plan_of(home)["renews"] == RENEWAL and has_card(home)
    until_renewal(home)
    assert renew(home) == 1 and len(orders(home)) == 2


@pytest.mark.parametrize(("days", "told"), [(22, 0), (29.5, 1)])
def test_what_renews_by_a_card_that_is_saved_in_the_last_days_is_told_before_it_is_paid(
    sandbox_home: Home, days: float, told: int
) -> None:
    home = sandbox_home
    buy(home)
    later(home, days * DAY)
    assert refused(switch(home, on=True)) == (409, "CardMissing")
    assert tell_card_saved(home, home.camera.device_id).json == {"changed": True}
    said = 'The plan of "Garden" renews on 2026-02-03'
    assert subjects(home).count(said) == told and len(orders(home)) == 1
    mails = [one["text"] for one in home.world.outbox("ola@example.com") if one["subject"] == said]
    assert all("we take 2.99 EUR" in one for one in mails)
    assert renew(home) == told
    assert len(orders(home)) == 1 + told


def test_a_card_that_is_told_of_again_brings_nothing_back(home: Home) -> None:
    buy(home)
    switch(home, on=True)
    assert tell_card_saved(home, home.camera.device_id).json == {"changed": True}
    switch(home, on=False)
    home.world.settle()
    if is_stripe():
        stripe_events.ours().objects.update()
        from tests.orders.payment_events import send, signature
        from tests.payments import fake_stripe

        page = stripe_events.ours().of_kind("checkout.session")[-1]
        body = fake_stripe.event(page, "checkout.session.completed")
        assert send(home.world, body, signature(home.world, body)).json == {"changed": False}
    else:
        assert tell_card_saved(home, home.camera.device_id).json == {"changed": False}
    assert (plan_of(home)["renews"], has_card(home)) == (None, False)


def test_a_card_for_a_device_that_is_gone_or_a_plan_that_is_over_is_forgotten(home: Home) -> None:
    buy(home)
    switch(home, on=True)
    later(home, 40 * DAY)
    assert tell_card_saved(home, home.camera.device_id).json == {"changed": False}
    assert (plan_of(home)["renews"], has_card(home)) == (None, False)
    subscribe(home)
    assert has_card(home)


def test_nothing_renews_where_there_is_no_plan_that_costs_something(home: Home) -> None:
    assert refused(switch(home, on=True)) == (409, "NothingToRenew")
    place(home, "free")
    assert refused(switch(home, on=True)) == (409, "NothingToRenew")
    assert switch(home, on=False).status == 200


def test_what_was_given_renews_at_its_price_if_its_owner_says_so(home: Home) -> None:
    give(home, "event-30-month")
    assert refused(switch(home, on=True, currency="PLN")) == (409, "CardMissing")
    assert tell_card_saved(home, home.camera.device_id, "PLN").json == {"changed": True}
    price = catalogue.offer("event-30-month").prices["PLN"]
    assert plan_of(home)["renews"]["price"] == {"amount": price, "currency": "PLN"}


def test_a_refund_ends_it(home: Home) -> None:
    ordered = subscribe(home)
    from tests.plans.steps import ask

    assert ask(home, "POST", f"/orders/{ordered['order_id']}/refund", {}).status == 202
    assert (plan_of(home)["renews"], has_card(home)) == (None, False)


@pytest.mark.parametrize("is_moved", [False, True])
def test_a_dispute_of_a_period_that_is_over_ends_it_and_charges_nobody_any_more(
    sandbox_home: Home, is_moved: bool
) -> None:
    home = sandbox_home
    other = new_camera(home.world, "SN0002", owner=home.owner).device_id
    ordered = subscribe(home)
    until_renewal(home)
    assert renew(home) == 1
    later(home, 3 * DAY)
    device_id = other if is_moved else home.camera.device_id
    if is_moved:
        assert move(home, other).status == 200
    before = plan_of(home, device_id)
    assert before["renews"]["price"] == RENEWAL["price"] and has_card(home)
    assert changed(home, ordered["order_id"], "opened")
    home.world.settle()
    assert plan_of(home, device_id) == {**before, "renews": None} and not has_card(home)
    until_renewal(home)
    assert (renew(home), len(orders(home))) == (0, 2)


def test_removing_the_device_ends_it(home: Home) -> None:
    subscribe(home)
    assert rows(home.world, "plan-renewals/plan-renewal") != []
    home.owner.sign_in()
    assert home.owner.call("DELETE", f"/devices/{home.camera.device_id}").status == 202
    assert not has_card(home)
    assert rows(home.world, "plan-renewals/plan-renewal") == []


def test_closing_the_account_deletes_the_customer_at_the_provider_and_the_receipt_says_what_stays(home: Home) -> None:
    subscribe(home)
    home.owner.sign_in()
    home.owner.step_up()
    erasure_id = home.owner.close().json["erasure_id"]
    home.world.advance(30 * 60)
    said = claims(home.world, receipt(home.world, erasure_id))
    (line,) = said["at_payment_providers"]
    assert line["provider"] == settings.payment_provider and line["kept"] == "the payments"
    assert not has_card(home)
    assert home.world.failures == []


def test_an_erasure_is_not_done_before_a_silent_provider_has_deleted_the_customer(
    stripe_home: Home, stripe_server: FakeStripe
) -> None:
    subscribe(stripe_home)
    stripe_home.owner.step_up()
    stripe_server.faults.append(Fault(503, method="GET", times=1000))
    erasure_id = stripe_home.owner.close().json["erasure_id"]
    stripe_home.world.advance(30 * 60)
    said = stripe_home.world.call("GET", f"/erasures/{erasure_id}").json
    assert said["state"] == "erasing" and cards(stripe_home) == []
    stripe_server.faults.clear()
    stripe_home.world.failures.clear()
    stripe_home.world.advance(10 * 60)
    assert claims(stripe_home.world, receipt(stripe_home.world, erasure_id))["at_payment_providers"] != []
    assert not has_card(stripe_home)


def test_money_and_a_card_that_come_after_the_account_was_closed_go_back_and_are_forgotten(home: Home) -> None:
    from tests.payments.saved_cards import saving

    ordered = place(home, "event-7-month", renew=True).json
    home.owner.step_up()
    assert home.owner.close().status == 202
    assert tell(home, ordered, **saving()).json == {"changed": True}
    home.world.settle()
    assert customers_at_the_provider(home) in (None, 0)


# ── With what else happens ───────────────────────────────────────────────────────────────────────────────────────────


def test_it_goes_along_to_another_device_and_the_card_with_it(home: Home) -> None:
    other = new_camera(home.world, "SN0002", owner=home.owner).device_id
    subscribe(home)
    later(home, DAY)
    assert move(home, other).json["renews"] == RENEWAL
    assert plan_of(home)["renews"] is None and has_card(home)
    until_renewal(home, 28)
    assert renew(home) == 1
    assert orders(home)[0]["device_id"] == other


def test_what_is_moved_behind_it_in_the_last_days_makes_nothing_dearer_than_was_told(sandbox_home: Home) -> None:
    home = sandbox_home
    other = new_camera(home.world, "SN0002", owner=home.owner).device_id
    subscribe(home, device_id=other)
    buy(home, "continuous-7-month")
    later(home, 23 * DAY)
    warn(home)
    told = subjects(home)[-2:]
    assert len(told) == 2 and sum("renews on 2026-02-03" in one for one in told) == 1
    later(home, 4 * DAY)
    assert move(home, other).json["renews"] == {"at": "2026-02-06T08:00:00Z", "price": RENEWAL["price"]}
    later(home, 5 * DAY)
    assert renew(home) == 1
    assert (orders(home)[0]["plan_id"], orders(home)[0]["amount"]) == ("event-7-month", RENEWAL["price"])


def test_a_pause_puts_it_off(home: Home) -> None:
    subscribe(home)
    later(home, 10 * DAY)
    pause(home, on=True)
    later(home, 5 * DAY)
    pause(home, on=False)
    assert plan_of(home)["renews"]["at"] == "2026-02-08T08:00:00Z"
    later(home, 14 * DAY)
    assert renew(home) == 0
    later(home, 5 * DAY)
    assert renew(home) == 1


def test_who_orders_by_hand_meanwhile_is_not_charged_for_the_same_period(home: Home) -> None:
    subscribe(home, reason="declined", times=1)
    until_renewal(home)
    assert renew(home) == 1
    buy(home)
    later(home, DAY)
    assert renew(home) == 0
    assert plan_of(home)["renews"]["at"] == "2026-03-05T08:00:00Z"


@pytest.mark.parametrize("what", ["off", "pause", "by hand"])
def test_money_that_comes_for_a_period_that_is_not_wanted_any_more_goes_back(
    stripe_home: Home, stripe_server: FakeStripe, what: str
) -> None:
    """It was taken, and nobody knew of it here when the person did something else."""
    home = stripe_home
    subscribe(home)
    until_renewal(home)
    stripe_server.faults.append(Fault(500, is_done=True, method="POST"))
    assert renew(home) == 0
    {"off": lambda: switch(home, on=False), "pause": lambda: pause(home, on=True), "by hand": lambda: buy(home)}[what]()
    from tests.orders.payment_events import send, signature
    from tests.payments import fake_stripe

    made = [one for one in stripe_server.of_kind("payment_intent") if one["metadata"].get("attempt")][-1]
    body = fake_stripe.event(made, "payment_intent.succeeded")
    assert send(home.world, body, signature(home.world, body)).json == {"changed": True}
    home.world.settle()
    renewal = next(one for one in orders(home) if one["state"] == "refund_due")
    assert [one["state"] for one in renewal["payments"]] == ["refunded"]
    assert OWED in subjects(home)


def test_a_camera_that_is_removed_and_comes_again_renews_nothing(home: Home) -> None:
    subscribe(home)
    home.owner.sign_in()
    camera = replace(home.camera)
    assert home.owner.call("DELETE", f"/devices/{home.camera.device_id}").status == 202
    assert home.owner.bind(camera).status == 201
    assert plan_of(home, camera.device_id)["renews"] is None


def test_it_costs_with_what_is_due_and_not_with_what_there_is(sandbox_home: Home) -> None:
    home = sandbox_home
    subscribe(home)
    later(home, DAY)
    home.world.settle()
    home.world.trace.clear()
    assert renew(home) == 0
    assert home.world.trace.names() == ["dynamodb.Query"] * len(home.world.trace.names())
    idle = len(home.world.trace.names())
    home.owner.sign_in()
    for nth in range(3):
        subscribe(home, device_id=new_camera(home.world, f"SN010{nth}", owner=home.owner).device_id)
    home.world.trace.clear()
    assert renew(home) == 0 and len(home.world.trace.names()) == idle
