"""A device's plan agrees with a counter of seconds: whatever is bought, given, paused, changed, moved or disputed
whenever, nothing is lost, made or had twice.

`LEDGER_STEPS` says how many steps are taken; `make night` takes many more, and of the whole product, too.
"""

from __future__ import annotations

import itertools
import json
import os
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from fractions import Fraction
from functools import partial
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as some
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from chalicelib import clock
from chalicelib.errors import Conflict
from chalicelib.gift_cards.actions import cards
from chalicelib.orders import rules as order_rules
from chalicelib.payments import sandbox
from chalicelib.payments.shapes import Dispute, DisputeOutcome
from chalicelib.plans.rules import catalogue, changes, renewals
from chalicelib.plans.rules import ledger as rules
from chalicelib.plans.rules.catalogue import CATALOGUE, Offer
from chalicelib.plans.rules.ledger import GRACE_S, Ledger
from chalicelib.plans.rules.renewals import Renewal
from infra.local.gateway import Response
from tests.conftest import Home
from tests.gift_cards.cards import new_code
from tests.orders.payment_events import event, tell
from tests.plans.counter import Counter, Device, No
from tests.plans.granted import granted_s, paused_s
from tests.scene import Camera, new_camera

STEPS = int(os.environ.get("LEDGER_STEPS", "10000"))
STEPS_OF_THE_PRODUCT = int(os.environ.get("LEDGER_STEPS_OF_THE_PRODUCT", "60"))
DAY = 86_400
# Two of one kind, a dear year, a cheap month: enough to stand in each other's way in every manner.
SOLD = [catalogue.offer(name) for name in ("event-3-month", "event-7-month", "event-30-year", "continuous-30-year")]
FREE = catalogue.offer("free")

offers = some.sampled_from(SOLD)
devices = some.sampled_from([0, 1])
spans = some.one_of(
    some.sampled_from([1, DAY, GRACE_S - 1, GRACE_S, 23 * DAY, 29 * DAY, 30 * DAY, 365 * DAY]),
    some.integers(0, 9 * DAY),
    some.integers(0, 40 * DAY),
    some.integers(0, 400 * DAY),
)


