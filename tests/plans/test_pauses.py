"""Pauses: time stands still and nothing is recorded, for thirty days of a year."""

from __future__ import annotations

from datetime import timedelta

from tests.conftest import Home
from tests.plans.steps import DAY, buy, in_seconds, later, pause, plan_of, refused
from tests.recordings.recorded import objects, stands
from tests.scene import lose_events

MONTH = 30 * DAY


def test_time_stands_still_to_the_second(home: Home) -> None:
    buy(home)
    later(home, 10 * DAY + 17)
    answer = pause(home, on=True)
    assert answer.status == 200
    assert (answer.json["state"], answer.json["paused_until"]) == ("paused", in_seconds(home, MONTH))
    later(home, 5 * DAY + 4)
    assert plan_of(home)["state"] == "paused"
    answer = pause(home, on=False)
    assert (answer.json["state"], answer.json["paused_until"]) == ("active", None)
    assert answer.json["until"] == in_seconds(home, 20 * DAY - 17)


def test_what_waits_is_put_off_as_long(home: Home) -> None:
    buy(home)
    buy(home, "continuous-7-month")
    pause(home, on=True)
    later(home, DAY)
    pause(home, on=False)
    begins, until = in_seconds(home, MONTH), in_seconds(home, 2 * MONTH)
    assert plan_of(home)["waiting"] == [{"plan_id": "continuous-7-month", "from": begins, "until": until}]


def test_it_ends_by_itself_when_the_year_has_no_days_left_and_the_person_is_told(home: Home) -> None:
    buy(home)
    pause(home, on=True)
    later(home, 10 * DAY)
    pause(home, on=False)
    later(home, DAY)
    assert pause(home, on=True).json["paused_until"] == in_seconds(home, 20 * DAY)
    home.world.advance(20 * DAY - 3600, every_hours=6)
    assert plan_of(home)["state"] == "paused"
    home.world.advance(3 * 3600)
    assert plan_of(home)["state"] == "active"
    (mail,) = [one for one in home.world.outbox("ola@example.com") if "pause" in one.get("subject", "")]
    assert mail["subject"] == 'The pause of the plan of "Garden" has ended'
    answer = pause(home, on=True)
    assert refused(answer) == (409, "PauseSpent")
    later(home, 400 * DAY)
    assert refused(pause(home, on=True)) == (409, "NoPlanRuns")


def test_the_days_come_back_when_they_are_a_year_ago(home: Home) -> None:
    buy(home, "event-30-year")
    pause(home, on=True)
    later(home, MONTH)
    answer = pause(home, on=True)
    assert refused(answer) == (409, "PauseSpent")
    later(home, 335 * DAY + 10)
    assert pause(home, on=True).json["paused_until"] == in_seconds(home, 10)


def test_paused_twice_it_is_paused_once(home: Home) -> None:
    buy(home)
    first = pause(home, on=True).json
    later(home, 60)
    assert pause(home, on=True).json == first
    assert pause(home, on=False).json == pause(home, on=False).json


def test_without_a_plan_there_is_nothing_to_pause(home: Home) -> None:
    assert refused(pause(home, on=True)) == (409, "NoPlanRuns")
    assert pause(home, on=False).status == 200
    home.stranger.sign_in()
    path = f"/devices/{home.camera.device_id}/plan/pause"
    assert home.stranger.call("PUT", path, {"on": True}).status == 404


def test_nothing_is_recorded_meanwhile_by_any_road_and_what_was_before_stands(home: Home) -> None:
    buy(home, "continuous-7-month")
    home.camera.record()
    home.world.settle()
    ticket = home.camera.recording_ticket()
    later(home, 60)
    assert len(stands(home)) == 1
    assert pause(home, on=True).status == 200
    asked = home.world.call("POST", "/cameras/tickets", {"kind": "recording"}, token=home.camera.token)
    assert refused(asked) == (409, "NoPlan")
    later(home, 60)
    home.camera.record(ticket=ticket)
    home.world.settle()
    assert len(objects(home.world)) == 1 == len(stands(home))
    home.camera.record(ticket=ticket)  # and of this one nobody is told
    lose_events(home.world, "on_recording_uploaded")
    later(home, 600)
    home.world.run_schedule("reconcile_recordings")
    assert len(objects(home.world)) == 1


def test_what_was_filmed_meanwhile_is_not_taken_afterwards_either(home: Home) -> None:
    buy(home, "continuous-7-month")
    later(home, 60)
    assert pause(home, on=True).status == 200
    later(home, 600)
    filmed_at = home.world.now()
    later(home, 600)
    assert pause(home, on=False).status == 200
    later(home, 120)
    home.camera.record(at=filmed_at)
    home.world.settle()
    assert objects(home.world) == []
    home.camera.record(at=home.world.now() - timedelta(seconds=30), ms=20_000)
    home.world.settle()
    assert len(objects(home.world)) == 1


def test_recordings_stay_readable_through_a_pause_that_is_longer_than_the_grace(home: Home) -> None:
    buy(home, "event-30-month")
    home.camera.record(20_000)
    home.world.settle()
    filmed = home.world.now()
    later(home, DAY)
    pause(home, on=True)
    around = filmed - timedelta(hours=1), filmed + timedelta(hours=1)
    for seconds in (8 * DAY, 10 * DAY, 10 * DAY):
        home.world.advance(seconds, every_hours=6)
        assert len(stands(home, *around)) == 1
    home.world.advance(DAY)
    assert stands(home, *around) == []  # its own thirty days are over
