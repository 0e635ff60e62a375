"""Operators hold a copy of somebody's data by law: one proposes, another approves, it is copied, and it ends."""

from __future__ import annotations

from typing import Any

from infra.local.gateway import Response
from tests.conftest import Home
from tests.operators import approving, ordered, proposing, session
from tests.worlds.invariants import Stored
from tests.worlds.scenarios import gift_cards
from tests.worlds.scenarios.steps import HOUR, job, settle, settled
from tests.worlds.sweep import Scenario, leap

_DAYS = 30


def order(home: Home) -> dict[str, Any]:
    return {
        "subject": home.owner.account_id, "scope": ["B11", "B7"], "until": "2026-02-04T08:00:00Z",
        "basis": "II Kp 17/26",
    }  # fmt: skip


def propose(home: Home, state: Any, key: str = "", operation: str = "hold") -> Response:
    event = proposing(session(home.world, "anna", "propose"), operation, _orders(home)[operation])
    return gift_cards.ordered(home, f"propose_{operation}", event)


def _orders(home: Home) -> dict[str, dict[str, Any]]:
    handed_over = {"subject": home.camera.device_id, "scope": ["B11"], "basis": "II Kp 17/26"}
    return {"hold": order(home), "disclose": handed_over}


def _propose_disclosure(home: Home, state: Any, key: str) -> Response:
    return propose(home, state, key, "disclose")


def _proposed_disclosure(home: Home) -> dict[str, Any]:
    settled(home)
    answer: dict[str, Any] = propose(home, None, "", "disclose").json
    return answer


def proposed(home: Home) -> dict[str, Any]:
    settled(home)
    answer: dict[str, Any] = propose(home, None).json
    return answer


def approve(home: Home, proposal: dict[str, Any], key: str = "", by: str = "bob") -> Response:
    event = approving(session(home.world, by, "approve"), proposal)
    return gift_cards.ordered(home, f"approve_{proposal['operation']}", event)


def approved(home: Home) -> None:
    settled(home)
    ordered(home.world, "hold", order(home))


def _held_a_month_ago(home: Home) -> None:
    approved(home)
    home.world.settle()
    job(home.world, "end_holds")
    leap(home.world, _DAYS * 24 * HOUR)


def _clock(home: Home, state: Any, key: str) -> None:
    job(home.world, "end_holds")


def _proposals(home: Home, state: Any, stored: Stored) -> int:
    return len(stored.of("Proposal"))


def _approvals(home: Home, state: Any, stored: Stored) -> int:
    """As many as both sides agree on."""
    named = sum("approver" in row for row in stored.of("Proposal").values())
    said = len(stored.of("HeldAccount")) + len(stored.of("HeldDevice"))
    return len(stored.of("Hold")) if named == len(stored.of("Hold")) <= said else -1


def _complete(home: Home, state: Any, stored: Stored) -> int:
    (held,) = stored.of("Hold").values()
    copied = len(stored.of("HeldRecord")), sum(key.startswith("held/") for key in stored.objects)
    return int((held["state"], held["items"], held["objects"], *copied) == ("complete", 3, 1, 3, 1))


def _copied_to_be_handed_over(home: Home) -> None:
    """And not packed yet."""
    settled(home)
    ordered(home.world, "disclose", _orders(home)["disclose"])


def _packed(home: Home, state: Any, stored: Stored) -> int:
    (held,) = stored.of("Hold").values()
    return int(held["state"] == "complete" and held.get("archive") in stored.objects)


def _ended(home: Home, state: Any, stored: Stored) -> int:
    return len([one for one in stored.of("Erasure").values() if one["ordered_by"] == "the end of a legal hold"])


SCENARIOS = (
    Scenario("propose a hold", "propose_hold", settled, propose, _proposals),
    Scenario(
        "approve a hold", "approve_hold", proposed, approve, _approvals,
        told="A copy of some of your data is held by law",
    ),
    Scenario("propose a disclosure", "propose_disclose", settled, _propose_disclosure, _proposals),
    Scenario(
        "approve a disclosure", "approve_disclose", _proposed_disclosure, approve, _approvals,
        told="Some of your data is handed over by law",
    ),
    Scenario(
        "what is handed over is packed", "on_export_asked", _copied_to_be_handed_over, settle, _packed, is_asked=False
    ),
    Scenario("what is held is copied", "on_export_asked", approved, settle, _complete, is_asked=False),
    Scenario(
        "a hold ends", "end_holds", _held_a_month_ago, _clock, _ended, is_asked=False,
        within_seconds=26 * HOUR,
    ),
)  # fmt: skip
