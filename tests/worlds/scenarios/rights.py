"""People exercise rights: processing is restricted, and restricted no more."""

from __future__ import annotations

from typing import Any

from infra.local.gateway import Response
from tests.conftest import Home
from tests.worlds.invariants import Stored
from tests.worlds.scenarios.steps import once, settled
from tests.worlds.sweep import Scenario


def restrict(home: Home, state: Any, key: str, reason: str = "accuracy") -> Response:
    return home.owner.call("PUT", "/privacy/restriction", {"reason": reason, "note": "Wrong."}, headers=once(key))


def lift(home: Home, state: Any, key: str) -> Response:
    return home.owner.call("DELETE", "/privacy/restriction", headers=once(key))


def restricted(home: Home) -> None:
    assert restrict(home, None, "the-key-of-a-restriction").status == 200
    home.world.settle()


def is_in_force(home: Home, stored: Stored) -> bool:
    return "restricted_since" in stored.first_ids("DataKey")[home.owner.account_id]


def rights(stored: Stored, state: str) -> int:
    return sum(row["state"] == state for row in stored.of("ExercisedRight").values())


def _restricted(home: Home, state: Any, stored: Stored) -> int:
    """As often as the record says so which the row of the data key agrees with."""
    return rights(stored, "in_force") if is_in_force(home, stored) else 0


def _lifted(home: Home, state: Any, stored: Stored) -> int:
    return 0 if is_in_force(home, stored) else rights(stored, "ended")


SCENARIOS = (
    Scenario(
        "restrict processing", "PUT /privacy/restriction", settled, restrict, _restricted, keeps_answer=True
    ),
    Scenario("lift the restriction", "DELETE /privacy/restriction", restricted, lift, _lifted, keeps_answer=True),
)
