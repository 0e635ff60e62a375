"""Orders that are given back or disputed while they are paid, moved, lost or given back by another client."""

from __future__ import annotations

from typing import Any

from infra.local import checkout
from infra.local.gateway import Response
from tests.conftest import Home
from tests.plans.granted import granted_s
from tests.scene import new_camera
from tests.worlds.invariants import Stored
from tests.worlds.races.money import pay
from tests.worlds.races.people import close, owner_is_gone
from tests.worlds.races.race import ANOTHER_KEY, ONE_KEY, Answers, Race, Wrong, either_way, exactly
from tests.worlds.scenarios import cameras, money, plans, refunds
from tests.worlds.scenarios.steps import once


def _refund(home: Home, state: Any) -> Response:
    return refunds.refund(home, state, ONE_KEY)


def _refund_too(home: Home, state: Any) -> Response:
    return refunds.refund(home, state, ANOTHER_KEY)


def _bought_and_another(home: Home) -> Any:
    """And a second camera."""
    other = new_camera(home.world, "SN0002", owner=home.owner).device_id
    return *refunds.bought(home), other


def _bought_and_stepped_up(home: Home) -> Any:
    home.owner.step_up()
    return refunds.bought(home)


def _bought_and_ordered(home: Home) -> Any:
    state = refunds.bought(home)
    order_id = home.owner.order(home.camera.device_id, key="the-key-of-a-second-order").json["order_id"]
    home.world.settle()
    return *state, (order_id, *checkout.event(order_id, "paid"))


def _changed(home: Home) -> Any:
    """An order that takes the place of what runs, about to be paid, and the one that it is credited for."""
    change = plans.changed_for_another(home)
    first = home.owner.call("GET", "/orders").json["items"][-1]
    return first["order_id"], first["payments"][0]["reference"], change


def _pay_second(home: Home, state: Any) -> Response:
    return pay(home, state[2])


def _move(home: Home, state: Any) -> Response:
    return plans.move(home, state[2], ANOTHER_KEY)


def _pause(home: Home, state: Any) -> Response:
    return plans.pause(home, ANOTHER_KEY)


def _remove(home: Home, state: Any) -> Response:
    return home.owner.call("DELETE", f"/devices/{home.camera.device_id}")


def _pay(home: Home, state: Any) -> Response:
    return pay(home, state)


def _dispute(home: Home, state: Any) -> Response:
    return refunds.dispute(home, state, "opened")


def _win(home: Home, state: Any) -> Response:
    return refunds.dispute(home, state, "won")


def _lose(home: Home, state: Any) -> Response:
    return refunds.dispute(home, state, "lost")


def _offered(home: Home) -> Any:
    transfer_id = plans.offered_with_plan(home)
    (one,) = home.owner.call("GET", "/orders").json["items"]
    return one["order_id"], one["payments"][0]["reference"], transfer_id


def _handed_to_one_who_offers_it(home: Home) -> Any:
    """The second owner gives it back with its plan."""
    order_id, reference, transfer_id = _offered(home)
    device_id = cameras.accept(home, transfer_id, "the-key-of-a-hand-over").json["device_id"]
    home.world.settle()
    home.stranger.step_up()
    return order_id, reference, home.stranger.offer(device_id, email=home.owner.email, with_plan=True), device_id


def _accept(home: Home, state: Any) -> Response:
    return cameras.accept(home, state[2], ONE_KEY)


def _take_back(home: Home, state: Any) -> Response:
    return home.owner.accept(state[2], **once(ANOTHER_KEY))


def _remove_what_came(home: Home, state: Any) -> Response:
    return home.stranger.call("DELETE", f"/devices/{state[3]}")


def _lost_wherever_it_is(home: Home, state: Any, answers: Answers, stored: Stored) -> Wrong:
    yield from _lost_once(home, state, answers, stored)
    now = home.world.now().timestamp()
    if any(one.until > now for ledger in plans.ledgers(stored).values() for one in ledger.grants):
        yield "the plan runs on"


def _suspended_wherever_it_is(home: Home, state: Any, answers: Answers, stored: Stored) -> Wrong:
    now = home.world.now().timestamp()
    left = [one for ledger in plans.ledgers(stored).values() for one in ledger.grants if one.until > now]
    if any(one.mark != "suspended" for one in left):
        yield "the plan runs on"


def _ask(home: Home, state: Any) -> None:
    refunds.ask_for_refunds(home, state, "")


def _went_back(stored: Stored) -> list[int]:
    """What of each payment that did; whether each is whole is for the invariants."""
    return sorted(int(one.get("refund_amount", 0)) for one in stored.of("Payment").values())


def _once(home: Home, state: Any, answers: Answers, stored: Stored) -> Wrong:
    if _went_back(stored) != [299] or refunds.refunds(home, state, stored) != 1:
        yield f"{_went_back(stored)} went back"
    mails = sum(one.get("subject") == refunds.TOLD for one in home.world.outbox(home.owner.email))
    if mails != 1:
        yield f"{mails} mails say so"


def _once_and_the_other_runs(home: Home, state: Any, answers: Answers, stored: Stored) -> Wrong:
    if _went_back(stored) != [0, 299]:
        yield f"{_went_back(stored)} went back"
    had = sum(granted_s(ledger, one) for ledger in plans.ledgers(stored).values() for one in ledger.grants)
    if had != 30 * plans.DAY_S:
        yield f"{had} seconds are granted"


