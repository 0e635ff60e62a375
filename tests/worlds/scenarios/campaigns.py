"""Campaigns are opened, entered, left and drawn."""

from __future__ import annotations

from typing import Any

from infra.local.gateway import Response
from tests.campaigns.entrants import CAMPAIGN, enter, entered, opened, order, over
from tests.conftest import Home
from tests.worlds.invariants import Stored
from tests.worlds.scenarios.gift_cards import ordered
from tests.worlds.scenarios.steps import once, settle, settled
from tests.worlds.sweep import Scenario


def _open(home: Home, state: Any, key: str) -> Response:
    return ordered(home, "open_campaign", order(home.world, ends_at="2026-01-12T08:00:00Z"))


def _opened(home: Home, state: Any, stored: Stored) -> int:
    return len(stored.of("Campaign"))


def agreed(home: Home) -> None:
    opened(home.world)
    assert home.owner.agree("marketing_events").status == 200
    home.world.settle()


def take_part(home: Home, state: Any, key: str) -> Response:
    return enter(home.owner, key=key)


def entries(home: Home, state: Any, stored: Stored) -> int:
    return len(stored.of("Entry"))


def joined(home: Home) -> None:
    opened(home.world)
    entered(home.owner)
    home.world.settle()


def leave(home: Home, state: Any, key: str) -> Response:
    return home.owner.call("DELETE", f"/campaigns/{CAMPAIGN}/entries/mine", headers=once(key))


def _left(home: Home, state: Any, stored: Stored) -> int:
    return int(not stored.of("Entry"))


def _just_withdrawn(home: Home) -> None:
    joined(home)
    with home.world.aws.lock:
        assert home.owner.agree("marketing_events", given=False).status == 200


def _ended(home: Home) -> None:
    joined(home)
    over(home.world)
    home.world.settle()


def _draw(home: Home, state: Any, key: str) -> Response:
    return ordered(home, "draw_winners", {"campaign": CAMPAIGN, "count": 1})


def _drawn(home: Home, state: Any, stored: Stored) -> int:
    return sum("drawn_at" in row for row in stored.of("Campaign").values())


SCENARIOS = (
    Scenario("open a campaign", "open_campaign", settled, _open, _opened),
    Scenario(
        "enter a campaign", "POST /campaigns/{campaign_id}/entries", agreed, take_part, entries, may_say=(409,),
        keeps_answer=True,
    ),
    Scenario(
        "leave a campaign", "DELETE /campaigns/{campaign_id}/entries/mine", joined, leave, _left, may_say=(404,),
        keeps_answer=True,
    ),
    Scenario("what was entered goes", "on_consent_ended", _just_withdrawn, settle, _left, is_asked=False),
    Scenario("draw winners", "draw_winners", _ended, _draw, _drawn),
)  # fmt: skip