class Standing(RuleBasedStateMachine):
    """Steps at the counter of the model, and in what is tried, which the methods without a body speak for."""

    def __init__(self) -> None:
        super().__init__()
        self.model = Counter()
        self.numbers = itertools.count()

    def buy(self, nth: int, offer: Offer) -> str:
        raise NotImplementedError

    def give(self, nth: int, offer: Offer) -> str:
        """By a gift card."""
        raise NotImplementedError

    def take_free(self, nth: int) -> str:
        raise NotImplementedError

    def change_now(self, nth: int, offer: Offer, credit: int) -> str:
        raise NotImplementedError

    def quote(self, nth: int, offer: Offer) -> int:
        """What is credited."""
        raise NotImplementedError

    def pause(self, nth: int, *, on: bool) -> None:
        raise NotImplementedError

    def move(self, nth: int) -> None:
        raise NotImplementedError

    def dispute(self, nth: int, source: str, outcome: DisputeOutcome) -> None:
        raise NotImplementedError

    def pay_back(self, nth: int, source: str) -> int:
        """How much goes back."""
        raise NotImplementedError

    def wait(self, seconds: int) -> None:
        raise NotImplementedError

    def told(self, nth: int) -> dict[str, Any]:
        raise NotImplementedError

    def ledger(self, nth: int) -> Ledger:
        raise NotImplementedError

    @property
    def now(self) -> int:
        raise NotImplementedError

    def _refused(self, act: Callable[[], Any]) -> str:
        try:
            act()
        except No as no:
            return str(no)
        except Conflict as refusal:
            return type(refusal).__name__
        return ""

    @rule(nth=devices, offer=offers)
    def somebody_buys(self, nth: int, offer: Offer) -> None:
        self.model.buy(nth, self.buy(nth, offer), offer, self.now)

    @rule(nth=devices, offer=offers)
    def somebody_is_given_some(self, nth: int, offer: Offer) -> None:
        self.model.give(nth, self.give(nth, offer), offer)

    @rule(nth=devices)
    def somebody_takes_what_is_free(self, nth: int) -> None:
        sources: list[str] = []
        refused = self._refused(lambda: sources.append(self.take_free(nth)))
        assert self._refused(lambda: self.model.take_free(nth, (sources or ["none"])[0], FREE)) == refused

    @rule(nth=devices, on=some.booleans())
    def somebody_pauses(self, nth: int, on: bool) -> None:
        device = self.model.devices[nth]
        refused = self._refused(lambda: self.pause(nth, on=on))
        if on and not device.pause_left:
            assert self._refused(lambda: self.model.pause(nth, self.now)) == refused
        else:
            assert not refused
            if not on:
                device.resume(self.now)

    @rule(nth=devices, offer=offers)
    def somebody_changes_at_once(self, nth: int, offer: Offer) -> None:
        credits: list[int] = []
        refused = self._refused(lambda: credits.append(self.quote(nth, offer)))
        assert self._refused(lambda: self.model.credit(nth, offer)) == refused
        if credits:
            assert credits == [self.model.credit(nth, offer)]
            self.model.change_now(nth, self.change_now(nth, offer, credits[0]), offer, credits[0], self.now)

    @rule(nth=devices)
    def somebody_moves_it(self, nth: int) -> None:
        refused = self._refused(lambda: self.move(nth))
        assert self._refused(lambda: self.model.move(nth, self.now)) == refused

    @rule(nth=devices, place=some.integers(0, 3))
    def a_payment_is_disputed(self, nth: int, place: int) -> None:
        if source := self._source(nth, place):
            self.dispute(nth, source, "opened")
            self.model.dispute(nth, source, self.now)

    @rule(nth=devices, place=some.integers(0, 3))
    def a_dispute_is_over(self, nth: int, place: int) -> None:
        if source := self._source(nth, place):
            self.dispute(nth, source, "won")
            self.model.settle(nth, source)

    @rule(nth=devices, place=some.integers(0, 3))
    def a_dispute_is_lost(self, nth: int, place: int) -> None:
        if source := self._source(nth, place):
            self.dispute(nth, source, "lost")
            self.model.lose(nth, source, self.now)

    @rule(nth=devices, place=some.integers(0, 3))
    def a_dispute_of_what_was_credited_is_lost(self, nth: int, place: int) -> None:
        credited = [source for one in self.model.devices[nth].queue for source in one.credits]
        lost = [source for source in credited if source not in self.model.back]
        if lost:
            source = lost[place % len(lost)]
            self.dispute(nth, source, "lost")
            self.model.lose(nth, source, self.now)

    @rule(nth=devices, place=some.integers(0, 3))
    def what_is_left_is_paid_back(self, nth: int, place: int) -> None:
        if source := self._source(nth, place):
            amounts: list[int] = []
            refused = self._refused(lambda: amounts.append(self.pay_back(nth, source)))
            wanted: list[int] = []
            assert self._refused(lambda: wanted.append(self.model.pay_back(nth, source, self.now))) == refused
            assert amounts == wanted

    def _source(self, nth: int, place: int) -> str | None:
        """That of one that is left, and was paid; the first is had the oftenest."""
        queue = [one.source for one in self.model.devices[nth].queue if one.price]
        return queue[place % len(queue)] if queue else None

    @rule(seconds=spans)
    def time_passes(self, seconds: int) -> None:
        self._both_wait(seconds)

    @rule(nth=devices, early=some.sampled_from([0, 1, -1]))
    def time_passes_to_the_very_end(self, nth: int, early: int) -> None:
        self._both_wait(max(0, self.model.devices[nth].next_end() - early))

    def _both_wait(self, seconds: int) -> None:
        """Cameras film as they begin to wait."""
        now = self.now
        self.wait(seconds)
        for device in self.model.devices:
            if seconds:
                device.film(now)
            device.wait(seconds)

    @invariant()
    def both_say_the_same(self) -> None:
        for nth, device in enumerate(self.model.devices):
            assert self.told(nth) == device.says(self.now)
            assert (rules.running_at(self.ledger(nth), self.now) is not None) == device.runs()

    @invariant()
    def time_granted_is_time_that_came_without_what_went(self) -> None:
        for nth, device in enumerate(self.model.devices):
            ledger = self.ledger(nth)
            assert sum(granted_s(ledger, one) for one in ledger.grants) == device.came - device.went
            assert sum(_had_by(ledger, one, self.now) for one in ledger.grants) == device.had

    @invariant()
    def no_more_goes_back_than_was_paid(self) -> None:
        assert all(0 < amount <= self.model.paid[source] for source, amount in self.model.back.items())

    @invariant()
    def one_device_has_it_at_every_instant(self) -> None:
        live: list[str] = []
        for nth in (0, 1):
            ledger = self.ledger(nth)
            assert all(one.until <= other.begins for one, other in itertools.pairwise(ledger.grants))
            live += [one.source for one in ledger.left_at(self.now)]
            assert [one.source for one in ledger.left_at(self.now)] == self._sources(nth)
        assert len(live) == len(set(live))

    def _sources(self, nth: int) -> list[str]:
        return [one.source for one in self.model.devices[nth].queue]

    @invariant()
    def what_was_filmed_is_shown_with_the_plan_and_kept_where_that_was_moved_away(self) -> None:
        for nth, device in enumerate(self.model.devices):
            ledger, now = self.ledger(nth), self.now
            assert _seen(rules.shown_spans(ledger, now), device, now) == device.shown(now)
            assert _seen(rules.stored_spans(ledger, now), device, now) == device.stored(now)


