"""Recordings are readable to their last second, and as long as their plan runs, whatever comes late."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from infra.local.cloud import LocalCloud
from tests.conftest import Home
from tests.recordings.plans import CONTINUOUS, LONG, subscribe
from tests.recordings.recorded import counted, objects, stands

HOUR, DAY = 3600, 86_400


def pass_by(world: LocalCloud, seconds: float, *, lag: int | None = 0) -> None:
    """Of what time makes happen, what ends recordings, once and at the end; AWS itself lags so many seconds behind."""
    world.settle()
    world.clock.move_to(world.now().timestamp() + seconds)
    world.calendar.lag = lag
    world.calendar.reap()
    for name in ("sweep_expired_recordings", "end_plans", "reconcile_recordings"):
        world.run_schedule(name)
    world.settle()


@pytest.mark.parametrize("lag", [0, 48 * HOUR, None])
def test_to_the_last_second_of_its_class(home: Home, lag: int | None) -> None:
    subscribe(home)
    home.camera.record()
    home.world.settle()
    (segment,) = stands(home)
    span = segment.start, segment.end
    pass_by(home.world, 7 * DAY - 1, lag=lag)
    assert home.world.now() < segment.until and stands(home, *span) == [segment]
    pass_by(home.world, (segment.until - home.world.now()).total_seconds(), lag=lag)
    assert stands(home, *span) == []
    pass_by(home.world, DAY, lag=lag)
    assert objects(home.world) == []


def test_each_keeps_the_class_it_was_let_in_with(home: Home) -> None:
    subscribe(home, CONTINUOUS)
    ticket = home.camera.recording_ticket()
    subscribe(home, LONG)
    home.camera.record(ticket=ticket)
    home.world.settle()
    (segment,) = stands(home)
    assert segment.until - segment.arrived == timedelta(days=7)


def test_in_grace_nothing_is_shown_nothing_deleted_and_a_renewal_shows_what_still_stands(home: Home) -> None:
    subscribe(home, LONG)
    pass_by(home.world, 29 * DAY)
    home.camera.record()
    home.world.settle()
    (segment,) = stands(home)
    span = segment.start, segment.end
    pass_by(home.world, DAY + 1)
    assert stands(home, *span) == [] and len(objects(home.world)) == 1
    pass_by(home.world, 7 * DAY - 2)
    assert stands(home, *span) == [] and len(objects(home.world)) == 1
    home.owner.refresh()
    subscribe(home, LONG)
    assert stands(home, *span) == [segment]


def test_what_is_left_is_gone_within_a_day_after_the_grace_and_no_new_plan_brings_it_back(home: Home) -> None:
    subscribe(home, LONG)
    pass_by(home.world, 29 * DAY)
    home.camera.record()
    home.world.settle()
    (segment,) = stands(home)
    home.world.clock.move_to(home.world.now().timestamp() + 8 * DAY + 60)
    home.owner.refresh()
    subscribe(home, LONG)
    assert stands(home, segment.start, segment.end) == [] and len(objects(home.world)) == 1
    pass_by(home.world, DAY - 60, lag=None)
    assert objects(home.world) == []
    assert [ms for ms, _ in counted(home).values()] == [60_000]


def _recorded_in_grace(home: Home) -> datetime:
    """The time at which all of it is over."""
    subscribe(home, LONG)
    over_at = home.world.now() + timedelta(days=37)
    home.world.clock.move_to(home.world.now().timestamp() + 29 * DAY)
    home.camera.record()
    home.world.settle()
    assert len(objects(home.world)) == 1
    return over_at


def _ended(home: Home, at: datetime) -> tuple[int, int]:
    """By a run at that time: how many devices, and by how many looks at a day."""
    home.world.clock.move_to(at.timestamp())
    home.world.trace.clear()
    answer = home.world.run_schedule("end_plans")
    looks = [call for call in home.world.trace if call.operation == "Query" and "plan-ends" in str(call.params)]
    return answer["devices"], len(looks)


def test_each_hour_the_ends_of_today_and_of_yesterday_are_looked_for(home: Home) -> None:
    over_at = _recorded_in_grace(home)
    assert _ended(home, over_at - timedelta(seconds=1)) == (0, 2)
    begin = home.world.snapshot()
    # The last hour of the day after it comes 39 hours later.
    for hours in (0, 1, 15, 17, 39):
        home.world.restore(begin)
        assert _ended(home, over_at + timedelta(hours=hours)) == (1, 2), hours
        assert objects(home.world) == []


def test_an_end_that_no_run_dealt_with_for_days_is_found_within_six_hours(home: Home) -> None:
    over_at = _recorded_in_grace(home)
    midnight = over_at.replace(hour=0)
    begin = home.world.snapshot()
    for days in (2, 34):
        home.world.restore(begin)
        looked_at = [(_ended(home, midnight + timedelta(days=days, hours=hour)), hour) for hour in (1, 5, 7, 11, 12)]
        assert [at for (devices, _), at in looked_at if devices] == [12]
        assert looked_at[-1][0] == (1, 35)


def test_four_times_a_day_all_days_are_looked_at(home: Home) -> None:
    midnight = home.world.now().replace(hour=0, minute=30) + timedelta(days=1)
    looks = [_ended(home, midnight + timedelta(hours=hour))[1] for hour in range(24)]
    assert [hour for hour, count in enumerate(looks) if count == 35] == [0, 6, 12, 18]
    assert set(looks) == {2, 35}
