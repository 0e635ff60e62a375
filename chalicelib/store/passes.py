"""One pass of a job over all that is due: bounded in time, and what fails keeps nothing else waiting."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TypeVar

from chalicelib import clock
from chalicelib.store.retrying import NothingToDo

_Due = TypeVar("_Due")


def run_pass(due: Iterable[_Due], act: Callable[[_Due], int], *, budget_s: float) -> int:
    """Act on each as long as there is time, the rest is for the next pass; the sum of what was done. NothingToDo counts
    as nothing. Raises the first fault when all others have had their turn, so that the alarm rings."""
    until_ticks, count = clock.ticks_s() + budget_s, 0
    faults: list[Exception] = []
    for one in due:
        if clock.ticks_s() >= until_ticks:
            break
        try:
            count += act(one)
        except NothingToDo:
            continue
        except Exception as fault:  # raised again below
            faults.append(fault)
    if faults:
        raise faults[0]
    return count
