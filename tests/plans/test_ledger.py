"""A device's plan agrees with a queue of seconds: whatever is bought whenever, nothing is lost, made or had twice.

`LEDGER_STEPS` says how many steps are taken; `make night` takes many more, and of the whole product, too.
"""

from __future__ import annotations

import itertools
import os
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as some
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from chalicelib import clock
from chalicelib.plans import rules
from chalicelib.plans.rules import CATALOGUE, GRACE_S, Ledger, Offer
from tests.conftest import Home
from tests.orders.payment_events import order, tell

STEPS = int(os.environ.get("LEDGER_STEPS", "300"))
STEPS_OF_THE_PRODUCT = int(os.environ.get("LEDGER_STEPS_OF_THE_PRODUCT", "12"))
DAY = 86_400
# Two of one kind, a dear year, a cheap month: enough to stand in each other's way in every manner.
SOLD = [rules.offer(name) for name in ("event-3-month", "event-7-month", "event-30-year", "continuous-30-year")]

offers = some.sampled_from(SOLD)
spans = some.one_of(
    some.sampled_from([0, 1, DAY, GRACE_S - 1, GRACE_S, 29 * DAY, 30 * DAY, 365 * DAY]), some.integers(0, 500 * DAY)
)


class Model:
    """What somebody who sells seconds over a counter would write down: whose turn it is, and how many are left."""

    def __init__(self) -> None:
        self.queue: list[tuple[Offer, int]] = []
        self.paid = self.had = 0
        self.last: Offer | None = None
        self.ended_since = 0

    def buy(self, offer: Offer) -> None:
        seconds = offer.period_days * DAY
        self.paid += seconds
        for place, (waiting, left) in enumerate(self.queue):
            if waiting is offer:
                self.queue[place] = (offer, left + seconds)
                return
        self.queue.append((offer, seconds))

    def wait(self, seconds: int) -> None:
        while seconds and self.queue:
            offer, left = self.queue.pop(0)
            used = min(left, seconds)
            self.had, self.last, self.ended_since, seconds = self.had + used, offer, 0, seconds - used
            if left > used:
                self.queue.insert(0, (offer, left - used))
        self.ended_since += seconds

    def next_end(self) -> int:
        return self.queue[0][1] if self.queue else max(0, GRACE_S - self.ended_since)

    def says(self, now: int) -> dict[str, Any]:
        if not self.queue:
            state = "none" if self.last is None else "grace" if self.ended_since < GRACE_S else "ended"
            plan_id = None if self.last is None else self.last.plan_id
            return {"state": state, "plan_id": plan_id, "until": now - self.ended_since, "waiting": []}
        ends = list(itertools.accumulate((left for _, left in self.queue), initial=now))[1:]
        waiting = [
            (offer.plan_id, begins, until)
            for (offer, _), begins, until in zip(self.queue[1:], ends[:-1], ends[1:], strict=True)
        ]
        return {"state": "active", "plan_id": self.queue[0][0].plan_id, "until": ends[0], "waiting": waiting}


class Buying(RuleBasedStateMachine):
    """Buys and waits, in the model and in what is tried, which `buy`, `wait`, `told` and `ledger` speak for."""

    def __init__(self) -> None:
        super().__init__()
        self.model = Model()

    def buy(self, offer: Offer) -> None:
        raise NotImplementedError

    def wait(self, seconds: int) -> None:
        raise NotImplementedError

    def told(self) -> dict[str, Any]:
        raise NotImplementedError

    def ledger(self) -> Ledger:
        raise NotImplementedError

    @property
    def now(self) -> int:
        raise NotImplementedError

    @rule(offer=offers)
    def somebody_buys(self, offer: Offer) -> None:
        self.buy(offer)
        self.model.buy(offer)

    @rule(seconds=spans)
    def time_passes(self, seconds: int) -> None:
        self.wait(seconds)
        self.model.wait(seconds)

    @rule(early=some.sampled_from([0, 1]))
    def time_passes_to_the_very_end(self, early: int) -> None:
        seconds = max(0, self.model.next_end() - early)
        self.wait(seconds)
        self.model.wait(seconds)

    @invariant()
    def both_say_the_same(self) -> None:
        wanted = self.model.says(self.now)
        if wanted["plan_id"] is None:
            wanted["until"] = None
        assert self.told() == wanted

    @invariant()
    def time_granted_is_time_paid_and_one_plan_is_held_at_every_instant(self) -> None:
        ledger = self.ledger()
        assert sum(one.until - one.begins for one in ledger) == self.model.paid
        assert all(one.until <= other.begins for one, other in itertools.pairwise(ledger))
        had = sum(max(0, min(one.until, self.now) - one.begins) for one in ledger)
        assert had == self.model.had


