"""What a race is."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from tests.conftest import Home
from tests.worlds.invariants import Stored

Act = Callable[[Home, Any], Any]
Answers = tuple[Any, Any]
Wrong = Iterator[str]
ONE_KEY, ANOTHER_KEY = "the-key-of-the-one-client", "the-key-of-the-other-one"


def nothing_more(home: Home, state: Any, answers: Answers, stored: Stored) -> Wrong:
    yield from ()


@dataclass(frozen=True)
class Race:
    """`one` and `other` happen at once in the world that `arrange` makes; `may_say` are the pairs of answers (or, for
    what nobody waits for, None) that are right; `at_once` looks before anything else happens, and `wrongs` at what is
    left when all has come to rest."""

    name: str
    arrange: Callable[[Home], Any]
    one: Act
    other: Act
    may_say: frozenset[tuple[int | None, int | None]]
    wrongs: Callable[[Home, Any, Answers, Stored], Wrong] = nothing_more
    at_once: Callable[[Home, Any, Answers, Stored], Wrong] = nothing_more


def either_way(*pairs: tuple[int, int]) -> frozenset[tuple[int | None, int | None]]:
    return frozenset(pairs) | {(other, one) for one, other in pairs}


def exactly(*pairs: tuple[int | None, int | None]) -> frozenset[tuple[int | None, int | None]]:
    return frozenset(pairs)


def stepped_up(home: Home) -> None:
    home.owner.step_up()