def _had_by(ledger: Ledger, one: rules.Grant, now: int) -> int:
    end = min(one.until, now)
    return max(0, end - one.begins - paused_s(ledger, one.begins, end)) if end > one.begins else 0


def _seen(spans: rules.Spans, device: Device, now: int) -> list[int]:
    return [one.at for one in device.films if now < one.until and any(span.has(one.at) for span in spans)]


class Rules(Standing):
    """The rules alone."""

    def __init__(self) -> None:
        super().__init__()
        self._ledgers = [Ledger(), Ledger()]
        self._renewals: list[Renewal | None] = [None, None]
        self._paid: dict[str, tuple[int, int, str]] = {}
        self._whole: set[str] = set()
        self._now = 1_767_600_000

    def _new(self, kind: rules.SourceKind) -> str:
        return rules.source_of(kind, f"number-{next(self.numbers)}")

    def _written(self, nth: int, ledger: Ledger) -> None:
        """As it is read again."""
        self._ledgers[nth] = Ledger.of({one.text for one in ledger.grants}, {one.text for one in ledger.pauses})
        assert {*self._ledgers[nth].pauses} == {*ledger.pauses}
        self._renewals[nth] = renewals.after(self._renewals[nth], self._ledgers[nth], self._now)

    def buy(self, nth: int, offer: Offer) -> str:
        new = changes.new_grant(offer, self._new("order"), self._now, amount=offer.prices["EUR"])
        self._paid[new.source] = offer.prices["EUR"], self._now, f"camera-{nth}"
        self._written(nth, changes.with_grant(self._ledgers[nth], new, self._now))
        return new.source

    def give(self, nth: int, offer: Offer) -> str:
        new = changes.new_grant(offer, self._new("gift"), self._now)
        self._written(nth, changes.with_grant(self._ledgers[nth], new, self._now))
        return new.source

    def take_free(self, nth: int) -> str:
        new = changes.new_grant(FREE, self._new("free"), self._now)
        if changes.free_until(self._ledgers[1 - nth], self._now) is not None:
            raise No("FreePlanElsewhere")
        self._written(nth, changes.with_free(self._ledgers[nth], new, self._now))
        return new.source

    def quote(self, nth: int, offer: Offer) -> int:
        old = changes.credited(self._ledgers[nth], "EUR", self._now)
        running = rules.status_at(self._ledgers[nth], self._now).running
        if running and running.plan.plan_id == offer.plan_id:
            raise No("SamePlan")
        credit = changes.credit(old)
        if running and credit >= offer.prices["EUR"]:
            raise No("NothingToPay")
        return credit

    def change_now(self, nth: int, offer: Offer, credit: int) -> str:
        new = changes.new_grant(offer, self._new("order"), self._now, amount=offer.prices["EUR"])
        self._paid[new.source] = offer.prices["EUR"] - credit, self._now, f"camera-{nth}"
        ledger = self._ledgers[nth]
        old = changes.credited(ledger, "EUR", self._now)
        new = replace(new, credits=changes.credits_of(old))
        is_behind = rules.status_at(ledger, self._now).running is None
        how = changes.with_grant if is_behind else partial(changes.changed_now, old=old)
        self._written(nth, how(ledger, new, now=self._now))
        return new.source

    def pause(self, nth: int, *, on: bool) -> None:
        ledger = self._ledgers[nth]
        if (rules.pause_at(ledger, self._now) is not None) != on:
            self._written(nth, (changes.paused if on else changes.resumed)(ledger, self._now))

    def move(self, nth: int) -> None:
        before = self._ledgers[nth]
        left, rests = changes.moved_out(before, self._now)
        pauses = changes.resumed(before, self._now).pauses
        # It goes along, unless the other one renews already.
        self._renewals = [None if at == nth else self._renewals[at] or self._renewals[nth] for at in (0, 1)]
        self._written(1 - nth, changes.moved_in(self._ledgers[1 - nth], rests, pauses, self._now))
        self._written(nth, left)

    @rule(nth=devices)
    def it_is_to_renew_by_itself(self, nth: int) -> None:
        with suppress(renewals.NothingToRenew):
            self._renewals[nth] = renewals.begun(self._ledgers[nth], None, self._now)

    @invariant()
    def what_renews_is_paid_before_the_end_that_the_counter_says(self) -> None:
        for device, renewal in zip(self.model.devices, self._renewals, strict=True):
            if renewal is not None:
                left = device.pause_left + sum(one.left for one in device.queue)
                assert renewal.ends_at == self.now + (left if device.queue else -device.idle)
                assert renewal.at <= max(renewal.ends_at, self.now) and not renewal.failed

    def dispute(self, nth: int, source: str, outcome: DisputeOutcome) -> None:
        ledger = self._ledgers[nth]
        if outcome != "won":
            self._renewals[nth] = None
        if outcome == "lost":
            self._written(nth, changes.charged_back(ledger, [source], Fraction(1), self._now))
        elif outcome == "won":
            self._written(nth, changes.released(ledger, [source]))
        else:
            self._written(nth, changes.suspended(ledger, [source], self._now))

    def pay_back(self, nth: int, source: str) -> int:
        left, rests = changes.without(self._ledgers[nth], lambda one: one.source == source, self._now)
        if any(one.mark for one in rests):
            raise No("PaymentDisputed")
        self._renewals[nth] = None
        self._written(nth, left)
        paid, paid_at, camera = self._paid[source]
        whole = order_rules.is_whole(paid_at, 0, self._now)
        whole = whole and order_rules.whole_until(self._whole, camera, self._now) is None
        if whole:
            self._whole = order_rules.with_whole(self._whole, camera, self._now)
        return order_rules.amount_back(paid, changes.credit(rests), whole=whole)

    def wait(self, seconds: int) -> None:
        self._now += seconds

    def told(self, nth: int) -> dict[str, Any]:
        standing = rules.status_at(self._ledgers[nth], self._now)
        held = standing.held
        return {
            "state": standing.state,
            "plan_id": None if held is None else held.plan.plan_id,
            "until": None if held is None else held.until,
            "waiting": [(one.plan.plan_id, one.begins, one.until) for one in standing.waiting],
        }

    def ledger(self, nth: int) -> Ledger:
        return self._ledgers[nth]

    @property
    def now(self) -> int:
        return self._now


