"""Changes of the ledger: granted, paused, credited, moved, suspended; no second is lost or made by any."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from dataclasses import replace
from fractions import Fraction
from math import ceil

from chalicelib.errors import Conflict
from chalicelib.plans.rules import ledger as ledgers
from chalicelib.plans.rules.catalogue import DAY_S, Terms
from chalicelib.plans.rules.ledger import Credit, Grant, Ledger, Pause

# Of each 365 days, and so often: each is remembered for a year.
MOST_PAUSED_S = 30 * DAY_S
MOST_PAUSES = 60
YEAR_S = 365 * DAY_S
# Of one device, whose row holds them all: a twentieth of what there is room for.
MOST_GRANTS_OF_MOVES = 120
# So many run or wait on a device at most when another one is ordered, or given, and when some come from another
# region: with those that two moves bring together, and orders that are open, a ticket to another region has room for
# all that is left of a device.
MOST_LEFT = 120
MOST_BROUGHT = 240
# So many are handed over at most: of each a row says where it is, written in the one commit.
MOST_HANDED_OVER = 20
# Of a plan that was changed again and again only the largest credits are remembered.
MOST_CREDITS = 8
# The free plan may be renewed when it ends within so long, which is when its owner is warned first.
FREE_RENEWABLE_S = 7 * DAY_S


class NoPlanRuns(Conflict):
    pass


class PauseSpent(Conflict):
    """`may_be_paused_from` says when there is some of it again."""


class PlanSuspended(Conflict):
    pass


class PlanPaused(Conflict):
    pass


class NothingToMove(Conflict):
    pass


class MovedTooOften(Conflict):
    pass


class TooManyPlansWait(Conflict):
    pass


class TooManyToHandOver(Conflict):
    pass


class CreditInOtherCurrency(Conflict):
    """`currency` names the one in which what is credited was paid."""


class PlanRuns(Conflict):
    pass


class FreePlanRuns(Conflict):
    """`may_be_renewed_from` says when."""


# Granting


def new_grant(terms: Terms, source: str, now: int, *, amount: int = 0, currency: str = "EUR") -> Grant:
    """One period of this plan, as it was bought."""
    return Grant(
        now, now + terms.period_s, terms.plan_id, terms.version, terms.kind, terms.keep_days, source,
        amount, currency, terms.period_s,
    )  # fmt: skip


def with_grant(ledger: Ledger, new: Grant, now: int) -> Ledger:
    """The ledger with one grant more, which begins now if nothing runs.

    It extends the same plan, held or waiting, and those that wait behind that are put off by as much; another plan
    waits behind all. Nothing that was granted before gets shorter.
    """
    left = ledger.left_at(now)
    same = [index for index, one in enumerate(left) if one.plan == new.plan]
    index = (same[-1] if same else len(left) - 1) + 1
    begins = left[index - 1].until if left else now
    added = new.shifted(begins - new.begins)
    behind = [one.shifted(new.seconds) for one in left[index:]]
    return replace(ledger, grants=(*ledger.over_at(now), *left[:index], added, *behind))


def with_free(ledger: Ledger, new: Grant, now: int) -> Ledger:
    """The ledger with another month of the free plan. Raises PlanRuns where another plan runs or waits, FreePlanRuns
    while there is much left of it."""
    left = ledger.left_at(now)
    if any(not one.is_free for one in left):
        raise PlanRuns
    if left and left[-1].until - now > FREE_RENEWABLE_S:
        raise FreePlanRuns(may_be_renewed_from=ledgers.written(left[-1].until - FREE_RENEWABLE_S))
    return with_grant(ledger, new, now)


def free_until(ledger: Ledger, now: int) -> int | None:
    """The end of the free plan, as long as it is not over."""
    return max((one.until for one in ledger.left_at(now) if one.is_free), default=None)


def require_few_left(ledger: Ledger, now: int) -> None:
    """That another one may be added. Raises TooManyPlansWait."""
    if len(ledger.left_at(now)) >= MOST_LEFT:
        raise TooManyPlansWait


# Pauses


def paused(ledger: Ledger, now: int) -> Ledger:
    """Time stands still from now on: what runs and what waits ends as much later as a pause may last, which is what is
    left of thirty days of the last 365. Raises NoPlanRuns, PlanSuspended, PauseSpent."""
    grant = ledgers.running_at(ledger, now)
    if grant is None:
        raise _why_not(ledger, now)
    lately = _lately(ledger.pauses, now)
    allowed_s = MOST_PAUSED_S - sum(one.overlap_s(now - YEAR_S, now) for one in lately)
    if allowed_s <= 0 or len(lately) >= MOST_PAUSES:
        raise PauseSpent(may_be_paused_from=ledgers.written(_pausable_from(lately, now, has_days=allowed_s > 0)))
    return replace(_put_off(ledger, now, allowed_s), pauses=(*ledger.pauses, Pause(now, now + allowed_s)))


def _pausable_from(lately: list[Pause], now: int, *, has_days: bool) -> int:
    """When a day is a year ago, and of too many pauses the first one."""
    a_day = now if has_days else min(max(one.since, now - YEAR_S) for one in lately) + YEAR_S + 1
    one_fewer = now if len(lately) < MOST_PAUSES else min(one.until for one in lately) + YEAR_S
    return max(a_day, one_fewer)


def _lately(pauses: Iterable[Pause], now: int) -> list[Pause]:
    return [one for one in pauses if one.until > now - YEAR_S]


def _why_not(ledger: Ledger, now: int) -> Conflict:
    return PlanSuspended() if ledgers.status_at(ledger, now).state == "suspended" else NoPlanRuns()


def resumed(ledger: Ledger, now: int) -> Ledger:
    """Time goes on from now on, if it stands still."""
    pause = ledgers.pause_at(ledger, now)
    if pause is None:
        return ledger
    over = replace(pause, until=now)
    pauses = (one if one is not pause else over for one in ledger.pauses if one is not pause or over.seconds)
    return replace(_put_off(ledger, now, now - pause.until), pauses=tuple(pauses))


def _put_off(ledger: Ledger, now: int, seconds: int) -> Ledger:
    """What runs ends so much later, and what waits begins so much later."""
    left = ledger.left_at(now)
    waiting = [one.shifted(seconds) if one.begins > now else replace(one, until=one.until + seconds) for one in left]
    return replace(ledger, grants=(*ledger.over_at(now), *waiting))


# Taking back


def without(ledger: Ledger, chosen: Callable[[Grant], bool], now: int) -> tuple[Ledger, tuple[Grant, ...]]:
    """The ledger without the rest of those that are chosen, and those rests; what waits behind them moves up. A pause
    ends with it."""
    going_on = resumed(ledger, now)
    kept: list[Grant] = []
    rests: list[Grant] = []
    at = now
    for one in going_on.left_at(now):
        if chosen(one):
            rests.append(replace(one, begins=max(one.begins, now)))
            if one.begins < now:
                kept.append(replace(one, until=now))
            continue
        stays = one if one.begins <= now else one.shifted(at - one.begins)
        kept.append(stays)
        at = stays.until
    return replace(going_on, grants=(*going_on.over_at(now), *kept)), tuple(rests)


# Changing now


def credited(ledger: Ledger, currency: str, now: int) -> tuple[Grant, ...]:
    """The grants that are given up if another plan is to begin now: of the plan that runs, what is left of all that was
    paid in this currency, and of the free plan. What was given, or paid in another currency, waits behind the new plan,
    as all does that waited. Raises PlanPaused, PlanSuspended, CreditInOtherCurrency where there is no other."""
    status = ledgers.status_at(ledger, now)
    if status.state == "paused":
        raise PlanPaused
    if status.running is None:
        return ()
    found = tuple(one for one in ledger.left_at(now) if one.until <= status.running.until)
    if any(one.mark for one in found):
        raise PlanSuspended
    currencies = [one.currency for one in found if one.amount]
    if currencies and currency not in currencies:
        raise CreditInOtherCurrency(currency=currencies[0])
    given_up = (one for one in found if one.is_free or (one.amount and one.currency == currency))
    return tuple(replace(one, begins=max(one.begins, now)) for one in given_up)


def credit(rests: Iterable[Grant]) -> int:
    """The price that was paid for the rests, which is one currency's, to the second, and rounded up."""
    return ceil(sum((Fraction(one.amount * one.seconds, one.whole_s) for one in rests), Fraction()))


