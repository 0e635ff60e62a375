"""Plans that renew by themselves while they are given back, paused, moved, ended by a tap, or closed."""

from __future__ import annotations

from typing import Any

from infra.local.gateway import Response
from tests.conftest import Home
from tests.scene import new_camera
from tests.worlds.invariants import Stored
from tests.worlds.races.people import close, owner_is_gone
from tests.worlds.races.race import ANOTHER_KEY, ONE_KEY, Answers, Race, Wrong, exactly
from tests.worlds.scenarios import plans, refunds, renewals
from tests.worlds.scenarios.steps import job


def _renew(home: Home, state: Any) -> None:
    renewals.renew(home, state, "")


def _tap(home: Home, state: Any) -> Response:
    return renewals.switch(home, ONE_KEY, on=False)


def _switch_on_other(home: Home, state: Any) -> Response:
    return renewals.switch(home, ANOTHER_KEY, on=True, device_id=state)


def _due(home: Home) -> Any:
    state = renewals.due(home)
    home.owner.sign_in()
    return state


def _due_and_stepped_up(home: Home) -> Any:
    state = _due(home)
    home.owner.step_up()
    return state


def _due_with_another(home: Home) -> str:
    other = new_camera(home.world, "SN0002", owner=home.owner).device_id
    _due(home)
    return other


def _due_with_its_reference(home: Home) -> Any:
    state = _due(home)
    (one,) = home.owner.call("GET", "/orders").json["items"]
    return state[0], one["payments"][0]["reference"]


def _ended_in_grace(home: Home) -> Any:
    """Nobody renewed it in time; the clock ends what is over, and renews."""
    state = renewals.due(home)
    home.world.clock.move_to(home.world.now().timestamp() + 7 * plans.DAY_S + 23 * 3600)
    return state


def _end_plans(home: Home, state: Any) -> None:
    job(home.world, "end_plans")


def _refund(home: Home, state: Any) -> Response:
    return refunds.refund(home, state, ONE_KEY)


def _pause(home: Home, state: Any) -> Response:
    return plans.pause(home, ANOTHER_KEY)


def _move(home: Home, state: Any) -> Response:
    return plans.move(home, state, ANOTHER_KEY)


def _renewed(stored: Stored) -> list[str]:
    return sorted(one["state"] for one in stored.of("Order").values() if "renewal" in one)


def _once(home: Home, state: Any, answers: Answers, stored: Stored) -> Wrong:
    if _renewed(stored) != ["paid"]:
        yield f"the orders of the renewal are {_renewed(stored)}"


def _paid_or_back(home: Home, state: Any, answers: Answers, stored: Stored) -> Wrong:
    """What was taken bought a period, or goes back; nothing is taken of who ended it first."""
    paid = [one for one in stored.of("Payment").values() if one["payment_reference"].startswith("sandbox-renewal")]
    wanted = [] if not paid else ["paid"] if paid[0]["state"] == "applied" else ["refund_due"]
    found = [one for one in _renewed(stored) if one != "open"]
    if found != wanted or len(paid) > 1:
        yield f"of the renewal {[one['state'] for one in paid]} was paid, and its orders are {_renewed(stored)}"


def _ended(home: Home, state: Any, answers: Answers, stored: Stored) -> Wrong:
    yield from _paid_or_back(home, state, answers, stored)
    if any("plan_renewal" in one for one in stored.of("Ownership").values()):
        yield "it renews by itself still"


def _goes_on(home: Home, state: Any, answers: Answers, stored: Stored) -> Wrong:
    yield from _paid_or_back(home, state, answers, stored)
    if sum("plan_renewal" in one for one in stored.of("Ownership").values()) != 1:
        yield "it renews by itself no more"


def _gone(home: Home, state: Any, answers: Answers, stored: Stored) -> Wrong:
    yield from owner_is_gone(home, state, answers, stored)
    if stored.of("SavedCard"):
        yield "a card is left"


def _other_keeps_its_card(home: Home, state: Any, answers: Answers, stored: Stored) -> Wrong:
    renews = sum("plan_renewal" in one for one in stored.of("Ownership").values())
    if renews != len(stored.of("SavedCard")) or renews != (answers[1].status == 200):
        yield f"{renews} renew, and {len(stored.of('SavedCard'))} cards are saved"


RACES = (
    Race("renew, renew", renewals.due, _renew, _renew, exactly((None, None)), _once),
    Race("renew, end by a tap", _due, _renew, _tap, exactly((None, 200)), _ended),
    Race("refund, renew", _due_with_its_reference, _refund, _renew, exactly((202, None)), _ended),
    Race("pause, renew", _due, _pause, _renew, exactly((200, None)), _goes_on),
    Race("renew, move", _due_with_another, _renew, _move, exactly((None, 200)), _goes_on),
    Race("close, renew", _due_and_stepped_up, close, _renew, exactly((202, None)), _gone),
    Race("renew, expire", _ended_in_grace, _renew, _end_plans, exactly((None, None))),
    Race(
        "end by a tap, renew another", renewals.two_devices, _tap, _switch_on_other, exactly((200, 200), (200, 409)),
        _other_keeps_its_card,
    ),
)  # fmt: skip
