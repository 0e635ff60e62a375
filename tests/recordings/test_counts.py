"""Counts by quarters of an hour, and marks of what was deleted, beside plain models."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as some

from chalicelib.recordings.rules import quarters
from chalicelib.recordings.rules.deletions import MOST_BYTES, Deleted, Mark, marks_of, texts_of, with_mark
from chalicelib.recordings.rules.quarters import Quarters
from chalicelib.recordings.rules.segments import Segment

DAY = datetime(2026, 1, 5, tzinfo=UTC)
DAY_MS = int(DAY.timestamp() * 1000)
NOW_S = int(DAY.timestamp()) + 86_400


def filmed(at_ms: int, ms: int, *, channel: str = "1", size: int = 1000) -> Segment:
    start = DAY + timedelta(milliseconds=at_ms)
    return Segment(f"{channel}-{at_ms}", channel, 7, start, ms, size, start + timedelta(milliseconds=ms))


@given(some.lists(some.tuples(some.integers(0, 86_399_999), some.integers(1_000, 60_000)), max_size=60))
def test_each_millisecond_lies_in_its_quarter_and_each_byte_where_its_object_begins(
    pairs: list[tuple[int, int]],
) -> None:
    counted = Quarters().with_all(filmed(at, ms) for at, ms in pairs)
    ms, size_bytes = [0] * 96, [0] * 96
    for at, length in pairs:
        size_bytes[at // 900_000] += 1000
        while length:
            nth = min(95, at // 900_000)
            share = length if nth == 95 else min(length, (nth + 1) * 900_000 - at)
            ms[nth], at, length = ms[nth] + share, at + share, length - share
    assert (list(counted.ms), list(counted.size_bytes)) == (ms, size_bytes)
    assert Quarters.of(counted.blob) == counted


def test_a_whole_day_of_minutes_fits_a_write_unit() -> None:
    sizes = [7_400_000 + (n * 7919) % 150_000 for n in range(1440)]
    counted = Quarters().with_all(filmed(n * 60_000, 60_000, size=sizes[n]) for n in range(1440))
    assert counted.total_ms == 86_400_000 and counted.total_bytes == sum(sizes)
    assert len(counted.blob) < 500


def test_counted_anew_minutes_never_get_fewer_and_bytes_are_as_listed() -> None:
    before = Quarters().with_all([filmed(0, 60_000), filmed(60_000, 60_000)])
    after = before.counted_anew(Quarters().with_all([filmed(60_000, 60_000)]))
    assert (after.total_ms, after.total_bytes) == (120_000, 1000)
    assert before.holds(after) is True and after.holds(before) is False


def test_days_and_quarters_are_those_of_utc() -> None:
    assert quarters.day_of(DAY - timedelta(milliseconds=1)) == "20260104"
    assert [quarters.nth_of(DAY + n * timedelta(minutes=15)) for n in (0, 1, 95)] == [0, 1, 95]
    assert quarters.begin_of("20260105", 95) == DAY + timedelta(hours=23, minutes=45)


# Marks


@given(
    some.lists(some.tuples(some.sampled_from("12*"), some.integers(0, 50), some.integers(1, 20)), max_size=12),
    some.sampled_from("12"),
    some.integers(0, 70),
)
def test_marks_that_are_merged_cover_what_each_of_them_did(
    spans: list[tuple[str, int, int]], channel: str, at: int
) -> None:
    marks: list[Mark] = []
    base = int(DAY.timestamp() * 1000)
    for where, begin, length in spans:
        marks = with_mark(marks, Mark(where, base + begin * 1000, base + (begin + length) * 1000, NOW_S))
    one = filmed(at * 1000, 1000, channel=channel)
    plain = any(where in ("*", channel) and begin < at + 1 and at < begin + length for where, begin, length in spans)
    assert Deleted(marks).has(one) is plain
    assert marks_of(texts_of(marks)) == marks


def test_marks_of_several_channels_are_read_as_they_were_stored_whenever_each_was_made() -> None:
    at_ms = NOW_S * 1000
    marks = [
        Mark("*", 0, 7, NOW_S), Mark("*", at_ms - 5000, at_ms, NOW_S - 900), Mark("-", 3, 3, 0), Mark("a-b", 1, 2, 8),
    ]  # fmt: skip
    texts = texts_of(marks)
    assert len(texts) == 3 and marks_of(texts) == marks
    assert texts_of([]) == set() and marks_of(None) == []


def test_thousands_of_ranges_that_do_not_touch_fit_and_no_other_moment_is_marked() -> None:
    dice, base, marks = random.Random(0), NOW_S * 1000 - 30 * 86_400_000, list[Mark]()  # noqa: S311  # repeatable
    spans = [(dice.choice("12*"), base + nth * 400_000 + dice.randint(0, 99_999)) for nth in range(5_000)]
    dice.shuffle(spans)
    for at, (channel, begin) in enumerate(spans):
        new = Mark(channel, begin, begin + dice.randint(1_000, 290_000), NOW_S - 5_000 + at)
        marks = with_mark(marks, new) if at % 100 == 0 else [*marks, new]
    marks = with_mark(marks, marks[-1])
    texts = texts_of(marks)
    assert marks_of(texts) == marks and len(marks) == 5_000
    assert sum(map(len, texts)) < MOST_BYTES / 4
    # What was filmed between two of them stays; the last millisecond of each goes.
    deleted = Deleted(marks)
    for before, after in pairwise(sorted(marks, key=lambda mark: mark.from_ms)):
        between = filmed(before.to_ms - DAY_MS, after.from_ms - before.to_ms, channel=before.channel)
        assert not deleted.has(between)
        assert deleted.has(filmed(before.to_ms - 1 - DAY_MS, 1000, channel=before.channel.replace("*", "7")))


def test_a_hundred_marks_take_half_of_what_a_read_unit_reads() -> None:
    begins = [NOW_S * 1000 - nth * 600_000 for nth in range(100)]
    assert sum(map(len, texts_of(Mark("1", begin, begin + 61_000, NOW_S) for begin in begins))) < 2_000


def test_a_mark_is_forgotten_when_nothing_of_it_can_come_any_more() -> None:
    old, gone = Mark("1", 0, (NOW_S - 59 * 86_400) * 1000, 0), Mark("1", 0, (NOW_S - 61 * 86_400) * 1000, 0)
    new = Mark("2", NOW_S * 1000 - 1, NOW_S * 1000, NOW_S)
    assert with_mark([old], new) == [old, new]
    assert with_mark([gone], new) == [new]


@pytest.mark.parametrize(
    ("begin", "end", "is_covered"), [(0, 60, True), (60, 61, False), (59, 90, True), (30, 31, True)]
)
def test_a_mark_takes_every_object_of_which_it_covers_anything(begin: int, end: int, is_covered: bool) -> None:
    base = int(DAY.timestamp() * 1000)
    mark = Mark("1", base + begin * 1000, base + end * 1000, NOW_S)
    assert Deleted([mark]).has(filmed(0, 60_000)) is is_covered
