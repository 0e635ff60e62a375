"""The newsletter is ended, confirmed and sent at the same moment."""

from __future__ import annotations

from typing import Any

from infra.local import dump
from infra.local.gateway import Response
from tests.conftest import Home
from tests.newsletter.subscribers import EMAIL, issues, press
from tests.scene import Person
from tests.worlds.invariants import Stored
from tests.worlds.races.race import Answers, Race, Wrong, exactly
from tests.worlds.scenarios import newsletter
from tests.worlds.scenarios.newsletter import ISSUE


def _confirm(home: Home, token: str) -> Response:
    return press(home.world, "confirm", token)


def _unsubscribe(home: Home, token: str) -> Response:
    return press(home.world, "unsubscribe", token)


def _twice_ordered(home: Home) -> tuple[str, str]:
    return newsletter.just_ordered(home), newsletter.just_ordered(home)


def _confirm_nth(nth: int) -> Any:
    return lambda home, tokens: press(home.world, "confirm", tokens[nth])


def _registering(home: Home) -> tuple[str, Person, str]:
    """Somebody who ordered it, and is about to get an account."""
    person = Person(home.world, EMAIL)
    registration_id = person.register()
    return newsletter.just_ordered(home), person, registration_id


def _confirm_order(home: Home, state: tuple[str, Person, str]) -> Response:
    return press(home.world, "confirm", state[0])


def _get_account(home: Home, state: tuple[str, Person, str]) -> Response:
    _, person, registration_id = state
    return person.confirm(registration_id)


def _begun(home: Home) -> str:
    """An issue that nobody has been sent yet."""
    token = newsletter.sent_to_reader(home)
    with home.world.aws.lock:
        home.world.invoke("send_newsletter", {**ISSUE, "issue": "next"})
        assert Stored(dump.dump()).of("Issue")
    return token


def _deliver(home: Home, state: Any) -> None:
    home.world.settle()


def _one_subscriber(home: Home, state: Any, answers: Answers, stored: Stored) -> Wrong:
    if len(stored.of("Subscriber")) != 1:
        yield "who confirmed is not subscribed once"


def _agrees_by_account(home: Home, state: Any, answers: Answers, stored: Stored) -> Wrong:
    if stored.of("Subscriber") or len(stored.of("Consenting")) != 1:
        yield "the address of an account is subscribed beside its consent, or not at all"


def _is_off(home: Home, state: Any, answers: Answers, stored: Stored) -> Wrong:
    if stored.of("Subscriber") or stored.of("Consenting"):
        yield "who unsubscribed is still on the list"
    if issues(home.world) > 2:
        yield "an issue was sent twice"


RACES = (
    Race("confirm twice", newsletter.just_ordered, _confirm, _confirm, exactly((200, 200)), _one_subscriber),
    Race(
        "confirm, confirm again", _twice_ordered, _confirm_nth(0), _confirm_nth(1), exactly((200, 200)),
        _one_subscriber,
    ),
    Race("confirm, register", _registering, _confirm_order, _get_account, exactly((200, 201)), _agrees_by_account),
    Race("unsubscribe twice", newsletter.sent_to_reader, _unsubscribe, _unsubscribe, exactly((200, 200)), _is_off),
    Race("withdraw twice by link", newsletter.sent_to_owner, _unsubscribe, _unsubscribe, exactly((200, 200)), _is_off),
    Race("unsubscribe, an issue", _begun, _unsubscribe, _deliver, exactly((200, None)), _is_off),
)  # fmt: skip
