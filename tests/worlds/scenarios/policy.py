"""A version of the policy is published, everybody is told of it, and somebody agrees to it."""

from __future__ import annotations

from typing import Any

from infra.local.gateway import Response
from tests.conftest import Home
from tests.policy.publishing import order, publish
from tests.worlds.invariants import Stored
from tests.worlds.scenarios.gift_cards import ordered
from tests.worlds.scenarios.steps import once, settled
from tests.worlds.sweep import Scenario


def publish_gate(home: Home, state: Any, key: str) -> Response:
    return ordered(home, "publish_policy", order(home.world, needs_agreement=True))


def published(home: Home, state: Any, stored: Stored) -> int:
    return len(stored.of("PublishedPolicy"))


def accept(home: Home, state: Any, key: str) -> Response:
    return home.owner.call("POST", "/policy/versions/gate/accept", headers=once(key))


def offered(home: Home) -> None:
    publish(home.world)


def agreed(home: Home, state: Any, stored: Stored) -> int:
    return sum(row["policy_version"] == "gate" for row in stored.of("Account").values())


SCENARIOS = (
    Scenario("publish a policy", "publish_policy", settled, publish_gate, published),
    Scenario(
        "agree to a policy", "POST /policy/versions/{version}/accept", offered, accept, agreed, keeps_answer=True
    ),
)