class Product(Standing):
    """Orders that are placed and paid, cards that are redeemed, pauses and moves that are asked for, and what the API
    says of the devices."""

    home: Home
    cameras: tuple[Camera, Camera]
    before: Any

    @initialize()
    def all_is_as_it_was(self) -> None:
        self.home.world.restore(self.before)
        self._device_ids = [camera.device_id for camera in self.cameras]
        self._disputes: dict[str, list[str]] = {}
        self.home.owner.sign_in()

    def _ask(self, method: str, path: str, body: Any) -> Any:
        self.home.owner.sign_in()
        key = {"Idempotency-Key": f"key-of-step-{next(self.numbers):016d}"}
        answer: Response = self.home.owner.call(method, path, body, headers=key)
        if answer.status == 409:
            raise No(answer.json["code"])
        assert answer.status < 300, answer.body
        return answer.json

    def _order(self, nth: int, plan_id: str, **more: Any) -> Any:
        body = {"plan_id": plan_id, "device_id": self._device_ids[nth], "payment_method": "card", **more}
        return self._ask("POST", "/orders", body)

    def _pay(self, ordered: Any) -> str:
        assert tell(self.home, ordered).json == {"changed": True}
        return f"order:{ordered['order_id']}"

    def buy(self, nth: int, offer: Offer) -> str:
        return self._pay(self._order(nth, offer.plan_id))

    def give(self, nth: int, offer: Offer) -> str:
        until = self.home.world.now() + timedelta(days=1)
        code = new_code(self.home.world, offer.plan_id, f"{until:%Y-%m-%d}")
        self._ask("POST", "/gift-cards/redeem", {"code": code, "device_id": self._device_ids[nth]})
        return f"gift:{cards.id_of(code)}"

    def take_free(self, nth: int) -> str:
        ordered = self._order(nth, FREE.plan_id)
        assert (ordered["state"], ordered["checkout_url"]) == ("paid", None)
        return f"free:{ordered['order_id']}"

    def quote(self, nth: int, offer: Offer) -> int:
        body = {"plan_id": offer.plan_id, "device_id": self._device_ids[nth], "begins": "now"}
        price = self._ask("POST", "/orders/preview", body)
        assert price["to_pay"]["amount"] == price["price"]["amount"] - price["credit"]["amount"]
        return int(price["credit"]["amount"])

    def change_now(self, nth: int, offer: Offer, credit: int) -> str:
        to_pay = offer.prices["EUR"] - credit
        ordered = self._order(nth, offer.plan_id, begins="now", to_pay=to_pay)
        assert ordered["amount"]["amount"] == to_pay
        return self._pay(ordered)

    def pause(self, nth: int, *, on: bool) -> None:
        self._ask("PUT", f"/devices/{self._device_ids[nth]}/plan/pause", {"on": on})

    def move(self, nth: int) -> None:
        body = {"to_device_id": self._device_ids[1 - nth]}
        self._ask("POST", f"/devices/{self._device_ids[nth]}/plan/move", body)

    def dispute(self, nth: int, source: str, outcome: DisputeOutcome) -> None:
        """Each that is opened anew has another number."""
        order_id = source.partition(":")[2]
        numbers = self._disputes.setdefault(order_id, [])
        if outcome != "won" and not self._is_disputed(order_id):
            numbers.append(f"dp_{next(self.numbers)}")
        if numbers:
            reference = json.loads(event({"order_id": order_id, "amount": {}}))["payment"]["reference"]
            headers, body = sandbox.event(Dispute(order_id, outcome, reference, numbers[-1]))
            answer = self.home.world.call("POST", "/payments/sandbox", raw=body, headers=headers)
            assert answer.status == 200, answer.body

    def _is_disputed(self, order_id: str) -> bool:
        self.home.owner.sign_in()
        (payment,) = self.home.owner.call("GET", f"/orders/{order_id}").json["payments"]
        return bool(payment["dispute"] == "opened")

    def pay_back(self, nth: int, source: str) -> int:
        path = f"/orders/{source.partition(':')[2]}/refund"
        shown = self._ask("POST", f"{path}/preview", None)
        answer = self._ask("POST", path, {})
        assert shown["amount"] == answer["amount"]
        return int(answer["amount"]["amount"])

    @rule(nth=devices)
    def a_device_goes_and_another_comes(self, nth: int) -> None:
        """Its ledger goes with it, to nobody."""
        self.home.owner.sign_in()
        camera = replace(self.cameras[nth])
        assert self.home.owner.call("DELETE", f"/devices/{self._device_ids[nth]}").status == 202
        assert self.home.owner.bind(camera).status == 201
        self._device_ids[nth], self.model.devices[nth] = camera.device_id, Device()

    def wait(self, seconds: int) -> None:
        self.home.world.clock.move_to(self.now + seconds)

    def told(self, nth: int) -> dict[str, Any]:
        self.home.owner.sign_in()
        said = self.home.owner.call("GET", f"/devices/{self._device_ids[nth]}/plan").json
        until = None if said["until"] is None else _seconds(said["until"])
        waiting = [(one["plan_id"], _seconds(one["from"]), _seconds(one["until"])) for one in said["waiting"]]
        return {"state": said["state"], "plan_id": said["plan_id"], "until": until, "waiting": waiting}

    def ledger(self, nth: int) -> Ledger:
        from chalicelib.plans.actions import ledgers
        from chalicelib.store.records import read

        with self.home.world.aws.outside():
            return ledgers.ledger_of(read(ledgers.key_of(self._device_ids[nth]))[0])

    @property
    def now(self) -> int:
        return int(self.home.world.now().timestamp())

    def teardown(self) -> None:
        self.home.world.restore(self.before)


