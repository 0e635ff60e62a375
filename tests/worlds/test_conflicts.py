"""Conflicting pairs of scenarios, which nobody picked: one comes between the other's read and its commit.

`make test` plays a share of the pairs, another with each commit, in the two orders in which one has read all that it
decides on when the other comes; `make night` plays all of them, in up to twelve orders. `make conflicts` derives
the pairs anew.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from itertools import islice
from typing import Any

import pytest

from chalicelib.accounts.actions import account_writes
from chalicelib.accounts.records import Account
from infra.local.cloud import LocalCloud
from tests.conftest import Home, _warm
from tests.worlds import conflicts
from tests.worlds.conflicts import Footprint, Pair
from tests.worlds.interleavings import CLIENTS, Exploration, Played, continuing
from tests.worlds.played_pairs import ArrangedPair, way_of
from tests.worlds.scenarios import SCENARIOS
from tests.worlds.sweep import AGAIN, Seen, act, without_waiting

WRITES = "WRITE_CONFLICTS" in os.environ
EVERY = "EVERY_CASE" in os.environ
PAIRS = conflicts.pairs()
# At night, of those that end in a state of their own, with the fewest switches first.
MOST_ORDERS = 12


@pytest.fixture(autouse=True)
def _without_waiting() -> Iterator[None]:
    with without_waiting():
        yield


@pytest.mark.one_in(24, by=lambda pair: pair.kinds)
@pytest.mark.parametrize("pair", [pytest.param(one, id=one.name) for one in PAIRS if one.way is not None])
def test_who_meets_another_is_answered_as_if_one_had_come_first(home: Home, pair: Pair) -> None:
    found = _wrongs(pair, home)
    assert not found, "\n".join(f"{order}: {wrong}" for order, wrongs in found.items() for wrong in wrongs)


def _wrongs(pair: Pair, home: Home) -> dict[str, list[str]]:
    """By order."""
    both = ArrangedPair.arranged(pair, home)
    right = {both.in_turn(*CLIENTS), both.in_turn(*CLIENTS[::-1])}
    went_on = Seen(home.world)
    return {played.order: wrongs for played in _orders(both) if (wrongs := list(both.wrongs(played, right, went_on)))}


def _orders(both: ArrangedPair) -> Iterator[Played]:
    if EVERY:
        yield from islice(Exploration(both.played, Seen(both.home.world).is_new), MOST_ORDERS)
        return
    for client, other in (CLIENTS, CLIENTS[::-1]):
        yield both.played(continuing(client * _looks(both, client) + other))


def _looks(both: ArrangedPair, client: str) -> int:
    """How many calls it makes before its first write."""
    world = both.home.world
    world.trace.clear()
    both.in_turn(client)
    return next(nth for nth, call in enumerate(world.trace) if call.write_units)


@pytest.mark.skipif(not (WRITES or EVERY), reason="`make conflicts` and `make night`; the sweep at its share")
def test_the_committed_pairs_are_those_that_are_seen(
    one_cloud: LocalCloud, _home: tuple[Any, Callable[[], Home]]
) -> None:
    beginning, copy = _home

    def fresh() -> Home:
        one_cloud.restore(beginning)
        _warm(one_cloud)
        return copy()

    seen: dict[str, Footprint] = {}
    for scenario in SCENARIOS:
        home = fresh()
        state = scenario.arrange(home)
        home.world.trace.clear()
        act(scenario, home, state, AGAIN)
        seen[scenario.name] = conflicts.footprint(home, home.world.trace)
    if WRITES:
        ways: dict[str, str | None] = {}
        for pair in conflicts.conflicting(seen):
            ways[pair.name] = way_of(pair, fresh)
        conflicts.write(seen, ways)
    assert conflicts.committed() == seen, "run `make conflicts`"


def test_a_commit_that_has_lost_its_condition_is_seen(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    """As if a session that was ended meanwhile could add a passkey."""
    monkeypatch.setattr(account_writes, "has_sessions_as_read", lambda account: Account.pk.exists())
    (pair,) = (one for one in PAIRS if one.name == "confirm a passkey + remove second factors")
    found = [wrong for wrongs in _wrongs(pair, home).values() for wrong in wrongs]
    assert any(wrong.startswith("answers and effects (201, 200, 1, 0)") for wrong in found), found


def test_most_pairs_that_can_meet_do() -> None:
    both = [pair for pair in PAIRS if pair.way is not None]
    # Those of money begin with an order of one device that is open, paid, disputed or given back, and not all at once.
    assert len(both) > 700 and len(both) > 0.8 * len(PAIRS)
    twice = {pair.one.name for pair in both if pair.one is pair.other}
    assert twice >= {"ask for a copy of one's data", "bind a device"}


def test_who_writes_what_anothers_commit_depends_on_disturbs_it() -> None:
    renames = Footprint({"device": {"name"}}, {"device": {"pk"}})
    hides = Footprint({"device": {"private"}}, {"device": {"pk", "private"}})
    removes = Footprint({"device": {conflicts.WHOLE}}, {"device": {"pk"}})
    assert not renames.disturbs(hides) and not hides.disturbs(renames)
    assert hides.disturbs(hides) and removes.disturbs(renames) and removes.disturbs(hides)
    assert not renames.disturbs(removes)
