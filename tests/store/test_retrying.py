"""What was read is no longer so: read again, decide anew, and end somewhere."""

from __future__ import annotations

import pytest

from chalicelib.errors import Conflict, TooMany, Unavailable
from chalicelib.store.retrying import StaleRead, retrying, retrying_from


def stale_until(turn: int, seen: list[int]) -> int:
    seen.append(len(seen) + 1)
    if len(seen) < turn:
        raise StaleRead
    return turn


def test_the_first_answer_that_is_not_stale_counts() -> None:
    seen: list[int] = []
    assert retrying(lambda: stale_until(3, seen)) == 3
    assert seen == [1, 2, 3]


def test_who_is_overtaken_each_time_may_come_again_in_a_second() -> None:
    seen: list[int] = []
    with pytest.raises(Unavailable) as unavailable:
        retrying(lambda: stale_until(9, seen))
    assert (unavailable.value.retry_after_seconds, seen) == (1, [1, 2, 3, 4])


def test_how_often_and_how_it_ends_can_be_said() -> None:
    seen: list[int] = []
    with pytest.raises(TooMany) as too_many:
        retrying(lambda: stale_until(9, seen), tries=2, otherwise=TooMany(retry_after_seconds=7))
    assert (too_many.value.retry_after_seconds, seen) == (7, [1, 2])


def test_nothing_else_is_tried_again() -> None:
    seen: list[int] = []

    def refused() -> None:
        seen.append(1)
        raise Conflict

    with pytest.raises(Conflict):
        retrying(refused)
    assert seen == [1]


def test_what_was_read_first_is_read_again_only_once_it_is_stale() -> None:
    seen: list[str] = []

    def attempt(read: str) -> str:
        seen.append(read)
        if len(seen) < 3:
            raise StaleRead
        return read

    assert retrying_from("a", attempt, lambda before: before + "'") == "a''"
    assert seen == ["a", "a'", "a''"]


def test_what_is_not_there_any_more_ends_it() -> None:
    def gone(_: int) -> int:
        raise Conflict

    with pytest.raises(Conflict):
        retrying_from(1, lambda before: stale_until(9, [before]), gone)