def of_the_product(one_home: Home) -> type[Standing]:
    second = new_camera(one_home.world, "SN0002", owner=one_home.owner)

    class OfThisHome(Product):
        home = one_home
        cameras = (one_home.camera, second)
        before = one_home.world.snapshot()

    return OfThisHome


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


def test_the_rules_agree_with_the_counter_after_every_step() -> None:
    run_state_machine_as_test(Rules, settings=how(STEPS, 30))  # type: ignore[no-untyped-call]


def test_the_product_agrees_with_the_counter_after_every_step(home: Home) -> None:
    run_state_machine_as_test(of_the_product(home), settings=how(STEPS_OF_THE_PRODUCT, 12))  # type: ignore[no-untyped-call]


def _forgets_what_was_before(ledger: Ledger, new: rules.Grant, now: int) -> Ledger:
    """The last plan becomes the plan of all."""
    last = RIGHT["with_grant"](ledger, new, now).grants[-1]
    return Ledger((last,), ledger.pauses)


def _a_pause_costs_a_second(ledger: Ledger, now: int) -> Ledger:
    after = RIGHT["resumed"](ledger, now)
    return after if after is ledger else changes._put_off(after, now, -1)


def _credits_what_waits(ledger: Ledger, currency: str, now: int) -> tuple[rules.Grant, ...]:
    return tuple(ledger.left_at(now)) if RIGHT["credited"](ledger, currency, now) else ()


