"""An index costs no more than a write unit for each minute of video and channel, however short its objects are."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from chalicelib import clock, ids
from chalicelib.aws.clients import client
from chalicelib.recordings.actions import days
from chalicelib.recordings.records import RecordingDay
from chalicelib.recordings.rules import names
from chalicelib.recordings.rules.deletions import ms_of
from chalicelib.recordings.rules.quarters import Quarters
from chalicelib.recordings.rules.segments import Segment
from chalicelib.recordings.rules.uploads import parse_key
from chalicelib.store.commit import commit, create
from infra.local.cloud import Plugged
from tests.conftest import Home
from tests.recordings.plans import subscribe
from tests.recordings.recorded import counted
from tests.scene import filmed

MINUTE, MINUTES = timedelta(minutes=1), 30


def recorded(home: Home, minutes: int, ms: int, channel: Plugged | None = None) -> tuple[float, float]:
    """Write units of all that arrivals do, and of the reconciler's every quarter of an hour."""
    world, of_arrivals, of_reconciling = home.world, 0.0, 0.0
    for nth in range(minutes * 60_000 // ms):
        world.clock.move_to((world.now() + timedelta(milliseconds=ms)).timestamp())
        home.camera.record(ms)
        if channel is not None:
            channel.say({"action": "ping"})
        world.trace.clear()
        world.settle()
        of_arrivals += _written(home)
        if (nth + 1) * ms % 900_000 == 0:
            world.trace.clear()
            world.run_schedule("reconcile_recordings")
            of_reconciling += _written(home)
    return of_arrivals, of_reconciling


def _written(home: Home) -> float:
    return sum(call.write_units for call in home.world.trace)


@pytest.mark.one_in(2)
@pytest.mark.parametrize("ms", [60_000, 30_000, 10_000])
def test_a_minute_of_video_costs_one_write_unit(home: Home, ms: int) -> None:
    subscribe(home)
    channel = home.camera.connect()
    home.world.settle()
    of_arrivals, of_reconciling = recorded(home, MINUTES, ms, channel)
    assert 0.9 * MINUTES <= of_arrivals <= MINUTES
    # What was short was counted each minute, and all of it each quarter of an hour.
    assert of_arrivals + of_reconciling <= MINUTES + 1
    assert of_reconciling == (0 if ms == 60_000 else MINUTES / 15)
    assert counted(home) == {"1.20260105": (MINUTES * 60_000, MINUTES * 60_000 // ms * len(filmed("m4s")))}


def test_a_camera_without_a_channel_is_noted_beside_it_every_ten_minutes(home: Home) -> None:
    subscribe(home)
    of_arrivals, _ = recorded(home, MINUTES, 60_000)
    assert of_arrivals == pytest.approx(1.1 * MINUTES, abs=1)


def test_the_row_of_a_whole_day_stays_below_a_kilobyte(home: Home) -> None:
    """Of the longest name of a channel, on tickets of two classes, with objects that end at key frames and vary."""
    device_id = home.camera.device_id
    dice = random.Random(0)  # noqa: S311  # repeatable is the point
    day = list(minutes_of_day(device_id, dice))
    *but_one, last = day
    before = days.Counted(
        Quarters().with_all(but_one),
        [parse_key(one.object_key).part for one in but_one],
        ms_of(day[0].start),
        ms_of(but_one[-1].end),
        clock.epoch_s(last.until),
        [dice.randbytes(4) for _ in range(100)],
    )
    key = days.key_of_segment(device_id, last)
    row = RecordingDay.new(device_id, key.sort_id, writes=len(but_one), **before.values(last.start))
    with home.world.aws.outside():
        commit(create(row))
        days.count(row, device_id, parse_key(last.object_key), last)
        stored = client("dynamodb").get_item(TableName=RecordingDay.Meta.table_name, Key=key.raw())["Item"]
    assert len(stored["prefixes"]["SS"]) == 2
    assert 700 < size_of(stored) < 1000


def minutes_of_day(device_id: str, noise: random.Random) -> Iterator[Segment]:
    """Without a gap, of about two megabits."""
    channel, start = "c" * 32, datetime(2026, 1, 5, tzinfo=UTC)
    while start < datetime(2026, 1, 5, 23, 59, tzinfo=UTC):
        keep_days = 3 if start.hour < 12 else 7
        ticket = names.ticket_folder(channel, start, ids.new_id())
        key = f"recordings/{keep_days}/{start:%Y%m%d}/{device_id}/{ticket}/{channel}/x.m4s"
        ms, size_bytes = noise.randint(58_000, 60_000), noise.randint(9_000_000, 21_000_000)
        yield Segment(key, channel, keep_days, start, ms, size_bytes, start + MINUTE)
        start += timedelta(milliseconds=ms)


def size_of(item: dict[str, Any]) -> int:
    """Bytes as DynamoDB counts them, of strings, numbers, binaries and sets of strings."""
    return sum(len(name) + _size_of(value) for name, value in item.items())


def _size_of(value: dict[str, Any]) -> int:
    ((kind, one),) = value.items()
    return sum(map(len, one)) if kind == "SS" else len(one)
