"""Plans are paused, moved, changed for another, had for nothing, and warned of."""

from __future__ import annotations

from typing import Any

from chalicelib.plans.rules.ledger import Ledger
from infra.local import checkout
from infra.local.gateway import Response
from tests.conftest import Home
from tests.neighbour import neighbour
from tests.scene import new_camera
from tests.worlds.invariants import Row, Stored
from tests.worlds.scenarios import cameras, money
from tests.worlds.scenarios.steps import HOUR, job, once
from tests.worlds.sweep import AGAIN, Scenario, leap

DAY_S = 24 * HOUR
ENDS_SOON = 'The plan of "Garden" ends on 2026-02-04'


def ledgers(stored: Stored) -> dict[str, Ledger]:
    return {
        account_id + own: _ledger_of(row) for (account_id, own), row in stored.of("Ownership").items()
    }


def _ledger_of(row: Row) -> Ledger:
    return Ledger.of(row.get("plan_grants"), row.get("plan_pauses"))


def subscribed(home: Home) -> None:
    money.paid(home)
    home.world.settle()


def two_devices(home: Home) -> str:
    """The other one's id; the first has a plan."""
    other = new_camera(home.world, "SN0002", owner=home.owner).device_id
    subscribed(home)
    leap(home.world, 60)
    return other


def _order_free(home: Home, state: Any, key: str) -> Response:
    return home.owner.order(home.camera.device_id, "free", key=key)


def _free_months(home: Home, state: Any, stored: Stored) -> int:
    return sum(one.is_free for ledger in ledgers(stored).values() for one in ledger.grants)


def _preview(home: Home, state: Any, key: str) -> Response:
    body = {"plan_id": "event-30-year", "device_id": home.camera.device_id, "begins": "now"}
    return home.owner.call("POST", "/orders/preview", body, headers=once(key))


def order_now(home: Home, key: str) -> Response:
    body = {"plan_id": "event-30-year", "device_id": home.camera.device_id, "payment_method": "card", "begins": "now"}
    return home.owner.call("POST", "/orders", body, headers=once(key))


def changed_for_another(home: Home) -> tuple[str, dict[str, str], bytes]:
    subscribed(home)
    leap(home.world, 60)
    answer = order_now(home, "the-key-of-a-change")
    assert answer.status == 201, answer.body
    home.world.settle()
    return answer.json["order_id"], *checkout.event(answer.json["order_id"], "paid")


def _order_now(home: Home, state: Any, key: str) -> Response:
    return order_now(home, key)


def _orders_now(home: Home, state: Any, stored: Stored) -> int:
    return sum("credit_of" in one for one in stored.of("Order").values())


def _changes(home: Home, state: Any, stored: Stored) -> int:
    return sum("credit_of" in one and one["state"] == "paid" for one in stored.of("Order").values())


def pause(home: Home, key: str, *, on: bool = True) -> Response:
    return home.owner.call("PUT", f"/devices/{home.camera.device_id}/plan/pause", {"on": on}, headers=once(key))


def _pause(home: Home, state: Any, key: str) -> Response:
    return pause(home, key)


def pauses(home: Home, state: Any, stored: Stored) -> int:
    return len(ledgers(stored)[home.camera.device_id].own_pauses)


def _paused(home: Home) -> None:
    subscribed(home)
    assert pause(home, AGAIN + "-before").status == 200
    leap(home.world, 60)


def _resume(home: Home, state: Any, key: str) -> Response:
    return pause(home, key, on=False)


def _ended_pauses(home: Home, state: Any, stored: Stored) -> int:
    return sum(one.seconds < 2 * DAY_S for one in ledgers(stored)[home.camera.device_id].own_pauses)


def move(home: Home, other: str, key: str) -> Response:
    body = {"to_device_id": other}
    return home.owner.call("POST", f"/devices/{home.camera.device_id}/plan/move", body, headers=once(key))


def moves(home: Home, other: str, stored: Stored) -> int:
    """How often time came to the other device."""
    return len(ledgers(stored)[other].grants)


def two_devices_and_a_ticket(home: Home) -> str:
    """What is left of another plan elsewhere."""
    two_devices(home)
    return neighbour().plan_ticket()


def bring(home: Home, ticket: str, key: str, device_id: str = "") -> Response:
    path = f"/devices/{device_id or home.camera.device_id}/plan/arrivals"
    return home.owner.call("POST", path, {"ticket": ticket}, headers=once(key))


def arrivals(home: Home, ticket: str, stored: Stored) -> int:
    found = [one for ledger in ledgers(stored).values() for one in ledger.grants]
    return sum(one.source_kind == "move" for one in found)


def offered_with_plan(home: Home) -> str:
    subscribed(home)
    home.owner.step_up()
    transfer_id = home.owner.offer(home.camera.device_id, email=home.stranger.email, with_plan=True)
    home.stranger.step_up()
    return transfer_id


def _handed_over(home: Home, state: Any, stored: Stored) -> int:
    theirs = [ledger for one, ledger in ledgers(stored).items() if one.startswith(home.stranger.account_id)]
    return sum(grant.source_kind == "move" for ledger in theirs for grant in ledger.grants)


def ends_in_a_week(home: Home) -> None:
    subscribed(home)
    leap(home.world, 23 * DAY_S)
    home.owner.sign_in()


def warn(home: Home, state: Any, key: str) -> None:
    job(home.world, "warn_of_plan_ends")


def _warnings(home: Home, state: Any, stored: Stored) -> int:
    """The one of tomorrow is next."""
    return sum(one["subject"] == "ends_tomorrow" for one in stored.of("PlanWarning").values())


SCENARIOS = (
    Scenario(
        "take the free plan", "POST /orders", lambda home: home.world.settle(), _order_free, _free_months,
        may_say=(409,), keeps_answer=True,
    ),
    Scenario("ask what a plan costs", "POST /orders/preview", subscribed, _preview),
    Scenario(
        "order another plan for now", "POST /orders", subscribed, _order_now, _orders_now, at_most=2, keeps_answer=True
    ),
    Scenario(
        "another plan is paid that begins now", "POST /payments/{provider}", changed_for_another, money.take_payment,
        _changes,
    ),
    Scenario(
        "pause a plan", "PUT /devices/{device_id}/plan/pause", subscribed, _pause, pauses, keeps_answer=True
    ),
    Scenario(
        "end a pause", "PUT /devices/{device_id}/plan/pause", _paused, _resume, _ended_pauses, keeps_answer=True
    ),
    Scenario(
        "move a plan", "POST /devices/{device_id}/plan/move", two_devices, move, moves, may_say=(409,),
        keeps_answer=True,
    ),
    Scenario(
        "bring a plan from another region", "POST /devices/{device_id}/plan/arrivals", two_devices_and_a_ticket, bring,
        arrivals, may_say=(410,),
    ),
    Scenario(
        "take a device over with its plan", "POST /transfers/{transfer_id}/accept", offered_with_plan, cameras.accept,
        _handed_over, may_say=(404,),
    ),
    Scenario(
        "a plan ends in a week", "warn_of_plan_ends", ends_in_a_week, warn, _warnings, is_asked=False,
        within_seconds=2 * HOUR, told=ENDS_SOON,
    ),
)  # fmt: skip
