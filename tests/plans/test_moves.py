"""A plan goes to another device: the exact rest, in one commit, and what was recorded stays."""

from __future__ import annotations

from datetime import timedelta
from fractions import Fraction
from typing import Any

import pytest

from chalicelib.plans.actions import disputes
from chalicelib.plans.rules import changes
from chalicelib.store.commit import commit
from tests.conftest import Home
from tests.plans.steps import DAY, buy, in_seconds, later, move, pause, plan_of, refused
from tests.recordings.recorded import objects, stands
from tests.scene import new_camera, rows

MONTH = 30 * DAY


@pytest.fixture
def other(home: Home) -> str:
    return new_camera(home.world, "SN0002", owner=home.owner).device_id


def test_the_exact_rest_goes_and_nothing_is_left(home: Home, other: str) -> None:
    buy(home)
    later(home, 10 * DAY + 17)
    answer = move(home, other)
    assert answer.status == 200
    assert (answer.json["state"], answer.json["until"]) == ("active", in_seconds(home, 20 * DAY - 17))
    said = plan_of(home)
    assert (said["state"], said["until"], said["waiting"]) == ("ended", in_seconds(home, 0), [])
    assert refused(move(home, other)) == (409, "NothingToMove")


def test_what_is_moved_is_behind_all_that_is_there_in_its_order(home: Home, other: str) -> None:
    for plan_id in ("event-7-month", "continuous-7-month"):
        buy(home, plan_id)
    buy(home, "event-3-month", other)
    later(home, DAY)
    assert move(home, other).status == 200
    said = plan_of(home, other)
    first, second, third = (in_seconds(home, days * DAY) for days in (29, 29 + 29, 29 + 29 + 30))
    assert (said["plan_id"], said["until"]) == ("event-3-month", first)
    assert said["waiting"] == [
        {"plan_id": "event-7-month", "from": first, "until": second},
        {"plan_id": "continuous-7-month", "from": second, "until": third},
    ]


def test_a_pause_ends_with_it_and_its_days_are_spent_there_too(home: Home, other: str) -> None:
    buy(home)
    pause(home, on=True)
    later(home, 12 * DAY)
    assert move(home, other).json["until"] == in_seconds(home, MONTH)
    assert pause(home, on=True, device_id=other).json["paused_until"] == in_seconds(home, 18 * DAY)
    assert move(home, home.camera.device_id, other).status == 200
    later(home, DAY)
    # Here and back again, they are spent once.
    assert pause(home, on=True).json["paused_until"] == in_seconds(home, 18 * DAY)


def test_recordings_stay_where_they_were_filmed_up_to_their_own_end(home: Home, other: str) -> None:
    buy(home, "continuous-7-month")
    home.camera.record()
    home.world.settle()
    filmed = home.world.now()
    around = filmed - timedelta(hours=1), filmed + timedelta(hours=1)
    later(home, DAY)
    assert move(home, other).status == 200
    assert len(stands(home, *around)) == 1
    home.owner.sign_in()
    path = f"/devices/{home.camera.device_id}/recordings"
    assert len(home.owner.call("GET", path).json["items"]) == 0  # of today
    day = {"day": f"{filmed:%Y-%m-%d}"}
    assert len(home.owner.call("GET", path, query=day).json["items"]) == 1
    assert home.owner.call("GET", f"{path}/days").json["days"] == [day["day"]]
    home.world.advance(6 * DAY - 600, every_hours=6)
    assert len(stands(home, *around)) == 1
    home.world.advance(600)
    assert stands(home, *around) == []
    home.world.advance(2 * DAY)
    assert objects(home.world) == []


def test_what_the_grace_had_hidden_stays_hidden_and_is_not_kept_by_a_move(home: Home, other: str) -> None:
    buy(home, "continuous-7-month")
    home.camera.record()
    home.world.settle()
    filmed = home.world.now()
    later(home, 38 * DAY)
    buy(home, "continuous-7-month")
    assert move(home, other).status == 200
    assert stands(home, filmed - timedelta(hours=1), filmed + timedelta(hours=1)) == []


def test_what_ran_out_later_is_not_shown_with_what_was_moved_before(home: Home, other: str) -> None:
    """A plan of a day came here in between: with its end, what it recorded is hidden, and what was moved is not."""
    buy(home, "event-30-month")
    home.camera.record(20_000)
    home.world.settle()
    filmed = home.world.now()
    later(home, 60)
    assert move(home, other).status == 200
    later(home, 29 * DAY - 60)  # the moved one has a day left
    home.camera.forget_tickets()
    assert move(home, home.camera.device_id, other).status == 200
    home.camera.record(20_000)
    home.world.settle()
    again = home.world.now()
    def of(at: Any) -> int:
        return len(stands(home, at - timedelta(hours=1), at + timedelta(hours=1)))
    assert (of(filmed), of(again)) == (1, 1)
    later(home, DAY - 3600)
    assert (of(filmed), of(again)) == (1, 1)
    later(home, 3600 - 60)
    assert plan_of(home)["state"] == "active"
    later(home, 120)
    assert plan_of(home)["state"] == "grace"
    assert of(again) == 0


