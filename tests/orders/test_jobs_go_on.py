"""Jobs of money go on behind what fails, tell of it at the end, and leave to the next run what there is no time for."""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType, SimpleNamespace

import pytest

from chalicelib import clock
from chalicelib.orders.actions import paying_back, webhooks
from chalicelib.plans.actions import warning
from chalicelib.store.retrying import NothingToDo

# The job, what it looks for, and what it does for each.
JOBS: list[tuple[ModuleType, Callable[[], int], str, str]] = [
    (paying_back, paying_back.ask_for_all, "_all_due", "ask"),
    (webhooks, webhooks.look_up_all, "_all_delayed", "look_up"),
    (warning, warning.warn_of_plan_ends, "ledgers.due", "_warn"),
]


class Faulty(Exception):
    pass


def run(
    monkeypatch: pytest.MonkeyPatch,
    job: tuple[ModuleType, Callable[[], int], str, str],
    outcomes: list[bool | Exception],
    *,
    takes_s: float = 0,
) -> tuple[list[int], int | Exception]:
    """Which were done, and what the job said."""
    module, whole, found_by, done_by = job
    ticks, done = [0.0], list[int]()

    def do(one: object) -> bool:
        nth = int(getattr(one, "sort_id", one))
        done.append(nth)
        ticks[0] += takes_s
        outcome = outcomes[nth]
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    rows = [SimpleNamespace(sort_id=str(nth)) for nth in range(len(outcomes))]
    monkeypatch.setattr(f"{module.__name__}.{found_by}", lambda *_: iter(rows))
    monkeypatch.setattr(module, done_by, do)
    monkeypatch.setattr(clock, "ticks_s", lambda: ticks[0])
    try:
        return done, whole()
    except Faulty as fault:
        return done, fault


@pytest.mark.parametrize("job", JOBS, ids=lambda job: job[0].__name__)
def test_what_fails_is_in_the_way_of_nothing_else_and_the_first_fault_is_told(
    monkeypatch: pytest.MonkeyPatch, job: tuple[ModuleType, Callable[[], int], str, str]
) -> None:
    first = Faulty("first")
    assert run(monkeypatch, job, [True, False, True]) == ([0, 1, 2], 2)
    assert run(monkeypatch, job, [True, first, Faulty("second"), True]) == ([0, 1, 2, 3], first)


@pytest.mark.parametrize("job", JOBS, ids=lambda job: job[0].__name__)
def test_what_there_is_no_time_for_is_for_the_next_run(
    monkeypatch: pytest.MonkeyPatch, job: tuple[ModuleType, Callable[[], int], str, str]
) -> None:
    budget_s = job[0].BUDGET_S
    assert run(monkeypatch, job, [True, True, True], takes_s=budget_s / 2) == ([0, 1], 2)
    assert run(monkeypatch, job, [True, True, True], takes_s=budget_s / 2 - 1) == ([0, 1, 2], 3)


def test_a_plan_of_which_nothing_is_to_be_said_any_more_is_no_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    assert run(monkeypatch, JOBS[2], [NothingToDo(), True]) == ([0, 1], 1)
