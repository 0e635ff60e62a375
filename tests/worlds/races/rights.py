"""Processing is restricted while something is shown, sent or gathered."""

from __future__ import annotations

from typing import Any

from infra.local.gateway import Response
from tests.conftest import Home
from tests.worlds.invariants import Stored
from tests.worlds.races.cameras import picture_arrives
from tests.worlds.races.people import close, owner_is_gone
from tests.worlds.races.race import ANOTHER_KEY, ONE_KEY, Answers, Race, Wrong, exactly
from tests.worlds.scenarios import consents, rights
from tests.worlds.scenarios.steps import settled

TOKEN = "platform-token-of-the-owner"


def _restrict(home: Home, state: Any) -> Response:
    return rights.restrict(home, state, ONE_KEY)


def _restrict_again(home: Home, state: Any) -> Response:
    return rights.restrict(home, state, ANOTHER_KEY, reason="claims")


def _lift(home: Home, state: Any) -> Response:
    return rights.lift(home, state, ONE_KEY)


def _send(home: Home, state: Any) -> Response:
    return consents.send(home, state, ANOTHER_KEY)


def _close(home: Home, state: Any) -> Response:
    return close(home, state)


def _pushed(home: Home) -> int:
    return sum(one["kind"] == "push" for one in home.world.outbox(TOKEN))


def _picture_uploaded(home: Home) -> int:
    """How many pushes there were before it."""
    home.world.settle()
    before = _pushed(home)
    assert home.camera.upload(902).status == 204
    return before


def _stepped_up(home: Home) -> None:
    settled(home)
    home.owner.step_up()


def _stored_and_pushed_at_most_once(home: Home, before: int, answers: Answers, stored: Stored) -> Wrong:
    """Who read before the restriction may push still; nobody does after it, and the picture is stored in any case."""
    if len(stored.of("Alarm")) != 2:
        yield "the picture made no alarm"
    if (count := _pushed(home) - before) > 1:
        yield f"{count} pushes"
    so_far = _pushed(home)
    home.camera.see(903)
    if _pushed(home) != so_far:
        yield "somebody is pushed to after the restriction"


def _one_in_force(home: Home, state: Any, answers: Answers, stored: Stored) -> Wrong:
    if not rights.is_in_force(home, stored) or rights.rights(stored, "in_force") != 1:
        yield "what is in force is recorded otherwise"


def _agree(home: Home, state: Any, answers: Answers, stored: Stored) -> Wrong:
    """The row of the data key and the record say the same."""
    if rights.is_in_force(home, stored) != (rights.rights(stored, "in_force") == 1):
        yield "what is in force is recorded otherwise"


def _withdraw(home: Home, state: Any) -> Response:
    return rights.withdraw(home, state, ONE_KEY)


def _object(home: Home, state: Any) -> Response:
    return rights.object_to_other(home, state, ONE_KEY)


def _object_again(home: Home, state: Any) -> Response:
    return rights.object_to_other(home, state, ANOTHER_KEY)


def _answer(home: Home, request_id: str) -> Response:
    return rights.answer(home, request_id)


def _one_open(home: Home, state: Any, answers: Answers, stored: Stored) -> Wrong:
    if (rights.rights(stored, "open"), rights.listed(stored)) != (1, 1):
        yield "what was objected to once waits otherwise"


def _settled_once(home: Home, state: Any, answers: Answers, stored: Stored) -> Wrong:
    settled_as = [row["state"] for row in stored.of("ExercisedRight").values()]
    if settled_as not in (["withdrawn"], ["refused"]) or rights.listed(stored):
        yield f"it is {settled_as}, and waits {rights.listed(stored)} times"


def _owner_has_gone(home: Home, state: Any, answers: Answers, stored: Stored) -> Wrong:
    yield from owner_is_gone(home, state, answers[::-1], stored)
    if stored.of("ExercisedRight"):
        yield "something is left of who has gone"


RACES = (
    Race(
        "restrict, picture arrives", _picture_uploaded, _restrict, picture_arrives, exactly((200, None)),
        _stored_and_pushed_at_most_once,
    ),
    Race("restrict, restrict", settled, _restrict, _restrict_again, exactly((200, 200)), _one_in_force),
    Race("lift, restrict", rights.restricted, _lift, _restrict_again, exactly((204, 200)), _agree),
    Race("restrict, events", consents.agreed, _restrict, _send, exactly((200, 202), (200, 403)), _one_in_force),
    Race("object, object", settled, _object, _object_again, exactly((200, 200)), _one_open),
    Race("withdraw the objection, answer", rights.objected, _withdraw, _answer, exactly((204, 200)), _settled_once),
    Race("restrict, close", _stepped_up, _restrict, _close, exactly((200, 202), (401, 202)), _owner_has_gone),
)  # fmt: skip