def test_nothing_is_recorded_here_any_more(home: Home, other: str) -> None:
    buy(home, "continuous-7-month")
    home.camera.record()
    home.world.settle()
    ticket = home.camera.recording_ticket()
    later(home, 60)
    move(home, other)
    later(home, 60)
    home.camera.record(ticket=ticket)
    home.world.settle()
    assert len(objects(home.world)) == 1
    asked = home.world.call("POST", "/cameras/tickets", {"kind": "recording"}, token=home.camera.token)
    assert refused(asked) == (409, "NoPlan")


def test_both_devices_are_the_callers(home: Home, other: str) -> None:
    theirs = new_camera(home.world, "SN0003", owner=home.stranger).device_id
    buy(home)
    assert refused(move(home, theirs)) == (404, "NotFound")
    assert refused(move(home, "x" * 52)) == (404, "NotFound")
    answer = move(home, home.camera.device_id)
    assert (answer.status, list(answer.json["fields"])) == (422, ["to_device_id"])
    home.stranger.sign_in()
    path = f"/devices/{home.camera.device_id}/plan/move"
    assert home.stranger.call("POST", path, {"to_device_id": theirs}).status == 404
    share = home.stranger.share(theirs, email=home.owner.email).json["share_id"]
    home.world.settle()
    home.owner.sign_in()
    assert home.owner.call("POST", f"/shares/{share}/accept").status == 200
    assert refused(move(home, theirs)) == (403, "RightMissing")
    assert plan_of(home)["state"] == "active"


def test_what_is_disputed_is_not_moved_paused_or_changed_and_shows_nothing_while_time_goes_on(
    home: Home, other: str
) -> None:
    order_id = buy(home, "continuous-7-month")
    until = plan_of(home)["until"]
    home.camera.record()
    home.world.settle()
    later(home, 60)
    assert len(stands(home)) == 1

    def change(outcome: disputes.Outcome) -> None:
        now = int(home.world.now().timestamp())
        with home.world.aws.outside():
            commit(*disputes.follow(order_id, home.owner.account_id, None, outcome, Fraction(1), now).writes)

    change("opened")
    assert (plan_of(home)["state"], plan_of(home)["until"], stands(home)) == ("suspended", until, [])
    assert refused(move(home, other)) == refused(pause(home, on=True)) == (409, "PlanSuspended")
    asked = home.world.call("POST", "/cameras/tickets", {"kind": "recording"}, token=home.camera.token)
    assert refused(asked) == (409, "NoPlan")
    home.world.advance(DAY)
    assert len(objects(home.world)) == 1
    change("won")
    assert (plan_of(home)["state"], plan_of(home)["until"]) == ("active", until)
    assert len(stands(home)) == 1


# To another owner


def hand_over(home: Home, **more: Any) -> Any:
    home.owner.sign_in()
    home.owner.step_up()
    transfer_id = home.owner.offer(home.camera.device_id, email=home.stranger.email, **more)
    home.stranger.sign_in()
    home.stranger.step_up()
    return home.stranger.accept(transfer_id)


def test_a_device_goes_with_its_plan_if_its_owner_says_so(home: Home) -> None:
    order_id = buy(home)
    later(home, 10 * DAY + 17)
    answer = hand_over(home, with_plan=True)
    assert (answer.status, answer.json["plan"]["plan_id"]) == (201, "event-7-month")
    said = home.stranger.call("GET", f"/devices/{answer.json['device_id']}/plan").json
    assert (said["state"], said["plan_id"]) == ("active", "event-7-month")
    assert said["until"] == in_seconds(home, 20 * DAY - 17)
    # Nothing of it leads to who paid.
    (row,) = rows(home.world, "account/device-owned")
    assert order_id not in str(row) and home.owner.account_id not in str(row)
    assert len(rows(home.world, "plan-ends/plan-end")) == len(rows(home.world, "plan-warnings/plan-warning")) == 1


def test_it_goes_without_if_he_does_not(home: Home) -> None:
    buy(home)
    answer = hand_over(home)
    assert home.stranger.call("GET", f"/devices/{answer.json['device_id']}/plan").json["state"] == "none"
    assert rows(home.world, "plan-ends/plan-end") == rows(home.world, "plan-warnings/plan-warning") == []


def test_without_a_plan_there_is_none_to_go_along(home: Home) -> None:
    answer = hand_over(home, with_plan=True)
    assert answer.status == 201
    assert home.stranger.call("GET", f"/devices/{answer.json['device_id']}/plan").json["state"] == "none"


def test_a_plan_that_went_to_and_fro_without_end_stays_where_it_is(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each move leaves a mark on the row by which the device is found: it would come to be too large to be written."""
    monkeypatch.setattr(changes, "MOST_GRANTS_OF_MOVES", 3)
    buy(home)
    here, there = home.camera.device_id, new_camera(home.world, "SN0002", owner=home.owner).device_id
    for source, target in [(here, there), (there, here)] * 2:
        later(home, 60)
        assert move(home, target, source).status == 200
    later(home, 60)
    before = plan_of(home)
    assert refused(move(home, there, here)) == (409, "MovedTooOften")
    assert plan_of(home) == before
