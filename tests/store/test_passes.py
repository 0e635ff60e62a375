"""One pass of a job: each has its turn, whatever becomes of the others."""

from __future__ import annotations

import pytest

from chalicelib import clock
from chalicelib.store.passes import run_pass
from chalicelib.store.retrying import NothingToDo


def act(one: int) -> int:
    if one == 0:
        raise NothingToDo
    if one < 0:
        raise ValueError(one)
    return one


def test_what_is_done_already_adds_nothing_and_is_no_fault() -> None:
    assert run_pass([2, 0, 3], act, budget_s=60) == 5


def test_a_fault_is_raised_when_all_others_had_their_turn_and_the_first_of_several() -> None:
    had: list[int] = []

    def noted(one: int) -> int:
        had.append(one)
        return act(one)

    with pytest.raises(ValueError, match="-1"):
        run_pass([1, -1, -2, 4], noted, budget_s=60)
    assert had == [1, -1, -2, 4]


def test_what_there_is_no_time_for_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    ticks = iter([0.0, 1.0, 9.0, 10.0])
    monkeypatch.setattr(clock, "ticks_s", lambda: next(ticks))
    assert run_pass([1, 2, 4], act, budget_s=10) == 3