def credits_of(rests: Iterable[Grant]) -> tuple[Credit, ...]:
    """What each payment has given of the credit for these rests: of each rest its own money, and what was credited for
    it before. Rounded down, so that none is said to have given more than it did; nobody takes back what was given."""
    given: dict[str, Fraction] = {}
    for one in rests:
        left = Fraction(one.seconds, one.whole_s)
        own = one.amount - sum(each.amount for each in one.credits)
        for each in (Credit(one.source, own), *one.credits):
            given[each.source] = given.get(each.source, Fraction()) + each.amount * left
    whole = [Credit(source, int(amount)) for source, amount in given.items() if amount >= 1]
    return tuple(sorted(whole, key=lambda one: (-one.amount, one.source))[:MOST_CREDITS])


def changed_now(ledger: Ledger, new: Grant, old: Collection[Grant], now: int) -> Ledger:
    """The new grant begins now in the place of the old ones; what else is left of what runs, and what waited, waits
    behind it."""
    named = {(one.source, one.until) for one in old}
    going_on, _ = without(ledger, lambda one: (one.source, one.until) in named, now)
    had, behind = list(going_on.over_at(now)), []
    for one in going_on.left_at(now):
        if one.begins < now:
            had.append(replace(one, until=now))
        behind.append(replace(one, begins=max(one.begins, now)).shifted(new.seconds))
    return replace(going_on, grants=(*had, new, *behind))


# Moving


