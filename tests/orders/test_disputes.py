"""Disputes: a payer's bank wants the money back, and what was bought with it stands still, runs again, or ends."""

from __future__ import annotations

import itertools
from typing import Any
from unittest.mock import patch

import pytest

from chalicelib.access.records import Ownership
from chalicelib.orders import rules
from chalicelib.payments import sandbox
from chalicelib.payments.shapes import Dispute, DisputeOutcome
from chalicelib.plans.actions import ledgers
from chalicelib.store.records import Page
from infra.local.gateway import Response
from tests.conftest import Home
from tests.orders.payment_events import order, received, tell
from tests.orders.test_invoice_documents import objects
from tests.orders.test_refunds import (
    Remembering,
    credit_notes,
    give_back,
    given_back,
    looked_at,
    mails,
    provider,
    would_go_back,
)
from tests.plans.steps import DAY, buy, euros, later, move, pause, plan_of, refused
from tests.scene import new_camera, rows

__all__ = ["provider"]
OPENED = "Your payment of 2.99 EUR is disputed"
WON = "The dispute about your payment of 2.99 EUR is over"
LOST = "Your payment of 2.99 EUR was taken back"


def report(home: Home, order_id: str, outcome: Any, reference: str = "", dispute: str = "dp_1") -> Response:
    paid = reference or looked_at(home, order_id)["payments"][0]["reference"]
    headers, body = sandbox.event(Dispute(order_id, outcome, paid, dispute))
    return home.world.call("POST", "/payments/sandbox", raw=body, headers=headers)


def changed(home: Home, order_id: str, outcome: Any, **more: str) -> bool:
    answer = report(home, order_id, outcome, **more)
    assert answer.status == 200, answer.body
    return bool(answer.json["changed"])


def dispute_of(home: Home, order_id: str) -> Any:
    home.owner.sign_in()
    return looked_at(home, order_id)["payments"][0]["dispute"]


def test_what_is_disputed_stands_still_and_its_time_goes_on(home: Home) -> None:
    order_id = buy(home)
    before = plan_of(home)
    later(home, DAY)
    home.owner.sign_in()
    assert changed(home, order_id, "opened")
    during = plan_of(home)
    assert (during["state"], during["until"]) == ("suspended", before["until"])
    assert (dispute_of(home, order_id), looked_at(home, order_id)["state"]) == ("opened", "paid")
    assert len(mails(home, OPENED)) == 1


def test_what_is_won_runs_again(home: Home) -> None:
    order_id = buy(home)
    before = plan_of(home)
    changed(home, order_id, "opened")
    later(home, DAY)
    home.owner.sign_in()
    assert changed(home, order_id, "won")
    assert (plan_of(home)["state"], plan_of(home)["until"]) == ("active", before["until"])
    assert dispute_of(home, order_id) == "won"
    assert (len(mails(home, OPENED)), len(mails(home, WON))) == (1, 1)
    assert credit_notes(home) == []
    changed(home, order_id, "lost", dispute="dp_2")
    assert len(credit_notes(home)) == 1


def test_what_is_lost_ends_with_a_credit_note_and_no_money_of_ours(home: Home, provider: Remembering) -> None:
    order_id = buy(home)
    changed(home, order_id, "opened")
    assert changed(home, order_id, "lost")
    home.world.settle()
    one = looked_at(home, order_id)
    assert (one["state"], one["refunded"], one["credit_note_number"]) == ("charged_back", euros(299), "K-2026-000001")
    assert (one["payments"][0]["state"], one["payments"][0]["dispute"]) == ("charged_back", "lost")
    (note,) = credit_notes(home)
    assert (note["amount"], note["corrects"]) == (299, one["invoice_number"])
    assert plan_of(home)["state"] in ("none", "grace", "ended")
    assert provider.made == {}
    assert len(mails(home, LOST)) == 1
    assert refused(give_back(home, order_id)) == (409, "RefundedAlready")


def test_another_orders_plan_runs_on(home: Home) -> None:
    first, _ = buy(home, "event-7-month"), buy(home, "event-30-month")
    changed(home, first, "opened")
    changed(home, first, "lost")
    assert (plan_of(home)["plan_id"], plan_of(home)["state"]) == ("event-30-month", "active")


