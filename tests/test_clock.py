"""How people reckon time where they are: by zones that are pinned, and with or without daylight saving."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pytest

from chalicelib import clock

ROOT = Path(__file__).parents[1]


def span(zone: str, day: str | date, *, dst: bool) -> tuple[datetime, datetime]:
    first = date.fromisoformat(day) if isinstance(day, str) else day
    place = clock.zone(zone)
    begin, after = (clock.begin_of_day(one, place, dst=dst) for one in (first, first + timedelta(days=1)))
    return begin, after


def days_of(year: int) -> list[date]:
    return [date(year, 1, 1) + timedelta(days=n) for n in range(365)]


@pytest.mark.parametrize(
    ("zone", "day", "start", "hours"),
    [
        ("UTC", "2026-01-05", "2026-01-05T00:00", 24),
        ("Europe/Warsaw", "2026-01-05", "2026-01-04T23:00", 24),
        ("Europe/Warsaw", "2026-03-29", "2026-03-28T23:00", 23),
        ("Europe/Warsaw", "2026-10-25", "2026-10-24T22:00", 25),
        ("America/New_York", "2026-03-08", "2026-03-08T05:00", 23),
        ("America/New_York", "2026-11-01", "2026-11-01T04:00", 25),
        ("Asia/Kathmandu", "2026-01-05", "2026-01-04T18:15", 24),
        ("Pacific/Kiritimati", "2026-01-05", "2026-01-04T10:00", 24),
        ("Australia/Lord_Howe", "2026-04-05", "2026-04-04T13:00", 24.5),
        # Where clocks change at midnight: a day that begins at one o'clock, and one whose first hour comes twice.
        ("Asia/Beirut", "2026-03-29", "2026-03-28T22:00", 23),
        ("America/Havana", "2025-11-02", "2025-11-02T04:00", 25),
        # Samoa had no 30 December 2011.
        ("Pacific/Apia", "2011-12-30", "2011-12-30T10:00", 0),
        # Both stay on the summer time of 2026.
        ("America/Vancouver", "2026-12-01", "2026-12-01T07:00", 24),
        ("America/Havana", "2026-11-01", "2026-11-01T04:00", 24),
    ],
)
def test_a_day_is_the_devices_own(zone: str, day: str, start: str, hours: float) -> None:
    first, after = span(zone, day, dst=True)
    assert first == datetime.fromisoformat(start).replace(tzinfo=UTC)
    assert after - first == timedelta(hours=hours)


@pytest.mark.parametrize("dst", [True, False])
@pytest.mark.parametrize("name", ["Europe/Warsaw", "Australia/Lord_Howe", "Asia/Beirut", "Africa/Casablanca"])
def test_each_instant_lies_in_one_of_a_places_days(name: str, dst: bool) -> None:
    zone = clock.zone(name)
    days = clock.LocalDays(zone, dst)
    begins = [(day, clock.begin_of_day(day, zone, dst=dst)) for day in days_of(2026)]
    for (day, begin), (_, after) in pairwise(begins):
        for at in (begin, begin + timedelta(minutes=59), after - timedelta(microseconds=1)):
            assert days.date_of(at) == day
            assert days.around(at) == (begin, after)


@pytest.mark.parametrize(
    ("zone", "year", "offset_hours"),
    [
        ("Europe/Warsaw", 2026, 1),
        ("America/New_York", 2026, -5),
        ("America/Inuvik", 2025, -7),  # whose data call its summer, of one hour, a saving of two
        ("Australia/Lord_Howe", 2026, 10.5),  # whose summer is half an hour
        ("Australia/Sydney", 2026, 10),
        ("Antarctica/Troll", 2026, 0),  # whose summer is two hours
        ("Europe/Dublin", 2026, 0),  # whose law has it the other way round
        ("Africa/Casablanca", 2025, 1),  # where clocks are put back for Ramadan
        # Where they were put forward in summer, and back for Ramadan in the midst of it.
        ("Africa/Casablanca", 2016, 0),
        ("Africa/Cairo", 2014, 2),  # the same, with summers of six weeks
        ("Africa/Cairo", 2026, 2),
        ("America/Santiago", 2026, -4),
        ("Asia/Beirut", 2026, 2),  # where midnight itself is left out
        ("Asia/Kathmandu", 2026, 5.75),
        ("Atlantic/Azores", 2026, -1),
        ("UTC", 2026, 0),
    ],
)
def test_without_daylight_saving_every_day_of_the_year_is_one_of_standard_time(
    zone: str, year: int, offset_hours: float
) -> None:
    for day in days_of(year)[::3]:
        start, end = span(zone, day, dst=False)
        assert start == datetime(day.year, day.month, day.day, tzinfo=UTC) - timedelta(hours=offset_hours), day
        assert end - start == timedelta(hours=24)


@pytest.mark.parametrize(
    ("zone", "day", "before", "after"),
    [
        ("Asia/Almaty", "2024-03-01", 6, 5),  # Kazakhstan
        ("Africa/Casablanca", "2026-09-20", 1, 0),  # Morocco, for good
        # Whose summer time became the standard.
        ("America/Vancouver", "2026-03-08", -8, -7),
        ("America/Inuvik", "2026-03-08", -7, -6),
        ("America/Havana", "2026-03-08", -5, -4),
        ("Europe/Moscow", "2011-03-27", 3, 4),
        ("Europe/Istanbul", "2016-03-27", 2, 3),
    ],
)
def test_a_zone_that_changes_its_standard_time_takes_a_device_without_daylight_saving_along(
    zone: str, day: str, before: float, after: float
) -> None:
    place, first = clock.zone(zone), date.fromisoformat(day)
    offsets = {n: clock.standard_offset(first + timedelta(days=n), place) for n in (-60, -7, -1, 2, 7, 60, 150)}
    assert {n: offset / timedelta(hours=1) for n, offset in offsets.items()} == {
        n: before if n < 0 else after for n in offsets
    }


@pytest.mark.parametrize("dst", [True, False])
@pytest.mark.parametrize("zone", ["Europe/Warsaw", "America/Havana", "Asia/Beirut", "Africa/Cairo", "America/Santiago"])
def test_days_follow_each_other_without_gap_or_overlap(zone: str, dst: bool) -> None:
    days = [span(zone, day, dst=dst) for day in days_of(2026)]
    assert all(end == start for (_, end), (start, _) in pairwise(days))


@pytest.mark.parametrize("day", ["0002-01-01", "9998-12-31"])
def test_a_day_at_the_end_of_the_calendar_has_a_beginning_too(day: str) -> None:
    begin, after = span("Europe/Warsaw", day, dst=False)
    assert after - begin == timedelta(days=1)


_ASKED = """
import sys, zoneinfo
from datetime import datetime
assert zoneinfo.ZoneInfo("America/Vancouver").utcoffset(datetime(2026, 12, 1)).total_seconds() == 0  # the machine's
assert "Moon/Tranquility" in zoneinfo.available_timezones()
from chalicelib import clock
from chalicelib.devices import rules
print(clock.zone("America/Vancouver").utcoffset(datetime(2026, 12, 1)).total_seconds() / 3600)
try:
    rules.require_time_zone("Moon/Tranquility")
except rules.TimeZoneUnknown:
    print("unknown")
"""


def test_the_zones_that_a_machine_brings_are_never_read(tmp_path: Path) -> None:
    """On this machine Vancouver is on UTC, and there is one on the Moon."""
    import tzdata

    utc = Path(tzdata.__file__).with_name("zoneinfo").joinpath("UTC").read_bytes()
    for name in ("America/Vancouver", "Moon/Tranquility"):
        file = tmp_path / name
        file.parent.mkdir()
        file.write_bytes(utc)
    environment = {**os.environ, "PYTHONTZPATH": str(tmp_path), "PYTHONPATH": str(ROOT)}
    said = subprocess.run(  # noqa: S603  # our own interpreter and text
        [sys.executable, "-c", _ASKED], env=environment, capture_output=True, text=True, timeout=60, check=True
    )
    assert said.stdout.split() == ["-7.0", "unknown"]


def test_who_never_asks_for_a_zone_never_loads_any() -> None:
    code = "import sys; from chalicelib import clock; clock.rfc3339(clock.now()); print('zoneinfo' in sys.modules)"
    said = subprocess.run(  # noqa: S603  # our own interpreter and text
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=60, check=True
    )
    assert said.stdout.strip() == "False"
