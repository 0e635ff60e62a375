"""Renewal by itself, as rules: when the next period is paid, and what a change of the ledger leaves of it."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as some

from chalicelib.plans.rules import catalogue, changes, renewals, warnings
from chalicelib.plans.rules.catalogue import DAY_S
from chalicelib.plans.rules.ledger import GRACE_S, Ledger
from chalicelib.plans.rules.renewals import Renewal

NOW = 1_767_600_000
MONTH = catalogue.offer("event-7-month")
FREE = catalogue.offer("free")


def bought(now: int = NOW, ledger: Ledger | None = None, amount: int = 299, currency: str = "EUR") -> Ledger:
    new = changes.new_grant(MONTH, f"order:{now}", now, amount=amount, currency=currency)
    return changes.with_grant(ledger or Ledger(), new, now)


def test_the_next_period_is_paid_a_day_before_the_end() -> None:
    renewal = renewals.begun(bought(), None, NOW)
    assert (renewal.ends_at, renewal.at) == (NOW + 30 * DAY_S, NOW + 29 * DAY_S)
    assert (renewal.currency, renewal.price) == ("EUR", MONTH.prices["EUR"])


def test_who_says_so_in_the_last_hours_is_renewed_at_once() -> None:
    late = NOW + 30 * DAY_S - 60
    assert renewals.begun(bought(), None, late).at == late


def test_it_is_paid_in_the_currency_of_the_last_payment_unless_it_is_said() -> None:
    ledger = bought(currency="PLN", amount=1299)
    assert renewals.begun(ledger, None, NOW).currency == "PLN"
    assert renewals.begun(ledger, "USD", NOW).currency == "USD"
    assert renewals.begun(bought(amount=0), None, NOW).currency == "EUR"


def test_it_lies_beside_the_ledger_as_it_is_read_again() -> None:
    renewal = renewals.begun(bought(), "GBP", NOW)
    failed = renewals.failed(renewal, renewal.at)
    assert failed is not None
    assert [Renewal.of(one.text) for one in (renewal, failed)] == [renewal, failed]


def test_nothing_renews_that_is_free_moved_disputed_or_over() -> None:
    free = changes.with_free(Ledger(), changes.new_grant(FREE, "free:1", NOW), NOW)
    moved, _ = changes.moved_out(bought(), NOW + DAY_S)
    disputed = changes.suspended(bought(), f"order:{NOW}", NOW + DAY_S)
    for ledger in (Ledger(), free, moved, disputed):
        with pytest.raises(renewals.NothingToRenew):
            renewals.begun(ledger, None, NOW + DAY_S)
    over = NOW + 30 * DAY_S + GRACE_S
    assert renewals.begun(bought(), None, over - 1).at == over - 1
    with pytest.raises(renewals.NothingToRenew):
        renewals.begun(bought(), None, over)


def test_it_follows_the_end_and_begins_to_count_anew() -> None:
    renewal = renewals.failed(renewals.begun(bought(), None, NOW), NOW + 29 * DAY_S)
    again = renewals.after(renewal, bought(NOW + 29 * DAY_S, bought()), NOW + 29 * DAY_S)
    assert again is not None
    assert (again.ends_at, again.at, again.failed) == (NOW + 60 * DAY_S, NOW + 59 * DAY_S, 0)
    assert renewals.after(renewal, bought(), NOW + 29 * DAY_S) == renewal
    assert renewals.after(None, bought(), NOW) is None


def test_it_is_of_the_plan_that_ends_last() -> None:
    renewal = renewals.begun(bought(), None, NOW)
    other = catalogue.offer("event-30-year")
    ledger = changes.with_grant(bought(), changes.new_grant(other, "order:y", NOW, amount=1), NOW)
    after = renewals.after(renewal, ledger, NOW)
    assert after is not None
    assert (after.plan_id, after.version, after.price) == (other.plan_id, other.version, other.prices["EUR"])


@pytest.mark.parametrize(("left_s", "plan_id"), [(7 * DAY_S, "event-7-month"), (7 * DAY_S + 1, "event-30-year")])
def test_a_plan_whose_price_there_is_no_time_to_tell_is_not_renewed_in_the_place_of_what_was_told(
    left_s: int, plan_id: str
) -> None:
    """What is left of another device's plan is moved behind what renews, a few days before the end."""
    now = NOW + 27 * DAY_S
    renewal = renewals.begun(bought(), None, NOW)
    rest = changes.new_grant(catalogue.offer("event-30-year"), "order:y", now, amount=4990)
    short = replace(rest, until=rest.begins + left_s - 3 * DAY_S)
    after = renewals.after(renewal, changes.moved_in(bought(), [short], (), now), now)
    assert after is not None
    assert (after.plan_id, after.price) == (plan_id, catalogue.offer(plan_id).prices["EUR"])
    assert after.ends_at == now + left_s


def test_what_fails_is_tried_after_1_3_and_5_days_and_no_more() -> None:
    renewal: Renewal | None = renewals.begun(bought(), None, NOW)
    first, times = NOW + 29 * DAY_S + 100, []
    now = first
    while renewal is not None and (renewal := renewals.failed(renewal, now)) is not None:
        times.append(renewal.at)
        now = renewal.at + 50  # the clock comes a little late each time
    assert times == [first + days * DAY_S for days in (1, 3, 5)]


@given(late=some.integers(0, 12 * DAY_S))
def test_it_is_tried_as_long_as_something_is_left_that_it_could_bring_back(late: int) -> None:
    renewal: Renewal | None = renewals.begun(bought(), None, NOW)
    now = NOW + 29 * DAY_S + late
    while renewal is not None and (renewal := renewals.failed(renewal, now)) is not None:
        assert now < renewal.at < renewal.ends_at + GRACE_S
        now = renewal.at


def test_what_is_said_anew_or_ends_elsewhere_is_another_period() -> None:
    renewal = renewals.begun(bought(), None, NOW)
    anew = renewals.said_anew(renewal, NOW)
    moved = renewals.after(renewal, bought(NOW + 1, bought()), NOW + 1)
    assert moved is not None
    assert len({renewal.period, anew.period, moved.period}) == 3
    assert renewals.told_anew(renewal).period == renewal.period


def test_of_what_renews_no_end_is_said_before_it_comes() -> None:
    said = [one.subject for one in warnings.warnings_of(bought(), NOW, renews=True)]
    assert said == ["renews_in_days", "grace_began"]
    said = [one.subject for one in warnings.warnings_of(bought(), NOW, renews=False)]
    assert said == ["ends_in_days", "ends_tomorrow", "grace_began"]
