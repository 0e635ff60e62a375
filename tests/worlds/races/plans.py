"""Plans that are moved, paused and changed while they are paid for, run out, or lose their device."""

from __future__ import annotations

from typing import Any

from infra.local import checkout
from infra.local.gateway import Response
from tests.conftest import Home
from tests.neighbour import neighbour
from tests.plans.granted import granted_s
from tests.scene import new_camera
from tests.worlds.invariants import Stored
from tests.worlds.races.money import pay
from tests.worlds.races.people import close
from tests.worlds.races.race import ANOTHER_KEY, ONE_KEY, Answers, Race, Wrong, either_way, exactly
from tests.worlds.scenarios import plans
from tests.worlds.sweep import leap

PERIOD_S = 30 * plans.DAY_S


def _with_an_order(home: Home, arrange: Any, plan_id: str = "event-7-month") -> Any:
    """What is arranged, and a second order that is about to be paid."""
    state = arrange(home)
    answer = home.owner.order(home.camera.device_id, plan_id, key="the-key-of-a-second-order")
    assert answer.status == 201, answer.body
    home.world.settle()
    return state, (answer.json["order_id"], *checkout.event(answer.json["order_id"], "paid"))


def _subscribed_and_ordered(home: Home) -> Any:
    return _with_an_order(home, plans.subscribed)


def _two_devices_and_an_order(home: Home) -> Any:
    return _with_an_order(home, plans.two_devices)


def _three_devices(home: Home) -> tuple[str, str]:
    third = new_camera(home.world, "SN0003", owner=home.owner).device_id
    return plans.two_devices(home), third


def _about_to_end(home: Home) -> str:
    """A second before the plan has run out."""
    other = plans.two_devices(home)
    leap(home.world, PERIOD_S - 60 - 1)
    home.owner.sign_in()
    return other


def _grace_is_over(home: Home) -> str:
    other = plans.two_devices(home)
    home.owner.order(other, key="the-key-of-the-other-one")
    leap(home.world, PERIOD_S + 7 * plans.DAY_S)
    home.owner.sign_in()
    return other


def _changed(home: Home) -> Any:
    """An order that takes the place of what runs, about to be paid."""
    return None, plans.changed_for_another(home)


def _free_on_none(home: Home) -> str:
    return new_camera(home.world, "SN0002", owner=home.owner).device_id


def _move(home: Home, other: str) -> Response:
    return plans.move(home, other, ONE_KEY)


def _move_again(home: Home, other: str) -> Response:
    return plans.move(home, other, ANOTHER_KEY)


def _move_to_third(home: Home, others: tuple[str, str]) -> Response:
    return plans.move(home, others[1], ANOTHER_KEY)


def _move_to_second(home: Home, others: tuple[str, str]) -> Response:
    return plans.move(home, others[0], ONE_KEY)


def _two_and_a_ticket(home: Home) -> tuple[str, str]:
    return plans.two_devices(home), neighbour().plan_ticket()


def _bring_here(home: Home, state: tuple[str, str]) -> Response:
    return plans.bring(home, state[1], ONE_KEY)


def _bring_there(home: Home, state: tuple[str, str]) -> Response:
    return plans.bring(home, state[1], ANOTHER_KEY, state[0])


def _move_to_other(home: Home, state: tuple[str, str]) -> Response:
    return plans.move(home, state[0], ANOTHER_KEY)


def _move_of_both(home: Home, state: Any) -> Response:
    return plans.move(home, state[0], ONE_KEY)


def _pay_second(home: Home, state: Any) -> Response:
    return pay(home, state[1])


def _pause(home: Home, state: Any) -> Response:
    return plans.pause(home, ANOTHER_KEY)


def _pause_too(home: Home, state: Any) -> Response:
    return plans.pause(home, ONE_KEY)


def _remove(home: Home, state: Any) -> Response:
    return home.owner.call("DELETE", f"/devices/{home.camera.device_id}")


def _remove_other(home: Home, other: str) -> Response:
    return home.owner.call("DELETE", f"/devices/{other}")


def _end_plans(home: Home, state: Any) -> None:
    plans.job(home.world, "end_plans")


def _warn(home: Home, state: Any) -> None:
    plans.warn(home, state, "")


def _free_here(home: Home, other: str) -> Response:
    return home.owner.order(home.camera.device_id, "free", key=ONE_KEY)


def _free_there(home: Home, other: str) -> Response:
    return home.owner.order(other, "free", key=ANOTHER_KEY)


