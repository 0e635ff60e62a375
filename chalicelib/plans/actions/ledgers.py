"""Ledgers of devices: read, changed in one commit, and found when all is over (B12, B13)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, TypeVar

from chalicelib import clock
from chalicelib.access.records import Ownership
from chalicelib.plans.records import FreePlan, PlanEnd, PlanRenewal, PlanWarning, RenewalEnded
from chalicelib.plans.rules import catalogue, changes, ledger, renewals, warnings
from chalicelib.plans.rules.catalogue import Currency
from chalicelib.plans.rules.catalogue import Offer as Offer  # what orders are for, and carry
from chalicelib.plans.rules.catalogue import Terms as Terms
from chalicelib.plans.rules.catalogue import money_text as money_text
from chalicelib.plans.rules.ledger import Grant as Grant
from chalicelib.plans.rules.ledger import Ledger as Ledger
from chalicelib.plans.rules.ledger import PlanStatus
from chalicelib.plans.rules.ledger import Spans as Spans
from chalicelib.plans.rules.ledger import source_of as source_of
from chalicelib.plans.rules.renewals import NothingToRenew as NothingToRenew
from chalicelib.plans.rules.renewals import Renewal as Renewal
from chalicelib.plans.shapes import DevicePlan
from chalicelib.store import keys
from chalicelib.store.commit import Write, absent, change, commit, create, is_set, put, remove
from chalicelib.store.keys import Key
from chalicelib.store.retrying import NothingToDo, StaleRead

if TYPE_CHECKING:
    from pynamodb.expressions.condition import Condition

# So far back what is due is looked for at most, by days.
MOST_LOOKED_BACK_DAYS = 34
# Longer than that, and than any recording is kept.
_REMEMBERED = timedelta(days=35)
_PAGE = 100
_Due = TypeVar("_Due", PlanWarning, PlanRenewal)


def key_of(device_id: str) -> Key[Ownership]:
    """The key of the row that holds a device's ledger: its owner's tie to it."""
    return Ownership.of_device(device_id)


def offered(plan_id: str) -> Offer:
    """The plan of this id as it is sold now; raises PlanUnknown."""
    return catalogue.offer(plan_id)


def sold(plan_id: str, version: int) -> Offer:
    """The plan as it was sold; raises PlanUnknown."""
    return catalogue.offer_of(plan_id, version)


# What is granted


def bought(terms: Terms, order_id: str, amount: int, currency: str, now: int) -> Grant:
    """A period that is worth so much, by what its order paid."""
    return changes.new_grant(terms, source_of("order", order_id), now, amount=amount, currency=currency)


def free(terms: Terms, order_id: str, now: int) -> Grant:
    """A month of the free plan."""
    return changes.new_grant(terms, source_of("free", order_id), now)


def given(terms: Terms, card_id: str, now: int) -> Grant:
    """A period that somebody else paid for, by a gift card: nothing is credited where another plan replaces it."""
    return changes.new_grant(terms, source_of("gift", card_id), now)


def require_few_left(held: Ownership, now: int) -> None:
    """That another grant may be added. Raises TooManyPlansWait."""
    changes.require_few_left(ledger_of(held), now)


# Changing the ledger. Each is committed only if that is as it was read: otherwise StaleRead is raised, also where
# nobody owns the device any more.


def grant(held: Ownership, new: Grant, now: int, renews_in: Currency | None = None) -> tuple[Write, ...]:
    """This grant in its place in the device's ledger; what ends last is renewed by itself from now on, if its owner
    says in which currency."""
    return renewed_in(held, changes.with_grant(ledger_of(held), new, now), renews_in, now)


def renewed_in(held: Ownership, after: Ledger, currency: Currency | None, now: int) -> tuple[Write, ...]:
    """Writes that make this of the ledger; it is renewed by itself as before, or from now on in this currency."""
    if currency is None:
        return changed(held, after, now)
    try:
        return changed_with(held, after, renewals.begun(after, currency, now), now)
    except renewals.NothingToRenew:  # what ends last is disputed: the card that was saved goes again
        is_said = held.plan_renewal is not None
        return *changed(held, after, now), *([] if is_said else [_renewal_ended(held, now)])


def grant_again(held: Ownership, new: Grant, at: int) -> tuple[Write, ...]:
    """The same as of an earlier instant, in a ledger that was restored to one before it."""
    return changed(held, changes.with_grant(ledger_of(held), new, at), clock.now_s())


def grant_free(held: Ownership, new: Grant, now: int) -> tuple[Write, ...]:
    """Another month of the free plan, which one device of an account has at a time. Raises PlanRuns, FreePlanRuns."""
    return changed(held, changes.with_free(ledger_of(held), new, now), now)


def taken_back(held: Ownership, source: str, now: int) -> tuple[tuple[Write, ...], tuple[Grant, ...]]:
    """Writes after which nothing is left of what comes from this source, and what waits behind it moves up, without
    being renewed by itself; and what was left."""
    after, rests = changes.without(ledger_of(held), lambda one: one.source == source, now)
    return changed_with(held, after, None, now), rests


def _rests(of: Ledger, source: str, now: int) -> tuple[Grant, ...]:
    return changes.without(of, lambda one: one.source == source, now)[1]


def renewal_set(held: Ownership, renewal: Renewal | None, now: int) -> tuple[Write, ...]:
    """Writes after which the plan is renewed so by itself, or no more."""
    return changed_with(held, ledger_of(held), renewal, now)


def changed(held: Ownership, after: Ledger, now: int) -> tuple[Write, ...]:
    """Writes that make this of a ledger as it was read; what is renewed by itself goes on to be."""
    return changed_with(held, after, renewals.after(renewal_of(held), after, now), now)


def changed_with(held: Ownership, after: Ledger, renewal: Renewal | None, now: int) -> tuple[Write, ...]:
    """The same with all that is found by its times: one that lies where it did is written anew, and what is over is
    dealt with by whom it is due for."""
    before, device_id = ledger_of(held), held.device_id
    end, warning = _end_of(device_id, after), _warning_of(held, after, renewal, now)
    as_read, renewed = _as_read(held), _renewal_writes(held, renewal, now)
    ends_before, ends_after = held.plan_end, None if end is None else keys.written(end.own_key)
    warned_before, warned_after = held.plan_warning, _pointer(warning, held, now)
    over_at = ledger.ends_at(before)
    if over_at is not None and over_at <= now:
        # It is dealt with: what was kept by the grants before it is not shown any more.
        ends_before = None
    return (
        change(
            held, when=as_read, otherwise=StaleRead,
            plan_grants={one.text for one in after.grants} or None,
            plan_pauses={one.text for one in after.pauses} or None,
            plan_end=ends_after, plan_warning=warned_after, **_renewal_values(held, renewal),
        ),
        *renewed,
        *([] if end is None else [put(end)]),
        *([] if ends_before in (None, ends_after) else [remove(PlanEnd.named(ends_before))]),
        *([] if warning is None else [put(warning)]),
        *([] if warned_before in (None, warned_after) else [remove(PlanWarning.named(warned_before))]),
        *_free_plan(held, changes.free_until(before, now), changes.free_until(after, now), now),
    )  # fmt: skip


def _renewal_values(held: Ownership, renewal: Renewal | None) -> dict[str, str | None]:
    if renewal is None:
        return {"plan_renewal": None, "plan_renewal_due": None} if held.plan_renewal is not None else {}
    return {
        "plan_renewal": renewal.text,
        "plan_renewal_due": keys.written(renewal_row(held.device_id, renewal).own_key),
    }


def _renewal_writes(held: Ownership, renewal: Renewal | None, now: int) -> tuple[Write, ...]:
    """The row by which it is found, in the place of the one before; and where there is none any more, a word of it."""
    before, row = held.plan_renewal_due, None if renewal is None else renewal_row(held.device_id, renewal)
    is_same = row is not None and before == keys.written(row.own_key)
    return (
        *([] if row is None or is_same else [put(row)]),
        *([] if before is None or is_same else [remove(PlanRenewal.named(before))]),
        *([_renewal_ended(held, now)] if before is not None and row is None else []),
    )


def renewal_row(device_id: str, of: Renewal) -> PlanRenewal:
    forgotten_at = of.at + int(_REMEMBERED.total_seconds())
    return PlanRenewal.new(day_of(clock.at_epoch(of.at)), f"{of.at:012d}.{device_id}", expires_at=forgotten_at)


def _renewal_ended(held: Ownership, now: int) -> Write:
    return put(RenewalEnded.new(held.pk_id, held.sort_id, expires_at=now + int(_REMEMBERED.total_seconds())))


def begin(tie: Ownership, after: Ledger, now: int) -> tuple[Write, ...]:
    """Writes that begin a tie to a new owner with this ledger."""
    end, warning = _end_of(tie.device_id, after), warnings.next_warning(after, now, renews=False)
    warned = None if warning is None else warning_row(tie.device_id, warning)
    tie.assign(
        plan_grants={one.text for one in after.grants} or None,
        plan_end=None if end is None else keys.written(end.own_key),
        plan_warning=None if warned is None else keys.written(warned.own_key),
    )
    return create(tie), *(put(one) for one in (end, warned) if one is not None)


def warned(held: Ownership, said: PlanWarning, renewal: Renewal | None, now: int) -> tuple[Write, ...]:
    """Writes that put the next warning in the place of one that was said, and the price that was told."""
    # The end of a pause is said for itself: what came due behind it is said next.
    since = said.due_at if said.subject == "pause_ended" else now
    following = warnings.next_warning(ledger_of(held), since, renews=renewal is not None)
    row = None if following is None else warning_row(held.device_id, following)
    pointer = None if row is None else keys.written(row.own_key)
    as_read, written = _as_read(held), None if renewal is None else renewal.text
    noted = change(held, when=as_read, otherwise=StaleRead, plan_warning=pointer, plan_renewal=written)
    return noted, remove(said), *([] if row is None else [put(row)])


def _as_read(held: Ownership) -> Condition:
    same: Condition = is_set(Ownership.plan_grants, held.plan_grants)
    same &= is_set(Ownership.plan_pauses, held.plan_pauses)
    same &= is_set(Ownership.plan_warning, held.plan_warning)
    same &= is_set(Ownership.plan_renewal, held.plan_renewal)
    return same


def _end_of(device_id: str, of: Ledger) -> PlanEnd | None:
    ends_at = ledger.ends_at(of)
    if ends_at is None:
        return None
    forgotten_at = ends_at + int(_REMEMBERED.total_seconds())
    return PlanEnd.new(day_of(clock.at_epoch(ends_at)), device_id, ends_at=ends_at, expires_at=forgotten_at)


def _is_due(held: Ownership, now: int) -> bool:
    """Whether a warning is about to be said, which does not get lost by a change."""
    return held.plan_warning is not None and PlanWarning.due_at_of(held.plan_warning) <= now


def _warning_of(held: Ownership, after: Ledger, renewal: Renewal | None, now: int) -> PlanWarning | None:
    following = warnings.next_warning(after, now, renews=renewal is not None)
    found = None if _is_due(held, now) else following
    return None if found is None else warning_row(held.device_id, found)


def _pointer(warning: PlanWarning | None, held: Ownership, now: int) -> str | None:
    if _is_due(held, now):
        return str(held.plan_warning)
    return None if warning is None else keys.written(warning.own_key)


def warning_row(device_id: str, of: warnings.EndWarning) -> PlanWarning:
    forgotten_at = of.at + int(_REMEMBERED.total_seconds())
    day = day_of(clock.at_epoch(of.at))
    return PlanWarning.new(day, f"{of.at:012d}.{device_id}", subject=of.subject, expires_at=forgotten_at)


def _free_plan(held: Ownership, before: int | None, after: int | None, now: int) -> tuple[Write, ...]:
    """The account's row says which of its devices has the free plan."""
    where = FreePlan.key(held.pk_id)
    is_ours = FreePlan.device_id == held.device_id
    if before == after:
        return ()
    if after is None:
        return (remove(where, when=FreePlan.pk.does_not_exist() | is_ours, otherwise=StaleRead),)
    row = FreePlan.new(held.pk_id, device_id=held.device_id, until=after)
    return (put(row, when=absent(FreePlan) | is_ours | (FreePlan.until <= now), otherwise=StaleRead),)