def _credits_what_was_given(ledger: Ledger, currency: str, now: int) -> tuple[rules.Grant, ...]:
    running = rules.status_at(ledger, now).running
    RIGHT["credited"](ledger, currency, now)
    return () if running is None else tuple(one for one in ledger.left_at(now) if one.until <= running.until)


def _moves_to_the_front(ledger: Ledger, rests: Any, pauses: Any, now: int) -> Ledger:
    return RIGHT["moved_in"](Ledger(tuple(ledger.over_at(now)), ledger.pauses), rests, pauses, now)


def _time_stands_still(ledger: Ledger, sources: Any, now: int) -> Ledger:
    return changes._put_off(RIGHT["suspended"](ledger, sources, now), now, 60)


def _ends_only_what_it_bought(one: rules.Grant, sources: Any, share: Fraction, now: int) -> int:
    return RIGHT["_lost_s"](one, sources, share, now) if one.source in sources else 0


def _leaves_a_gap(ledger: Ledger, chosen: Any, now: int) -> Any:
    left, rests = RIGHT["without"](ledger, chosen, now)
    return Ledger(tuple(one.shifted(1) if one.begins > now else one for one in left.grants), left.pauses), rests


def _moves_what_is_free(ledger: Ledger, now: int) -> Any:
    left, rests = changes.without(changes.resumed(ledger, now), lambda one: True, now)
    if not rests:
        raise changes.NothingToMove
    return left, rests


