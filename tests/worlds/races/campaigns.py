"""A campaign is entered while somebody withdraws, leaves, or enters it too."""

from __future__ import annotations

from typing import Any

from infra.local.gateway import Response
from tests.conftest import Home
from tests.worlds.invariants import Stored
from tests.worlds.races.race import ANOTHER_KEY, ONE_KEY, Answers, Race, Wrong, either_way, exactly
from tests.worlds.scenarios import campaigns


def _enter(home: Home, state: Any) -> Response:
    return campaigns.take_part(home, state, ONE_KEY)


def _enter_too(home: Home, state: Any) -> Response:
    return campaigns.take_part(home, state, ANOTHER_KEY)


def _withdraw(home: Home, state: Any) -> Response:
    return home.owner.agree("marketing_events", given=False)


def _leave(home: Home, state: Any) -> Response:
    return campaigns.leave(home, state, ANOTHER_KEY)


def _leave_too(home: Home, state: Any) -> Response:
    return campaigns.leave(home, state, ONE_KEY)


def _one_entry(home: Home, state: Any, answers: Answers, stored: Stored) -> Wrong:
    if len(stored.of("Entry")) != 1:
        yield "who entered is not there once"


def _nothing(home: Home, state: Any, answers: Answers, stored: Stored) -> Wrong:
    if stored.of("Entry") or stored.of("EntryTicket"):
        yield "what was entered by a consent that was withdrawn is there"


RACES = (
    Race("enter twice", campaigns.agreed, _enter, _enter_too, either_way((201, 409)), _one_entry),
    Race("enter, withdraw a consent", campaigns.agreed, _enter, _withdraw, exactly((201, 200), (403, 200)), _nothing),
    Race("leave a campaign twice", campaigns.joined, _leave_too, _leave, either_way((204, 404)), _nothing),
    Race("leave, withdraw a consent", campaigns.joined, _leave, _withdraw, exactly((204, 200)), _nothing),
)
