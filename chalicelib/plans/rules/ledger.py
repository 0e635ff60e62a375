"""The ledger of what was granted to a device, and what it has at an instant; times are in seconds since 1970."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Literal, cast

from chalicelib.plans.rules import catalogue
from chalicelib.plans.rules.catalogue import DAY_S, Kind
from chalicelib.register import rows

GRACE_S = rows.CLOUD_STORAGE.kept_for.days_after * DAY_S
# So long after it came nothing is left of what the longest plan keeps.
LONGEST_KEPT_S = 30 * DAY_S

State = Literal["none", "active", "grace", "ended", "paused", "suspended"]
SourceKind = Literal["order", "gift", "free", "move"]
# What a grant is besides its times: its rest went to another device, or nothing is had of it while a dispute runs.
Mark = Literal["", "moved", "suspended"]
_NO_MARK = "-"


@dataclass(frozen=True)
class Credit:
    """What of a grant's amount was credited for another grant, by where that came from, in the smallest unit."""

    source: str
    amount: int


@dataclass(frozen=True)
class Grant:
    """A period, or what is left of one, by which a device has a plan as it was bought.

    `source` is where it comes from: a kind and an id. What was paid for it is `amount` for `whole_s` seconds, of which
    it may be a part; nothing was for a gift. `credits` are those of the amount that somebody else may take back.
    """

    begins: int
    until: int
    plan_id: str
    version: int
    kind: Kind
    keep_days: int
    source: str
    amount: int = 0
    currency: str = "EUR"
    whole_s: int = 1
    mark: Mark = ""
    credits: tuple[Credit, ...] = ()

    @classmethod
    def of(cls, text: str) -> Grant:
        begins, until, plan_id, version, kind, keep_days, source, *paid = text.split(" ")
        terms = plan_id, int(version), cast("Kind", kind), int(keep_days)
        if not paid:
            return _without_price(cls(read_time(begins), read_time(until), *terms, source_of("order", source)))
        amount, currency, whole_s, mark, *credited = paid
        is_marked = cast("Mark", "" if mark == _NO_MARK else mark)
        price = int(amount), currency, int(whole_s)
        credits = _credits_of(*credited) if credited else ()
        return cls(read_time(begins), read_time(until), *terms, source, *price, is_marked, credits)

    @property
    def text(self) -> str:
        """As it lies in the ledger and in a copy of one's data; the earlier grant sorts first."""
        times = f"{written(self.begins)} {written(self.until)}"
        terms = f"{self.plan_id} {self.version} {self.kind} {self.keep_days}"
        paid = f"{self.amount} {self.currency} {self.whole_s}"
        credited = ",".join(f"{one.source}={one.amount}" for one in self.credits)
        return f"{times} {terms} {self.source} {paid} {self.mark or _NO_MARK}{' ' if credited else ''}{credited}"

    @property
    def plan(self) -> tuple[str, Kind, int]:
        """The terms by which two grants are one plan: a new price does not make another of it, other terms do."""
        return self.plan_id, self.kind, self.keep_days

    @property
    def source_kind(self) -> SourceKind:
        return cast("SourceKind", self.source.partition(":")[0])

    @property
    def is_free(self) -> bool:
        return self.source_kind == "free"

    @property
    def seconds(self) -> int:
        return self.until - self.begins

    def runs_at(self, at: int) -> bool:
        return self.begins <= at < self.until

    def shifted(self, seconds: int) -> Grant:
        return replace(self, begins=self.begins + seconds, until=self.until + seconds)


def source_of(kind: SourceKind, id: str) -> str:
    return f"{kind}:{id}"


def _credits_of(text: str) -> tuple[Credit, ...]:
    said = (one.partition("=") for one in text.split(","))
    return tuple(Credit(source, int(amount)) for source, _, amount in said)


def _without_price(old: Grant) -> Grant:
    """As the first ledgers said it, which was a whole period, and paid in euros by the catalogue's price."""
    amount = 0
    with suppress(catalogue.PlanUnknown):
        amount = catalogue.offer_of(old.plan_id, old.version).prices["EUR"]
    return replace(old, amount=amount, whole_s=old.seconds)


@dataclass(frozen=True)
class Pause:
    """An interval in which time stood still. One that is `carried` came with grants from another device: it counts for
    the year and was none of this ledger's."""

    since: int
    until: int
    is_carried: bool = False

    @classmethod
    def of(cls, text: str) -> Pause:
        since, until, *carried = text.split(" ")
        return cls(read_time(since), read_time(until), bool(carried))

    @property
    def text(self) -> str:
        times = f"{written(self.since)} {written(self.until)}"
        return f"{times} moved" if self.is_carried else times

    @property
    def seconds(self) -> int:
        return self.until - self.since

    def overlap_s(self, begin: int, end: int) -> int:
        return max(0, min(self.until, end) - max(self.since, begin))


@dataclass(frozen=True)
class Ledger:
    """In the order of time; of two grants the later one begins where the earlier one ends, or after it. The grants that
    a pause lies in are as much longer."""

    grants: tuple[Grant, ...] = ()
    pauses: tuple[Pause, ...] = ()

    @classmethod
    def of(cls, grants: Iterable[str] | None, pauses: Iterable[str] | None = None) -> Ledger:
        """As it is stored."""
        return cls(tuple(map(Grant.of, sorted(grants or ()))), tuple(map(Pause.of, sorted(pauses or ()))))

    @property
    def own_pauses(self) -> list[Pause]:
        return [one for one in self.pauses if not one.is_carried]

    def left_at(self, now: int) -> list[Grant]:
        """What runs and what waits."""
        return [one for one in self.grants if one.until > now]

    def over_at(self, now: int) -> list[Grant]:
        return [one for one in self.grants if one.until <= now]


