"""A pair of scenarios played at once, and judged by what each does alone and one after the other.

Nobody says which answers are right: they are those of one order or the other, at once or when the queues are empty. Or
one is refused, and all is as if it had not asked; or was admitted before the other ended its session, and takes away
what that one did; or both are told that the same thing is gone. Who is told to try again does. That nothing is half
done, and that all goes on well, is what the invariants say.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from copy import copy
from dataclasses import dataclass, replace
from typing import Any

from chalicelib.store.crypto import Unreadable
from infra.local import dump
from infra.local.cloud import Snapshot
from infra.local.gateway import Response
from tests.conftest import Home
from tests.scene import Camera, Person
from tests.worlds.conflicts import Pair
from tests.worlds.interleavings import CLIENTS, Choice, IsKnown, Played, never, play
from tests.worlds.invariants import Stored, violations
from tests.worlds.sweep import AGAIN, ANEW, Scenario, Seen, recover

KEYS = dict(zip(CLIENTS, (AGAIN, ANEW), strict=True))
# What was answered, and how often it has taken effect then, for each of the two; None for who did not ask.
Outcome = tuple[Any, ...]


class CannotBeArranged(Exception):
    """They are not arranged alike."""


@dataclass
class ArrangedPair:
    """Both in one world, in which each alone succeeds."""

    pair: Pair
    home: Home
    states: tuple[Any, Any] = (None, None)
    before: Any = None
    _people: tuple[dict[str, Any], ...] = ()

    @classmethod
    def arranged(cls, pair: Pair, home: Home) -> ArrangedPair:
        assert pair.way is not None
        both = cls(pair, home, WAYS[pair.way](pair, home))
        both.before, both._people = home.world.snapshot(), tuple(map(_remembered, both._remembering()))
        return both

    def _remembering(self) -> tuple[Person, Person, Camera]:
        return self.home.owner, self.home.stranger, self.home.camera

    def begin(self) -> None:
        """All is as it was arranged; tokens that somebody was given since are forgotten."""
        self.home.world.restore(self.before)
        for one, before in zip(self._remembering(), self._people, strict=True):
            vars(one).update({name: copy(value) for name, value in before.items()})

    @property
    def scenarios(self) -> tuple[Scenario, Scenario]:
        return self.pair.one, self.pair.other

    def act(self, client: str) -> Any:
        nth = CLIENTS.index(client)
        return self.scenarios[nth].act(self.home, self.states[nth], KEYS[client])

    def in_turn(self, *clients: str, settled: bool = False) -> Outcome:
        """One after the other; or one alone."""
        self.begin()
        answers = {client: self.act(client) for client in clients}
        if settled:
            self.home.world.settle()
        return self.outcome(answers)

    def played(self, choose: Choice, is_known: IsKnown = never) -> Played:
        self.begin()
        acts: tuple[Callable[[], Any], Callable[[], Any]] = (lambda: self.act("A"), lambda: self.act("B"))
        return play(self.home.world.aws, acts, choose, is_known)

    def outcome(self, answers: dict[str, Any]) -> Outcome:
        stored = Stored(dump.dump())
        times = [_times(one, self.home, state, stored) for one, state in zip(self.scenarios, self.states, strict=True)]
        return *(_said(answers.get(client)) for client in CLIENTS), *times

    def wrongs(self, played: Played, right: set[Outcome], went_on: Seen) -> Iterator[str]:
        """What is not in order after this one, whose world `went_on` as after those before, if it was left as there."""
        raised = [one for one in played.answers.values() if isinstance(one, BaseException)]
        if raised:
            yield f"it raised {raised[0]!r}"
            return
        yield from (f"{failure.function} raised {failure.fault!r}" for failure in self.home.world.failures)
        answers = self._asked_again(played.answers)
        outcome, left = self.outcome(answers), self.home.world.snapshot()
        if outcome not in right and not (
            self._is_one_refused(outcome)
            or self._is_one_ended(outcome, right)
            or self._is_same_end(outcome, right)
            or self._is_right_soon(answers, left)
        ):
            yield f"answers and effects {outcome}, where {sorted(right, key=str)} are right"
        self.home.world.restore(left)
        if went_on.is_new(None):
            recover(self.home.world)
            yield from violations(self.home.world.dump())

    def _asked_again(self, answers: dict[str, Any]) -> dict[str, Any]:
        """Who is told to try again does, once the other one is through."""
        return {client: self.act(client) if _said(answer) == 503 else answer for client, answer in answers.items()}

    def _is_one_refused(self, outcome: Outcome) -> bool:
        """All is as if the other one alone had asked."""
        for nth, client in enumerate(CLIENTS[::-1]):
            refused = outcome[nth]
            if isinstance(refused, int) and 400 <= refused < 500:
                alone = self.in_turn(client)
                if (outcome[1 - nth], *outcome[2:]) == (alone[1 - nth], *alone[2:]):
                    return True
        return False

    def _is_one_ended(self, outcome: Outcome, right: set[Outcome]) -> bool:
        """Who was admitted before the other one ended its session takes away what that one did, as if it had come a
        moment later: each is answered as if alone."""
        alone = self.in_turn(CLIENTS[0]), self.in_turn(CLIENTS[1])
        is_as_alone = all(outcome[nth] == alone[nth][nth] for nth in (0, 1))
        times = [(outcome[2 + nth], alone[nth][2 + nth]) for nth in (0, 1)]
        is_one_taken_away = any(time is None for time, _ in times) and all(time in (None, own) for time, own in times)
        return is_as_alone and is_one_taken_away and any(401 in one[:2] for one in right)

    def _is_same_end(self, outcome: Outcome, right: set[Outcome]) -> bool:
        """Both are told that what each of them found is gone, where the second one alone would have found nothing."""
        is_once_done = outcome[2:] in {one[2:] for one in right}
        return self.pair.one is self.pair.other and outcome[:2] == (204, 204) and is_once_done

    def _is_right_soon(self, answers: dict[str, Any], left: Snapshot) -> bool:
        """All is right once what the queues hold is done: an end is told to who tidies up after it."""
        right = {self.in_turn(*turn, settled=True) for turn in (CLIENTS, CLIENTS[::-1])}
        self.home.world.restore(left)
        self.home.world.settle()
        return self.outcome(answers) in right


def _times(scenario: Scenario, home: Home, state: Any, stored: Stored) -> int | None:
    """None where the other one has changed what it would be counted by."""
    try:
        return scenario.happened(home, state, stored)
    except (AssertionError, LookupError, TypeError, Unreadable, ValueError):
        return None


def _remembered(one: Person | Camera) -> dict[str, Any]:
    return {name: copy(value) for name, value in vars(one).items() if name != "world"}


def way_of(pair: Pair, fresh: Callable[[], Home]) -> str | None:
    """The first way of arranging both after which each alone does something and succeeds."""
    for way in WAYS:
        try:
            both = ArrangedPair.arranged(replace(pair, way=way), fresh())
            if all(_does_it(both, client) for client in CLIENTS):
                return way
        except Exception:  # noqa: S112  # what cannot be arranged fails in a way of its own
            continue
    return None


def _does_it(both: ArrangedPair, client: str) -> bool:
    both.begin()
    both.home.world.trace.clear()
    said = _said(both.act(client))
    return said is not None and said < 300 and any(call.write_units for call in both.home.world.trace)


def _said(answer: Any) -> Any:
    return answer.status if isinstance(answer, Response) else None


def _once_for_both(pair: Pair, home: Home) -> tuple[Any, Any]:
    if pair.one.arrange is not pair.other.arrange:
        raise CannotBeArranged
    state = pair.one.arrange(home)
    return state, state


def _one_then_other(pair: Pair, home: Home) -> tuple[Any, Any]:
    return pair.one.arrange(home), pair.other.arrange(home)


def _other_then_one(pair: Pair, home: Home) -> tuple[Any, Any]:
    others = pair.other.arrange(home)
    return pair.one.arrange(home), others


def _as_one_needs(pair: Pair, home: Home) -> tuple[Any, Any]:
    state = pair.one.arrange(home)
    return state, state


def _as_other_needs(pair: Pair, home: Home) -> tuple[Any, Any]:
    state = pair.other.arrange(home)
    return state, state


WAYS: dict[str, Callable[[Pair, Home], tuple[Any, Any]]] = {
    "once for both": _once_for_both,
    "one, then the other": _one_then_other,
    "the other, then one": _other_then_one,
    "as the one needs": _as_one_needs,
    "as the other needs": _as_other_needs,
}
