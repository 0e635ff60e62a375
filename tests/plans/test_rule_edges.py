"""Where the rules of plans change their mind: the last second of what holds, and the first of what does not."""

from __future__ import annotations

from dataclasses import replace

import pytest

from chalicelib.plans.rules import changes
from chalicelib.plans.rules import ledger as rules
from chalicelib.plans.rules.ledger import GRACE_S, LONGEST_KEPT_S, Grant, Ledger, Mark, Pause, Span

NOW, DAY, MONTH = 1_772_366_400, 86_400, 30 * 86_400


def grant(
    begins: int = 0, days: int = 30, source: str = "order:1", plan: str = "event-7-month", mark: Mark = ""
) -> Grant:
    begin = NOW + begins
    return Grant(begin, begin + days * DAY, plan, 2, "event", 7, source, 299, "EUR", days * DAY, mark)


def ledger_with(*grants: Grant, pauses: tuple[Pause, ...] = ()) -> Ledger:
    return Ledger(grants or (grant(),), pauses)


FREE = grant(source="free:1", plan="free")


@pytest.mark.parametrize(
    ("after_s", "state"),
    [(-1, "none"), (0, "active"), (MONTH - 1, "active"), (MONTH, "grace"), (MONTH + GRACE_S - 1, "grace"),
     (MONTH + GRACE_S, "ended")],
)  # fmt: skip
def test_a_plan_is_in_each_state_to_the_second(after_s: int, state: str) -> None:
    status = rules.status_at(ledger_with(), NOW + after_s)
    assert status.state == state
    assert (status.running is not None) == (state == "active")


def test_a_dispute_is_said_before_a_pause_and_a_pause_with_its_end() -> None:
    pause = Pause(NOW + 10, NOW + 20)
    states = [rules.status_at(ledger_with(pauses=(pause,)), NOW + at) for at in (9, 10, 19, 20)]
    assert [one.state for one in states] == ["active", "paused", "paused", "active"]
    assert [one.paused_until for one in states] == [None, NOW + 20, NOW + 20, None]
    both = rules.status_at(ledger_with(grant(mark="suspended"), pauses=(pause,)), NOW + 10)
    assert both.state == "suspended" and both.running is not None
    carried = ledger_with(pauses=(replace(pause, is_carried=True),))
    assert rules.status_at(carried, NOW + 10).state == "active"


def test_what_was_moved_away_has_no_grace() -> None:
    assert rules.status_at(ledger_with(grant(mark="moved")), NOW + MONTH).state == "ended"


def test_what_waits_goes_on_without_a_gap_and_is_another_period_only_of_another_plan() -> None:
    following = grant(MONTH, source="order:2")
    same = rules.status_at(ledger_with(grant(), following), NOW)
    assert (same.held and same.held.until, same.waiting) == (NOW + 2 * MONTH, ())
    other = rules.status_at(ledger_with(grant(), replace(following, plan_id="other")), NOW)
    assert (len(other.waiting), other.runs_until) == (1, NOW + 2 * MONTH)
    behind_a_gap = rules.status_at(ledger_with(grant(), following.shifted(1)), NOW)
    assert (len(behind_a_gap.waiting), behind_a_gap.runs_until) == (1, NOW + MONTH)
    assert rules.status_at(Ledger(), NOW).runs_until is None
    ends = [rules.ends_at(one) for one in (ledger_with(grant(), following), Ledger())]
    assert ends == [NOW + 2 * MONTH + GRACE_S, None]


def test_time_stood_still_in_what_touches_a_pause() -> None:
    of = ledger_with(pauses=(Pause(NOW + 10, NOW + 20),))
    touched = {at: rules.is_paused_between(of, NOW + at, NOW + at + 2) for at in (7, 8, 19, 20)}
    assert touched == {7: False, 8: True, 19: True, 20: False}
    assert [rules.ran_s(of, NOW + at, NOW + at + 10) for at in (0, 5, 10, 20)] == [10, 5, 0, 10]