def _back_or_credited(home: Home, state: Any, answers: Answers, stored: Stored) -> Wrong:
    """The first one's rest pays a part of the other, or its money goes back and the other's, too."""
    states = sorted(one["state"] for one in stored.of("Order").values())
    wanted = ["refund_due", "refunded"] if answers[0].status == 202 else ["paid", "paid"]
    if states != wanted:
        yield f"{answers[0].status}, and the orders are {states}"


def _nothing_of_it_is_left(home: Home, state: Any, answers: Answers, stored: Stored) -> Wrong:
    """It was given back, or went with the device or the account."""
    if _went_back(stored) != ([299] if answers[0].status == 202 else [0]):
        yield f"{answers[0].status}, and {_went_back(stored)} went back"


def _gone_and_nothing_of_it_is_left(home: Home, state: Any, answers: Answers, stored: Stored) -> Wrong:
    yield from owner_is_gone(home, state, answers, stored)
    yield from _nothing_of_it_is_left(home, state, answers, stored)


def _applied_or_back(home: Home, state: Any, answers: Answers, stored: Stored) -> Wrong:
    (order,) = stored.of("Order").values()
    wanted = {"paid": [0], "refund_due": [299]}.get(order["state"])
    if _went_back(stored) != wanted:
        yield f"the order is {order['state']}, and {_went_back(stored)} went back"


def _disputed_or_back(home: Home, state: Any, answers: Answers, stored: Stored) -> Wrong:
    """Who was first is carried out; a refund that was asked before waits for the bank."""
    (payment,) = stored.of("Payment").values()
    wanted = ("refund_due" if answers[0].status == 202 else "applied", "opened")
    # Where the provider was asked before the dispute came, it has gone back.
    if (payment["state"], payment["dispute_state"]) not in (wanted, ("refunded", "opened")):
        yield f"{answers[0].status}, and the payment is {payment['state']}, {payment['dispute_state']}"


def _won_is_won(home: Home, state: Any, answers: Answers, stored: Stored) -> Wrong:
    (payment,) = stored.of("Payment").values()
    if payment["dispute_state"] != "won" or any(
        one.mark for ledger in plans.ledgers(stored).values() for one in ledger.grants
    ):
        yield f"the dispute is {payment['dispute_state']}"


def _lost_once(home: Home, state: Any, answers: Answers, stored: Stored) -> Wrong:
    (payment,) = stored.of("Payment").values()
    if (payment["state"], payment["dispute_state"]) != ("charged_back", "lost"):
        yield f"the payment is {payment['state']}, {payment['dispute_state']}"


def _asked_once(home: Home, state: Any, answers: Answers, stored: Stored) -> Wrong:
    if [one["state"] for one in stored.of("Payment").values()] != ["refunded"]:
        yield "it has not gone back"


RACES = (
    Race("refund, refund", refunds.bought, _refund, _refund_too, either_way((202, 409)), _once),
    Race("refund, move", _bought_and_another, _refund, _move, exactly((202, 200), (202, 409)), _once),
    Race("refund, pause", refunds.bought, _refund, _pause, exactly((202, 200), (202, 409)), _once),
    Race("refund, pay", _bought_and_ordered, _refund, _pay_second, exactly((202, 200)), _once_and_the_other_runs),
    Race("refund, change", _changed, _refund, _pay_second, exactly((202, 200), (409, 200)), _back_or_credited),
    Race("refund, remove", refunds.bought, _refund, _remove, exactly((202, 202), (409, 202)), _nothing_of_it_is_left),
    Race(
        "refund, close", _bought_and_stepped_up, _refund, close,
        exactly((202, 202), (401, 202), (404, 202), (409, 202)), _gone_and_nothing_of_it_is_left,
    ),
    Race("pay, remove", money.ordered, _pay, _remove, exactly((200, 202)), _applied_or_back),
    Race("refund, dispute", refunds.bought, _refund, _dispute, exactly((202, 200), (409, 200)), _disputed_or_back),
    Race("dispute, win", refunds.bought, _dispute, _win, exactly((200, 200)), _won_is_won),
    Race("dispute, dispute", refunds.bought, _dispute, _dispute, exactly((200, 200))),
    Race("lose, lose", refunds.disputed, _lose, _lose, exactly((200, 200)), _lost_once),
    Race("dispute, move", _bought_and_another, _dispute, _move, exactly((200, 200), (200, 409))),
    Race("accept, dispute", _offered, _accept, _dispute, exactly((201, 200), (409, 200)), _suspended_wherever_it_is),
    Race("accept, lose", _offered, _accept, _lose, exactly((201, 200)), _lost_wherever_it_is),
    Race(
        "take back, lose", _handed_to_one_who_offers_it, _take_back, _lose, exactly((201, 200)), _lost_wherever_it_is
    ),
    Race(
        "remove what came, lose", _handed_to_one_who_offers_it, _remove_what_came, _lose, exactly((202, 200)),
        _lost_wherever_it_is,
    ),
    Race("change, lose", _changed, _pay_second, _lose, exactly((200, 200))),
    Race("ask again, ask again", refunds.silently_given_back, _ask, _ask, exactly((None, None)), _asked_once),
)  # fmt: skip
