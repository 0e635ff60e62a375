"""Recordings are readable to their last second, and as long as their plan runs, whatever comes late."""

from __future__ import annotations

from datetime import timedelta

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