@pytest.mark.parametrize(
    ("mark", "is_paused", "runs"), [("", False, True), ("suspended", False, False), ("", True, False)]
)
def test_a_plan_runs_where_it_is_neither_paused_nor_suspended(mark: Mark, is_paused: bool, runs: bool) -> None:
    of = ledger_with(grant(mark=mark), pauses=(Pause(NOW, NOW + 1),) if is_paused else ())
    assert (rules.running_at(of, NOW) is not None) == runs
    assert rules.running_at(of, NOW + MONTH) is None


def test_a_span_has_what_arrived_from_its_begin_on_and_before_its_end() -> None:
    span, open_span = Span(NOW, NOW + 10), Span(NOW)
    assert [span.has(NOW + at) for at in (-1, 0, 9, 10)] == [False, True, True, False]
    assert [open_span.has(NOW + at) for at in (-1, 0, MONTH)] == [False, True, True]
    assert [span.has_all(NOW + first, NOW + last) for first, last in ((0, 9), (-1, 9), (0, 10))] == [True, False, False]


def test_what_is_shown_begins_with_what_follows_within_the_grace() -> None:
    def begins(gap_s: int) -> list[int]:
        of = ledger_with(grant(), grant(MONTH + gap_s, source="order:2"))
        return [one.since - NOW for one in rules.shown_spans(of, NOW + MONTH + gap_s)]

    assert (begins(0), begins(GRACE_S - 1), begins(GRACE_S)) == ([0], [0], [MONTH + GRACE_S])


def test_what_is_over_is_stored_for_its_grace_and_shown_no_more() -> None:
    for after_s, stored in ((MONTH - 1, 1), (MONTH, 1), (MONTH + GRACE_S - 1, 1), (MONTH + GRACE_S, 0)):
        assert len(rules.stored_spans(ledger_with(), NOW + after_s)) == stored
        assert len(rules.shown_spans(ledger_with(), NOW + after_s)) == (after_s < MONTH)
    of = ledger_with(grant(mark="suspended"))
    assert (rules.shown_spans(of, NOW), rules.stored_spans(of, NOW)) == ((), (Span(NOW),))


def test_what_was_filmed_before_a_move_is_shown_for_as_long_as_the_longest_plan_keeps() -> None:
    of = ledger_with(grant(mark="moved"))
    last = NOW + MONTH + LONGEST_KEPT_S
    assert rules.shown_spans(of, last) == rules.stored_spans(of, last) == (Span(NOW, NOW + MONTH + 1),)
    assert rules.shown_spans(of, last + 1) == ()
    # What begins behind it is another span.
    behind = ledger_with(grant(mark="moved"), grant(MONTH, source="order:2"))
    assert rules.shown_spans(behind, NOW + MONTH) == (Span(NOW, NOW + MONTH + 1), Span(NOW + MONTH))


# Changes


def test_the_free_plan_is_renewed_in_its_last_week_and_beside_no_other() -> None:
    at = FREE.until - changes.FREE_RENEWABLE_S
    assert changes.free_until(changes.with_free(ledger_with(FREE), FREE, at), at) == FREE.until + MONTH
    with pytest.raises(changes.FreePlanRuns):
        changes.with_free(ledger_with(FREE), FREE, at - 1)
    with pytest.raises(changes.PlanRuns):
        changes.with_free(ledger_with(), FREE, NOW)
    assert changes.free_until(ledger_with(FREE), FREE.until) is None


def test_a_year_has_so_many_pauses_and_so_many_days_of_them() -> None:
    year = ledger_with(grant(days=400))
    assert changes.paused(year, NOW).pauses == (Pause(NOW, NOW + changes.MOST_PAUSED_S),)
    at = NOW + 300 * DAY

    def spent(count: int, seconds: int) -> Ledger:
        each = (Pause(NOW + nth * DAY, NOW + nth * DAY + seconds) for nth in range(count))
        return replace(year, pauses=tuple(each))

    assert changes.paused(spent(changes.MOST_PAUSES - 1, 1), at).pauses[-1].until == at + changes.MOST_PAUSED_S - 59
    for refused in (spent(changes.MOST_PAUSES, 1), spent(1, changes.MOST_PAUSED_S)):
        with pytest.raises(changes.PauseSpent):
            changes.paused(refused, at)
    almost = changes.paused(spent(1, changes.MOST_PAUSED_S - 1), at)
    assert almost.pauses[-1] == Pause(at, at + 1)


