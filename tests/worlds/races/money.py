"""Payments that meet each other, and what ends what they are for."""

from __future__ import annotations

from typing import Any

from infra.local import checkout
from infra.local.gateway import Response
from tests.conftest import Home
from tests.worlds.invariants import Stored
from tests.worlds.races.people import close, owner_is_gone
from tests.worlds.races.race import ONE_KEY, Answers, Race, Wrong, exactly
from tests.worlds.scenarios import money


def pay(home: Home, state: Any) -> Response:
    return money.take_payment(home, state, ONE_KEY)


def _tell(home: Home, state: Any, outcome: Any, reference: str | None = None) -> Response:
    return money.take_payment(home, (state[0], *checkout.event(state[0], outcome, reference)), ONE_KEY)


def _pay_again(home: Home, state: Any) -> Response:
    return _tell(home, state, "paid", "another-payment")


def _expire(home: Home, state: Any) -> Response:
    return _tell(home, state, "expired")


def _states(stored: Stored) -> list[str]:
    return sorted(one["state"] for one in stored.of("Payment").values())


def _paid_once(home: Home, state: Any, answers: Answers, stored: Stored) -> Wrong:
    if sorted(answer.json["changed"] for answer in answers) != [False, True]:
        yield f"they say {[answer.json for answer in answers]}"
    if _states(stored) != ["applied"]:
        yield f"the payments are {_states(stored)}"
    if len(stored.of("Invoice")) != 1 or next(iter(stored.of("Order").values()))["state"] != "paid":
        yield "the order is not paid once"
    yield from _mails(home, "Your order is paid", 1)


def _one_is_owed_back(home: Home, state: Any, answers: Answers, stored: Stored) -> Wrong:
    if [answer.json["changed"] for answer in answers] != [True, True]:
        yield f"they say {[answer.json for answer in answers]}"
    if _states(stored) != ["applied", "refunded"]:
        yield f"the payments are {_states(stored)}"
    yield from _mails(home, "Your order is paid", 1)
    yield from _mails(home, "Your payment of 2.99 EUR is owed back", 1)


def paid_or_owed(home: Home, state: Any, answers: Answers, stored: Stored) -> Wrong:
    """The money bought what it was for, or it is owed back and its owner knows."""
    (order,) = stored.of("Order").values()
    wanted = {"paid": "applied", "refund_due": "refunded"}.get(order["state"])
    if _states(stored) != [wanted]:
        yield f"the order is {order['state']}, and its payments {_states(stored)}"
    yield from _mails(home, "Your payment of 2.99 EUR is owed back", order["state"] == "refund_due")


def _mails(home: Home, subject: str, count: int) -> Wrong:
    sent = sum(one.get("subject") == subject for one in home.world.outbox(home.owner.email))
    if sent != count:
        yield f"{sent} mails say: {subject}"


def _owner_is_gone_and_his_money_is_not(home: Home, state: Any, answers: Answers, stored: Stored) -> Wrong:
    yield from owner_is_gone(home, state, answers, stored)
    if _states(stored) not in (["applied"], ["refunded"]):
        yield f"the payments are {_states(stored)}"


def _ordered_and_stepped_up(home: Home) -> Any:
    home.owner.step_up()
    return money.ordered(home)


def _named_and_stepped_up(home: Home) -> Any:
    home.owner.step_up()
    return money.for_a_named_buyer(home)


def _named_as_long_as_it_was_paid(home: Home, state: Any, answers: Answers, stored: Stored) -> Wrong:
    """What is kept of whom the invoice names, is kept because there is an invoice, and documents with it."""
    yield from _owner_is_gone_and_his_money_is_not(home, state, answers, stored)
    is_paid = _states(stored) == ["applied"]
    if len(stored.of("InvoiceBuyer")) != is_paid or len(stored.of("Invoice")) != is_paid:
        yield f"paid is {is_paid}, and {len(stored.of('InvoiceBuyer'))} are named"
    if any(key.startswith("invoices/") for key in stored.objects) != is_paid:
        yield f"paid is {is_paid}, and so are not its documents"


RACES = (
    Race("pay, pay", money.ordered, pay, pay, exactly((200, 200)), _paid_once),
    Race("pay, pay again", money.ordered, pay, _pay_again, exactly((200, 200)), _one_is_owed_back),
    Race("pay, expire", money.ordered, pay, _expire, exactly((200, 200)), paid_or_owed),
    Race(
        "close, pay", _ordered_and_stepped_up, close, pay, exactly((202, 200)), _owner_is_gone_and_his_money_is_not
    ),
    Race(
        "close, pay an order that names", _named_and_stepped_up, close, pay, exactly((202, 200)),
        _named_as_long_as_it_was_paid,
    ),
)