def test_a_plan_that_was_moved_or_waits_or_is_paused_is_suspended_where_it_lies(home: Home) -> None:
    other = new_camera(home.world, "SN0002", owner=home.owner)
    order_id = buy(home)
    assert pause(home, on=True).status == 200
    assert move(home, other.device_id).status == 200
    assert changed(home, order_id, "opened")
    assert plan_of(home, other.device_id)["state"] == "suspended"
    assert refused(move(home, home.camera.device_id, other.device_id)) == (409, "PlanSuspended")
    assert changed(home, order_id, "lost")
    assert plan_of(home, other.device_id)["state"] != "suspended"
    assert plan_of(home, other.device_id)["state"] != "active"


def test_what_moves_at_that_moment_is_found_all_the_same(home: Home) -> None:
    """A query reads one device after the other: the one before the plan came, and the other when it had gone."""
    other, order_id = new_camera(home.world, "SN0002", owner=home.owner), buy(home)
    changed(home, order_id, "opened")
    changed(home, order_id, "won")
    home.owner.sign_in()
    query, looks = ledgers.Ownership.list_of, []

    def half_seen(account_id: str) -> Page[Ownership]:
        looks.append(account_id)
        if len(looks) > 1:
            return query(account_id)
        before = {one.device_id: one for one in query(account_id).items}
        assert move(home, other.device_id).status == 200
        after = {one.device_id: one for one in query(account_id).items}
        return Page([before[other.device_id], after[home.camera.device_id]], None)

    with patch.object(ledgers.Ownership, "list_of", half_seen):
        assert changed(home, order_id, "lost", dispute="dp_2")
    assert len(looks) == 2
    assert plan_of(home, other.device_id)["state"] != "active"


def test_nothing_is_given_back_while_a_dispute_runs(home: Home, provider: Remembering) -> None:
    order_id = buy(home)
    changed(home, order_id, "opened")
    assert refused(would_go_back(home, order_id)) == (409, "PaymentDisputed")
    assert refused(give_back(home, order_id)) == (409, "PaymentDisputed")
    changed(home, order_id, "won")
    assert given_back(home, order_id) == 299
    home.world.settle()
    assert list(provider.amounts.values()) == [299]


ORDERS = [one for count in (1, 2, 3) for one in itertools.product(("opened", "won", "lost"), repeat=count)]


@pytest.mark.one_in(2)
@pytest.mark.parametrize("told", ORDERS, ids="-".join)
def test_news_of_a_dispute_come_in_any_order_and_again_and_the_first_decision_stands(
    home: Home, told: tuple[DisputeOutcome, ...]
) -> None:
    order_id = buy(home)
    later(home, 60)
    for one in told:
        changed(home, order_id, one)
        later(home, DAY)
        home.owner.sign_in()
    decided = next((one for one in told if one != "opened"), "opened")
    assert dispute_of(home, order_id) == decided
    state = {"opened": "suspended", "won": "active", "lost": "grace"}[decided]
    assert plan_of(home)["state"] == state
    home.world.settle()
    assert (looked_at(home, order_id)["state"] == "charged_back") == (decided == "lost")
    assert len(mails(home, OPENED)) == (told[0] == "opened")
    assert len(mails(home, WON)) == (told[0] == "opened" and decided == "won")
    assert len(mails(home, LOST)) == (decided == "lost")
    assert len([row for row in rows(home.world, "invoices/invoice", "Fiscal") if "#K-" in row["sk"]]) == (
        decided == "lost"
    )


@pytest.mark.parametrize(
    ("known", "found", "of_same", "is_news"),
    [
        (None, "opened", False, True),
        (None, "won", False, True),
        ("opened", "opened", True, False),
        ("opened", "won", True, True),
        ("opened", "won", False, False),
        ("opened", "opened", False, False),
        ("opened", "lost", False, True),
        ("won", "opened", True, False),
        ("won", "lost", True, False),
        ("won", "opened", False, True),
        ("lost", "won", False, False),
        ("lost", "lost", True, False),
    ],
)
def test_what_is_over_stays_so_and_another_dispute_is_another(
    known: DisputeOutcome | None, found: DisputeOutcome, of_same: bool, is_news: bool
) -> None:
    assert rules.is_news(known, found, of_same=of_same) == is_news


def test_a_dispute_of_a_payment_that_nobody_has_told_of_comes_again(home: Home) -> None:
    """The event of the payment is on its way still."""
    ordered = order(home)
    answer = report(home, ordered["order_id"], "opened", reference="late")
    assert (answer.status, answer.headers["Retry-After"]) == (503, "60")
    tell(home, ordered, reference="late")
    assert changed(home, ordered["order_id"], "opened", reference="late")
    assert plan_of(home)["state"] == "suspended"


