"""A hold is approved, or copies, while what it copies ends."""

from __future__ import annotations

from typing import Any

from chalicelib.privacy.actions import hold_copies
from infra.local.gateway import Response
from tests.conftest import Home
from tests.scene import rows
from tests.worlds.invariants import Stored
from tests.worlds.races.people import close, owner_is_gone
from tests.worlds.races.race import Answers, Race, Wrong, either_way, exactly
from tests.worlds.scenarios import holds


def _proposed(home: Home) -> dict[str, Any]:
    home.owner.step_up()
    return holds.proposed(home)


def _approve(home: Home, proposal: dict[str, Any]) -> Response:
    return holds.approve(home, proposal)


def _approve_as_another(home: Home, proposal: dict[str, Any]) -> Response:
    return holds.approve(home, proposal, by="carl")


def _approved(home: Home) -> None:
    home.owner.step_up()
    holds.approved(home)


def _copy(home: Home, state: Any) -> None:
    """The one message of its queue."""
    (hold,) = rows(home.world, "hold/hold")
    hold_copies.copy(hold["pk"].partition("#")[2])


def _delete_alarms(home: Home, state: Any) -> Response:
    return home.owner.call("DELETE", f"/devices/{home.camera.device_id}/alarms")


def _held_or_refused(home: Home, proposal: Any, answers: Answers, stored: Stored) -> Wrong:
    """Who left first cannot be held any more; who was held first leaves all the same."""
    yield from owner_is_gone(home, None, answers[::-1], stored)
    if len(stored.of("Hold")) != (answers[0].status == 200):
        yield f"{len(stored.of('Hold'))} holds, and the answer was {answers[0].status}"
    yield from _whole(stored)


def _once(home: Home, proposal: Any, answers: Answers, stored: Stored) -> Wrong:
    if len(stored.of("Hold")) != 1:
        yield f"{len(stored.of('Hold'))} holds"
    (row,) = stored.of("Proposal").values()
    if row["approver"] not in ("bob", "carl"):
        yield f"approved by {row.get('approver')}"


def _whole(stored: Stored) -> Wrong:
    """What says that it is complete has all that it counts, and nothing else is held."""
    for row in stored.of("Hold").values():
        items, objects = len(stored.of("HeldRecord")), sum(key.startswith("held/") for key in stored.objects)
        if row["state"] == "copying":
            yield "the copy does not end"
        if row["state"] == "complete" and (row["items"], row["objects"]) != (items, objects):
            yield f"{items} of {row['items']} records, {objects} of {row['objects']} objects"


def _is_whole_and_owner_gone(home: Home, state: Any, answers: Answers, stored: Stored) -> Wrong:
    yield from owner_is_gone(home, None, answers[::-1], stored)
    yield from _whole(stored)


def _is_whole(home: Home, state: Any, answers: Answers, stored: Stored) -> Wrong:
    yield from _whole(stored)
    if [key for key in stored.objects if key.startswith("alarms/")]:
        yield "what was deleted is there"


RACES = (
    Race(
        "approve a hold, close", _proposed, _approve, lambda home, state: close(home, None),
        exactly((200, 202), (503, 202)), _held_or_refused,
    ),
    Race("approve a hold, approve it", _proposed, _approve, _approve_as_another, either_way((200, 503)), _once),
    Race("a hold copies, close", _approved, _copy, close, exactly((None, 202)), _is_whole_and_owner_gone),
    Race("a hold copies, delete alarms", _approved, _copy, _delete_alarms, exactly((None, 204)), _is_whole),
)  # fmt: skip
