"""Whatever the order of two clients' AWS calls: nothing is half done, nothing twice, and no answer is wrong.

`ORDER=AABBA pytest tests/worlds/test_interleavings.py -k "bind-activate"` plays one order again; `-rP` prints what was
played.
"""

from __future__ import annotations

import hashlib
import os
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from infra.local import dump
from infra.local.gateway import Response
from infra.strict_moto import StrictAWS
from infra.strict_moto.tests.scene import client, key, make_table, nothing_else, read
from tests.conftest import Home
from tests.worlds import interleavings
from tests.worlds.interleavings import Choice, Exploration, IsKnown, Played, continuing, never, play
from tests.worlds.invariants import Stored, violations
from tests.worlds.races import KINDS, RACES, Race
from tests.worlds.sweep import Seen, recover, without_waiting

ENOUGH = 3  # that many wrong orders say what there is to say


def in_every_order(race: Race, home: Home) -> tuple[str, dict[str, list[str]], int]:
    """What was played, in words; what is wrong, by order; in how many different states the orders ended."""
    state = race.arrange(home)
    before = home.world.snapshot()

    def once(choose: Choice, is_known: IsKnown = never) -> Played:
        home.world.restore(before)
        acts = (lambda: race.one(home, state), lambda: race.other(home, state))
        return play(home.world.aws, acts, choose, is_known)

    orders = Exploration(once, Seen(home.world).is_new)
    chosen = os.environ.get("ORDER")
    found: dict[str, list[str]] = {}
    ends: set[bytes] = set()
    for played in orders if chosen is None else [once(continuing(chosen))]:
        if wrongs := list(_wrongs(race, home, state, played, ends)):
            found[played.order] = wrongs
        if len(found) == ENOUGH:
            break
    said = orders.said if chosen is None else f"the order {played.order}"
    return said, found, len(ends)


def _wrongs(race: Race, home: Home, state: Any, played: Played, ends: set[bytes]) -> Iterator[str]:
    answers = played.answers["A"], played.answers["B"]
    said = tuple(answer.status if isinstance(answer, Response) else answer for answer in answers)
    if said not in race.may_say:
        yield f"they said {said} {[answer.body for answer in answers if isinstance(answer, Response)]}"
        return
    yield from (f"{failure.function} raised {failure.fault!r}" for failure in home.world.failures)
    # What is left and said the same as in another order also goes on the same.
    mark = hashlib.sha256(dump.as_json({**dump.dump(), "said": said})).digest()
    if mark not in ends:
        ends.add(mark)
        yield from race.at_once(home, state, answers, Stored(dump.dump()))
        recover(home.world)
        left = home.world.dump()
        yield from violations(left)
        yield from race.wrongs(home, state, answers, Stored(left))


@pytest.mark.one_in(8, by=lambda race: KINDS[race.name])
@pytest.mark.parametrize("race", [pytest.param(one, id=one.name.replace(", ", "-")) for one in RACES])
def test_no_order_of_two_clients_calls_does_harm(home: Home, race: Race) -> None:
    with without_waiting():
        said, found, ends = in_every_order(race, home)
    print(f"{race.name}: {said}, {ends} different ends, {len(found)} wrong")
    shown = [f"ORDER={order}: {wrong}" for order, wrongs in found.items() for wrong in wrongs]
    assert not found, f"{race.name}, {said}, wrong in {len(found)}:\n" + "\n".join(shown)


# ── The harness itself ───────────────────────────────────────────────────────────────────────────────────────────────


def _count_up_racily() -> None:
    """What nobody should write: read, add one, put."""
    found = read("counter") or {"hits": {"N": "0"}}
    hits = int(found["hits"]["N"]) + 1
    client("dynamodb").put_item(TableName="Things", Item={**key("counter"), "hits": {"N": str(hits)}})


def _count_up() -> None:
    client("dynamodb").update_item(
        TableName="Things",
        Key=key("counter"),
        UpdateExpression="ADD hits :one",
        ExpressionAttributeValues={":one": {"N": "1"}},
    )


def _counted(aws: StrictAWS, act: Any) -> dict[str, str]:
    """What the counter said after each order of two."""
    make_table()
    before = aws.snapshot()
    counted = {}

    def once(choose: Choice, is_known: IsKnown) -> Played:
        aws.restore(before)
        return play(aws, (act, act), choose, is_known)

    for played in Exploration(once):
        found = read("counter")
        assert found is not None and not [one for one in played.answers.values() if one is not None]
        counted[played.order] = found["hits"]["N"]
    return counted


@pytest.fixture
def strict_aws() -> Iterator[StrictAWS]:
    with nothing_else(), StrictAWS() as aws:
        yield aws


def test_a_racy_operation_is_caught_and_its_orders_are_named(strict_aws: StrictAWS) -> None:
    counted = _counted(strict_aws, _count_up_racily)
    lost = {order for order, hits in counted.items() if hits != "2"}
    assert len(counted) == 6
    assert lost == {"ABAB", "ABBA", "BAAB", "BABA"}


