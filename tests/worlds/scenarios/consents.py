"""People agree to something, and what is gathered by it."""

from __future__ import annotations

from typing import Any, Final

from chalicelib.consents.rules import current_text
from infra.local.gateway import Response
from tests.conftest import Home
from tests.worlds.invariants import Stored
from tests.worlds.scenarios.steps import once, settle, settled
from tests.worlds.sweep import Scenario

PURPOSE: Final = "experience"


def agree(home: Home, state: Any, key: str) -> Response:
    body = {"given": True, "text_version": current_text(PURPOSE, "en").version}
    return home.owner.call("PUT", f"/consents/{PURPOSE}", body, headers=once(key))


def withdraw(home: Home, state: Any, key: str) -> Response:
    return home.owner.call("PUT", f"/consents/{PURPOSE}", {"given": False}, headers=once(key))


def send(home: Home, state: Any, key: str) -> Response:
    event = {"name": "tapped", "at": "2026-01-05T08:00:00Z", "screen": "devices"}
    return home.owner.call("POST", "/experience/events", {"events": [event]}, headers=once(key))


def agreed(home: Home) -> None:
    assert home.owner.agree(PURPOSE).status == 200
    home.world.settle()


def watched(home: Home) -> None:
    """Who agreed, and of whom something was gathered."""
    agreed(home)
    assert home.owner.send_events().status == 202


def _given(home: Home, state: Any, stored: Stored) -> int:
    (account,) = (row for (pk, _), row in stored.of("Account").items() if pk == home.owner.account_id)
    return sum(one.startswith(PURPOSE) for one in account.get("consents", ()))


def _withdrawn(home: Home, state: Any, stored: Stored) -> int:
    return int(not _given(home, state, stored))


def _just_withdrawn(home: Home) -> None:
    watched(home)
    assert home.owner.agree(PURPOSE, given=False).status == 200


def _gone(home: Home, state: Any, stored: Stored) -> int:
    return int(not stored.of("ExperienceEvents"))


def _sent(home: Home, state: Any, stored: Stored) -> int:
    return len(stored.of("ExperienceEvents"))


SCENARIOS = (
    Scenario("give a consent", "PUT /consents/{purpose}", settled, agree, _given, keeps_answer=True),
    Scenario("withdraw a consent", "PUT /consents/{purpose}", watched, withdraw, _withdrawn, keeps_answer=True),
    Scenario("what was gathered goes", "on_consent_changed", _just_withdrawn, settle, _gone, is_asked=False),
    Scenario("send events", "POST /experience/events", agreed, send, _sent, at_most=2, keeps_answer=True),
)
