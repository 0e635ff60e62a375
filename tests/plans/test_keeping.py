"""From when on a plan shows what arrived, and when nothing is left of it, beside somebody who writes down each second
of a small calendar."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as some

from chalicelib import clock
from chalicelib.devices.actions import owning
from chalicelib.plans.actions import ledgers as actions
from chalicelib.plans.records import PlanEnd
from chalicelib.plans.rules import ledger as rules
from chalicelib.plans.rules.ledger import Grant, Ledger, Span
from chalicelib.store.commit import commit, put
from chalicelib.store.records import read
from chalicelib.transfers import actions as transferring
from tests.conftest import Home
from tests.orders.payment_events import order, tell
from tests.scene import rows

DAY = 86_400
GRACE = 5


@dataclass
class Diary:
    """Of each second: did a plan run, and since when is what arrived shown?"""

    runs: list[bool]
    since: list[int | None] = field(default_factory=list)
    end: int | None = None

    def __post_init__(self) -> None:
        since, idle = None, 0
        for second, is_running in enumerate(self.runs):
            idle = 0 if is_running else idle + 1
            if idle >= GRACE:
                since = None
            if is_running and since is None:
                since = second
            self.since.append(since if is_running else None)
            if is_running:
                self.end = second + 1 + GRACE


@some.composite
def some_ledgers(draw: some.DrawFn) -> Ledger:
    at, found = 0, []
    for number in range(draw(some.integers(0, 6))):
        begins = at + draw(some.integers(0, 2 * GRACE))
        at = begins + draw(some.integers(1, 8))
        kind = draw(some.sampled_from(["event", "continuous"]))
        found.append(Grant(begins, at, kind, 1, kind, 7, f"order:{number}"))  # type: ignore[arg-type]
    return Ledger(tuple(found))


def since(spans: tuple[Span, ...]) -> int | None:
    assert len(spans) < 2
    return spans[0].since if spans else None


@given(ledger=some_ledgers())
def test_the_rules_say_what_is_in_the_diary_of_each_second(ledger: Ledger) -> None:
    diary = Diary([any(one.begins <= second < one.until for one in ledger.grants) for second in range(150)])
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(rules, "GRACE_S", GRACE)
        assert [since(rules.shown_spans(ledger, second)) for second in range(150)] == diary.since
        assert rules.ends_at(ledger) == diary.end
        found = [rules.status_at(ledger, second) for second in range(150)]
    states = [one.state for one in found]
    assert [state == "active" for state in states] == diary.runs
    running = [second for second in range(150) if diary.runs[second]]
    assert [found[second].runs_until for second in running] == [diary.runs.index(False, second) for second in running]
    if diary.end is not None:
        assert states[diary.end - 1] in ("grace", "active") and states[diary.end] == "ended"


# The product


def buy(home: Home, plan_id: str = "event-7-month") -> None:
    home.owner.sign_in()
    assert tell(home, order(home, plan_id)).json == {"changed": True}


def later(home: Home, seconds: float) -> int:
    home.world.clock.move_to(home.world.now().timestamp() + seconds)
    return now(home)


def now(home: Home) -> int:
    return int(home.world.now().timestamp())


def tie(home: Home) -> Any:
    (held,) = read(actions.key_of(home.camera.device_id))
    return held


def ends(home: Home) -> list[tuple[str, int]]:
    return [(row["pk"].partition("#")[2], int(row["ends_at"])) for row in rows(home.world, "plan-ends/plan-end")]


def due(home: Home) -> list[str]:
    with home.world.aws.outside():
        return [one.device_id for one in actions.due_ends(now(home))]


def test_what_a_device_has_is_said_of_now_and_of_a_second_of_before(home: Home) -> None:
    with home.world.aws.outside():
        assert (actions.status(tie(home)).state, since(actions.shown_spans(tie(home)))) == ("none", None)
        assert actions.status(None).state == "none" and actions.running_at(None, now(home)) is None
    began = now(home)
    buy(home)
    with home.world.aws.outside():
        assert (actions.status(tie(home)).state, since(actions.shown_spans(tie(home)))) == ("active", began)
        said = [actions.running_at(tie(home), began + at) is not None for at in (-1, 0, 30 * DAY - 1, 30 * DAY)]
    assert said == [False, True, True, False]
    later(home, 36 * DAY)
    with home.world.aws.outside():
        assert (actions.status(tie(home)).state, since(actions.shown_spans(tie(home)))) == ("grace", None)
    buy(home)
    with home.world.aws.outside():
        assert since(actions.shown_spans(tie(home))) == began
        assert actions.running_at(tie(home), began + 33 * DAY) is None


def test_a_renewal_after_the_grace_shows_nothing_of_before(home: Home) -> None:
    buy(home)
    began = later(home, 37 * DAY)
    buy(home)
    with home.world.aws.outside():
        assert since(actions.shown_spans(tie(home))) == began


def test_the_end_of_a_plan_lies_on_its_day_and_moves_with_what_is_bought(home: Home) -> None:
    began = now(home)
    buy(home)
    assert ends(home) == [("20260211", began + 37 * DAY)]
    buy(home, "event-3-month")
    assert ends(home) == [("20260313", began + 67 * DAY)]
    (tie,) = rows(home.world, "account/device-owned")
    assert tie["plan_end"] == f"plan-ends#20260313 plan-end#{home.camera.device_id}"


def test_an_end_is_due_when_the_grace_is_over_and_no_second_sooner(home: Home) -> None:
    buy(home)
    later(home, 37 * DAY - 1)
    assert due(home) == []
    later(home, 1)
    assert due(home) == [home.camera.device_id]


@pytest.mark.parametrize(("days", "is_found"), [(0, True), (7, True), (34, True), (35, False)])
def test_a_job_that_did_not_run_for_days_finds_what_was_due_then(home: Home, days: int, is_found: bool) -> None:
    buy(home)
    later(home, (37 + days) * DAY)
    assert due(home) == [home.camera.device_id] * is_found


def test_what_was_dealt_with_is_due_no_more(home: Home) -> None:
    buy(home)
    later(home, 37 * DAY)
    with home.world.aws.outside():
        for one in actions.due_ends(now(home)):
            actions.done_with(one)
            actions.done_with(one)  # and who comes second finds nothing to do
    assert due(home) == [] == ends(home)
    later(home, 0)
    buy(home)
    assert len(ends(home)) == 1


def test_another_end_on_the_same_day_is_not_forgotten_with_the_one_before(home: Home) -> None:
    buy(home)
    later(home, 37 * DAY)
    with home.world.aws.outside():
        (one,) = actions.due_ends(now(home))
        moved = PlanEnd.new(one.pk_id, one.device_id, ends_at=int(one.ends_at) + 60)
        commit(put(moved))
        actions.done_with(one)
    assert len(ends(home)) == 1
    assert due(home) == []
    later(home, 60)
    assert due(home) == [home.camera.device_id]


def test_all_that_are_due_are_found_page_by_page_the_longest_due_first(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(actions, "_PAGE", 3)
    wanted = []
    with home.world.aws.outside():
        for days in (2, 1):
            for number in range(7):
                ends_at = now(home) - days * DAY
                row = PlanEnd.new(f"{clock.at_epoch(ends_at):%Y%m%d}", f"d{days}{number}", ends_at=ends_at)
                commit(put(row))
                wanted.append(row.device_id)
        found = []
        for one in actions.due_ends(now(home)):
            found.append(one.device_id)
            actions.done_with(one)  # which may be what the next page is asked for after
    assert found == wanted
    assert ends(home) == []


def test_an_end_is_forgotten_some_weeks_later_though_nobody_dealt_with_it(home: Home) -> None:
    buy(home)
    (row,) = rows(home.world, "plan-ends/plan-end")
    assert row["expires_at"] - row["ends_at"] == 35 * DAY


def test_the_end_goes_with_the_device(home: Home) -> None:
    buy(home)
    assert len(ends(home)) == 1
    assert home.owner.call("DELETE", f"/devices/{home.camera.device_id}").status == 202
    assert ends(home) == []


def test_the_end_goes_with_the_account(home: Home) -> None:
    buy(home)
    assert len(ends(home)) == 1
    home.owner.step_up()
    assert home.owner.close().status == 202
    home.world.advance(20 * 60)
    assert ends(home) == []


def offered(home: Home) -> str:
    home.owner.step_up()
    path = f"/devices/{home.camera.device_id}/transfer"
    assert home.owner.call("POST", path, {"email": home.stranger.email}).status == 202
    (offer,) = home.stranger.call("GET", "/transfers").json["items"]
    return f"/transfers/{offer['transfer_id']}/accept"


def accept(home: Home, path: str) -> int:
    home.stranger.step_up()
    return home.stranger.call("POST", path, {"time_zone": "Europe/Warsaw", "dst": True}).status


def test_the_end_does_not_pass_to_who_is_given_the_device(home: Home) -> None:
    buy(home)
    path = offered(home)
    assert len(ends(home)) == 1
    assert accept(home, path) == 201
    assert ends(home) == []


def bought_in_between(home: Home, monkeypatch: pytest.MonkeyPatch, of: Any, name: str) -> list[int]:
    """A second period is paid just when this is called first; how many ends there are then."""
    right, seen = getattr(of, name), []

    def overtaken(*args: Any) -> Any:
        if not seen:
            seen.append(-1)
            buy(home, "event-3-month")
            seen[0] = len(ends(home))
        return right(*args)

    monkeypatch.setattr(of, name, overtaken)
    return seen


def test_what_is_paid_while_a_device_is_removed_leaves_no_end(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    buy(home)
    seen = bought_in_between(home, monkeypatch, owning.erasures, "begin")
    assert home.owner.call("DELETE", f"/devices/{home.camera.device_id}").status == 202
    assert (seen, ends(home), rows(home.world, "account/device-owned")) == ([1], [], [])


def test_what_is_paid_while_a_device_is_handed_over_leaves_no_end(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    buy(home)
    path = offered(home)
    seen = bought_in_between(home, monkeypatch, transferring, "_owner_and_camera")
    assert accept(home, path) == 201
    assert (seen, ends(home)) == ([1], [])
