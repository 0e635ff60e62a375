"""Operations as scenarios: each is done once for every way in which each of its AWS calls can fail, then done again or
left alone, then time passes, and then everything must be in order."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cache
from importlib import import_module
from itertools import product
from typing import Any
from unittest.mock import patch

from argon2 import PasswordHasher

from chalicelib import houses
from chalicelib.accounts.actions import passwords
from chalicelib.store import crypto
from infra.local import dump
from infra.local.cloud import LocalCloud, Snapshot
from infra.local.gateway import Response
from infra.strict_moto.faults import Crash, Kind
from tests.conftest import Home
from tests.routes import kind_of
from tests.worlds.invariants import Stored, violations

AGAIN, ANEW = "the-key-of-the-first-try", "the-key-of-another-try"
PING_SECONDS = 9 * 60  # who is connected stays so
_LISTINGS = {"s3.ListObjectsV2", "s3.ListMultipartUploads"}
MOST_CALLS = 80  # more would be an operation that never ends


@dataclass(frozen=True)
class Scenario:
    """`act` does it with an Idempotency-Key; `happened` counts how often it has taken effect.

    A refusal in `may_say` is right when what was asked has happened already and is asked with another key. `told` is
    the subject of the mail that the owner must get for it.
    """

    name: str
    covers: str | tuple[str, ...]
    arrange: Callable[[Home], Any]
    act: Callable[[Home, Any, str], Response | None]
    happened: Callable[[Home, Any, Stored], int] = lambda home, state, stored: 1
    at_most: int = 1
    may_say: tuple[int, ...] = ()
    keeps_answer: bool = False
    is_asked: bool = True  # somebody waits for the answer, and would ask again
    is_repeated: bool = False  # whoever orders it does so until it is done
    within_seconds: float = 20 * 60  # how soon all must be in order
    told: str = ""

    @property
    def kind(self) -> str:
        """By what it is mainly done: of several functions the last one."""
        return kind_of(self.covers if isinstance(self.covers, str) else self.covers[-1])


@dataclass
class Tried:
    """What a scenario was left with by a failure, and what it said."""

    scenario: Scenario
    home: Home
    state: Any
    answers_before: int
    answer: Response | None
    after: Snapshot

    def stored(self) -> Stored:
        """Without letting anything settle: as it lies there now."""
        return Stored(dump.dump())

    def answers(self) -> int:
        """How many answers are kept for repeats of this operation."""
        return kept_answers(self.stored()) - self.answers_before

    def times(self) -> int:
        return self.scenario.happened(self.home, self.state, self.stored())


def kept_answers(stored: Stored) -> int:
    return len(stored.of("Answered")) + len(stored.of("AnsweredForGood"))


def act(scenario: Scenario, home: Home, state: Any, key: str) -> Response | None:
    """The answer; None where nobody waits for one. A container that has read nothing yet does it."""
    crypto._public_pem.cache_clear()
    try:
        return scenario.act(home, state, key)
    except Crash:
        return None


class _Quick(PasswordHasher):
    def hash(self, password: str | bytes, *, salt: bytes | None = None) -> str:
        """With the same salt always, so that like states are equal."""
        return super().hash(password, salt=salt or b"salt of the tests")


@contextmanager
def without_waiting() -> Iterator[None]:
    """Retries and password hashing cost no time here."""
    quick = _Quick(time_cost=1, memory_cost=8, parallelism=1)
    with patch("chalicelib.clock.sleep"), patch.object(passwords, "_hasher", return_value=quick):
        yield


def calls_of(scenario: Scenario, home: Home, state: Any) -> list[str]:
    """The AWS calls of a run in which nothing fails."""
    home.world.trace.clear()
    answer = act(scenario, home, state, AGAIN)
    assert answer is None or answer.status < 300, answer.body
    names = home.world.trace.names()
    assert len(names) <= MOST_CALLS, names
    return names


def failures(scenario: Scenario, home: Home) -> Iterator[tuple[str, Tried]]:
    """Every run of the scenario in which one call fails in one way, and which it was; once what is left and said."""
    world = home.world
    state = scenario.arrange(home)
    before = world.snapshot()
    kept = kept_answers(Stored(dump.dump()))
    names = calls_of(scenario, home, state)
    assert names, "it calls nobody"
    later = world.snapshot()
    seen = Seen(world)
    for kind, (nth, name) in product(Kind, _worth_failing(names)):
        world.restore(before)
        world.faults.fail(nth, kind)
        answer = act(scenario, home, state, AGAIN)
        assert world.faults.fired, f"call {nth} was never made"
        world.faults.clear()
        if seen.is_new(answer and answer.status):
            after = _drawing_on(later, world.snapshot())
            yield f"call {nth} of {len(names)}, {name}, {kind.value}", Tried(scenario, home, state, kept, answer, after)


def _drawing_on(later: Snapshot, after: Snapshot) -> Snapshot:
    """What is drawn from now on does not depend on how far a run came, so that like states stay alike."""
    return replace(after, functions_random=later.functions_random, app_random=later.app_random)


def _worth_failing(names: list[str]) -> Iterator[tuple[int, str]]:
    """Within a row of listings that found nothing, all places are alike: its first and its last will do."""
    for nth, name in enumerate(names, start=1):
        around = {*names[max(0, nth - 2) : nth + 1]}
        if not around <= _LISTINGS:
            yield nth, name


class Seen:
    """States of a world that were there before: what is stored, sent, connected and said the same also goes on the
    same."""

    def __init__(self, world: LocalCloud) -> None:
        self._world = world
        self._marks: set[bytes] = set()

    def is_new(self, said: Any) -> bool:
        channel = self._world.channel
        connected = {one.id: [one.is_open, one.is_ending, one.active_at] for one in channel.connections.values()}
        sent = self._world.outbox_of_the_world.newest_first(), channel.messages
        left = {**dump.dump(), "connected": connected, "sent": sent, "said": said}
        mark = hashlib.sha256(dump.as_json(left)).digest()
        is_new = mark not in self._marks
        self._marks.add(mark)
        return is_new


def recover(world: LocalCloud, seconds: float = 20 * 60) -> None:
    """Clock, queues and streams do their work for a while; an operator brings back what was put aside."""
    world.settle()
    world.redrive()
    while world.channel.connections and seconds > PING_SECONDS:
        world.advance(PING_SECONDS)
        seconds -= PING_SECONDS
        world.channel.all_ping()
    world.advance(seconds)


def leap(world: LocalCloud, seconds: float) -> None:
    """Time passes, and nothing that time makes happen has happened yet."""
    now = world.now().timestamp() + seconds
    world.clock.move_to(now)
    world.calendar.restore(replace(world.calendar.snapshot(), seen=now))


def wrongs(tried: Tried, went_on: Seen) -> Iterator[str]:
    """Everything that is not in order after this failure, whichever way it goes on; what `went_on` before is known."""
    yield from _wrong_answer(tried)
    for way in _ways(tried.scenario):
        tried.home.world.restore(tried.after)
        said = f"{way.__name__.removeprefix('_').replace('_', ' ')}: "
        yield from (said + wrong for wrong in way(tried))
        if not went_on.is_new(tried.times()):
            continue
        recover(tried.home.world, tried.scenario.within_seconds)
        yield from (said + wrong for wrong in violations(tried.home.world.dump()))
        yield from (said + wrong for wrong in _wrongly_told(tried))


def _wrong_answer(tried: Tried) -> Iterator[str]:
    answer, times = tried.answer, tried.times()
    if answer is not None and answer.status not in (502, 503) and answer.status >= 300:
        yield f"it said {answer.status} {answer.body!r}"
    if answer is not None and answer.status < 300 and times != 1:
        yield f"it said {answer.status}, and had happened {times} times"
    if times > 1:
        yield f"it happened {times} times"
    # Closing takes the account's other kept answers away with it, later; its own is there with the effect.
    if tried.scenario.keeps_answer and tried.answers() != times:
        yield f"it happened {times} times, and {tried.answers()} answers are kept"


def _retried_with_the_same_key(tried: Tried) -> Iterator[str]:
    answer = act(tried.scenario, tried.home, tried.state, AGAIN)
    if answer is None or answer.status >= 300:
        yield f"a false failure, {answer and answer.status} {answer and answer.body!r}"
    if tried.times() != 1:
        yield f"it happened {tried.times()} times"


def _retried_with_a_new_key(tried: Tried) -> Iterator[str]:
    had = tried.times()
    answer = act(tried.scenario, tried.home, tried.state, ANEW)
    if answer is None or (answer.status >= 300 and not (had and answer.status in tried.scenario.may_say)):
        yield f"it said {answer and answer.status} {answer and answer.body!r}"
    if not 1 <= tried.times() <= tried.scenario.at_most:
        yield f"it happened {tried.times()} times"


def _no_retry(tried: Tried) -> Iterator[str]:
    if tried.times() > 1:
        yield f"it happened {tried.times()} times"


def _wrongly_told(tried: Tried) -> Iterator[str]:
    """Who is told is told once, however often it was asked for; only where the telling itself fails it may be twice."""
    scenario, home = tried.scenario, tried.home
    if not scenario.told:
        return
    mails = sum(mail["subject"] == scenario.told for mail in home.world.outbox(home.owner.email))
    wanted = min(tried.times(), 1)
    if mails < wanted or (mails > wanted and scenario.is_asked):
        yield f"it happened {tried.times()} times, and {mails} mails tell of it"


def _ways(scenario: Scenario) -> tuple[Callable[[Tried], Iterator[str]], ...]:
    retried = (_retried_with_the_same_key, _retried_with_a_new_key) if scenario.is_asked else ()
    return retried if scenario.is_repeated else (*retried, _no_retry)


def _sharing() -> set[str]:
    """The listeners of shared queues, where several are one function."""
    listening = (import_module(module).listeners for module in houses.modules("listeners"))
    return {name for listeners in listening for _, name in listeners.sharing}


@cache
def routes() -> frozenset[str]:
    """Everything by which something can be changed: routes, listeners, jobs and operators' orders."""
    import app

    asked = {route.name for route in app.app.declared_routes if route.method not in ("GET", "HEAD")}
    asked.add("GET /live/{capability}/playlist.m3u8")  # who waits for a view's first picture is written down
    asked.add("GET /orders/{order_id}/invoice")  # a copy of its document is laid down
    sources = [one for one in app.app.event_sources if not one.handler_string.startswith(houses.SHARED_QUEUES)]
    told = {source.name for source in sources} | _sharing()
    told |= {handler.name for handler in app.app.websocket_handlers.values()}
    # What only shows something writes nothing (tests/stock/test_showing.py, tests/privacy/test_open_erasures.py,
    # tests/gift_cards/test_issuing.py).
    shows = {"report_gift_cards", "show_devices", "show_erasures", "show_feedback", "show_objections", "show_proposals"}
    ordered = {one.name for one in app.app.pure_lambda_functions} - shows
    return frozenset(asked | told | ordered)
