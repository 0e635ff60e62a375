"""Two clients at once, in every order in which their AWS calls can take effect.

Each runs in a thread of its own and stops before each of its calls; whoever is let go takes that call's effect and runs
on to the next. So one of them moves at a time, an order is a word such as `AABBA`, and it can be played again. Which
calls there are may depend on the order, so orders are explored as a tree: play one to its end, note where the other
client could have gone instead, and go there later. Where the world is as it was after another order, and both clients
have been told the same, all goes on as it did there: such an order need not be played to its end.
"""

from __future__ import annotations

import hashlib
import heapq
import random
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any
from unittest.mock import patch

from chalicelib import ids
from infra.strict_moto import Call, StrictAWS, trace
from infra.strict_moto.faults import Crash

CLIENTS = ("A", "B")
# All orders of a pair are played. Of more than so many, something in the world never is as it was before.
MOST_ORDERS = 400
# Who does not move for so long waits for a lock that the other one holds, or for ever; a slow machine is neither.
PATIENCE_S = 60.0

# Who goes next, of those who wait, after the order so far.
Choice = Callable[[str, list[str]], str]
# Whether all will go on as it did before: after the order so far, and what the clients have been told.
IsKnown = Callable[[str, dict[str, str]], bool]


class Stuck(RuntimeError):
    """Nobody moves any more: each waits for something that the other one holds."""


class Endless(RuntimeError):
    """There are more orders than can be played."""


class NotRepeatable(RuntimeError):
    """The same beginning led elsewhere this time."""


@dataclass
class Played:
    """An order, played to its end: what each client answered or raised."""

    order: str = ""
    open: list[int] = field(default_factory=list)  # where the other one could have gone instead
    answers: dict[str, Any] = field(default_factory=dict)
    waited: bool = False  # somebody waited for a lock
    is_known: bool = False  # it came to where another one had been, and was left there


def switches(order: str) -> int:
    return sum(one != next_one for one, next_one in pairwise(order))


def continuing(beginning: str) -> Choice:
    """First this order, then on without a switch for as long as that goes."""

    def choose(order: str, waiting: list[str]) -> str:
        if len(order) >= len(beginning):
            return order[-1] if order[-1:] in waiting else waiting[0]
        wanted = beginning[len(order)]
        if wanted not in waiting:
            raise NotRepeatable(f"{beginning}: after {order or 'nothing'} {wanted} makes no call")
        return wanted

    return choose


@dataclass
class Exploration:
    """The orders of a pair. Iterate over those that were played to their end; `said` tells afterwards what there was.
    Raises Endless.

    `is_new` says whether the world has never been as it is while the clients had been told this.
    """

    play: Callable[[Choice, IsKnown], Played]
    is_new: Callable[[dict[str, str]], bool] = lambda told: True
    played: int = 0
    left: int = 0
    longest: int = 0
    _ahead: list[tuple[int, str]] = field(default_factory=lambda: [(0, client) for client in CLIENTS])

    def __iter__(self) -> Iterator[Played]:
        while self._ahead:
            if self.played == MOST_ORDERS:
                raise Endless(self.said)
            beginning = heapq.heappop(self._ahead)[1]
            one = self._note(self.play(continuing(beginning), self._known_beyond(beginning)), beginning)
            if not one.is_known:
                yield one

    def _known_beyond(self, beginning: str) -> IsKnown:
        return lambda order, told: len(order) >= len(beginning) and not self.is_new(told)

    def _note(self, one: Played, beginning: str) -> Played:
        self.played += 1
        self.left += one.is_known
        self.longest = max(self.longest, len(one.order))
        for place in one.open:
            if place >= len(beginning):
                other = one.order[:place] + _other(one.order[place])
                heapq.heappush(self._ahead, (switches(other), other))
        return one

    @property
    def said(self) -> str:
        left = f", {self.left} of them to where another had been" if self.left else ""
        return f"{self.played} orders of up to {self.longest} calls{left}"


def never(order: str, told: dict[str, str]) -> bool:
    """Play it to its end, whatever was before."""
    return False


def _other(client: str) -> str:
    return CLIENTS[client == CLIENTS[0]]


def play(
    aws: StrictAWS, acts: tuple[Callable[[], Any], Callable[[], Any]], choose: Choice, is_known: IsKnown = never
) -> Played:
    """Let both go, their calls in the order that is chosen. Raises Stuck, within a bounded time."""
    turns = _Turns()
    clients = [
        threading.Thread(target=turns.client, args=(act,), name=name, daemon=True)
        for name, act in zip(CLIENTS, acts, strict=True)
    ]
    with _randomness_of_their_own():
        aws.order_by(turns.before_call, turns.after_call)
        try:
            for client in clients:
                client.start()
            return turns.played(choose, is_known)
        finally:
            turns.abandon()
            for client in clients:
                client.join(PATIENCE_S)
            aws.order_by(None)


@contextmanager
def _randomness_of_their_own() -> Iterator[None]:
    """What a client draws does not depend on how much the other one has drawn, so that like states are equal."""
    dice = {name: random.Random(name).randbytes for name in CLIENTS}  # noqa: S311  # repeatable is what is wanted
    usual = ids._source
    with patch.object(ids, "_source", lambda count: dice.get(threading.current_thread().name, usual)(count)):
        yield


class _Turns:
    """Who is where: `running`, `waiting` before a call, or `done`."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._states = dict.fromkeys(CLIENTS, "running")
        self._answers: dict[str, Any] = {}
        self._told = dict.fromkeys(CLIENTS, "")
        self._abandoned = False

    def client(self, act: Callable[[], Any]) -> None:
        try:
            answer = act()
        except BaseException as fault:  # the one who looks at the answers decides what it means
            answer = fault
        with self._changed:
            self._answers[threading.current_thread().name] = answer
        self._become("done")

    def before_call(self, thread: str, call: Call) -> None:
        if thread in CLIENTS and not trace.is_outside():
            self._become("waiting")
            with self._changed:
                self._changed.wait_for(lambda: self._abandoned or self._states[thread] == "running")
            if self._abandoned:
                raise Crash(f"{thread} was left where it stood")

    def after_call(self, thread: str, answer: Any) -> None:
        if thread in CLIENTS and not trace.is_outside():
            status, _headers, body = answer or (None, None, None)
            self._told[thread] = hashlib.sha256(f"{self._told[thread]}{status}{body!r}".encode()).hexdigest()

    def _become(self, state: str) -> None:
        with self._changed:
            self._states[threading.current_thread().name] = state
            self._changed.notify_all()

    def abandon(self) -> None:
        with self._changed:
            self._abandoned = True
            self._changed.notify_all()

    def played(self, choose: Choice, is_known: IsKnown) -> Played:
        so_far = Played()
        while waiting := self._waiting(so_far):
            if is_known(so_far.order, dict(self._told)):
                so_far.is_known = True
                return so_far
            if len(waiting) == len(CLIENTS):
                so_far.open.append(len(so_far.order))
            chosen = choose(so_far.order, waiting)
            so_far.order += chosen
            with self._changed:
                self._states[chosen] = "running"
                self._changed.notify_all()
        so_far.answers = self._answers
        return so_far

    def _waiting(self, so_far: Played) -> list[str]:
        """Who stands before a call, once nobody runs or one who runs waits for the other."""
        with self._changed:
            rests = self._changed.wait_for(lambda: "running" not in self._states.values(), PATIENCE_S)
            waiting = [name for name in CLIENTS if self._states[name] == "waiting"]
        if not rests and not waiting:
            raise Stuck(f"after {so_far.order or 'nothing'}")
        so_far.waited |= not rests
        return waiting
