"""What a plan costs, in what state it is, and where another period goes."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import pairwise

import msgspec
import pytest

from chalicelib.plans.rules import catalogue, changes
from chalicelib.plans.rules import ledger as rules
from chalicelib.plans.rules.catalogue import CATALOGUE, Offer, PlanUnknown
from chalicelib.plans.rules.ledger import Grant, Ledger

NOW, DAY = int(datetime(2026, 3, 1, 12, tzinfo=UTC).timestamp()), 86_400
CHEAP, DEAR = catalogue.offer("event-3-month"), catalogue.offer("continuous-30-year")


def ledger_of(*bought: Offer, at: int = NOW) -> Ledger:
    ledger = Ledger()
    for nth, one in enumerate(bought):
        ledger = bought_more(ledger, one, f"order-{nth}", at)
    return ledger


def bought_more(ledger: Ledger, one: Offer, order_id: str, at: int) -> Ledger:
    new = changes.new_grant(one, f"order:{order_id}", at, amount=one.prices["EUR"])
    return changes.with_grant(ledger, new, at)


def days_of(ledger: Ledger) -> list[tuple[str, int, int]]:
    """Plan, first and last day of each grant, counted from now."""
    return [(one.plan_id, (one.begins - NOW) // DAY, (one.until - NOW) // DAY) for one in ledger.grants]


def test_every_plan_of_the_catalogue_has_an_id_of_its_own_and_a_price_in_cents() -> None:
    assert len({offer.plan_id for offer in CATALOGUE}) == len(CATALOGUE)
    for offer in CATALOGUE:
        assert {*offer.prices} == {"EUR", "PLN", "USD", "GBP"}
        assert all(type(amount) is int for amount in offer.prices.values())
        assert offer.is_free == (offer.plan_id == "free") == (not any(offer.prices.values()))
        assert offer.is_free or all(offer.prices.values())
        assert offer.keep_days in (3, 7, 30) and offer.period_days in (30, 365)
        assert offer.name_in("en") != offer.name_in("pl")
        assert catalogue.offer(offer.plan_id) is offer is catalogue.offer_of(offer.plan_id, offer.version)
        # It is a word of the ledger's lines.
        assert offer.plan_id.isascii() and " " not in offer.plan_id


@pytest.mark.parametrize("plan_id", ["", "gold", "event-7-month ", "EVENT-7-MONTH"])
def test_any_other_plan_is_unknown(plan_id: str) -> None:
    with pytest.raises(PlanUnknown):
        catalogue.offer(plan_id)
    with pytest.raises(PlanUnknown):
        catalogue.offer_of(plan_id, 1)


def test_the_newest_version_of_a_plan_is_sold_and_the_first_is_not_forgotten() -> None:
    newer = msgspec.structs.replace(CHEAP, version=3, prices={"EUR": 249})
    assert catalogue.newest([CHEAP, DEAR, newer]) == (newer, DEAR)
    assert catalogue.newest([newer, DEAR, CHEAP]) == (newer, DEAR)
    with pytest.raises(PlanUnknown):
        catalogue.offer_of(CHEAP.plan_id, 3)


@pytest.mark.parametrize(
    ("after", "state"),
    [(0, "active"), (30 * DAY - 1, "active"), (30 * DAY, "grace"), (37 * DAY - 1, "grace"), (37 * DAY, "ended")],
)
def test_a_plan_is_active_then_in_grace_for_seven_days_then_ended(after: int, state: str) -> None:
    assert rules.status_at(ledger_of(CHEAP), NOW + after).state == state
    assert rules.status_at(Ledger(), NOW + after).state == "none"


@pytest.mark.parametrize("after", [0, 1, 3 * DAY, 30 * DAY - 1])
def test_the_same_plan_extends_the_one_that_is_held(after: int) -> None:
    ledger = bought_more(ledger_of(CHEAP), CHEAP, "another", NOW + after)
    assert days_of(ledger) == [("event-3-month", 0, 30), ("event-3-month", 30, 60)]
    (period,) = rules.periods_of(ledger)
    assert (period.begins, period.until) == (NOW, NOW + 60 * DAY)


@pytest.mark.parametrize("after", [30 * DAY, 30 * DAY + 1, 37 * DAY, 400 * DAY])
@pytest.mark.parametrize("offer", [CHEAP, DEAR])
def test_what_is_bought_when_nothing_runs_begins_at_once(offer: Offer, after: int) -> None:
    ledger = bought_more(ledger_of(CHEAP), offer, "another", NOW + after)
    assert (ledger.grants[-1].begins, ledger.grants[-1].until) == (NOW + after, NOW + after + offer.period_days * DAY)


def test_another_plan_waits_and_the_one_that_is_held_is_what_it_was() -> None:
    ledger = ledger_of(DEAR, CHEAP)
    assert days_of(ledger) == [("continuous-30-year", 0, 365), ("event-3-month", 365, 395)]
    for after, held, waits in ((0, DEAR, [CHEAP]), (365 * DAY - 1, DEAR, [CHEAP]), (365 * DAY, CHEAP, [])):
        standing = rules.status_at(ledger, NOW + after)
        assert standing.held is not None and standing.state == "active"
        assert standing.held.plan.plan_id == held.plan_id
        assert [one.plan.plan_id for one in standing.waiting] == [one.plan_id for one in waits]


def test_one_dear_year_makes_no_cheap_month_dear() -> None:
    ledger = ledger_of(CHEAP, CHEAP, CHEAP, DEAR)
    assert [one.kind for one in ledger.grants] == ["event"] * 3 + ["continuous"]
    assert [one.plan.plan_id for one in rules.periods_of(ledger)] == ["event-3-month", "continuous-30-year"]


def test_who_buys_the_plan_again_that_is_held_goes_on_with_it_and_what_waits_is_put_off() -> None:
    assert days_of(ledger_of(CHEAP, DEAR, CHEAP)) == [
        ("event-3-month", 0, 30), ("event-3-month", 30, 60), ("continuous-30-year", 60, 425)
    ]  # fmt: skip


def test_what_is_bought_of_a_plan_that_waits_is_put_behind_it() -> None:
    month = catalogue.offer("event-7-month")
    assert days_of(ledger_of(CHEAP, DEAR, month, DEAR)) == [
        ("event-3-month", 0, 30), ("continuous-30-year", 30, 395), ("continuous-30-year", 395, 760),
        ("event-7-month", 760, 790),
    ]  # fmt: skip


def test_a_new_price_makes_no_other_plan_of_it_and_other_terms_do() -> None:
    dearer = msgspec.structs.replace(CHEAP, version=3, prices={"EUR": 999})
    longer = msgspec.structs.replace(CHEAP, version=4, keep_days=5)
    ledger = ledger_of(CHEAP, dearer, longer)
    assert [(one.version, one.keep_days) for one in ledger.grants] == [(2, 3), (3, 3), (4, 5)]
    assert [one.plan.keep_days for one in rules.periods_of(ledger)] == [3, 5]


def test_the_ledger_is_read_as_it_was_written_and_sorts_by_time() -> None:
    ledger = ledger_of(CHEAP, DEAR, CHEAP, catalogue.offer("event-30-year"))
    assert tuple(Grant.of(text) for text in sorted(one.text for one in ledger.grants)) == ledger.grants
    assert all(before.until <= after.begins for before, after in pairwise(ledger.grants))
    assert ledger.grants[0].text == (
        "2026-03-01T12:00:00Z 2026-03-31T12:00:00Z event-3-month 2 event 3 order:order-0 199 EUR 2592000 -"
    )


def test_who_has_paused_too_often_is_told_a_second_in_which_it_is_possible_again() -> None:
    ledger, at = ledger_of(DEAR), NOW
    for _ in range(changes.MOST_PAUSES):
        ledger = changes.resumed(changes.paused(ledger, at), at + 3600)
        at += 2 * 3600
    with pytest.raises(changes.PauseSpent) as refused:
        changes.paused(ledger, at)
    again = int(datetime.fromisoformat(refused.value.details["may_be_paused_from"]).timestamp())
    with pytest.raises(changes.PauseSpent):
        changes.paused(ledger, again - 1)
    assert changes.paused(ledger, again).pauses[-1].since == again


def test_what_was_filmed_is_kept_though_what_was_moved_had_no_second_of_its_own() -> None:
    """A plan begins, and goes elsewhere at once; a week later so does another one."""
    ledger, begun = ledger_of(CHEAP, DEAR), NOW + DAY
    ledger, _ = changes.without(ledger, lambda one: one.plan_id == CHEAP.plan_id, begun)
    ledger, _ = changes.moved_out(ledger, begun)
    assert [one.seconds for one in ledger.grants] == [DAY, 0]
    assert [one.has(NOW) for one in rules.shown_spans(ledger, begun)] == [True]
    later = begun + 7 * DAY
    ledger, _ = changes.moved_out(bought_more(ledger, DEAR, "later", later), later)
    assert [one.has(NOW) for one in rules.shown_spans(ledger, later)] == [True, False]
