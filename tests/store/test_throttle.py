"""Counting guesses, in both orders: what is locked, for how long, and what many at the same moment gain."""

from __future__ import annotations

from datetime import timedelta

import pytest
from pynamodb.attributes import NumberAttribute

from chalicelib import clock
from chalicelib.errors import Conflict, TooMany
from chalicelib.store.commit import commit, create
from chalicelib.store.records import Item, read
from chalicelib.store.tags import plain
from chalicelib.store.throttle import Throttle, require_free
from infra.local.cloud import LocalCloud
from tests.store.things import Thing


class Counted(Item):
    pk_prefix = "counted"
    sk_prefix = "guesses"

    wrong = plain(NumberAttribute(), why="a test's")
    until = plain(NumberAttribute(), why="a test's")


class Locked(TooMany):
    pass


def every_second_for_a_minute(wrong: int) -> int:
    return 0 if wrong % 2 else 60


def held() -> Counted | None:
    (found,) = read(Counted.key("c"))
    return found


def throttle_now() -> Throttle:
    """By what is there now."""
    return Throttle(Counted.new("c"), held(), "until", every_second_for_a_minute, timedelta(hours=1), Locked)


def counts() -> tuple[int, int] | None:
    row = held()
    return None if row is None else (int(row.wrong), int(row.until) - clock.now_s())


def count(one: Throttle) -> None:
    commit(one.count(otherwise=Conflict))


def test_a_right_guess_costs_nothing_and_a_wrong_one_is_counted(world: LocalCloud) -> None:
    assert throttle_now().guess(lambda: True)
    assert counts() is None
    assert not throttle_now().guess(lambda: False)
    assert counts() == (1, 0)


def test_nothing_is_looked_at_while_it_is_locked(world: LocalCloud) -> None:
    for _ in range(2):
        throttle_now().guess(lambda: False)
    world.advance(59, reaper_lag_seconds=None)
    with pytest.raises(Locked) as locked:
        throttle_now().guess(lambda: pytest.fail("looked at"))
    assert locked.value.retry_after_seconds == 1
    with pytest.raises(Locked):
        throttle_now().count(otherwise=Conflict)
    world.advance(1)
    assert throttle_now().guess(lambda: True)


def test_of_guesses_at_the_same_moment_one_is_counted_and_the_others_are_refused(world: LocalCloud) -> None:
    one, other = throttle_now(), throttle_now()
    assert not one.guess(lambda: False)
    with pytest.raises(Locked) as locked:
        other.guess(lambda: False)
    assert (locked.value.retry_after_seconds, counts()) == (1, (1, 0))


def test_who_counts_first_looks_at_no_more_than_are_counted(world: LocalCloud) -> None:
    one, other = throttle_now(), throttle_now()
    count(one)
    with pytest.raises(Conflict):
        count(other)
    assert counts() == (1, 0)


def test_a_right_one_is_taken_back_and_frees_but_the_wrong_ones_before_it_stay(world: LocalCloud) -> None:
    count(throttle_now())
    count(last := throttle_now())
    assert counts() == (2, 60)
    commit(last.take_back())
    row = held()
    assert row is not None
    assert (row.wrong, row.until) == (1, 0)


def test_what_is_beside_a_count_is_written_with_it_and_hears_how_many_there_are(world: LocalCloud) -> None:
    for _ in range(2):
        throttle_now().guess(lambda: False, lambda wrong: (create(Thing.new("t", f"{wrong}")),))
        world.advance(1)
    assert None not in read(Thing.key("t", "1"), Thing.key("t", "2"))


def test_wrong_ones_are_remembered_for_a_while_after_the_last(world: LocalCloud) -> None:
    throttle_now().guess(lambda: False)
    world.advance(3599, reaper_lag_seconds=None)
    throttle_now().guess(lambda: False)
    assert counts() == (2, 60)
    world.advance(3600, reaper_lag_seconds=None)
    throttle_now().guess(lambda: False)
    assert counts() == (1, 0)


def test_nobody_waits_for_what_is_over_or_was_never(world: LocalCloud) -> None:
    now = clock.now_s()
    require_free(None)
    require_free(now)
    with pytest.raises(TooMany) as refusal:
        require_free(now + 5)
    assert refusal.value.retry_after_seconds == 5
