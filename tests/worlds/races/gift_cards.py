"""Gift cards that several want at once, or that are withdrawn, or whose device goes, while they are redeemed."""

from __future__ import annotations

from typing import Any

from infra.local import checkout
from infra.local.gateway import Response
from tests.conftest import Home
from tests.gift_cards import cards
from tests.plans.granted import granted_s
from tests.scene import new_camera
from tests.worlds.invariants import Stored
from tests.worlds.races.money import pay
from tests.worlds.races.people import close, owner_is_gone
from tests.worlds.races.race import ANOTHER_KEY, ONE_KEY, Answers, Race, Wrong, either_way, exactly
from tests.worlds.scenarios import gift_cards, plans

PERIOD_S = 30 * plans.DAY_S
# Where the state is more than a code, that is its first part.
State = Any


def _with_a_device_of_the_strangers(home: Home) -> tuple[str, str]:
    return gift_cards.issued(home), new_camera(home.world, "SN0002", owner=home.stranger).device_id


def _with_a_second_device(home: Home) -> tuple[str, str]:
    return gift_cards.issued(home), new_camera(home.world, "SN0002", owner=home.owner).device_id


def _two_cards(home: Home) -> tuple[str, str, str]:
    """Of one batch, and a device of the stranger's."""
    first, second = cards.issue(home.world, 2)["codes"]
    return first, second, new_camera(home.world, "SN0002", owner=home.stranger).device_id


def _with_its_batch(home: Home) -> tuple[str, str]:
    issued = cards.issue(home.world)
    home.world.settle()
    return issued["codes"][0], issued["batch_id"]


def _with_a_plan_to_move(home: Home) -> tuple[str, str]:
    other = plans.two_devices(home)
    return gift_cards.issued(home), other


def _with_an_order(home: Home) -> tuple[str, Any]:
    order_id = home.owner.order(home.camera.device_id).json["order_id"]
    return gift_cards.issued(home), (order_id, *checkout.event(order_id, "paid"))


def _stepped_up(home: Home) -> tuple[str]:
    home.owner.step_up()
    return (gift_cards.issued(home),)


def _alone(home: Home) -> tuple[str]:
    return (gift_cards.issued(home),)


def _redeem(home: Home, state: State) -> Response:
    return cards.redeem(home, state[0], key=ONE_KEY)


def _redeem_again(home: Home, state: State) -> Response:
    return cards.redeem(home, state[0], key=ANOTHER_KEY)


def _redeem_for_the_other(home: Home, state: State) -> Response:
    return cards.redeem(home, state[0], device_id=state[1], key=ANOTHER_KEY)


def _stranger_redeems(home: Home, state: State) -> Response:
    return cards.redeem(home, state[0], by=home.stranger, device_id=state[-1], key=ANOTHER_KEY)


def _stranger_redeems_the_second(home: Home, state: State) -> Response:
    return cards.redeem(home, state[1], by=home.stranger, device_id=state[-1], key=ANOTHER_KEY)


def _guess(home: Home, state: State) -> Response:
    return cards.redeem(home, cards.UNKNOWN, key=ANOTHER_KEY)


def _revoke(home: Home, state: State) -> Response:
    return gift_cards.revoke(home, state[1])


def _revoke_again(home: Home, state: State) -> Response:
    return gift_cards.revoke(home, state[1])


def _remove(home: Home, state: State) -> Response:
    return home.owner.call("DELETE", f"/devices/{home.camera.device_id}")


def _move_away(home: Home, state: State) -> Response:
    return plans.move(home, state[1], ANOTHER_KEY)


def _pause(home: Home, state: State) -> Response:
    return plans.pause(home, ANOTHER_KEY)


def _pay(home: Home, state: State) -> Response:
    return pay(home, state[1])


def _close(home: Home, state: State) -> Response:
    return close(home, state)


def _granted(stored: Stored) -> int:
    return sum(granted_s(ledger, one) for ledger in plans.ledgers(stored).values() for one in ledger.grants)


def _periods(count: int) -> Any:
    def look(home: Home, state: State, answers: Answers, stored: Stored) -> Wrong:
        if _granted(stored) != count * PERIOD_S:
            yield f"{_granted(stored)} seconds are granted of {count} periods"

    return look


def _had_or_not(home: Home, state: State, answers: Answers, stored: Stored) -> Wrong:
    """Who was answered 200 has it, and the card is spent; who was not has nothing, and it is not."""
    (card,) = stored.of("GiftCard").values()
    is_had = answers[0].status == 200
    if ("redeemed_at" in card) != is_had or len(stored.of("GiftCardRedemption")) != is_had:
        yield f"the answer is {answers[0].status}, and the card {card}"
    if _granted(stored) != is_had * PERIOD_S:
        yield f"{_granted(stored)} seconds are granted"


def _spent_or_not(home: Home, state: State, answers: Answers, stored: Stored) -> Wrong:
    """The device is gone, with whatever it had."""
    (card,) = stored.of("GiftCard").values()
    if ("redeemed_at" in card) != (answers[0].status == 200):
        yield f"the answer is {answers[0].status}, and the card {card}"


def _owner_has_gone(home: Home, state: State, answers: Answers, stored: Stored) -> Wrong:
    yield from owner_is_gone(home, state, answers[::-1], stored)
    yield from _spent_or_not(home, state, answers, stored)
    (card,) = stored.of("GiftCard").values()
    if home.owner.account_id in str(card):
        yield "the card says whose it was"


RACES = (
    Race(
        "redeem, another redeems", _with_a_device_of_the_strangers, _redeem, _stranger_redeems, either_way((200, 409)),
        _periods(1),
    ),
    Race("redeem, redeem again", _alone, _redeem, _redeem_again, exactly((200, 200)), _periods(1)),
    Race("redeem, redeem in a repeat", _alone, _redeem, _redeem, exactly((200, 200)), _periods(1)),
    Race(
        "redeem here, redeem there", _with_a_second_device, _redeem, _redeem_for_the_other, either_way((200, 409)),
        _periods(1),
    ),
    Race(
        "redeem, redeem another of the batch", _two_cards, _redeem, _stranger_redeems_the_second, exactly((200, 200)),
        _periods(2),
    ),
    Race("redeem, guess", _alone, _redeem, _guess, exactly((200, 404), (429, 404)), _had_or_not),
    Race("redeem, revoke", _with_its_batch, _redeem, _revoke, exactly((200, 200), (410, 200)), _had_or_not),
    Race("revoke, revoke", _with_its_batch, _revoke, _revoke_again, exactly((200, 200))),
    Race("redeem, close", _stepped_up, _redeem, _close, exactly((200, 202), (401, 202), (404, 202)), _owner_has_gone),
    Race("redeem, remove", _alone, _redeem, _remove, exactly((200, 202), (404, 202)), _spent_or_not),
    Race("redeem, move", _with_a_plan_to_move, _redeem, _move_away, exactly((200, 200)), _periods(2)),
    Race("redeem, pause", _with_a_plan_to_move, _redeem, _pause, exactly((200, 200)), _periods(2)),
    Race("redeem, pay", _with_an_order, _redeem, _pay, exactly((200, 200)), _periods(2)),
)  # fmt: skip
