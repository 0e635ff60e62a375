"""What people must hear of is told, by operators and by what hangs on their orders."""

from __future__ import annotations

from typing import Any

from infra.local import dump
from infra.local.gateway import Response
from tests.conftest import Home
from tests.worlds.invariants import Stored
from tests.worlds.scenarios.gift_cards import ordered
from tests.worlds.scenarios.steps import settle, settled
from tests.worlds.sweep import Scenario

TITLE = "We move on Sunday"


def _order(**to: Any) -> dict[str, Any]:
    return {"title": TITLE, "text": "From two to four nothing is recorded.", **to}


def _announce(home: Home, state: Any, key: str) -> Response:
    return ordered(home, "announce", _order())


def _announced(home: Home, state: Any, stored: Stored) -> int:
    return len(stored.of("Announcement"))


def _tell(home: Home, state: Any, key: str) -> Response:
    return ordered(home, "announce", _order(to=[home.owner.account_id]))


def _named(home: Home, state: Any, stored: Stored) -> int:
    return len(stored.of("Bulletin"))


def _named_and_not_told(home: Home) -> None:
    home.world.settle()
    with home.world.aws.lock:
        home.world.invoke("announce", _order(to=[home.owner.account_id]))
        assert Stored(dump.dump()).of("Recipient")


def _told(home: Home, state: Any, stored: Stored) -> int:
    return len(stored.of("Notice"))


SCENARIOS = (
    Scenario("announce something", "announce", settled, _announce, _announced),
    Scenario("tell an account something", "announce", settled, _tell, _named),
    Scenario(
        "an account is told something", "on_recipient_named", _named_and_not_told, settle, _told,
        is_asked=False, told=TITLE,
    ),
)  # fmt: skip
