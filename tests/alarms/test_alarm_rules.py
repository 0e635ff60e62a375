"""Names, times, and what counts as a picture."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import get_args
from zoneinfo import ZoneInfo

import pytest

from chalicelib.alarms import rules, shapes
from chalicelib.alarms.rules import DayInvalid, Named
from tests.alarms.snapshots import drawn, frame, segment
from tests.scene import jpeg

NOON = datetime(2026, 1, 5, 12, tzinfo=UTC)
DAY, SECOND = timedelta(days=1), timedelta(seconds=1)


# ── Names ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_name_says_channel_time_and_type() -> None:
    assert rules.read_name("door_2/20260105T120000Z-battery_low-x7F.jpg") == Named("door_2", NOON, "battery_low", "x7F")
    # As a UUID and as base64 for addresses write what is random.
    for mark in ("0d3a-4f", "x_7-F", "-_"):
        assert rules.read_name(f"1/20260105T120000Z-motion-{mark}.jpg") == Named("1", NOON, "motion", mark)


@pytest.mark.parametrize("kind", rules.TYPES)
def test_each_of_the_eight_types_is_known(kind: str) -> None:
    found = rules.read_name(f"1/20260105T120000Z-{kind}-a.jpg")
    assert found is not None and found.type == kind
    assert set(rules.TYPES) == set(get_args(shapes.AlarmType))


@pytest.mark.parametrize(
    "name",
    [
        "",
        "1/20260105T120000Z-motion-.jpg",
        "1/20260105T120000Z-motion-a.jpeg",
        "1/20260105T120000Z-motion-a.JPG",
        "1/20260105T120000Z-motion-a.jpg\n",
        "1/20260105T120000Z-motion-a.jpg/",
        "1/20260105T120000Z-earthquake-a.jpg",
        "1/20260105T120000Z-Motion-a.jpg",
        "1/20260105T120000-motion-a.jpg",
        "1/20260230T120000Z-motion-a.jpg",
        "1/20260105T250000Z-motion-a.jpg",
        "1/２０260105T120000Z-motion-a.jpg",
        "20260105T120000Z-motion-a.jpg",
        "/20260105T120000Z-motion-a.jpg",
        "1/2/20260105T120000Z-motion-a.jpg",
        "../20260105T120000Z-motion-a.jpg",
        "1/../20260105T120000Z-motion-a.jpg",
        "1#2/20260105T120000Z-motion-a.jpg",
        f"{'c' * 33}/20260105T120000Z-motion-a.jpg",
        f"1/20260105T120000Z-motion-{'a' * 65}.jpg",
        "1/20260105T120000Z-motion-ą.jpg",
    ],
)
def test_any_other_name_is_no_name(name: str) -> None:
    assert rules.read_name(name) is None


# ── Times ────────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("off", [timedelta(0), SECOND, DAY, -DAY])
def test_a_stamp_within_a_day_of_the_arrival_is_believed(off: timedelta) -> None:
    assert rules.time_of(NOON + off, NOON) == NOON + off


@pytest.mark.parametrize("off", [DAY + SECOND, -DAY - SECOND, timedelta(days=20_000), -timedelta(days=20_000)])
def test_a_stamp_further_off_is_replaced_by_the_arrival(off: timedelta) -> None:
    assert rules.time_of(NOON + off, NOON) == NOON


def test_an_alarm_ends_seven_days_after_it_arrived() -> None:
    assert rules.end_of(NOON) == datetime(2026, 1, 12, 12, tzinfo=UTC)


# ── Days ─────────────────────────────────────────────────────────────────────────────────────────────────────────────


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
        ("America/Havana", "2026-11-01", "2026-11-01T04:00", 25),
        # Samoa had no 30 December 2011.
        ("Pacific/Apia", "2011-12-30", "2011-12-30T10:00", 0),
    ],
)
def test_a_day_is_the_devices_own(zone: str, day: str, start: str, hours: float) -> None:
    first, after = rules.span_of_day(day, ZoneInfo(zone), dst=True)
    assert first == datetime.fromisoformat(start).replace(tzinfo=UTC)
    assert after - first == timedelta(hours=hours)


@pytest.mark.parametrize(
    ("zone", "offset_hours"),
    [
        ("Europe/Warsaw", 1),
        ("America/New_York", -5),
        ("Australia/Lord_Howe", 10.5),
        ("Europe/Dublin", 0),  # its law has it the other way round
        ("Africa/Casablanca", 1),  # where clocks are put back for Ramadan
        ("America/Santiago", -4),
        ("Asia/Beirut", 2),  # where midnight itself is left out
        ("Asia/Kathmandu", 5.75),
        ("UTC", 0),
    ],
)
def test_without_daylight_saving_every_day_of_the_year_is_one_of_standard_time(zone: str, offset_hours: float) -> None:
    for day in days_of_2026():
        start, end = rules.span_of_day(f"{day:%Y-%m-%d}", ZoneInfo(zone), dst=False)
        assert start == day - timedelta(hours=offset_hours), day
        assert end - start == timedelta(hours=24)


def test_a_zone_that_changes_its_standard_time_takes_a_device_without_daylight_saving_along() -> None:
    # Kazakhstan went from +6 to +5 on 1 March 2024.
    start, end = rules.span_of_day("2024-02-29", ZoneInfo("Asia/Almaty"), dst=False)
    assert start == datetime(2024, 2, 28, 18, tzinfo=UTC)
    assert end - start == timedelta(hours=25)


@pytest.mark.parametrize("dst", [True, False])
@pytest.mark.parametrize("zone", ["Europe/Warsaw", "America/Havana", "Asia/Beirut", "Africa/Cairo", "America/Santiago"])
def test_days_follow_each_other_without_gap_or_overlap(zone: str, dst: bool) -> None:
    days = [rules.span_of_day(f"{day:%Y-%m-%d}", ZoneInfo(zone), dst=dst) for day in days_of_2026()]
    assert all(end == start for (_, end), (start, _) in pairwise(days))


def days_of_2026() -> list[datetime]:
    return [datetime(2026, 1, 1, tzinfo=UTC) + timedelta(days=n) for n in range(365)]


@pytest.mark.parametrize("day", ["", "today", "2026-02-30", "2026-1-5", "9999-12-31", "0001-01-01", "2026-01-05T00:00"])
def test_what_is_no_day_is_refused(day: str) -> None:
    with pytest.raises(DayInvalid):
        rules.span_of_day(day, ZoneInfo("Europe/Warsaw"), dst=True)


# ── Pictures ─────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("marker", [0xC0, 0xC1, 0xC2, 0xC3, 0xC5, 0xC9, 0xCF])
def test_every_kind_of_frame_says_its_size(marker: int) -> None:
    assert rules.is_picture(drawn(frame(640, 480, marker)))


@pytest.mark.parametrize(
    "head",
    [
        jpeg(),
        drawn(frame(5000, 5000)),
        drawn(frame(1, 1)),
        drawn(segment(0xE1, b"Exif\0\0" + bytes(60_000)), frame(640, 480)),
        drawn(segment(0xE0, b"JFIF"), segment(0xE2, bytes(9)), segment(0xDB, bytes(65)), frame(640, 480)),
        drawn(segment(0xC4, bytes(19)), frame(640, 480)),
        drawn(b"\xff\xff\xff", frame(640, 480)),
        drawn(b"\xff\x01", b"\xff\xd0", frame(640, 480)),
    ],
)
def test_a_frame_header_behind_whatever_a_camera_writes_before_it_makes_a_picture(head: bytes) -> None:
    assert rules.is_picture(head)


@pytest.mark.parametrize(
    "head",
    [
        b"",
        b"\xff\xd8",
        b"\xff\xd8\xff",
        b"GIF89a" + bytes(2000),
        b"\x89PNG\r\n\x1a\n" + bytes(2000),
        b"<html>" + bytes(2000),
        jpeg()[:20],
        drawn(),
        drawn(frame(0, 480)),
        drawn(frame(640, 0)),
        drawn(frame(5000, 5001)),
        drawn(frame(65535, 65535)),
        drawn(segment(0xE1, bytes(3000)), frame(640, 480), size=0)[:2500],
        drawn(segment(0xE0, b""), b"no marker", frame(640, 480)),
        drawn(b"\xff\xe0\x00\x00", b"no marker", frame(640, 480)),
        drawn(segment(0xDA, bytes(8)), b"data", frame(640, 480)),
        (b"\xff\xd8" + frame(640, 480))[:10],
    ],
)
def test_anything_else_is_no_picture(head: bytes) -> None:
    assert not rules.is_picture(head)