def _order(home: Home, state: Any) -> Response:
    return home.owner.order(home.camera.device_id, key=ONE_KEY)


def _stepped_up(home: Home) -> None:
    home.owner.step_up()
    plans.subscribed(home)


def _all_is_there(home: Home, state: Any, stored: Stored, seconds: int) -> Wrong:
    had = sum(granted_s(ledger, one) for ledger in plans.ledgers(stored).values() for one in ledger.grants)
    if had != seconds:
        yield f"{had} seconds are granted of {seconds}"


def _one_period(home: Home, state: Any, answers: Answers, stored: Stored) -> Wrong:
    yield from _all_is_there(home, state, stored, PERIOD_S)


def _two_periods(home: Home, state: Any, answers: Answers, stored: Stored) -> Wrong:
    yield from _all_is_there(home, state, stored, 2 * PERIOD_S)


def _period_and_rest(home: Home, state: Any, answers: Answers, stored: Stored) -> Wrong:
    rest = 20 * plans.DAY_S  # of the ticket
    yield from _all_is_there(home, state, stored, PERIOD_S + rest)


def _one_is_free(home: Home, state: Any, answers: Answers, stored: Stored) -> Wrong:
    yield from _all_is_there(home, state, stored, PERIOD_S)
    if len(stored.of("Order")) != 1:
        yield f"{len(stored.of('Order'))} orders are there"


def _changed_or_owed_back(home: Home, state: Any, answers: Answers, stored: Stored) -> Wrong:
    """What was credited is there as it was, or the money is owed back and nothing has changed."""
    (change,) = (one for one in stored.of("Order").values() if "credit_of" in one)
    payments = sorted(one["state"] for one in stored.of("Payment").values())
    wanted = {"paid": "applied", "refund_due": "refunded"}.get(change["state"])
    if payments != sorted(["applied", wanted]):
        yield f"the order is {change['state']}, and the payments {payments}"


def _warned_or_not(home: Home, state: Any, answers: Answers, stored: Stored) -> Wrong:
    mails = sum("The plan of" in one.get("subject", "") for one in home.world.outbox(home.owner.email))
    if mails > 1:
        yield f"{mails} mails warn of it"


RACES = (
    Race("move, move", plans.two_devices, _move, _move_again, either_way((200, 409)), _one_period),
    Race("move here, move there", _three_devices, _move_to_second, _move_to_third, either_way((200, 409)), _one_period),
    Race("move, expire", _about_to_end, _move, _end_plans, exactly((200, None)), _one_period),
    Race("move, what is left goes", _grace_is_over, _move, _end_plans, exactly((409, None))),
    Race("move, pause", plans.two_devices, _move, _pause, exactly((200, 200), (200, 409)), _one_period),
    Race("move, pay", _two_devices_and_an_order, _move_of_both, _pay_second, exactly((200, 200)), _two_periods),
    Race("move, remove", plans.two_devices, _move, _remove, exactly((200, 202), (404, 202))),
    Race("move, remove the other one", plans.two_devices, _move, _remove_other, exactly((200, 202), (404, 202))),
    Race(
        "bring a plan here, bring it there", _two_and_a_ticket, _bring_here, _bring_there, either_way((200, 410)),
        _period_and_rest,
    ),
    Race("bring a plan, move", _two_and_a_ticket, _bring_here, _move_to_other, exactly((200, 200)), _period_and_rest),
    Race("bring a plan, remove", _two_and_a_ticket, _bring_here, _remove, exactly((200, 202), (404, 202))),
    Race("pause, pause", plans.subscribed, _pause_too, _pause, exactly((200, 200)), _one_period),
    Race("pay, pause", _subscribed_and_ordered, _pay_second, _pause, exactly((200, 200)), _two_periods),
    Race("pause, remove", plans.subscribed, _pause, _remove, exactly((200, 202), (404, 202))),
    Race("change, pause", _changed, _pay_second, _pause, exactly((200, 200)), _changed_or_owed_back),
    Race("free here, free there", _free_on_none, _free_here, _free_there, either_way((201, 409)), _one_is_free),
    Race("warn, pause", plans.ends_in_a_week, _warn, _pause, exactly((None, 200)), _warned_or_not),
    Race("warn, warn", plans.ends_in_a_week, _warn, _warn, exactly((None, None)), _warned_or_not),
    Race("order, close", _stepped_up, _order, close, exactly((201, 202), (401, 202), (404, 202))),
)