def test_an_order_is_played_again_by_its_name(strict_aws: StrictAWS) -> None:
    make_table()
    before = strict_aws.snapshot()
    for order, hits in {"ABAB": "1", "AABB": "2", "BBAA": "2", "BAAB": "1"}.items():
        strict_aws.restore(before)
        assert play(strict_aws, (_count_up_racily, _count_up_racily), continuing(order)).order == order
        assert (read("counter") or {})["hits"] == {"N": hits}


def test_what_is_right_is_right_in_every_order(strict_aws: StrictAWS) -> None:
    assert _counted(strict_aws, _count_up) == {"AB": "2", "BA": "2"}


def test_orders_are_found_that_only_another_order_makes_possible(strict_aws: StrictAWS) -> None:
    """Who comes second here makes one call more."""

    def take_or_look() -> None:
        try:
            client("dynamodb").put_item(
                TableName="Things", Item=key("a"), ConditionExpression="attribute_not_exists(pk)"
            )
        except client("dynamodb").exceptions.ConditionalCheckFailedException:
            read("a")

    make_table()
    before = strict_aws.snapshot()

    def once(choose: Choice, is_known: IsKnown) -> Played:
        strict_aws.restore(before)
        return play(strict_aws, (take_or_look, take_or_look), choose, is_known)

    assert {played.order for played in Exploration(once)} == {"ABB", "BAA"}


def _ends_of_a_race(strict_aws: StrictAWS, is_new: Any) -> tuple[set[str], int, int]:
    """What the counter came to, in how many orders, and how many of them were left on the way."""
    make_table()
    before = strict_aws.snapshot()

    def once(choose: Choice, is_known: IsKnown) -> Played:
        strict_aws.restore(before)
        return play(strict_aws, (_count_up_racily, _count_up_racily), choose, is_known)

    orders = Exploration(once, is_new)
    ends = {(read("counter") or {})["hits"]["N"] for _ in orders}
    return ends, orders.played, orders.left


def test_an_order_is_left_where_another_had_been_and_no_end_is_lost(strict_aws: StrictAWS) -> None:
    seen: list[Any] = []

    def is_new(told: Any) -> bool:
        state = [read("counter"), told]
        seen.append(state)
        return seen.count(state) == 1

    assert _ends_of_a_race(strict_aws, is_new) == ({"1", "2"}, 5, 1)


def test_who_was_told_something_else_is_not_where_another_had_been(strict_aws: StrictAWS) -> None:
    """The counter alone says nothing of who has read it before: so the worst would be missed."""
    seen: list[Any] = []

    def is_new(told: Any) -> bool:
        seen.append(read("counter"))
        return seen.count(seen[-1]) == 1

    assert "1" not in _ends_of_a_race(strict_aws, is_new)[0]


def test_a_pair_of_more_orders_than_can_be_played_is_refused_and_none_is_left_out(
    strict_aws: StrictAWS, monkeypatch: pytest.MonkeyPatch
) -> None:
    def look_thrice() -> None:
        for _ in range(3):
            read("a")

    def orders() -> Exploration:
        return Exploration(lambda choose, is_known: play(strict_aws, (look_thrice, look_thrice), choose, is_known))

    make_table()
    monkeypatch.setattr(interleavings, "MOST_ORDERS", 20)
    assert len({order.order for order in orders()}) == 20
    monkeypatch.setattr(interleavings, "MOST_ORDERS", 19)
    with pytest.raises(interleavings.Endless, match="19 orders"):
        list(orders())


def test_who_waits_for_the_others_lock_gets_it_when_the_other_goes_on(
    strict_aws: StrictAWS, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(interleavings, "PATIENCE_S", 0.2)
    lock = threading.Lock()

    def hold() -> None:
        with lock:
            _count_up_racily()

    make_table()
    played = play(strict_aws, (hold, hold), continuing("A"))
    assert (played.order, played.waited) == ("AABB", True)
    assert (read("counter") or {})["hits"] == {"N": "2"}


def test_two_that_wait_for_each_other_end_the_test_and_do_not_hang_it(
    strict_aws: StrictAWS, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(interleavings, "PATIENCE_S", 0.2)
    locks = threading.Lock(), threading.Lock()

    def crosswise(mine: threading.Lock, theirs: threading.Lock) -> None:
        with mine:
            _count_up_racily()
            theirs.acquire(timeout=5)

    make_table()
    with pytest.raises(interleavings.Stuck, match="after AABB"):
        play(strict_aws, (lambda: crosswise(*locks), lambda: crosswise(*locks[::-1])), continuing("AA"))


def test_an_order_that_cannot_be_is_refused(strict_aws: StrictAWS) -> None:
    make_table()
    with pytest.raises(interleavings.NotRepeatable, match="after A A makes no call"):
        play(strict_aws, (_count_up, _count_up), continuing("AAB"))