def test_a_dispute_of_money_that_bought_nothing_holds_its_refund(home: Home, provider: Remembering) -> None:
    provider.is_silent = True
    ordered = order(home)
    for reference in ("one", "two", "three"):
        tell(home, ordered, reference=reference)
    home.world.settle()
    for reference in ("two", "three"):
        assert changed(home, ordered["order_id"], "opened", reference=reference, dispute=f"dp-{reference}")
    provider.is_silent = False
    home.world.run_schedule("ask_for_refunds")
    assert provider.made == {}
    assert plan_of(home)["state"] == "active"  # it was bought by another payment
    changed(home, ordered["order_id"], "won", reference="two", dispute="dp-two")
    changed(home, ordered["order_id"], "lost", reference="three", dispute="dp-three")
    home.world.run_schedule("ask_for_refunds")
    assert provider.amounts == {"two": 299}
    assert [one["state"] for one in looked_at(home, ordered["order_id"])["payments"]] == [
        "applied", "refunded", "charged_back",
    ]  # fmt: skip
    assert plan_of(home)["state"] == "active"
    assert rows(home.world, "refunds-due/refund") == []


def test_a_dispute_of_an_account_that_is_gone_is_noted(home: Home) -> None:
    order_id = buy(home)
    reference = looked_at(home, order_id)["payments"][0]["reference"]
    assert len(rows(home.world, "account/order")) == 1
    home.owner.step_up()
    assert home.owner.close().status == 202
    assert changed(home, order_id, "opened", reference=reference)
    home.world.advance(DAY)
    assert rows(home.world, "account/order") == []
    assert changed(home, order_id, "lost", reference=reference)
    (payment,) = received(home.world)
    assert (payment["state"], payment["dispute_state"], payment["refund_amount"]) == ("charged_back", "lost", 299)
    (note,) = credit_notes(home)
    assert (note["amount"], note["corrects"], note["plan_id"]) == (299, "S-2026-000001", "event-7-month")
    assert home.world.failures == []


def test_the_credit_note_of_an_account_that_is_gone_has_its_documents(home: Home) -> None:
    """Sealed as those of its invoice, which named a person: the account's key is gone, and theirs is not."""
    order_id = buy(home, invoice_to={"name": "Ola Nowak", "address": "Lublin", "country": "PL"})
    reference = looked_at(home, order_id)["payments"][0]["reference"]
    home.owner.step_up()
    assert home.owner.close().status == 202
    home.world.advance(DAY)
    assert documents_of(home, "S-2026-000001") == {"invoice.pdf", "invoice.xml", "ksef-fa3.xml"}
    assert documents_of(home, "K-2026-000001") == set()
    assert changed(home, order_id, "lost", reference=reference)
    home.world.settle()
    assert documents_of(home, "K-2026-000001") == documents_of(home, "S-2026-000001")
    assert b"Nowak" not in b"".join(objects(home, "invoices/").values())
    assert home.world.failures == []


def documents_of(home: Home, number: str) -> set[str]:
    return {name.rpartition("/")[2] for name in objects(home, "invoices/") if number in name}


def test_a_dispute_that_names_anothers_order_leaves_that_alone(home: Home) -> None:
    mine, other = buy(home, "event-7-month"), buy(home, "event-30-month")
    assert changed(home, other, "opened", reference=looked_at(home, mine)["payments"][0]["reference"])
    assert (plan_of(home)["state"], dispute_of(home, mine), dispute_of(home, other)) == ("active", "opened", None)


@pytest.mark.parametrize(
    ("language", "subjects"),
    [
        ("en", (OPENED, WON)),
        ("pl", ("Twoja płatność 2.99 EUR jest sporna", "Spór o Twoją płatność 2.99 EUR jest zakończony")),
    ],
)
def test_the_buyer_is_told_in_his_language(home: Home, language: str, subjects: tuple[str, ...]) -> None:
    home.owner.call("PATCH", "/me", {"language": language})
    order_id = buy(home)
    for outcome in ("opened", "opened", "won", "won"):
        changed(home, order_id, outcome)
    for subject in subjects:
        (mail,) = mails(home, subject)
        assert home.camera.device_id not in mail["text"]
