"""Disputes of what is no more where it was bought: it was handed over with its device, or credited for another plan."""

from __future__ import annotations

from fractions import Fraction
from typing import Any
from unittest.mock import patch

import pytest
from hypothesis import given as drawn
from hypothesis import strategies as some

from chalicelib.access.records import Ownership
from chalicelib.plans.actions import disputes
from chalicelib.plans.rules import changes
from chalicelib.plans.rules.ledger import Credit, Grant, Ledger
from chalicelib.store.records import Page
from infra.local.gateway import Response
from tests.conftest import Home
from tests.orders.test_disputes import LOST, changed
from tests.orders.test_refunds import credit_notes, give_back, looked_at, mails, would_go_back
from tests.plans.steps import DAY, buy, in_seconds, later, move, plan_of, refused
from tests.plans.test_moves import hand_over
from tests.scene import Person, new_camera, new_person, rows

MONTH = 30 * DAY
SUSPENDED = "The plan that came with your device is suspended"
AGAIN = "The plan that came with your device runs again"
ENDED = "The plan that came with your device has changed"


def of(person: Person, device_id: str) -> Any:
    person.sign_in()
    answer = person.call("GET", f"/devices/{device_id}/plan")
    assert answer.status == 200, answer.body
    return answer.json


def given(home: Home) -> tuple[str, str, str]:
    """A plan that was bought and went with its device: the order, the payment, and the device as it is now."""
    order_id = buy(home)
    reference = looked_at(home, order_id)["payments"][0]["reference"]
    later(home, 10 * DAY)
    answer = hand_over(home, with_plan=True)
    assert answer.status == 201, answer.body
    return order_id, reference, answer.json["device_id"]


def offered_on(home: Home, giver: Person, taker: Person, device_id: str) -> Response:
    giver.step_up()
    transfer_id = giver.offer(device_id, email=taker.email, with_plan=True)
    taker.sign_in()
    taker.step_up()
    return taker.accept(transfer_id)


def subjects_to(home: Home, person: Person) -> list[str]:
    home.world.settle()
    return [one["subject"] for one in home.world.outbox(person.email) if one.get("subject", "").startswith("The plan")]


def test_what_was_handed_over_is_suspended_and_runs_again_with_its_payment(home: Home) -> None:
    order_id, _, device_id = given(home)
    until = of(home.stranger, device_id)["until"]
    home.owner.sign_in()
    assert changed(home, order_id, "opened")
    assert (of(home.stranger, device_id)["state"], of(home.stranger, device_id)["until"]) == ("suspended", until)
    later(home, DAY)
    home.owner.sign_in()
    assert changed(home, order_id, "won")
    assert (of(home.stranger, device_id)["state"], of(home.stranger, device_id)["until"]) == ("active", until)
    assert subjects_to(home, home.stranger) == [AGAIN, SUSPENDED]


def test_what_was_handed_over_ends_when_its_payer_takes_the_money_back(home: Home) -> None:
    order_id, _, device_id = given(home)
    later(home, DAY)
    home.owner.sign_in()
    assert changed(home, order_id, "lost")
    said = of(home.stranger, device_id)
    assert (said["state"], said["until"]) == ("grace", in_seconds(home, 0))
    assert subjects_to(home, home.stranger) == [ENDED]
    (mail,) = [one for one in home.world.outbox(home.stranger.email) if one.get("subject") == ENDED]
    assert home.owner.email not in mail["text"] and order_id not in mail["text"]
    home.owner.sign_in()
    assert looked_at(home, order_id)["state"] == "charged_back"
    assert (len(credit_notes(home)), len(mails(home, LOST))) == (1, 1)


def test_it_is_found_though_its_buyer_has_gone(home: Home) -> None:
    order_id, reference, device_id = given(home)
    home.owner.sign_in()
    home.owner.step_up()
    assert home.owner.close().status == 202
    home.world.advance(DAY)
    assert rows(home.world, "account/order") == []
    assert changed(home, order_id, "lost", reference=reference)
    assert of(home.stranger, device_id)["state"] == "grace"
    assert len(rows(home.world, "handed-plan/plan")) == 1


