"""A version of the policy is published while somebody agrees, registers, or another one is published."""

from __future__ import annotations

from typing import Any

from infra.local.gateway import Response
from tests.conftest import Home
from tests.policy.publishing import order
from tests.worlds.invariants import Stored
from tests.worlds.races.people import close, owner_is_gone
from tests.worlds.races.race import ANOTHER_KEY, ONE_KEY, Answers, Race, Wrong, exactly
from tests.worlds.scenarios import policy
from tests.worlds.scenarios.gift_cards import ordered
from tests.worlds.scenarios.steps import settled


def _accept(home: Home, state: Any) -> Response:
    return policy.accept(home, state, ONE_KEY)


def _accept_again(home: Home, state: Any) -> Response:
    return policy.accept(home, state, ANOTHER_KEY)


def _publish(home: Home, state: Any) -> Response:
    return policy.publish_gate(home, state, ANOTHER_KEY)


def _publish_too(home: Home, state: Any) -> Response:
    return policy.publish_gate(home, state, ONE_KEY)


def _publish_another(home: Home, state: Any) -> Response:
    return ordered(home, "publish_policy", order(home.world, "yard", 60))


def _close(home: Home, state: Any) -> Response:
    return close(home, state)


def _offered_and_stepped_up(home: Home) -> None:
    policy.offered(home)
    home.owner.step_up()


def _agreed_as_answered(home: Home, state: Any, answers: Answers, stored: Stored) -> Wrong:
    if policy.agreed(home, state, stored) != int(answers[0].status == 200):
        yield "the account has agreed to something else than was answered"
    if len(stored.of("PolicyAgreement")) != policy.agreed(home, state, stored):
        yield "an agreement is recorded that counts not, or the other way round"


def _published_each(*names: str) -> Any:
    def check(home: Home, state: Any, answers: Answers, stored: Stored) -> Wrong:
        if sorted(sort_id for _, sort_id in stored.of("PublishedPolicy")) != sorted(names):
            yield "not each version is there once"
        if any(name not in str(stored.of("PublishedPolicies")) for name in names):
            yield "a version is not listed"
        if len(stored.of("Bulletin")) != len(names):
            yield "a version is told twice, or not at all"

    return check


def _owner_has_gone(home: Home, state: Any, answers: Answers, stored: Stored) -> Wrong:
    yield from owner_is_gone(home, state, answers[::-1], stored)
    if stored.of("PolicyAgreement"):
        yield "an agreement is left of who has gone"


RACES = (
    Race("accept, publish", settled, _accept, _publish, exactly((200, 200), (404, 200)), _agreed_as_answered),
    Race("accept, accept", policy.offered, _accept, _accept_again, exactly((200, 200)), _agreed_as_answered),
    Race("publish, publish", settled, _publish_too, _publish, exactly((200, 200)), _published_each("gate")),
    Race(
        "publish, publish another", settled, _publish, _publish_another, exactly((200, 200), (503, 200)),
        lambda home, state, answers, stored: _published_each(
            *(["gate"] if answers[0].status == 200 else []), "yard"
        )(home, state, answers, stored),
    ),
    Race(
        "accept, close", _offered_and_stepped_up, _accept, _close, exactly((200, 202), (401, 202), (404, 202)),
        _owner_has_gone,
    ),
)  # fmt: skip