def moved_out(ledger: Ledger, now: int) -> tuple[Ledger, tuple[Grant, ...]]:
    """The ledger without all that is left, and what goes to another device; the free plan does not. A mark stays where
    the plan ran, for what was filmed by it is kept. Raises NothingToMove, PlanSuspended."""
    going_on = resumed(ledger, now)
    if any(one.mark == "suspended" for one in going_on.left_at(now)):
        raise PlanSuspended
    left, rests = without(going_on, lambda one: not one.is_free, now)
    if not rests:
        raise NothingToMove
    first = rests[0]
    if first.begins > now:  # the free plan runs on
        return left, rests
    used = replace(first, until=now, mark="moved")
    others = []
    for one in left.grants:
        if (one.source, one.until) == (first.source, now):
            used = replace(used, begins=one.begins)
        elif one.seconds or one.until != now:  # of two marks of one second the later one counts
            others.append(one)
    return replace(left, grants=(*others, used)), rests


def transferable(ledger: Ledger, now: int) -> tuple[Grant, ...]:
    """What is left but for the free plan."""
    _, rests = without(ledger, lambda one: not one.is_free, now)
    return rests


def require_room(*ledgers_of: Ledger) -> None:
    """That both devices can remember one move more. Raises MovedTooOften."""
    if any(len(one.grants) >= MOST_GRANTS_OF_MOVES for one in ledgers_of):
        raise MovedTooOften


def require_room_for(ledger: Ledger, came: Collection[Grant], now: int) -> None:
    """The same for what comes from another region. Raises MovedTooOften."""
    require_room(ledger)
    if len(ledger.left_at(now)) + len(came) > MOST_BROUGHT:
        raise MovedTooOften


def moved_in(ledger: Ledger, rests: Iterable[Grant], pauses: Iterable[Pause], now: int) -> Ledger:
    """What came from another device is behind all that is there, in its order; so are the days of a year that were
    spent there."""
    grants = list(ledger.grants)
    at = max([now, *(one.until for one in grants)])
    for rest in rests:
        grants.append(rest.shifted(at - rest.begins))
        at = grants[-1].until
    known = {(one.since, one.until) for one in ledger.pauses}  # it may have been here before
    carried = [replace(one, is_carried=True) for one in _lately(pauses, now) if (one.since, one.until) not in known]
    return Ledger(tuple(grants), (*ledger.pauses, *carried))


# Disputes


def suspended(ledger: Ledger, sources: Collection[str], now: int) -> Ledger:
    """Nothing is had of what comes from there while its payment is disputed; time goes on. A pause ends with it."""
    if not any(one.source in sources for one in ledger.left_at(now)):
        return ledger
    going_on = resumed(ledger, now)
    marked = (replace(one, mark="suspended") if one.source in sources and one.until > now else one
              for one in going_on.grants)  # fmt: skip
    return replace(going_on, grants=tuple(marked))


def released(ledger: Ledger, sources: Collection[str]) -> Ledger:
    """The dispute is over: what is left runs again."""
    free = (replace(one, mark="") if one.source in sources and one.mark == "suspended" else one
            for one in ledger.grants)  # fmt: skip
    return replace(ledger, grants=tuple(free))


def charged_back(ledger: Ledger, sources: Collection[str], share: Fraction, now: int) -> Ledger:
    """The ledger once the bank took this share of the payment that these sources name: as much of what is left of its
    grant has ended, from its end, and of a grant for which it was credited the same share of that credit's. What waits
    behind moves up, and what is left runs again. A pause ends with it."""
    going_on = released(resumed(ledger, now), sources)
    if not any(_lost_s(one, sources, share, now) for one in going_on.left_at(now)):
        return released(ledger, sources)
    kept: list[Grant] = []
    earlier_s = 0
    for one in going_on.left_at(now):
        lost_s = _lost_s(one, sources, share, now)
        stays = replace(
            one,
            begins=one.begins - earlier_s,
            until=one.until - earlier_s - lost_s,
            credits=tuple(each for each in one.credits if each.source not in sources),
        )
        earlier_s += lost_s
        if stays.seconds:
            kept.append(stays)
    return replace(going_on, grants=(*going_on.over_at(now), *kept))


def _lost_s(one: Grant, sources: Collection[str], share: Fraction, now: int) -> int:
    """Of what is left, rounded down: a second is nobody's loss but ours."""
    left_s = one.until - max(one.begins, now)
    if one.source in sources:
        return int(left_s * share)
    credited = sum(each.amount for each in one.credits if each.source in sources)
    return int(left_s * share * Fraction(credited, one.amount)) if credited else 0


# Handing over


def renamed(rests: Iterable[Grant], name: Callable[[str], str]) -> list[Grant]:
    """What another person has of them: all that says who paid gets this name."""
    return [
        replace(
            one, source=name(one.source), credits=tuple(replace(each, source=name(each.source)) for each in one.credits)
        )
        for one in rests
    ]


def require_few(grants: Iterable[Grant]) -> None:
    """That they can be handed over in one commit. Raises TooManyToHandOver."""
    if len(disputable(grants)) > MOST_HANDED_OVER:
        raise TooManyToHandOver


def disputable(grants: Iterable[Grant]) -> list[str]:
    """The ids of what was handed over, by which a dispute of its payment finds it."""
    every = (source for one in grants for source in (one.source, *(each.source for each in one.credits)))
    return sorted({source.partition(":")[2] for source in every if source.startswith("move:")})