def test_it_is_found_where_it_went_next_and_when_it_comes_back(home: Home) -> None:
    order_id, _, device_id = given(home)
    third = new_person(home.world, "third@example.com")
    home.stranger.sign_in()
    second = offered_on(home, home.stranger, third, device_id).json["device_id"]
    (row,), (known,) = rows(home.world, "handed-plan/plan"), rows(home.world, "account/received-plan")
    assert row["account_id"] == third.account_id and third.account_id in known["pk"]
    home.owner.sign_in()
    assert changed(home, order_id, "opened")
    assert of(third, second)["state"] == "suspended"
    changed(home, order_id, "won")
    third.sign_in()
    back = offered_on(home, third, home.owner, second).json["device_id"]
    later(home, 60)
    home.owner.sign_in()
    assert changed(home, order_id, "lost", dispute="dp_2")
    assert plan_of(home, back)["state"] == "grace"
    assert home.world.failures == []


def test_it_is_found_on_another_device_of_its_new_owner(home: Home) -> None:
    order_id, _, device_id = given(home)
    other = new_camera(home.world, "SN0077", owner=home.stranger).device_id
    home.stranger.sign_in()
    moved = home.stranger.call("POST", f"/devices/{device_id}/plan/move", {"to_device_id": other})
    assert moved.status == 200, moved.body
    home.owner.sign_in()
    assert changed(home, order_id, "opened")
    assert of(home.stranger, other)["state"] == "suspended"


def test_what_says_who_has_it_ends_with_his_account(home: Home) -> None:
    order_id, _, _ = given(home)
    assert len(rows(home.world, "handed-plan/plan")) == len(rows(home.world, "account/received-plan")) == 1
    home.stranger.step_up()
    assert home.stranger.close().status == 202
    home.world.advance(DAY)
    assert rows(home.world, "handed-plan/plan") == rows(home.world, "account/received-plan") == []
    home.owner.sign_in()
    assert changed(home, order_id, "lost")
    assert home.world.failures == []


def test_what_was_handed_over_is_not_given_back_by_who_bought_it(home: Home) -> None:
    order_id, _, device_id = given(home)
    home.owner.sign_in()
    assert refused(would_go_back(home, order_id)) == refused(give_back(home, order_id)) == (409, "PlanHandedOver")
    assert of(home.stranger, device_id)["state"] == "active"


def test_what_is_handed_over_at_that_moment_is_disputed_there(home: Home) -> None:
    """The dispute has read that nobody else has it, and finds it with nobody."""
    order_id = buy(home)
    reference = looked_at(home, order_id)["payments"][0]["reference"]
    home.owner.step_up()
    transfer_id = home.owner.offer(home.camera.device_id, email=home.stranger.email, with_plan=True)
    home.stranger.step_up()
    query, accepted = disputes.Ownership.list_of, []

    def after_it_went(account_id: str) -> Page[Ownership]:
        if not accepted:
            accepted.append(home.stranger.accept(transfer_id))
        return query(account_id)

    with patch.object(disputes.Ownership, "list_of", after_it_went):
        assert changed(home, order_id, "opened", reference=reference)
    (answer,) = accepted
    assert of(home.stranger, answer.json["device_id"])["state"] == "suspended"