class Rules(Buying):
    """The rules alone."""

    def __init__(self) -> None:
        super().__init__()
        self._ledger: Ledger = ()
        self._now = 1_767_600_000
        self._orders = itertools.count()

    def buy(self, offer: Offer) -> None:
        self._ledger = rules.with_grant(self._ledger, offer, f"order-{next(self._orders)}", self._now)

    def wait(self, seconds: int) -> None:
        self._now += seconds

    def told(self) -> dict[str, Any]:
        standing = rules.status_at(self._ledger, self._now)
        held = standing.held
        return {
            "state": standing.state,
            "plan_id": None if held is None else held.plan.plan_id,
            "until": None if held is None else held.until,
            "waiting": [(one.plan.plan_id, one.begins, one.until) for one in standing.waiting],
        }

    def ledger(self) -> Ledger:
        return self._ledger

    @property
    def now(self) -> int:
        return self._now


def of_the_product(home: Home) -> type[Buying]:
    """Orders that are placed and paid, and what the API says of the device."""
    before = home.world.snapshot()

    class Product(Buying):
        @initialize()
        def all_is_as_it_was(self) -> None:
            home.world.restore(before)
            self._device_id = home.camera.device_id
            home.owner.sign_in()

        def buy(self, offer: Offer) -> None:
            home.owner.sign_in()
            assert tell(home, order(home, offer.plan_id)).json == {"changed": True}

        def wait(self, seconds: int) -> None:
            home.world.clock.move_to(self.now + seconds)

        def told(self) -> dict[str, Any]:
            home.owner.sign_in()
            said = home.owner.call("GET", f"/devices/{home.camera.device_id}/plan").json
            until = None if said["until"] is None else _seconds(said["until"])
            waiting = [(one["plan_id"], _seconds(one["from"]), _seconds(one["until"])) for one in said["waiting"]]
            return {"state": said["state"], "plan_id": said["plan_id"], "until": until, "waiting": waiting}

        def ledger(self) -> Ledger:
            from chalicelib.plans import actions
            from chalicelib.store.records import read

            with home.world.aws.outside():
                return actions.ledger_of(read(actions.key_of(home.camera.device_id))[0])

        @property
        def now(self) -> int:
            return int(home.world.now().timestamp())

        def teardown(self) -> None:
            home.world.restore(before)

    return Product


def _seconds(text: str) -> int:
    return clock.epoch_s(clock.from_rfc3339(text))


def how(steps: int, at_once: int) -> settings:
    return settings(
        max_examples=-(-steps // at_once),
        stateful_step_count=at_once,
        derandomize=True,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        report_multiple_bugs=False,
        suppress_health_check=list(HealthCheck),
    )


def test_the_rules_agree_with_a_queue_of_seconds_after_every_step() -> None:
    run_state_machine_as_test(Rules, settings=how(STEPS, 20))  # type: ignore[no-untyped-call]


def test_the_product_agrees_with_a_queue_of_seconds_after_every_step(home: Home) -> None:
    run_state_machine_as_test(of_the_product(home), settings=how(STEPS_OF_THE_PRODUCT, 12))  # type: ignore[no-untyped-call]


def test_a_ledger_that_forgets_a_second_or_makes_one_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    right = rules.with_grant

    def wrong(ledger: Ledger, terms: rules.Terms, order_id: str, now: int) -> Ledger:
        """As it was: the last plan becomes the plan of all."""
        last = right(ledger, terms, order_id, now)[-1]
        begins = ledger[-1].begins if ledger and ledger[-1].until > now else last.begins
        return (rules.Grant(begins, last.until, terms.plan_id, 1, terms.kind, terms.keep_days, order_id),)

    monkeypatch.setattr(rules, "with_grant", wrong)
    with pytest.raises(AssertionError):
        run_state_machine_as_test(Rules, settings=how(100, 20))  # type: ignore[no-untyped-call]


def test_what_is_tried_is_sold() -> None:
    assert {*SOLD} <= {*CATALOGUE}
