"""Names, times, and what counts as a picture."""

from __future__ import annotations

import io
import struct
import sys
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import pairwise
from typing import Any, get_args

import pytest
from PIL import Image

from chalicelib import clock
from chalicelib.alarms import rules, shapes
from chalicelib.alarms.rules import DayInvalid, Look, Named, NotTaken
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
    with pytest.raises(NotTaken):
        rules.read_name(name)


def test_a_name_lies_below_its_ticket() -> None:
    assert rules.read_name(f"{'a7' * 13}/1/20260105T120000Z-motion-x.jpg") == Named("1", NOON, "motion", "x")
    with pytest.raises(NotTaken, match="name_unknown"):
        rules.read_name("a ticket/1/20260105T120000Z-motion-x.jpg")


def test_a_type_that_we_do_not_know_is_told_apart_from_a_name_that_is_none() -> None:
    with pytest.raises(NotTaken, match="type_unknown"):
        rules.read_name("1/20260105T120000Z-earthquake-a.jpg")


# ── Times ────────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("off", [timedelta(0), 60 * SECOND, -DAY, -7 * DAY])
def test_a_stamp_a_minute_ahead_or_a_week_behind_is_believed(off: timedelta) -> None:
    assert rules.time_of(NOON + off, NOON) == NOON + off


@pytest.mark.parametrize("off", [61 * SECOND, DAY, -7 * DAY - SECOND, timedelta(days=20_000), -timedelta(days=20_000)])
def test_a_stamp_further_off_is_replaced_by_the_arrival(off: timedelta) -> None:
    assert rules.time_of(NOON + off, NOON) == NOON


@pytest.mark.parametrize(("behind_s", "late"), [(-30, False), (0, False), (45, False), (300, False), (301, True)])
def test_what_was_seen_five_minutes_before_it_arrived_is_late(behind_s: int, late: bool) -> None:
    assert rules.is_late(NOON.timestamp() - behind_s, NOON.timestamp()) is late


def test_an_alarm_ends_seven_days_after_it_arrived() -> None:
    assert rules.end_of(NOON) == datetime(2026, 1, 12, 12, tzinfo=UTC)


# ── Days ─────────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("day", ["", "today", "2026-02-30", "2026-1-5", "9999-12-31", "0001-01-01", "2026-01-05T00:00"])
@pytest.mark.parametrize("dst", [True, False])
def test_what_is_no_day_is_refused(day: str, dst: bool) -> None:
    with pytest.raises(DayInvalid):
        rules.span_of_day(day, partial(clock.begin_of_day, zone=clock.zone("Europe/Warsaw"), dst=dst))


# ── Pictures ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def shown(data: bytes) -> bool | None:
    return rules.look_at_picture(data, is_first=True).is_picture


@pytest.mark.parametrize("marker", [0xC0, 0xC1, 0xC2, 0xC9, 0xCA])
def test_every_kind_of_frame_that_browsers_decode_says_its_size(marker: int) -> None:
    assert shown(drawn(frame(640, 480, marker)))


# Each was decoded by Pillow 13 (libjpeg-turbo 3.2) or Chromium 156, but the sizes, which are only said.
SHOWN = {
    "a picture": jpeg(),
    "25 megapixels": drawn(frame(5000, 5000)),
    "one pixel": drawn(frame(1, 1)),
    "long EXIF": drawn(segment(0xE1, b"Exif\0\0" + bytes(60_000)), frame(640, 480)),
    "an EXIF with a picture of its own": drawn(segment(0xE1, b"Exif\0\0" + jpeg()), frame(640, 480)),
    "a profile and tables": drawn(segment(0xE2, bytes(9)), segment(0xDB, bytes(65)), frame(640, 480)),
    "Huffman's tables before the frame": drawn(segment(0xC4, bytes(19)), frame(640, 480)),
    "arithmetic conditioning": drawn(segment(0xCC, bytes(2)), frame(640, 480, 0xC9)),
    "fill bytes": drawn(b"\xff\xff\xff", frame(640, 480)),
    "standalone markers": drawn(b"\xff\x01", b"\xff\xd0", frame(640, 480)),
    "junk between segments": drawn(segment(0xE0, b""), b"no marker", frame(640, 480)),
    "zeros between segments": drawn(segment(0xE0, b"JFIF"), bytes(3), frame(640, 480)),
    "stuffed bytes": drawn(segment(0xE0, b""), b"\xff\x00\xff\x00", frame(640, 480)),
    "a segment of length 0": drawn(b"\xff\xe0\x00\x00", frame(640, 480)),
    "a segment of length 1": drawn(b"\xff\xe0\x00\x01", frame(640, 480)),
    "a number of lines before the frame": drawn(segment(0xDC, b"\0\x30"), frame(640, 480)),
    "motion JPEG without tables": drawn(segment(0xE0, b"AVI1" + bytes(10)), frame(640, 480)),
}
NOT_SHOWN = {
    "nothing": b"",
    "two bytes": b"\xff\xd8",
    "GIF": b"GIF89a" + bytes(2000),
    "PNG": b"\x89PNG\r\n\x1a\n" + bytes(2000),
    "a page": b"<html>" + bytes(2000),
    "junk before the start": b"\n" + jpeg(),
    "junk right behind the start": b"\xff\xd8\0" + jpeg()[2:],
    "a second start": drawn(b"\xff\xd8", frame(640, 480)),
    "an end": drawn(b"\xff\xd9", frame(640, 480)),
    "data without a frame": drawn(segment(0xDA, bytes(8)), b"data", frame(640, 480)),
    "no height": drawn(frame(0, 480)),
    "no width": drawn(frame(640, 0)),
    "above 25 megapixels": drawn(frame(5000, 5001)),
    "the largest there is": drawn(frame(65535, 65535)),
    "twelve bits": drawn(frame(640, 480).replace(b"\x08", b"\x0c", 1)),
    "two components": drawn(segment(0xC0, struct.pack(">BHHB", 8, 480, 640, 2) + bytes(6))),
    "a frame of another length": drawn(segment(0xC0, struct.pack(">BHHB", 8, 480, 640, 3) + bytes(6))),
    **{f"a frame {marker:x}": drawn(frame(640, 480, marker)) for marker in (0xC3, 0xC5, 0xC6, 0xC7, 0xCB, 0xCD, 0xCF)},
    **{f"a reserved marker {marker:x}": drawn(segment(marker, b"abc"), frame(9, 9)) for marker in (0x02, 0xC8, 0xF0)},
}


