"""Campaigns that operators open, and whoever enters them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from infra.local.cloud import LocalCloud
from infra.local.gateway import Response
from tests.scene import Person, wire_time

CAMPAIGN = "spring-draw"
COLOUR = {"question_id": "colour", "text": "Which colour?", "choices": ["green", "blue"]}
WISH = {"question_id": "wish", "text": "What do you wish?", "required": False, "translations": {"pl": "Czego chcesz?"}}


def order(world: LocalCloud, campaign: str = CAMPAIGN, **other: Any) -> dict[str, Any]:
    said = {"title": "Spring draw", "text": "Three cameras.", "data_use": "Deleted 90 days after the end."}
    ends_at = wire_time(world.now() + timedelta(days=7))
    what = {"kind": "draw", "purpose": "marketing_events", "ends_at": ends_at, "questions": [COLOUR, WISH]}
    return {"campaign": campaign, **said, **what, **other}


def opened(world: LocalCloud, campaign: str = CAMPAIGN, **other: Any) -> Any:
    return world.invoke("open_campaign", order(world, campaign, **other))


def enter(person: Person, campaign: str = CAMPAIGN, key: str = "", **other: Any) -> Response:
    body = {"answers": {"colour": "green"}, "contact": {"name": person.nickname, "email": person.email}, **other}
    headers = {"Idempotency-Key": key} if key else {}
    return person.call("POST", f"/campaigns/{campaign}/entries", body, headers=headers)


def entered(person: Person, campaign: str = CAMPAIGN) -> str:
    """Who agrees, and enters; the ticket."""
    assert person.agree("marketing_events").status == 200
    answer = enter(person, campaign)
    assert answer.status == 201, answer.body
    return str(answer.json["ticket"])


def shown(person: Person, campaign: str = CAMPAIGN) -> Any:
    return next(one for one in person.call("GET", "/campaigns").json["items"] if one["campaign_id"] == campaign)


def over(world: LocalCloud, *people: Person) -> None:
    """The end has come, and whoever looks signs in again."""
    world.clock.move_to(world.now().timestamp() + 7 * 86_400)
    for person in people:
        assert person.sign_in().status == 201


def draw(world: LocalCloud, count: int = 1, campaign: str = CAMPAIGN) -> Any:
    answer = world.invoke("draw_winners", {"campaign": campaign, "count": count})
    world.settle()
    return answer