def test_too_many_orders_are_not_handed_over(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(changes, "MOST_HANDED_OVER", 1)
    buy(home), buy(home, "event-30-month")
    assert refused(hand_over(home, with_plan=True)) == (409, "TooManyToHandOver")
    home.owner.sign_in()
    assert plan_of(home)["state"] == "active"


# Credited for another plan


def test_what_a_lost_payment_was_credited_for_ends_by_as_much(home: Home) -> None:
    """Half a month of 2.99 was credited for a month of another plan: what the bank took had paid that share of it."""
    first = buy(home)
    later(home, 15 * DAY)
    second = buy(home, "event-30-month", begins="now")
    credit, paid = (looked_at(home, second)[name]["amount"] for name in ("credit", "amount"))
    assert credit == 150
    before = plan_of(home)
    later(home, 10 * DAY)
    home.owner.sign_in()
    assert changed(home, first, "lost")
    left_s = 20 * DAY - 20 * DAY * 149 // (credit + paid)  # 149.5 of the 150, which are rounded up
    assert (plan_of(home)["state"], plan_of(home)["until"]) == ("active", in_seconds(home, left_s))
    assert before["until"] == in_seconds(home, 20 * DAY)
    (note,) = credit_notes(home)
    assert (note["amount"], note["corrects"]) == (299, looked_at(home, first)["invoice_number"])
    assert looked_at(home, second)["state"] == "paid"
    # Once: what was credited is gone.
    assert not changed(home, first, "lost", dispute="dp_2")


def test_a_dispute_that_runs_leaves_what_it_was_credited_for_alone(home: Home) -> None:
    first = buy(home)
    later(home, DAY)
    buy(home, "event-30-month", begins="now")
    until = plan_of(home)["until"]
    for outcome in ("opened", "won"):
        assert changed(home, first, outcome)
        assert (plan_of(home)["state"], plan_of(home)["until"]) == ("active", until)
    assert changed(home, first, "lost", dispute="dp_2")
    assert plan_of(home)["until"] < until


def test_what_was_credited_is_followed_wherever_the_other_plan_goes(home: Home) -> None:
    first = buy(home)
    later(home, DAY)
    buy(home, "event-30-month", begins="now")
    other = new_camera(home.world, "SN0002", owner=home.owner).device_id
    assert move(home, other).status == 200
    assert move(home, home.camera.device_id, other).status == 200
    device_id = hand_over(home, with_plan=True).json["device_id"]
    until = of(home.stranger, device_id)["until"]
    home.owner.sign_in()
    assert changed(home, first, "lost")
    assert of(home.stranger, device_id)["state"] == "active"
    assert of(home.stranger, device_id)["until"] < until
    assert subjects_to(home, home.stranger) == [ENDED]


# The rules


def grant(source: str, begins: int, until: int, amount: int, *credits: tuple[str, int]) -> Grant:
    given = tuple(Credit(*one) for one in credits)
    return Grant(begins, until, "event-7-month", 2, "event", 7, source, amount, "EUR", MONTH, "", given)


def test_a_grant_says_what_was_credited_for_it() -> None:
    one = grant("order:b", 0, MONTH, 500, ("order:a", 120), ("move:x", 30))
    assert Grant.of(one.text) == one
    assert one.text.endswith(" - order:a=120,move:x=30")
    assert grant("order:b", 0, MONTH, 500).text.endswith(" -")


@drawn(amount=some.integers(1, 20_000), parts=some.lists(some.integers(0, MONTH), max_size=4))
def test_credits_never_say_more_than_was_credited(amount: int, parts: list[int]) -> None:
    """However often a plan is changed for another, what each payment has given adds up to at most the credit."""
    rests = [grant("order:first", 0, MONTH, amount)]
    for nth, begins in enumerate(parts):
        rests = [Grant(begins, MONTH, *_terms(one), credits=one.credits) for one in rests]
        credited, known = changes.credit(rests), changes.credits_of(rests)
        assert credited - len(known) - 1 <= sum(one.amount for one in known) <= credited
        rests = [grant(f"order:{nth}", 0, MONTH, credited + 100, *((one.source, one.amount) for one in known))]


def _terms(one: Grant) -> tuple[Any, ...]:
    return one.plan_id, one.version, one.kind, one.keep_days, one.source, one.amount, one.currency, one.whole_s


def test_only_the_largest_credits_are_remembered() -> None:
    rests = [grant(f"order:{nth:02d}", 0, MONTH, 100 + nth) for nth in range(12)]
    assert [one.amount for one in changes.credits_of(rests)] == [*range(111, 103, -1)]


@pytest.mark.parametrize(
    ("share", "left_s"), [(Fraction(1), 0), (Fraction(1, 4), 15 * DAY), (Fraction(1, 3), 40 * DAY // 3)]
)
def test_as_much_ends_as_the_bank_took_and_what_waits_moves_up(share: Fraction, left_s: int) -> None:
    ledger = Ledger((grant("order:a", 0, MONTH, 299), grant("order:b", MONTH, 2 * MONTH, 299)))
    after = changes.charged_back(changes.suspended(ledger, ["order:a"], 0), ["order:a"], share, 10 * DAY)
    first, second = after.grants
    assert (first.begins, first.until, first.mark) == (0, 10 * DAY + left_s, "")
    assert (second.begins, second.seconds) == (first.until, MONTH)


def test_what_waits_and_was_not_begun_ends_without_a_trace() -> None:
    ledger = Ledger((grant("order:a", 0, MONTH, 299), grant("order:b", MONTH, 2 * MONTH, 299)))
    assert changes.charged_back(ledger, ["order:b"], Fraction(1), DAY).grants == ledger.grants[:1]


def test_a_ledger_that_has_nothing_of_it_stays_as_it_is() -> None:
    ledger = Ledger((grant("order:a", 0, MONTH, 299),))
    for after in (
        changes.charged_back(ledger, ["order:b"], Fraction(1), DAY),
        changes.suspended(ledger, ["order:b"], DAY),
        changes.released(ledger, ["order:b"]),
    ):
        assert after == ledger
