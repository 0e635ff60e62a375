"""The newsletter is ordered, confirmed, sent and ended."""

from __future__ import annotations

from typing import Any

from infra.local import dump
from infra.local.gateway import Response
from tests.conftest import Home
from tests.newsletter.subscribers import EMAIL, SUBJECT, TEXT, order, press, send, subscribed, token_in
from tests.outbox.reporting import report
from tests.scene import new_person
from tests.worlds.invariants import Stored
from tests.worlds.scenarios.gift_cards import ordered
from tests.worlds.scenarios.steps import settle, settled
from tests.worlds.sweep import Scenario

ISSUE = {"issue": "2026-12", "subject": SUBJECT, "text": TEXT}


def _order(home: Home, state: Any, key: str) -> Response:
    return order(home.world, key=key)


def _orders(home: Home, state: Any, stored: Stored) -> int:
    return len(stored.of("Subscription"))


def just_ordered(home: Home) -> str:
    assert order(home.world).status == 202
    home.world.settle()
    return token_in(home.world)


def confirm(home: Home, token: str, key: str) -> Response:
    return press(home.world, "confirm", token)


def subscribers(home: Home, state: Any, stored: Stored) -> int:
    return len(stored.of("Subscriber"))


def _ordered_by_owner(home: Home) -> str:
    assert order(home.world, home.owner.email).status == 202
    home.world.settle()
    return token_in(home.world, home.owner.email)


def agreeing(home: Home, state: Any, stored: Stored) -> int:
    return len(stored.of("Consenting"))


def sent_to_reader(home: Home) -> str:
    subscribed(home.world)
    send(home.world)
    return token_in(home.world)


def sent_to_owner(home: Home) -> str:
    assert home.owner.agree("newsletter").status == 200
    home.world.settle()
    send(home.world)
    return token_in(home.world, home.owner.email)


def unsubscribe(home: Home, token: str, key: str) -> Response:
    return press(home.world, "unsubscribe", token)


def _ended(home: Home, state: Any, stored: Stored) -> int:
    return int(not stored.of("Subscriber")) if not stored.of("Consenting") else 0


def _begin(home: Home, state: Any, key: str) -> Response:
    return ordered(home, "send_newsletter", ISSUE)


def _issues(home: Home, state: Any, stored: Stored) -> int:
    return len(stored.of("Issue"))


def _just_begun(home: Home) -> None:
    subscribed(home.world)
    assert home.owner.agree("newsletter").status == 200
    home.world.settle()
    with home.world.aws.lock:
        home.world.invoke("send_newsletter", ISSUE)
        assert Stored(dump.dump()).of("Issue")


def _sent(home: Home, state: Any, stored: Stored) -> int:
    """SES knows no repeats: whoever hears nothing of a mail sends it again, so that mails are counted elsewhere."""
    return sum(row["stage"] == "done" for row in stored.of("Issue").values())


def _just_held(home: Home) -> None:
    subscribed(home.world)
    with home.world.aws.lock:
        new_person(home.world, EMAIL)


def _just_complained(home: Home) -> None:
    subscribed(home.world)
    with home.world.aws.lock:
        report(EMAIL, "complaints")


def _forget(home: Home, state: Any, key: str) -> Response:
    return ordered(home, "forget_subscriber", {"email": EMAIL})


def _reader(home: Home) -> None:
    subscribed(home.world)


SCENARIOS = (
    Scenario("order the newsletter", "POST /newsletter", settled, _order, _orders, at_most=2),
    Scenario("confirm the newsletter", "POST /newsletter/confirm", just_ordered, confirm, subscribers),
    Scenario(
        "confirm the newsletter with an account", "POST /newsletter/confirm", _ordered_by_owner, confirm, agreeing,
    ),
    Scenario("unsubscribe", "POST /newsletter/unsubscribe", sent_to_reader, unsubscribe, _ended),
    Scenario("unsubscribe an account", "POST /newsletter/unsubscribe", sent_to_owner, unsubscribe, _ended),
    Scenario("send an issue", "send_newsletter", settled, _begin, _issues),
    Scenario("an issue goes to who wants it", "on_issue_due", _just_begun, settle, _sent, is_asked=False),
    Scenario("a reader gets an account", "on_address_held", _just_held, settle, agreeing, is_asked=False),
    Scenario("a reader complained", "on_undelivered", _just_complained, settle, _ended, is_asked=False),
    Scenario("forget a reader", "forget_subscriber", _reader, _forget, _ended),
)  # fmt: skip
