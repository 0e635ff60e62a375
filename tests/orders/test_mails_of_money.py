"""What mails about money say: which plan, how much, and the numbers by which somebody may ask."""

from __future__ import annotations

from typing import Any

import pytest

from chalicelib.payments.shapes import Refund
from chalicelib.plans.rules import catalogue
from chalicelib.settings import settings
from tests.conftest import Home
from tests.orders.payment_events import order, reference_of, tell
from tests.orders.test_disputes import changed
from tests.orders.test_refunds import Remembering, given_back, provider, report
from tests.plans.steps import buy

__all__ = ["provider"]
PRICE = "2.99 EUR"


def says(home: Home, *wanted: Any) -> bool:
    """The mail that came last: all of that."""
    home.world.settle()
    mail = next(one for one in home.world.outbox(home.owner.email) if "subject" in one)
    said = f"{mail['subject']}\n{mail['text']}"
    missing = [one for one in wanted if str(one) not in said]
    assert not missing, (missing, said)
    return True


@pytest.mark.parametrize("language", ["en", "pl"])
def test_each_mail_names_the_plan_the_amount_and_the_number(
    home: Home, provider: Remembering, language: str
) -> None:
    name = catalogue.offer("event-7-month").name_in(language)
    home.owner.call("PATCH", "/me", {"language": language})
    ordered = order(home)
    assert tell(home, ordered).json == {"changed": True}
    assert says(home, name, PRICE, "S-2026-000001")
    assert tell(home, ordered, reference="pi_again").json == {"changed": True}
    assert says(home, name, PRICE, "pi_again")
    for outcome in ("opened", "won"):
        assert changed(home, ordered["order_id"], outcome)
        assert says(home, name, PRICE)
    assert given_back(home, ordered["order_id"]) == 299
    assert says(home, name, PRICE, "K-2026-000001")
    ours = next(number for number, one in provider.made.items() if one.reference == reference_of(ordered))
    assert report(home, Refund(ours, "failed", "re_1")) == {"changed": True}
    assert says(home, name, PRICE, reference_of(ordered), settings.operator["contact"])
    taken = buy(home, "event-30-month")
    assert changed(home, taken, "lost")
    assert says(home, catalogue.offer("event-30-month").name_in(language), "4.99 EUR")


def test_a_mail_is_of_what_was_received_where_that_is_not_what_was_ordered(home: Home) -> None:
    ordered = order(home)
    assert tell(home, ordered, amount=105, reference="pi_part").json == {"changed": True}
    assert says(home, "1.05 EUR", "pi_part")
