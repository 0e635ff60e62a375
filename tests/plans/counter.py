"""A model of plans in plain Python: what somebody who sells seconds over a counter would write down."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field
from fractions import Fraction
from math import ceil
from typing import Any

from chalicelib.plans.rules.catalogue import Offer

DAY = 86_400
GRACE = 7 * DAY
A_YEARS_PAUSES, YEAR = 30 * DAY, 365 * DAY


@dataclass
class Ticket:
    """Some seconds of a plan, what they are all worth, how many are left; and what was paid in money, and when."""

    source: str
    offer: Offer
    price: int
    whole: int
    left: int
    paid: int = 0
    paid_at: int = 0
    is_free: bool = False
    is_disputed: bool = False
    # Of which camera it was ordered.
    camera: int = 0
    # By what was bought before: what of the price was credited for it.
    credits: dict[str, int] = field(default_factory=dict)


@dataclass
class Film:
    """Something that was filmed, and for how long it is kept."""

    at: int
    until: int
    chain: int
    is_kept: bool = False


class No(Exception):
    """The counter refuses, by this word."""


@dataclass
class Device:
    """Whose turn it is, how many seconds are left, and what was filmed meanwhile."""

    queue: list[Ticket] = field(default_factory=list)
    films: list[Film] = field(default_factory=list)
    pauses: list[tuple[int, int]] = field(default_factory=list)
    pause_left: int = 0
    last: Offer | None = None
    idle: int = 0
    was_moved: bool = False
    moved_at: int | None = None
    chain: int = 0
    had: int = 0
    # By what it came and went: paid, gifted, given free, moved in; and credited or paid back, moved out.
    came: int = 0
    went: int = 0

    @property
    def is_disputed(self) -> bool:
        return bool(self.queue) and self.queue[0].is_disputed

    def runs(self) -> bool:
        return bool(self.queue) and not self.pause_left and not self.is_disputed

    def held(self) -> list[Ticket]:
        """What is left of the plan whose turn it is."""
        same = itertools.takewhile(lambda one: one.offer.plan_id == self.queue[0].offer.plan_id, self.queue)
        return list(same) if self.queue else []

    def wait(self, seconds: int) -> None:
        stood = min(self.pause_left, seconds)
        self.pause_left -= stood
        seconds -= stood
        if stood:  # what is paused has begun, even if no second of it is had
            self.last, self.idle, self.was_moved = self.queue[0].offer, 0, False
        while seconds and self.queue:
            ticket = self.queue[0]
            used = min(ticket.left, seconds)
            ticket.left -= used
            self.had += used
            self.last, self.idle, self.was_moved = ticket.offer, 0, False
            seconds -= used
            if not ticket.left:
                del self.queue[0]
        if self.idle < GRACE <= self.idle + seconds:
            self.chain += 1
        self.idle += seconds

    def film(self, now: int) -> None:
        """Times are whole seconds: what comes in the second of a move counts as what came before it."""
        if self.runs():
            until = now + self.queue[0].offer.keep_days * DAY
            self.films.append(Film(now, until, self.chain, is_kept=now == self.moved_at))

    def shown(self, now: int) -> list[int]:
        if self.is_disputed:
            return []
        return self._left(now, bool(self.queue))

    def stored(self, now: int) -> list[int]:
        may = bool(self.queue) or (self.idle < GRACE and not self.was_moved)
        return self._left(now, may)

    def _left(self, now: int, goes_on: bool) -> list[int]:
        going_on = self.chain if goes_on else -1
        return [one.at for one in self.films if now < one.until and (one.is_kept or one.chain == going_on)]

    def next_end(self) -> int:
        if self.pause_left:
            return self.pause_left
        return self.queue[0].left if self.queue else max(0, GRACE - self.idle)

    def resume(self, now: int) -> None:
        if self.pause_left:
            since, _ = self.pauses.pop()
            self.pauses += [(since, now)]
            self.pause_left = 0

    def says(self, now: int) -> dict[str, Any]:
        if not self.queue:
            state = "none" if self.last is None else "ended" if self.was_moved or self.idle >= GRACE else "grace"
            until = None if self.last is None else now - self.idle
            return {"state": state, "plan_id": None if self.last is None else self.last.plan_id, "until": until,
                    "waiting": []}  # fmt: skip
        state = "suspended" if self.is_disputed else "paused" if self.pause_left else "active"
        at, periods = now + self.pause_left, []
        for plan_id, tickets in itertools.groupby(self.queue, lambda one: one.offer.plan_id):
            begins, at = at, at + sum(one.left for one in tickets)
            periods.append((plan_id, begins, at))
        return {"state": state, "plan_id": periods[0][0], "until": periods[0][2], "waiting": periods[1:]}


@dataclass
class Counter:
    """The counter at which a person stands, with two devices."""

    devices: list[Device] = field(default_factory=lambda: [Device(), Device()])
    # By what was bought: what was paid in money, and what went back of it.
    paid: dict[str, int] = field(default_factory=dict)
    back: dict[str, int] = field(default_factory=dict)
    # By camera: until when nothing goes back whole, since something did.
    whole_until: dict[int, int] = field(default_factory=dict)

    def buy(self, nth: int, source: str, offer: Offer, now: int) -> None:
        self._put(nth, self._paid(nth, self._ticket(source, offer, offer.prices["EUR"]), offer.prices["EUR"], now))

    def _paid(self, nth: int, ticket: Ticket, amount: int, now: int) -> Ticket:
        ticket.camera, ticket.paid, ticket.paid_at = nth, amount, now
        self.paid[ticket.source] = amount
        return ticket

    def give(self, nth: int, source: str, offer: Offer) -> None:
        self._put(nth, self._ticket(source, offer, 0))

    def _ticket(self, source: str, offer: Offer, price: int) -> Ticket:
        seconds = offer.period_days * DAY
        return Ticket(source, offer, price, seconds, seconds)

    def _put(self, nth: int, ticket: Ticket) -> None:
        device = self.devices[nth]
        device.came += ticket.left
        same = [at for at, one in enumerate(device.queue) if one.offer.plan_id == ticket.offer.plan_id]
        device.queue.insert(same[-1] + 1 if same else len(device.queue), ticket)

    def take_free(self, nth: int, source: str, offer: Offer) -> None:
        queue = self.devices[nth].queue
        others = [one for at, device in enumerate(self.devices) if at != nth for one in device.queue]
        if any(one.is_free for one in others):
            raise No("FreePlanElsewhere")
        if any(not one.is_free for one in queue):
            raise No("PlanRuns")
        if self.devices[nth].pause_left + sum(one.left for one in queue) > 7 * DAY:
            raise No("FreePlanRuns")
        ticket = self._ticket(source, offer, 0)
        ticket.is_free = True
        self._put(nth, ticket)

    def pause(self, nth: int, now: int) -> None:
        device = self.devices[nth]
        if device.is_disputed:
            raise No("PlanSuspended")
        if not device.queue:
            raise No("NoPlanRuns")
        spent = sum(max(0, until - max(since, now - YEAR)) for since, until in device.pauses)
        if spent >= A_YEARS_PAUSES or sum(until > now - YEAR for _, until in device.pauses) >= 60:
            raise No("PauseSpent")
        device.pause_left = A_YEARS_PAUSES - spent
        device.pauses.append((now, now + device.pause_left))

    def credit(self, nth: int, offer: Offer) -> int:
        device = self.devices[nth]
        if device.is_disputed:
            raise No("PlanSuspended")
        if device.pause_left:
            raise No("PlanPaused")
        if any(one.is_disputed for one in device.held()):
            raise No("PlanSuspended")
        if device.queue and device.queue[0].offer.plan_id == offer.plan_id:
            raise No("SamePlan")
        credit = ceil(sum((Fraction(one.price, one.whole) * one.left for one in self._given_up(device)), Fraction()))
        if device.queue and credit >= offer.prices["EUR"]:
            raise No("NothingToPay")
        return credit

    def _given_up(self, device: Device) -> list[Ticket]:
        """What was given is nobody's money, and waits."""
        return [one for one in device.held() if one.price or one.is_free]

    def change_now(self, nth: int, source: str, offer: Offer, credit: int, now: int) -> None:
        """What was paid for the rest of the plan that runs is given back; the other one is before all that waits."""
        device = self.devices[nth]
        if not device.queue:
            self.buy(nth, source, offer, now)
            return
        given_up = self._given_up(device)
        for one in given_up:
            device.queue.remove(one)
            device.went += one.left
        bought = self._ticket(source, offer, offer.prices["EUR"])
        ticket = self._paid(nth, bought, offer.prices["EUR"] - credit, now)
        ticket.credits = self._credits(given_up)
        device.came += ticket.left
        device.queue.insert(0, ticket)

    def _credits(self, given_up: list[Ticket]) -> dict[str, int]:
        """Who had paid what is given up, in whole cents; of many the eight that gave most."""
        gave: dict[str, Fraction] = {}
        for one in given_up:
            money = {one.source: one.price - sum(one.credits.values())}
            for each in (money, one.credits):
                for source, amount in each.items():
                    gave[source] = gave.get(source, Fraction()) + Fraction(amount * one.left, one.whole)
        most = sorted(gave, key=lambda source: (-int(gave[source]), source))[:8]
        return {source: int(gave[source]) for source in most if gave[source] >= 1}

    def move(self, nth: int, now: int) -> None:
        source, target = self.devices[nth], self.devices[1 - nth]
        if any(one.is_disputed for one in source.queue):
            raise No("PlanSuspended")
        going = [one for one in source.queue if not one.is_free]
        if not going:
            raise No("NothingToMove")
        source.resume(now)
        if source.queue[0] is going[0]:
            for film in source.films:
                film.is_kept = film.is_kept or film.chain == source.chain
            source.last, source.was_moved, source.idle, source.moved_at = going[0].offer, True, 0, now
            source.chain += 1
        source.queue = [one for one in source.queue if one.is_free]
        source.went += sum(one.left for one in going)
        target.came += sum(one.left for one in going)
        target.queue += going
        target.pauses += [one for one in source.pauses if one[1] > now - YEAR and one not in target.pauses]
        if target.pause_left:  # the one that runs is the last
            target.pauses.sort(key=lambda one: one[1])

    def dispute(self, nth: int, source: str, now: int) -> None:
        self.devices[nth].resume(now)
        for one in self.devices[nth].queue:
            one.is_disputed = one.is_disputed or one.source == source

    def settle(self, nth: int, source: str) -> None:
        for one in self.devices[nth].queue:
            one.is_disputed = one.is_disputed and one.source != source

    def pay_back(self, nth: int, source: str, now: int) -> int:
        """The whole price for two weeks, as nobody filmed for an hour, of each camera once a year; then what is left is
        worth: money first."""
        mine = [one for one in self.devices[nth].queue if one.source == source]
        if any(one.is_disputed for one in mine):
            raise No("PaymentDisputed")
        left = ceil(sum((Fraction(one.price, one.whole) * one.left for one in mine), Fraction()))
        paid = mine[0].paid
        is_whole = now <= mine[0].paid_at + 14 * DAY and self.whole_until.get(mine[0].camera, now) <= now
        if is_whole:
            self.whole_until[mine[0].camera] = now + YEAR
        amount = paid if is_whole else min(paid, left)
        self.back[source] = self.back.get(source, 0) + amount
        self._end(nth, source, now)
        return amount

    def lose(self, nth: int, source: str, now: int) -> None:
        """The bank took all of it, and of what it was credited for its share."""
        self.back[source] = self.back.get(source, 0) + self.paid[source]
        device = self.devices[nth]
        if any(one.source == source for one in device.queue):
            self._end(nth, source, now)
        for one in [one for one in device.queue if source in one.credits]:
            lost = int(Fraction(one.left * one.credits[source], one.price))
            if lost:
                device.resume(now)
                one.left, device.went = one.left - lost, device.went + lost
                del one.credits[source]

    def _end(self, nth: int, source: str, now: int) -> None:
        device = self.devices[nth]
        device.resume(now)
        for one in [one for one in device.queue if one.source == source]:
            device.queue.remove(one)
            device.went += one.left