@pytest.mark.parametrize(
    ("of", "fault"), [(ledger_with(grant(mark="suspended")), changes.PlanSuspended), (Ledger(), changes.NoPlanRuns)]
)
def test_what_cannot_be_paused_says_why(of: Ledger, fault: type[Exception]) -> None:
    with pytest.raises(fault):
        changes.paused(of, NOW)


def test_what_is_suspended_is_what_is_left_of_its_source_and_is_released_alone() -> None:
    over, runs, other = grant(-MONTH), grant(), grant(MONTH, source="order:2")
    marked = changes.suspended(ledger_with(over, runs, other), "order:1", NOW)
    assert [one.mark for one in marked.grants] == ["", "suspended", ""]
    both = changes.suspended(marked, "order:2", NOW)
    assert [one.mark for one in changes.released(both, "order:1").grants] == ["", "", "suspended"]
    moved = ledger_with(grant(mark="moved"))
    assert changes.released(moved, "order:1") == moved


def test_what_is_moved_is_all_but_the_free_plan_and_nothing_while_it_is_disputed() -> None:
    at = NOW + DAY
    (rest,) = changes.transferable(ledger_with(), at)
    assert (rest.begins, rest.until) == (at, NOW + MONTH)
    assert changes.transferable(ledger_with(FREE), at) == ()
    with pytest.raises(changes.NothingToMove):
        changes.moved_out(ledger_with(FREE), at)
    with pytest.raises(changes.PlanSuspended):
        changes.moved_out(ledger_with(grant(mark="suspended")), at)
    left, rests = changes.moved_out(ledger_with(), at)
    assert rests == (rest,)
    assert [(one.begins, one.until, one.mark) for one in left.grants] == [(NOW, at, "moved")]


def test_what_came_stands_behind_all_and_carries_the_pauses_of_a_year() -> None:
    fresh, known = Pause(NOW - 20, NOW - 10), Pause(NOW - 40, NOW - 30)
    old = Pause(NOW - changes.YEAR_S - 10, NOW - changes.YEAR_S)
    there = changes.moved_in(ledger_with(pauses=(known,)), [grant(-DAY)], [fresh, known, old], NOW)
    assert (there.grants[-1].begins, there.grants[-1].seconds) == (NOW + MONTH, MONTH)
    assert there.pauses == (known, replace(fresh, is_carried=True))
    assert changes.moved_in(Ledger(), [grant(-DAY)], [], NOW).grants[0].begins == NOW


def test_a_device_remembers_so_many_grants_of_moves() -> None:
    full = Ledger((grant(),) * changes.MOST_GRANTS_OF_MOVES)
    changes.require_room(Ledger(full.grants[1:]), Ledger())
    with pytest.raises(changes.MovedTooOften):
        changes.require_room(Ledger(), full)


def test_what_is_credited_is_what_runs_and_was_paid_in_this_currency() -> None:
    at = NOW + 10 * DAY
    given, zloty = replace(grant(), amount=0, source="gift:1"), replace(grant(MONTH, source="order:2"), currency="PLN")
    (rest,) = changes.credited(ledger_with(), "EUR", at)
    assert (rest.begins, rest.until, changes.credit([rest])) == (at, NOW + MONTH, 200)  # 199⅓, in the person's favour
    assert changes.credited(ledger_with(given), "EUR", at) == ()
    assert [one.source for one in changes.credited(ledger_with(grant(), zloty), "PLN", at)] == ["order:2"]
    with pytest.raises(changes.CreditInOtherCurrency) as other:
        changes.credited(ledger_with(zloty.shifted(-MONTH)), "EUR", at)
    assert other.value.details == {"currency": "PLN"}
    with pytest.raises(changes.PlanSuspended):
        changes.credited(ledger_with(grant(mark="suspended")), "EUR", at)
    with pytest.raises(changes.PlanPaused):
        changes.credited(ledger_with(pauses=(Pause(at, at + 1),)), "EUR", at)
    assert changes.credited(ledger_with(), "EUR", NOW + MONTH) == ()