def end_ledger(device_id: str, held: Ownership | None) -> tuple[Write, ...]:
    """Writes that end the tie to the owner, as it was read, and the ledger with it: what was granted passes to nobody.
    On commit they raise StaleRead where something was granted since."""
    end, warning = (None, None) if held is None else (held.plan_end, held.plan_warning)
    now = clock.now_s()
    as_read = is_set(Ownership.plan_end, end)
    as_read &= is_set(Ownership.plan_warning, None) if held is None else _as_read(held)
    return (
        remove(key_of(device_id), when=as_read, otherwise=StaleRead),
        *([] if end is None else [remove(PlanEnd.named(end))]),
        *([] if warning is None else [remove(PlanWarning.named(warning))]),
        *([] if held is None else _renewal_writes(held, None, now)),
        *([] if held is None else _free_plan(held, changes.free_until(ledger_of(held), now), None, now)),
    )


# Finding what was granted


@dataclass(frozen=True)
class Granted:
    """What an account's devices have, or had, from one source: the one with what is left of it, if there is any, and
    from when till when each had the use of it. For `elsewhere_s` seconds devices had it that are not the account's any
    more."""

    held: Ownership | None
    rests: tuple[Grant, ...]
    spans: dict[str, list[tuple[int, int]]]
    elsewhere_s: int

    @property
    def worth(self) -> int:
        """What was paid for what is left, in money and by credit, to the second, and rounded up."""
        return changes.credit(self.rests)

    @property
    def is_suspended(self) -> bool:
        return any(one.mark == "suspended" for one in self.rests)


