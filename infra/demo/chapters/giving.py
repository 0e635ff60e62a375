"""Somebody gives her a gift card for the camera."""

from __future__ import annotations

from datetime import timedelta
from typing import cast

from infra.demo.client import Answer, Json, instant
from infra.demo.console import Promises
from infra.demo.life import Life, step

_DAYS_OF_ITS_OWN = 30


@step(
    "She is given a gift card",
    slip="two characters in the wrong order are seen to be a slip",
    longer="the right code makes her plan longer by its whole period",
    again="sent again it is answered alike, and counts once",
)
def redeem(life: Life, promises: Promises) -> None:
    code, period = _issued(life)
    before = instant(_plan(life)["until"])
    slip = _with_a_swap(code)
    answer = _sent(life, slip)
    promises.equal("slip", (answer.status, answer.json.get("code")), (422, "GiftCardMistyped"))
    first = _sent(life, code.lower().replace("-", " "))
    promises.equal("longer", (first.status, instant(first.json["until"])), (200, before + period))
    again = _sent(life, code)
    promises.equal("again", (again.json, _plan(life)["until"]), (first.json, first.json["until"]))
    life.teller.say(f"{slip} was looked up nowhere. By {code} her plan runs until {first.json['until']}.")


def _issued(life: Life) -> tuple[str, timedelta]:
    """The code of a card for the plan that she has, and its period."""
    plan_id, today = _plan(life)["plan_id"], life.backstage.now().date()
    (plan,) = (one for one in life.wire.expect(200, "GET", "/plans")["items"] if one["plan_id"] == plan_id)
    order = {"plan_id": plan_id, "count": 1, "until": (today + timedelta(days=_DAYS_OF_ITS_OWN)).isoformat()}
    (code,) = life.backstage.operation("issue_gift_cards", order)["codes"]
    return code, timedelta(days=plan["period_days"])


def _with_a_swap(code: str) -> str:
    at = next(at for at in range(len(code) - 1) if code[at] != code[at + 1] and "-" not in code[at : at + 2])
    return code[:at] + code[at + 1] + code[at] + code[at + 2 :]


def _sent(life: Life, code: str) -> Answer:
    body = {"code": code, "device_id": life.device_id}
    return life.person.ask("POST", "/gift-cards/redeem", body)


def _plan(life: Life) -> Json:
    return cast(Json, life.person.expect(200, "GET", f"/devices/{life.device_id}/plan"))