@pytest.mark.parametrize("what", SHOWN)
def test_whatever_decoders_pass_over_before_the_frame_makes_a_picture(what: str) -> None:
    assert shown(SHOWN[what])


@pytest.mark.parametrize("what", NOT_SHOWN)
def test_what_no_browser_decodes_is_not_shown(what: str) -> None:
    assert not shown(NOT_SHOWN[what])


def test_what_decoders_are_said_to_take_or_refuse_pillow_takes_or_refuses() -> None:
    whole = jpeg()
    at = whole.index(b"\xff\xc0")

    def is_decoded(between: bytes) -> bool:
        try:
            Image.open(io.BytesIO(whole[:at] + between + whole[at:])).load()
        except OSError:
            return False
        return True

    passed_over = [b"\xff\xff", b"junk", bytes(3), b"\xff\x00", b"\xff\xe3\0\0", b"\xff\xe3\0\1", b"\xff\xd0"]
    refused = [b"\xff\xd8", b"\xff\xd9", segment(0xC8, b"abc"), segment(0xF0, b"abc"), segment(0x02, b"abc")]
    for between in (*passed_over, *refused):
        decoded = is_decoded(between)
        assert decoded == (between in passed_over), between
        assert shown(whole[:at] + between + whole[at:]) is decoded, between


@pytest.mark.parametrize("cut", range(3, 60))
def test_a_part_says_where_to_read_on_and_two_parts_say_what_the_whole_says(cut: int) -> None:
    for what in ("a picture", "junk between segments", "fill bytes", "a segment of length 0", "stuffed bytes"):
        whole = SHOWN[what]
        look = rules.look_at_picture(whole[:cut], is_first=True)
        if look.is_picture is None:
            look = rules.look_at_picture(whole[look.read_on_at :], is_first=False)
        assert look.is_picture, what


def test_behind_a_segment_that_ends_later_it_is_read_on_there() -> None:
    part = drawn(segment(0xE1, bytes(60_000)), size=0)[:100]
    assert rules.look_at_picture(part, is_first=True) == Look(None, 2 + 4 + 60_000)


@pytest.mark.parametrize("fill", [b"\xff", b"\xff\x00", b"\xff\xd0", b"\xff\xe0\0\0", b"\xff\xe0\0\2", b"x"])
def test_looking_is_linear_and_bounded_whatever_fills_it(fill: bytes) -> None:
    """Counted are the bytes of Python's own work, lines that run; what is searched for in C is linear."""

    def lines_run(size: int) -> int:
        count = 0

        def trace(frame: Any, event: str, arg: Any) -> Any:
            nonlocal count
            count += event == "line"
            return trace

        data = b"\xff\xd8\xff" + fill * (size // len(fill))
        sys.settrace(trace)
        try:
            rules.look_at_picture(data, is_first=True)
        finally:
            sys.settrace(None)
        return count

    counts = [lines_run(kb * 1024) for kb in (1, 4, 16, 64, 256)]
    assert all(more <= 4 * less + 50 for less, more in pairwise(counts))
    assert counts[-1] <= 20 * rules.MOST_SEGMENTS