def _credits_what_was_had(ledger: Ledger, currency: str, now: int) -> tuple[rules.Grant, ...]:
    named = {(one.source, one.until) for one in RIGHT["credited"](ledger, currency, now)}
    return tuple(one for one in ledger.left_at(now) if (one.source, one.until) in named)


RIGHT = {name: getattr(changes, name) for name in (
    "with_grant", "with_free", "resumed", "credited", "moved_in", "moved_out", "suspended", "released", "without",
    "_lost_s",
)}  # fmt: skip
FAULTS: dict[str, tuple[str, Callable[..., Any]]] = {
    "what was before is forgotten": ("with_grant", _forgets_what_was_before),
    "a pause costs a second": ("resumed", _a_pause_costs_a_second),
    "what waits is credited, too": ("credited", _credits_what_waits),
    "what was had is credited, too": ("credited", _credits_what_was_had),
    "what was given is lost by a change": ("credited", _credits_what_was_given),
    "what is moved replaces what is there": ("moved_in", _moves_to_the_front),
    "the free plan moves, and leaves no mark": ("moved_out", _moves_what_is_free),
    "a dispute counts as a pause": ("suspended", _time_stands_still),
    "a dispute is for ever": ("released", lambda ledger, sources: ledger),
    "what a lost payment was credited for runs on": ("_lost_s", _ends_only_what_it_bought),
    "what follows follows a second late": ("without", _leaves_a_gap),
    "the free plan is had by tapping on": ("with_free", lambda ledger, new, now: changes.with_grant(ledger, new, now)),
}


@pytest.mark.parametrize("name", FAULTS)
def test_a_ledger_with_a_fault_is_caught(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setattr(changes, *FAULTS[name])
    with pytest.raises(AssertionError):
        run_state_machine_as_test(Rules, settings=how(15_000, 30))  # type: ignore[no-untyped-call]


def test_a_grace_that_shows_what_has_run_out_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rules, "shown_spans", rules.stored_spans)
    with pytest.raises(AssertionError):
        run_state_machine_as_test(Rules, settings=how(15_000, 30))  # type: ignore[no-untyped-call]


@pytest.mark.parametrize(
    "wrong",
    [
        lambda paid, left, whole: min(paid, left),
        lambda paid, left, whole: paid if whole else max(1, min(paid, left) - 1),
    ],
    ids=["nothing goes back whole", "it is rounded down"],
)
def test_money_that_goes_back_wrongly_is_caught(monkeypatch: pytest.MonkeyPatch, wrong: Callable[..., int]) -> None:
    monkeypatch.setattr(order_rules, "amount_back", wrong)
    with pytest.raises(AssertionError):
        run_state_machine_as_test(Rules, settings=how(60_000, 30))  # type: ignore[no-untyped-call]


def test_what_is_tried_is_sold() -> None:
    assert all(one in CATALOGUE for one in (*SOLD, FREE))
