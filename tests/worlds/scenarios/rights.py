"""People exercise rights: processing is restricted, and restricted no more."""

from __future__ import annotations

from typing import Any

from infra.local.gateway import Response
from tests.conftest import Home
from tests.worlds.invariants import Stored
from tests.worlds.scenarios.gift_cards import ordered
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


def _object(home: Home, purpose: str, key: str) -> Response:
    return home.owner.call("PUT", f"/privacy/objections/{purpose}", {"reason": "Known."}, headers=once(key))


def object_to_marketing(home: Home, state: Any, key: str) -> Response:
    return _object(home, "C3", key)


def object_to_other(home: Home, state: Any, key: str) -> Response:
    return _object(home, "AUDIT", key)


def objected(home: Home) -> str:
    """The id of what an operator is to answer."""
    assert object_to_other(home, None, "the-key-of-an-objection").status == 200
    home.world.settle()
    return str(home.world.invoke("show_objections", {})["items"][0]["request_id"])


def withdraw(home: Home, state: Any, key: str) -> Response:
    return home.owner.call("DELETE", "/privacy/objections/AUDIT", headers=once(key))


def answer(home: Home, request_id: str, key: str = "") -> Response:
    event = {"request_id": request_id, "granted": False, "grounds": "It protects you."}
    return ordered(home, "answer_objection", event)


def listed(stored: Stored) -> int:
    return len(stored.of("OpenObjection"))


def _granted(home: Home, state: Any, stored: Stored) -> int:
    return rights(stored, "granted")


def _open(home: Home, state: Any, stored: Stored) -> int:
    return rights(stored, "open") if listed(stored) == rights(stored, "open") else 0


def _withdrawn(home: Home, state: Any, stored: Stored) -> int:
    return 0 if listed(stored) else rights(stored, "withdrawn")


def _answered(home: Home, state: Any, stored: Stored) -> int:
    return 0 if listed(stored) else rights(stored, "refused")


SCENARIOS = (
    Scenario(
        "object to marketing", "PUT /privacy/objections/{purpose}", settled, object_to_marketing, _granted,
        keeps_answer=True,
    ),
    Scenario(
        "object to something else", "PUT /privacy/objections/{purpose}", settled, object_to_other, _open,
        keeps_answer=True,
    ),
    Scenario(
        "take an objection back", "DELETE /privacy/objections/{purpose}", objected, withdraw, _withdrawn,
        keeps_answer=True,
    ),
    Scenario(
        "answer an objection", "answer_objection", objected, answer, _answered,
        told="Your objection was not accepted: Activity on your account",
    ),
    Scenario(
        "restrict processing", "PUT /privacy/restriction", settled, restrict, _restricted, keeps_answer=True
    ),
    Scenario("lift the restriction", "DELETE /privacy/restriction", restricted, lift, _lifted, keeps_answer=True),
)  # fmt: skip
