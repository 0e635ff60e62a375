"""Time passes with everything happening on the way that would have happened, and nothing else."""

from __future__ import annotations

import threading
import time
from datetime import timedelta
from typing import Any

import pytest

from infra.local.clock import _Pace
from infra.local.cloud import SEEDED_START, LocalCloud
from infra.strict_moto import DIES_BEFORE
from tests.infra.toycloud import house

HOUR, DAY = 3_600, 86_400


def _keys(cloud: LocalCloud) -> list[str]:
    [items] = cloud.dump()["tables"].values()
    return sorted(item["pk"] for item in items)


def _objects(cloud: LocalCloud) -> list[str]:
    return [one["key"] for one in cloud.dump()["buckets"]["toy-media"]]


def test_a_seeded_world_begins_at_its_own_moment_and_stands_still(cloud: LocalCloud) -> None:
    assert cloud.now() == SEEDED_START
    assert time.time() == SEEDED_START.timestamp()


def test_advancing_moves_everybodys_time_exactly(cloud: LocalCloud) -> None:
    cloud.advance(7 * DAY)
    assert cloud.now() == SEEDED_START + timedelta(days=7)
    cloud.advance(0.25)
    assert cloud.now() == SEEDED_START + timedelta(days=7, milliseconds=250)


def test_what_is_not_due_does_not_fire(cloud: LocalCloud) -> None:
    assert cloud.advance(5 * 60 - 1).fired == 0
    assert house.fired == {}


def test_a_due_schedule_fires_once_and_not_again_because_it_is_the_end(cloud: LocalCloud) -> None:
    cloud.advance(5 * 60)
    assert house.fired == {"sweep_often": 1}


def test_a_frequent_schedule_fires_once_per_hour_and_once_at_the_end(cloud: LocalCloud) -> None:
    """From 08:00 to 11:30: in the hours of 8, 9, 10, 11, and at the end."""
    cloud.advance(3.5 * HOUR)
    assert house.fired == {"sweep_often": 5, "sweep_hourly": 4}


def test_the_same_hour_is_not_swept_again_by_the_next_advance_but_its_end_is(cloud: LocalCloud) -> None:
    cloud.advance(6 * 60)
    assert house.fired["sweep_often"] == 2  # at 08:05, and at the end
    cloud.advance(6 * 60)
    assert house.fired["sweep_often"] == 3  # at the end alone


