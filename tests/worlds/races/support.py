"""Somebody writes to the operator while another message, an answer or the end of the account comes."""

from __future__ import annotations

from typing import Any

from infra.local.gateway import Response
from tests.conftest import Home
from tests.worlds.invariants import Stored
from tests.worlds.races.people import close, owner_is_gone
from tests.worlds.races.race import ANOTHER_KEY, ONE_KEY, Answers, Race, Wrong, exactly
from tests.worlds.scenarios import support
from tests.worlds.scenarios.steps import settled


def _send(home: Home, state: Any) -> Response:
    return support.send(home, state, ONE_KEY)


def _send_another(home: Home, state: Any) -> Response:
    return support.send(home, state, ANOTHER_KEY)


def _go_on(home: Home, feedback_id: str) -> Response:
    return support.go_on(home, feedback_id, ONE_KEY)


def _go_on_again(home: Home, feedback_id: str) -> Response:
    return support.go_on(home, feedback_id, ANOTHER_KEY)


def _answer(home: Home, feedback_id: str) -> Response:
    return support.answer(home, feedback_id, ANOTHER_KEY)


def _close(home: Home, state: Any) -> Response:
    return close(home, state)


def _take(home: Home, state: Any) -> None:
    home.world.settle()


def _stepped_up(home: Home) -> None:
    settled(home)
    home.owner.step_up()


def _agree(threads: int, messages: int) -> Any:
    """All that was written is there, and what waits is what the account and operators are shown."""

    def check(home: Home, state: Any, answers: Answers, stored: Stored) -> Wrong:
        if (len(stored.of("Feedback")), len(stored.of("FeedbackMessage"))) != (threads, messages):
            yield "something that was written is lost, or is there twice"
        waiting = {sort_id for (_, sort_id), row in stored.of("Feedback").items() if row["state"] == "open"}
        (listed,) = [set(row.get("feedback_ids", ())) for row in stored.of("OpenFeedback").values()]
        shown = [sort_id for _, sort_id in stored.of("WaitingFeedback")]
        if listed != waiting or len(shown) != len(waiting):
            yield f"{len(waiting)} wait, the account says {len(listed)}, and operators see {len(shown)}"

    return check


def _owner_has_gone(home: Home, state: Any, answers: Answers, stored: Stored) -> Wrong:
    yield from owner_is_gone(home, state, answers[::-1], stored)
    if stored.of("Feedback") or stored.of("WaitingFeedback") or stored.of("FeedbackMessage"):
        yield "something is left of who has gone"


RACES = (
    Race("feedback, feedback", settled, _send, _send_another, exactly((201, 201)), _agree(2, 2)),
    Race("message, message", support.sent, _go_on, _go_on_again, exactly((201, 201)), _agree(1, 3)),
    Race("message, answer", support.sent, _go_on, _answer, exactly((201, 200)), _agree(1, 3)),
    Race("feedback, close", _stepped_up, _send, _close, exactly((201, 202), (401, 202)), _owner_has_gone),
)
