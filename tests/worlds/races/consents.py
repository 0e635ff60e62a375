"""A consent is given or withdrawn while something is gathered by it."""

from __future__ import annotations

from typing import Any

from infra.local.gateway import Response
from tests.conftest import Home
from tests.worlds.invariants import Stored
from tests.worlds.races.people import close, owner_is_gone
from tests.worlds.races.race import ANOTHER_KEY, ONE_KEY, Answers, Race, Wrong, exactly
from tests.worlds.scenarios import consents
from tests.worlds.scenarios.steps import settled


def _send(home: Home, state: Any) -> Response:
    return consents.send(home, state, ONE_KEY)


def _agree(home: Home, state: Any) -> Response:
    return consents.agree(home, state, ANOTHER_KEY)


def _withdraw(home: Home, state: Any) -> Response:
    return consents.withdraw(home, state, ANOTHER_KEY)


def _agree_first(home: Home, state: Any) -> Response:
    return consents.agree(home, state, ONE_KEY)


def _close(home: Home, state: Any) -> Response:
    return close(home, state)


def _watched_and_stepped_up(home: Home) -> None:
    consents.watched(home)
    home.owner.step_up()


def _in_force(home: Home, stored: Stored) -> set[str]:
    rows = (row for (pk, _), row in stored.of("Account").items() if pk == home.owner.account_id)
    return {text.rpartition(" ")[2] for row in rows for text in row.get("consents", ())}


def _kept_by_consent(home: Home, state: Any, answers: Answers, stored: Stored) -> Wrong:
    """Nothing is there but what was gathered by a consent in force; and what was answered 202 while it is, is."""
    gathered = {sort_id.partition("-")[0] for _, sort_id in stored.of("ExperienceEvents")}
    if gathered - _in_force(home, stored):
        yield "something is kept without a consent"
    if answers[0].status == 202 and _in_force(home, stored) and not gathered:
        yield "what was taken is lost"


def _gone(home: Home, state: Any, answers: Answers, stored: Stored) -> Wrong:
    if _in_force(home, stored) or stored.of("ExperienceEvents"):
        yield "what was withdrawn is kept"


def _one_consent(home: Home, state: Any, answers: Answers, stored: Stored) -> Wrong:
    if len(_in_force(home, stored)) != 1 or len(stored.of("ConsentChange")) != 1:
        yield "what was given once is recorded otherwise"


def _owner_has_gone(home: Home, state: Any, answers: Answers, stored: Stored) -> Wrong:
    yield from owner_is_gone(home, state, answers[::-1], stored)
    if stored.of("ExperienceEvents") or stored.of("ConsentChange"):
        yield "something is left of who has gone"


RACES = (
    Race("events, agree", settled, _send, _agree, exactly((202, 200), (403, 200)), _kept_by_consent),
    Race("events, withdraw", consents.watched, _send, _withdraw, exactly((202, 200), (403, 200)), _gone),
    Race("agree, agree", settled, _agree_first, _agree, exactly((200, 200)), _one_consent),
    Race(
        "agree, withdraw", consents.watched, _agree_first, _withdraw, exactly((200, 200)), _kept_by_consent
    ),
    Race(
        "events, close", _watched_and_stepped_up, _send, _close, exactly((202, 202), (401, 202), (403, 202)),
        _owner_has_gone,
    ),
)  # fmt: skip