def test_a_daily_schedule_fires_on_its_minute_and_at_the_end(
    cloud: LocalCloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    fired_at: list[str] = []
    job = lambda event, context: fired_at.append(cloud.now().strftime("%d %H:%M"))  # noqa: E731  # it is shortest here
    monkeypatch.setattr(house, "sweep_daily", job)
    cloud.advance(2 * DAY)
    assert fired_at == ["06 03:30", "07 03:30", "07 08:00"]


def test_a_job_gets_a_scheduled_event(cloud: LocalCloud) -> None:
    cloud.advance(HOUR)
    [event] = house.told
    assert event["detail-type"] == "Scheduled Event"
    assert event["source"] == "aws.events"
    assert event["time"] == "2026-01-05T09:00:00Z"
    assert event["resources"] == ["arn:aws:events:eu-central-1:123456789012:rule/sowa-sweep_hourly"]


def test_a_job_that_fails_is_tried_three_times_as_lambda_does(cloud: LocalCloud) -> None:
    house.failing.add("sweep_hourly")
    cloud.advance(HOUR)
    assert house.fired["sweep_hourly"] == 3
    assert [failure.function for failure in cloud.failures] == ["sweep_hourly"] * 3


def test_a_job_run_by_hand_answers_and_raises(cloud: LocalCloud) -> None:
    assert cloud.run_schedule("sweep_daily") == {"at": SEEDED_START.timestamp()}
    house.failing.add("sweep_hourly")
    with pytest.raises(RuntimeError, match="cannot sweep"):
        cloud.run_schedule("sweep_hourly")
    with pytest.raises(KeyError):
        cloud.run_schedule("nobody")


def test_a_crash_in_a_job_is_the_jobs_end_only(cloud: LocalCloud, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(house, "sweep_hourly", lambda event, context: house.put("swept"))
    cloud.faults.fail(1, DIES_BEFORE)
    cloud.advance(HOUR)
    assert [type(failure.fault).__name__ for failure in cloud.failures] == ["Crash"]
    assert _keys(cloud) == ["swept"]


def test_items_and_objects_end_when_they_should(cloud: LocalCloud) -> None:
    house.put("a", expires_at={"N": str(int(cloud.now().timestamp()) + 10 * DAY)})
    house.client("s3").put_object(Bucket="toy-media", Key="pictures/a.jpg", Body=b"")
    cloud.advance(10 * DAY - 1)
    assert (_keys(cloud), _objects(cloud)) == (["a"], [])  # 7 days, and on to the next midnight
    cloud.advance(1)
    assert _keys(cloud) == []


def test_the_reapers_lag_stays_until_it_is_changed(cloud: LocalCloud) -> None:
    house.put("a", expires_at={"N": str(int(cloud.now().timestamp()) + 60)})
    cloud.advance(60, reaper_lag_seconds=2 * DAY)
    assert _keys(cloud) == ["a"]
    cloud.advance(2 * DAY - 1)
    assert _keys(cloud) == ["a"]
    cloud.advance(1)
    assert _keys(cloud) == []


def test_reapers_that_never_come_never_come(cloud: LocalCloud) -> None:
    house.put("a", expires_at={"N": str(int(cloud.now().timestamp()) + 60)})
    cloud.advance(30 * DAY, reaper_lag_seconds=None)
    assert _keys(cloud) == ["a"]
    cloud.advance(0, reaper_lag_seconds=0)
    assert _keys(cloud) == []


def test_items_are_reaped_on_the_way_and_not_only_on_arrival(
    cloud: LocalCloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    house.put("a", expires_at={"N": str(int(cloud.now().timestamp()) + DAY)})
    told_on: list[str] = []
    monkeypatch.setattr(
        house,
        "on_item_changed",
        lambda event, context: told_on.append(event["Records"][0]["eventName"] + f"{cloud.now():%d}"),
    )
    cloud.advance(5 * DAY)
    assert told_on == ["INSERT05", "REMOVE07"]  # due on the 6th at eight, found at the midnight after


def test_what_a_job_causes_is_settled_before_time_goes_on(cloud: LocalCloud, monkeypatch: pytest.MonkeyPatch) -> None:
    lag: list[float] = []
    monkeypatch.setattr(house, "sweep_hourly", lambda event, context: house.put(str(time.time())))
    monkeypatch.setattr(
        house,
        "on_item_changed",
        lambda event, context: lag.extend(
            time.time() - float(one["dynamodb"]["Keys"]["pk"]["S"]) for one in event["Records"]
        ),
    )
    cloud.advance(5 * HOUR)
    assert lag == [0.0] * 5


def test_requests_wait_while_time_moves(cloud: LocalCloud, monkeypatch: pytest.MonkeyPatch) -> None:
    order: list[str] = []
    asked = threading.Thread(target=lambda: order.append(f"answered {cloud.call('PUT', '/things/a').status}"))

    def job(event: Any, context: Any) -> None:
        if not asked.ident:
            asked.start()
            asked.join(0.05)
        order.append("job")

    monkeypatch.setattr(house, "sweep_hourly", job)
    cloud.advance(3 * HOUR)
    asked.join(10)
    assert order == ["job", "job", "job", "answered 200"]


def test_what_was_missed_while_the_clock_was_put_forward_is_made_up_for_once(cloud: LocalCloud) -> None:
    """And not for each hour that nobody lived through; from then on all is as ever."""
    cloud.clock.move_to(cloud.now().timestamp() + 20 * DAY)
    cloud.advance(60)
    assert house.fired == {"sweep_often": 2, "sweep_hourly": 2, "sweep_daily": 2}  # and once at the end
    house.fired.clear()
    cloud.advance(DAY)
    assert house.fired == {"sweep_often": 25, "sweep_hourly": 25, "sweep_daily": 2}


def test_the_ticking_clock_makes_every_due_instant_count(cloud: LocalCloud) -> None:
    cloud.clock.move_to(cloud.now().timestamp() + 16 * 60)
    cloud.calendar.keep_up()
    cloud.calendar.keep_up()
    assert house.fired == {"sweep_often": 3}


def test_advancing_catches_up_with_what_ticked_by_and_leaves_nothing_for_later(cloud: LocalCloud) -> None:
    cloud.clock.move_to(cloud.now().timestamp() + 6 * 60)
    cloud.advance(60)
    assert house.fired == {"sweep_often": 2}
    cloud.calendar.keep_up()
    assert house.fired == {"sweep_often": 2}


def test_a_year_and_more_passes_within_seconds_of_work(cloud: LocalCloud) -> None:
    began = time.process_time()
    passage = cloud.advance(400 * DAY)
    assert passage.every_hours == 1
    assert house.fired["sweep_hourly"] == 400 * 24
    assert house.fired["sweep_daily"] == 401
    # Ten times what it takes here, so that only a mistake of another order is one.
    assert time.process_time() - began < 20


def test_a_jump_that_would_take_too_long_fires_less_often_says_so_and_keeps_its_daily_jobs(
    cloud: LocalCloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = iter(range(10**9))
    monkeypatch.setattr("infra.local.clock.time.monotonic", lambda: next(real) / 10)  # each look costs 0.1 s
    passage = cloud.advance(30 * DAY, within_seconds=20)
    assert passage.every_hours > 1
    assert house.fired["sweep_daily"] == 31
    assert 30 <= house.fired["sweep_hourly"] < 30 * 24


def test_schedules_fire_every_few_hours_where_that_is_asked_for(cloud: LocalCloud) -> None:
    assert cloud.advance(3 * DAY, every_hours=6).every_hours == 6
    assert house.fired["sweep_hourly"] == house.fired["sweep_often"] == 3 * 4 + 1
    assert house.fired["sweep_daily"] == 4


def test_the_pace_stays_when_there_is_time_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    real = iter(range(10**9))
    monkeypatch.setattr("infra.local.clock.time.monotonic", lambda: float(next(real)))
    pace = _Pace(0, 10 * HOUR, within_seconds=1_000, every_hours=1)
    for hour in range(10):
        pace.measure(hour * HOUR)
    assert pace.every_hours == 1


def test_after_an_error_on_the_way_the_clock_goes_on(monkeypatch: pytest.MonkeyPatch, cloud: LocalCloud) -> None:
    def broken() -> None:
        raise RuntimeError("the pump is broken")

    with monkeypatch.context() as patched:
        patched.setattr(cloud.clock, "tick", True)
        patched.setattr(cloud.pollers, "settle", broken)
        with pytest.raises(RuntimeError):
            cloud.advance(HOUR)
        before, until = time.time(), time.monotonic() + 5
        while time.time() == before and time.monotonic() < until:
            pass
        assert time.time() > before


def test_who_looks_for_events_while_time_moves_waits_and_stops_nobody(
    cloud: LocalCloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked = threading.Event()

    def look() -> None:
        looked.set()
        cloud.settle()

    looking = threading.Thread(target=look, daemon=True)

    def job(event: Any, context: Any) -> None:
        house.put("an event for both")
        if not looking.ident:
            looking.start()
            looked.wait(5)
            looking.join(0.05)  # so long it has to take what it wants to take

    monkeypatch.setattr(house, "sweep_hourly", job)
    moving = threading.Thread(target=cloud.advance, args=(2 * HOUR,), daemon=True)
    moving.start()
    moving.join(10)
    looking.join(10)
    assert not moving.is_alive()
    assert not looking.is_alive()
