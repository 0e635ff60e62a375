"""What was bought is worth what it cost, to the cent, and is named by its moment and 64 bits of chance."""

from __future__ import annotations

import re

from chalicelib.plans.rules.ledger import Grant
from tests.conftest import Home
from tests.gift_cards.cards import issue
from tests.orders.payment_events import order, tell
from tests.orders.test_disputes import changed
from tests.orders.test_refunds import Remembering, credit_notes, give_back, provider
from tests.plans.steps import buy, euros, preview
from tests.scene import rows

__all__ = ["provider"]


def grants(home: Home) -> list[tuple[str, int, str]]:
    (row,) = rows(home.world, "account/device-owned")
    found = [Grant.of(one) for one in sorted(row["plan_grants"])]
    return [(one.plan_id, one.amount, one.currency) for one in found]


def test_without_a_credit_and_with_one(home: Home) -> None:
    buy(home, currency="PLN")
    assert grants(home) == [("event-7-month", 1299, "PLN")]
    told = preview(home, "event-30-year", begins="now", currency="PLN").json
    assert told["credit"] == {"amount": 1299, "currency": "PLN"}
    buy(home, "event-30-year", begins="now", currency="PLN", to_pay=told["to_pay"]["amount"])
    assert grants(home) == [("event-30-year", 21990, "PLN")]
    assert preview(home, "continuous-30-year").json["credit"] == euros(0)


def test_an_order_and_a_batch_are_named_by_their_moment_and_64_bits(home: Home) -> None:
    moment = f"{int(home.world.now().timestamp() * 1000):012x}"
    order_id, batch_id = buy(home), issue(home.world)["batch_id"]
    assert re.fullmatch(f"{home.owner.account_id}{moment}[0-9a-f]{{16}}", order_id)
    assert re.fullmatch(f"{moment}[0-9a-f]{{16}}", batch_id)


def test_each_credit_note_has_the_number_behind_the_last(home: Home) -> None:
    numbers = [give_back(home, buy(home)).json["credit_note_number"] for _ in range(2)]
    assert numbers == ["K-2026-000001", "K-2026-000002"]
    assert [one["payment_method"] for one in credit_notes(home)] == ["card", "card"]


def test_what_the_bank_took_is_due_no_more_with_that_commit(home: Home, provider: Remembering) -> None:
    provider.is_silent = True
    ordered = order(home)
    for reference in ("one", "two"):
        tell(home, ordered, reference=reference)
    home.world.settle()
    assert len(rows(home.world, "refunds-due/refund")) == 1
    assert changed(home, ordered["order_id"], "opened", reference="two", dispute="dp-two")
    assert changed(home, ordered["order_id"], "lost", reference="two", dispute="dp-two")
    assert rows(home.world, "refunds-due/refund") == []
