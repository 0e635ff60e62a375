"""Gift cards are issued, redeemed, guessed and withdrawn."""

from __future__ import annotations

import json
from typing import Any

from werkzeug.datastructures import Headers

from infra.local.gateway import Response
from tests.conftest import Home
from tests.gift_cards import cards
from tests.worlds.invariants import Stored
from tests.worlds.scenarios import plans
from tests.worlds.scenarios.steps import settled
from tests.worlds.sweep import Scenario

# A hundred of them are one commit.
FEW = 101


def issued(home: Home) -> str:
    """The code of one."""
    code = cards.new_code(home.world)
    home.world.settle()
    return code


def _issued_beside_a_plan(home: Home) -> str:
    plans.subscribed(home)
    return issued(home)


def redeem(home: Home, code: str, key: str) -> Response:
    return cards.redeem(home, code, key=key)


def redemptions(home: Home, code: str, stored: Stored) -> int:
    return len(stored.of("GiftCardRedemption"))


def _guess(home: Home, state: Any, key: str) -> Response:
    """An unknown one, of which it is an answer that there is none."""
    answer = cards.redeem(home, cards.UNKNOWN, key=key)
    return Response(200, answer.headers, answer.body) if answer.status == 404 else answer


def ordered(home: Home, name: str, event: dict[str, Any]) -> Response:
    """An operator gets the exception, and orders again."""
    try:
        answer = home.world.invoke(name, event)
    except Exception as fault:
        return Response(503, Headers(), repr(fault).encode())
    return Response(200, Headers(), json.dumps(answer).encode())


def _issue(home: Home, count: int, key: str) -> Response:
    event = {"plan_id": cards.PLAN, "count": count, "until": cards.LAST_DAY, "order_id": key}
    return ordered(home, "issue_gift_cards", event)


def _few(home: Home) -> int:
    settled(home)
    return FEW


def _batches_issued(home: Home, state: Any, stored: Stored) -> int:
    """Those that are taken: of what is ordered again the first is not."""
    return sum("issued_at" in row and "revoked_at" not in row for row in stored.of("GiftCardBatch").values())


def batch_issued(home: Home) -> str:
    """Its id."""
    batch_id = cards.issue(home.world, 2)["batch_id"]
    home.world.settle()
    return str(batch_id)


def revoke(home: Home, batch_id: str, key: str = "") -> Response:
    return ordered(home, "revoke_gift_cards", {"batch_id": batch_id})


def _revoked(home: Home, batch_id: str, stored: Stored) -> int:
    return sum("revoked_at" in row for row in stored.of("GiftCardBatch").values())


SCENARIOS = (
    Scenario("redeem a gift card", "POST /gift-cards/redeem", issued, redeem, redemptions, keeps_answer=True),
    Scenario(
        "redeem a gift card beside a plan", "POST /gift-cards/redeem", _issued_beside_a_plan, redeem, redemptions,
        keeps_answer=True,
    ),
    Scenario("guess at a gift card", "POST /gift-cards/redeem", settled, _guess),
    Scenario("issue gift cards", "issue_gift_cards", _few, _issue, _batches_issued, at_most=2),
    Scenario("revoke gift cards", "revoke_gift_cards", batch_issued, revoke, _revoked),
)  # fmt: skip