def written(at: int) -> str:
    return f"{datetime.fromtimestamp(at, UTC):%Y-%m-%dT%H:%M:%SZ}"


def read_time(text: str) -> int:
    return int(datetime.fromisoformat(text).timestamp())


@dataclass(frozen=True)
class Period:
    """Grants of one plan in a row."""

    plan: Grant
    begins: int
    until: int


@dataclass(frozen=True)
class PlanStatus:
    """The state of a device's plan at an instant: the one that it holds or held last, and those that wait behind it."""

    state: State
    held: Period | None
    waiting: tuple[Period, ...] = ()
    paused_until: int | None = None

    @property
    def running(self) -> Period | None:
        """What is held and not over, be it paused or suspended."""
        return self.held if self.state in ("active", "paused", "suspended") else None

    @property
    def runs_until(self) -> int | None:
        """The end of what is held, and of what waits behind it without a gap."""
        until = None if self.held is None else self.held.until
        for one in self.waiting:
            if one.begins != until:
                break
            until = one.until
        return until


def status_at(ledger: Ledger, now: int) -> PlanStatus:
    """A plan is active up to its end; behind the last there are seven days of grace, in which a renewal brings
    everything back. What waits becomes what is held by time alone. What was moved away has no grace."""
    periods = periods_of(ledger)
    begun = [one for one in periods if one.begins <= now]
    waiting = tuple(periods[len(begun) :])
    if not begun:
        return PlanStatus("none", None, waiting)
    held, grant = begun[-1], _running(ledger, now)
    if grant is not None:
        pause = pause_at(ledger, now)
        state: State = "suspended" if grant.mark == "suspended" else "active" if pause is None else "paused"
        return PlanStatus(state, held, waiting, None if pause is None else pause.until)
    last = [one for one in ledger.grants if one.begins <= now][-1]
    is_over = last.mark == "moved" or now >= held.until + GRACE_S
    return PlanStatus("ended" if is_over else "grace", held, waiting)


def pause_at(ledger: Ledger, at: int) -> Pause | None:
    return next((one for one in ledger.own_pauses if one.since <= at < one.until), None)


def is_paused_between(ledger: Ledger, begin: float, end: float) -> bool:
    """Whether time stood still at any moment from the one to the other."""
    return any(one.since <= end and begin < one.until for one in ledger.own_pauses)


def ran_s(ledger: Ledger, begin: int, end: int) -> int:
    """For how many seconds from the one to the other time did not stand still."""
    return end - begin - sum(one.overlap_s(begin, end) for one in ledger.own_pauses)


def _running(ledger: Ledger, at: int) -> Grant | None:
    return next((one for one in ledger.grants if one.runs_at(at)), None)


def running_at(ledger: Ledger, at: int) -> Grant | None:
    """The grant by which a plan runs in that second: neither paused nor suspended."""
    grant = _running(ledger, at)
    is_running = grant is not None and grant.mark != "suspended" and pause_at(ledger, at) is None
    return grant if is_running else None


def ends_at(ledger: Ledger) -> int | None:
    """The second in which the grace of all that was granted is over; None where nothing was."""
    return max((one.until + GRACE_S for one in ledger.grants), default=None)


def periods_of(ledger: Ledger) -> list[Period]:
    """As a person sees them: what was bought one after the other of one plan is one period."""
    periods: list[Period] = []
    for one in ledger.grants:
        before = periods[-1] if periods else None
        if before is not None and before.plan.plan == one.plan and before.until == one.begins:
            periods[-1] = replace(before, until=one.until)
        else:
            periods.append(Period(one, one.begins, one.until))
    return periods


# What may be seen


@dataclass(frozen=True)
class Span:
    """Of what arrived from `since` on and before `until`, if that is said."""

    since: int
    until: int | None = None

    def has(self, arrived_s: int) -> bool:
        return self.since <= arrived_s and (self.until is None or arrived_s < self.until)

    def has_all(self, first_s: int, last_s: int) -> bool:
        return self.has(first_s) and self.has(last_s)


Spans = tuple[Span, ...]


def shown_spans(ledger: Ledger, now: int) -> Spans:
    """When what is shown now arrived; each of it up to its own end.

    That is since the begin of the grants that follow each other up to now, each before the grace of the one before it
    was over; and what was filmed by those that were moved away, which ran all the time. Nothing is shown while a
    dispute runs.
    """
    grant = _running(ledger, now)
    if grant is not None and grant.mark == "suspended":
        return ()
    return _spans(ledger, now, grace_s=0)


def stored_spans(ledger: Ledger, now: int) -> Spans:
    """The same of what is stored still, shown or waiting for a renewal."""
    return _spans(ledger, now, grace_s=GRACE_S)


def _spans(ledger: Ledger, now: int, *, grace_s: int) -> Spans:
    chains = list(_chains(ledger, now))
    moved = [(since, until) for since, until, is_moved in chains if is_moved and now <= until + LONGEST_KEPT_S]
    # What came in the very second ran before it was moved.
    left = [Span(since, until + 1) for since, until in moved]
    if chains and not chains[-1][2] and now < chains[-1][1] + grace_s:
        left.append(Span(chains[-1][0]))
    return tuple(left)


def _chains(ledger: Ledger, now: int) -> Iterator[tuple[int, int, bool]]:
    """Begin and end of grants that follow each other, of those that have begun, and whether the rest was moved away."""
    since: int | None = None
    until = 0
    for one in ledger.grants:
        if one.begins > now:
            break
        if since is not None and one.begins - until >= GRACE_S:
            yield since, until, False
            since = None
        since, until = one.begins if since is None else since, one.until
        if one.mark == "moved":
            yield since, until, True
            since = None
    if since is not None:
        yield since, until, False