def granted(account_id: str, source: str, now: int) -> Granted:
    """By one consistent query of the account's devices: a plan moves between them, and no row of its own says where it
    is. What was handed over with a device is not among them, since another person has it. A move that is just made may
    hide it from a query, which reads one device after the other: what is found nowhere is looked for twice."""
    found = _granted(account_id, source, now)
    return found if found.held is not None else _granted(account_id, source, now)


def _granted(account_id: str, source: str, now: int) -> Granted:
    held: Ownership | None = None
    rests: tuple[Grant, ...] = ()
    spans: dict[str, list[tuple[int, int]]] = {}
    ran_s = 0
    for one in Ownership.list_of(account_id).items:
        of = ledger_of(one)
        mine = [(each.begins, min(each.until, now)) for each in of.grants if each.source == source]
        if begun := [(begins, until) for begins, until in mine if begins < now]:
            spans[one.device_id] = begun
            ran_s += sum(ledger.ran_s(of, *each) for each in begun)
        if left := _rests(of, source, now):
            held, rests = one, left
    used_s = rests[0].whole_s - sum(one.seconds for one in rests) if rests else ran_s
    return Granted(held, rests, spans, max(0, used_s - ran_s))


# Reading the ledger


def ledger_of(held: Ownership | None) -> Ledger:
    """The device's ledger, as it is stored."""
    return Ledger() if held is None else Ledger.of(held.plan_grants, held.plan_pauses)


