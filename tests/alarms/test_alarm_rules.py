"""Names, times, and what counts as a picture."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import partial
from typing import get_args

import pytest

from chalicelib import clock
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


@pytest.mark.parametrize("day", ["", "today", "2026-02-30", "2026-1-5", "9999-12-31", "0001-01-01", "2026-01-05T00:00"])
@pytest.mark.parametrize("dst", [True, False])
def test_what_is_no_day_is_refused(day: str, dst: bool) -> None:
    with pytest.raises(DayInvalid):
        rules.span_of_day(day, partial(clock.begin_of_day, place=clock.zone("Europe/Warsaw"), dst=dst))


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
