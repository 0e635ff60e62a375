"""Two failures in what moves money, in one request or in its repeat: it happens once, and all is in order.

Of each scenario's pairs sixty are played, others for each commit; all of them where nothing is left out (`shares`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import combinations, product
from math import ceil
from typing import Any

import pytest

from infra.local import dump
from infra.strict_moto.faults import FAILING_FROM, Kind
from tests import shares
from tests.conftest import Home
from tests.worlds.invariants import Stored, violations
from tests.worlds.scenarios import gift_cards, money, plans, refunds, renewals
from tests.worlds.sweep import AGAIN, Scenario, Seen, act, calls_of, recover, without_waiting

_MONEY = (
    *(one for one in refunds.SCENARIOS if one.covers != "POST /orders/{order_id}/refund/preview"),
    *(one for one in money.SCENARIOS if one.covers == "POST /payments/{provider}"),
    *(one for one in plans.SCENARIOS if one.covers == "POST /payments/{provider}"),
    *renewals.SCENARIOS,
    *(one for one in gift_cards.SCENARIOS if one.covers == "POST /gift-cards/redeem"),
)
# What nobody repeats is a queue's work, of which one message's calls are no more than so many.
_NEAR = 3
# How many pairs of one scenario are played at a commit; there are up to three thousand.
_MOST = 60
# The places of two calls, and how each of them fails.
Pair = tuple[tuple[int, int], tuple[Kind, ...]]
# What fails from somewhere on fails twice already, and goes on in the repeat.
_KINDS = [kind for kind in Kind if kind is not FAILING_FROM]


@pytest.fixture(autouse=True)
def _without_waiting() -> Iterator[None]:
    with without_waiting():
        yield


def _wrongs(scenario: Scenario, home: Home, share: Callable[[list[Pair]], list[Pair]]) -> Iterator[str]:
    world, state = home.world, scenario.arrange(home)
    before = world.snapshot()
    names = calls_of(scenario, home, state)
    seen, ends = Seen(world), Seen(world)
    # The second one may lie in the repeat, which makes no more calls than the first.
    pairs = product(combinations(range(1, 2 * len(names) + 1), 2), product(_KINDS, repeat=2))
    possible = [pair for pair in pairs if _is_near(scenario, pair[0], len(names))]
    for (one, other), kinds in share(possible):
        world.restore(before)
        world.faults.fail(one, kinds[0])
        world.faults.fail(other, kinds[1])
        said = f"calls {one} and {other} of {len(names)}, {kinds[0].name} and {kinds[1].name}"
        answers = [act(scenario, home, state, AGAIN) for _ in range(2 if scenario.is_asked else 1)]
        fired = len(world.faults.fired)
        world.faults.clear()
        if not seen.is_new([answer and answer.status for answer in answers]):
            continue
        yield from (f"{said}: {wrong}" for wrong in _wrong(scenario, home, state, ends))
        assert fired, said


def _is_near(scenario: Scenario, places: tuple[int, int], calls: int) -> bool:
    one, other = places
    return one <= calls and (scenario.is_asked or other - one <= _NEAR)


def _wrong(scenario: Scenario, home: Home, state: Any, ends: Seen) -> Iterator[str]:
    if scenario.is_asked:
        answer = act(scenario, home, state, AGAIN)
        if answer is None or answer.status >= 300:
            yield f"the last repeat says {answer and answer.status} {answer and answer.body!r}"
    if not ends.is_new(None):
        return
    recover(home.world, scenario.within_seconds)
    times = scenario.happened(home, state, Stored(dump.dump()))
    if times != 1:
        yield f"it happened {times} times"
    yield from violations(home.world.dump())
    mails = sum(mail["subject"] == scenario.told for mail in home.world.outbox(home.owner.email))
    if scenario.told and mails != 1:
        yield f"{mails} mails tell of it"


@pytest.mark.parametrize("scenario", [pytest.param(one, id=one.name) for one in _MONEY])
def test_two_failures_leave_nothing_half_done(
    home: Home, scenario: Scenario, pytestconfig: pytest.Config
) -> None:
    def share(pairs: list[Pair]) -> list[Pair]:
        one_in = 1 if shares.is_whole(pytestconfig) else ceil(len(pairs) / _MOST)
        return pairs[shares.number_of_commit() % one_in :: one_in]

    found = list(dict.fromkeys(_wrongs(scenario, home, share)))
    assert not found, f"{scenario.name}:\n" + "\n".join(found[:20])