def renewal_of(held: Ownership | None) -> Renewal | None:
    """How the device's plan is renewed by itself, as it is stored."""
    return None if held is None or held.plan_renewal is None else Renewal.of(held.plan_renewal)


def is_any_held(account_id: str) -> bool:
    """Whether a device of the account has a plan that runs, waits, or can still be renewed."""
    ties = Ownership.list_of(account_id).items
    return any(one.state not in ("none", "ended") or one.waiting for one in map(status, ties))


def status(held: Ownership | None) -> PlanStatus:
    """The plan that the device has now."""
    return ledger.status_at(ledger_of(held), clock.now_s())


def described(held: Ownership | None) -> DevicePlan:
    return DevicePlan.of(status(held), renewal_of(held))


def shown_spans(held: Ownership | None) -> Spans:
    """When what is shown now arrived; none where nothing is."""
    return ledger.shown_spans(ledger_of(held), clock.now_s())


def stored_spans(held: Ownership | None) -> Spans:
    """When what is stored still arrived; none where no grace is left."""
    return ledger.stored_spans(ledger_of(held), clock.now_s())


def is_paused_between(held: Ownership | None, begin_s: float, end_s: float) -> bool:
    return ledger.is_paused_between(ledger_of(held), begin_s, end_s)


def pauses(held: Ownership | None) -> list[tuple[float, float]]:
    """From when till when time stood still."""
    return [(one.since, one.until) for one in ledger_of(held).own_pauses]


def running_at(held: Ownership | None, at_s: int) -> Grant | None:
    """The grant by which a plan ran in that second, for what arrived then."""
    return ledger.running_at(ledger_of(held), at_s)


# When it is renewed by itself


def renewal_begun(held: Ownership, currency: Currency | None, now: int) -> Renewal:
    """The renewal of what ends last, if it is said now; in the currency of its payment, if none is said. Raises
    NothingToRenew."""
    return renewals.begun(ledger_of(held), currency, now)


def renewal_said_anew(renewal: Renewal, now: int) -> Renewal:
    """The same under another name: money that came for the former one went back."""
    return renewals.said_anew(renewal, now)


def renewal_failed(renewal: Renewal, now: int) -> Renewal | None:
    """When it is tried again; None if that was the last time."""
    return renewals.failed(renewal, now)


def due(kind: type[_Due], now: int) -> Iterator[_Due]:
    """Warnings or renewals of today and yesterday whose time has come; four times a day, also what no run could deal
    with in the weeks before."""
    today = clock.at_epoch(now)
    days_back = MOST_LOOKED_BACK_DAYS if today.hour % 6 == 0 else 1
    for days in reversed(range(days_back + 1)):
        yield from kind.all_of(day_of(today - timedelta(days=days)), page_size=_PAGE, last=f"{now:012d}.")


# When all is over


def due_ends(now: int, *, looked_back_days: int = MOST_LOOKED_BACK_DAYS) -> Iterator[PlanEnd]:
    """The devices of whose plans no grace is left, the longest due first; who deals with one says `done_with`. A job
    that did not run for some days finds those of before, too, if it looks back so far."""
    today = clock.at_epoch(now)
    for days in reversed(range(looked_back_days + 1)):
        day = day_of(today - timedelta(days=days))
        yield from (one for one in PlanEnd.all_of(day, page_size=_PAGE) if one.ends_at <= now)


def done_with(due: PlanEnd) -> None:
    """Forget the end of a plan that was dealt with, unless the device has another one on that day by now."""
    with suppress(NothingToDo):
        commit(remove(due, when=PlanEnd.ends_at == due.ends_at, otherwise=NothingToDo))


def day_of(at: datetime) -> str:
    return f"{at:%Y%m%d}"
