"""Segments become runs and spans, each with the init that it needs."""

from __future__ import annotations

import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

from hypothesis import given
from hypothesis import strategies as some

from chalicelib.recordings.rules.runs import runs_of, spans_of
from chalicelib.recordings.rules.segments import Init, Segment, with_inits, without_doubles

NOON = datetime(2026, 1, 5, 12, tzinfo=UTC)
S = timedelta(seconds=1)
A, B = (Init(f"recordings/7/20260105/d/1-1200aaaaaaaaaa/1/init-{name}.mp4", NOON) for name in "ab")


def filmed(at_s: float, seconds: float = 60, *, init: Init | None = A, **other: Any) -> Segment:
    start = NOON + at_s * S
    arrived = (start + seconds * S).replace(microsecond=0)
    key = f"recordings/7/20260105/d/1-1200aaaaaaaaaa/1/{start:%Y%m%dT%H%M%S.%f}.m4s"
    one = Segment(key, "1", 7, start, round(seconds * 1000), 1000, arrived, init=init)
    return replace(one, **other)


def starts(runs: list[Any]) -> list[list[float]]:
    return [[(one.start - NOON) / S for one in run.segments] for run in runs]


def test_what_follows_within_a_second_is_one_run() -> None:
    runs = runs_of([filmed(121), filmed(0), filmed(60.9), filmed(182.1)])
    assert starts(runs) == [[0, 60.9, 121], [182.1]]
    assert runs[0].size_bytes == 3000 and runs[0].until == filmed(121).until


def test_another_init_begins_another_and_so_does_another_container() -> None:
    assert starts(runs_of([filmed(0), filmed(60, init=B)])) == [[0], [60]]
    stream = filmed(120, init=None, is_transport_stream=True)
    assert starts(runs_of([filmed(0), filmed(60), stream])) == [[0, 60], [120]]


def test_the_same_name_on_another_ticket_goes_on() -> None:
    again = Init("recordings/7/20260105/d/1-1300aaaaaaaaaa/1/init-a.mp4", NOON)
    assert starts(runs_of([filmed(0), filmed(60, init=again)])) == [[0, 60]]


def test_the_same_name_of_other_bytes_begins_another() -> None:
    again = Init("recordings/7/20260105/d/1-1300aaaaaaaaaa/1/init-a.mp4", NOON, "700 other")
    assert starts(runs_of([filmed(0), filmed(60, init=again)])) == [[0], [60]]


def test_two_that_were_filmed_at_the_same_time_stay_two() -> None:
    """A clock that was set back by ten minutes and ten seconds."""
    before, after = [filmed(60 * n) for n in range(4)], [filmed(10 + 60 * n) for n in range(3)]
    assert starts(runs_of([*before, *after])) == [[0, 60, 120, 180], [10, 70, 130]]


@given(some.lists(some.tuples(some.integers(0, 80), some.integers(1, 20), some.sampled_from([A, B])), max_size=30))
def test_each_goes_on_the_run_whose_end_is_nearest(said: list[tuple[int, int, Init]]) -> None:
    segments = [filmed(at / 4, long / 4, init=init, object_key=f"{nth}") for nth, (at, long, init) in enumerate(said)]
    expected: list[list[Segment]] = []
    for one in sorted(segments, key=lambda segment: (segment.start, segment.arrived, segment.object_key)):
        near = [run for run in expected if run[-1].init == one.init and abs(one.start - run[-1].end) <= S]
        if near:
            min(near, key=lambda run: abs(one.start - run[-1].end)).append(one)
        else:
            expected.append([one])
    assert [list(run.segments) for run in runs_of(segments)] == expected


def test_thousands_that_were_filmed_at_the_same_time_take_no_longer() -> None:
    """What a clock that nobody believes is said to have filmed as it arrived: two days, brought at once."""
    begun = time.process_time()
    assert len(runs_of([filmed(0, object_key=f"{nth}", size_bytes=nth) for nth in range(20_000)])) == 20_000
    assert time.process_time() - begun < 5


@given(some.lists(some.tuples(some.integers(0, 2_000), some.integers(1, 60)), max_size=40))
def test_spans_cover_what_was_filmed_and_nothing_else(pairs: list[tuple[int, int]]) -> None:
    spans = spans_of([filmed(at, seconds) for at, seconds in pairs], NOON + 100 * S, NOON + 1_500 * S)
    inside = {n for at, seconds in pairs for n in range(max(at, 100), min(at + seconds, 1_500))}
    shown = {n for begin, end in spans for n in range(round((begin - NOON) / S), round((end - NOON) / S))}
    # A gap of a second is none.
    assert inside <= shown <= inside | {n for n in shown if {n - 1, n + 1} <= inside}
    assert all(after[0] - before[1] > S for before, after in pairwise(spans))


@given(some.permutations([filmed(0), filmed(60), filmed(130), filmed(200, 30), filmed(231, init=B), filmed(90)]))
def test_the_order_of_arrival_changes_nothing(segments: list[Segment]) -> None:
    assert runs_of(segments) == runs_of(sorted(segments, key=lambda one: one.start))


def test_what_was_uploaded_twice_counts_once() -> None:
    again = filmed(0).object_key.replace("1-1200aaaaaaaaaa", "1-1205bbbbbbbbbb")
    twice = replace(filmed(0), object_key=again, arrived=NOON + 90 * S)
    other = replace(twice, size_bytes=999)
    assert without_doubles([twice, filmed(0)]) == [filmed(0)]
    assert len(without_doubles([other, filmed(0)])) == 2


# Inits


def brought(name: str, at_s: float, ticket: str = "1-1200aaaaaaaaaa") -> Init:
    return Init(f"recordings/7/20260105/d/{ticket}/1/init-{name}.mp4", NOON + at_s * S)


def inits_of(segments: list[Segment], *inits: Init) -> list[str | None]:
    paired = sorted(with_inits(segments, inits), key=lambda one: one.start)
    return [None if one.init is None else one.init.name[5] for one in paired]


def test_a_segment_belongs_to_the_last_init_that_came_before_it() -> None:
    segments = [filmed(0), filmed(60), filmed(200), filmed(260)]
    assert inits_of(segments, brought("a", 0), brought("b", 200)) == ["a", "a", "b", "b"]


def test_one_that_comes_before_its_own_has_the_first_of_its_ticket() -> None:
    assert inits_of([filmed(0)], brought("a", 61)) == ["a"]


def test_of_those_of_the_same_second_the_run_tells() -> None:
    """The last one of before and the new init are reported in the same second."""
    segments = [filmed(0), filmed(60), filmed(125)]
    assert inits_of(segments, brought("a", 0), brought("b", 120)) == ["a", "a", "b"]


def test_a_camera_that_brings_an_init_with_its_first_segment_may_go_on_without_a_gap() -> None:
    segments = [filmed(0), filmed(60), filmed(120)]
    assert inits_of(segments, brought("a", 60), brought("b", 180)) == ["a", "a", "b"]


def test_one_that_was_sent_again_belongs_where_it_was_filmed() -> None:
    late = replace(filmed(60), arrived=NOON + 400 * S)
    assert inits_of([filmed(0), late, filmed(120), filmed(300)], brought("a", 0), brought("b", 300)) == [*"aaab"]
    assert inits_of([filmed(0), late, filmed(300)], brought("a", 0), brought("b", 300)) == [*"aab"]


def test_the_first_of_a_new_init_that_goes_on_without_a_gap_keeps_it() -> None:
    assert inits_of([filmed(0), filmed(60)], brought("a", 0), brought("b", 60)) == ["a", "b"]


def test_where_a_ticket_has_none_the_last_of_an_earlier_one_is_taken() -> None:
    other = replace(filmed(60), object_key=filmed(60).object_key.replace("1-1200", "1-1300"))
    assert inits_of([filmed(0), other], brought("a", 0)) == ["a", "a"]
    assert inits_of([filmed(0), other], brought("a", 0), brought("b", 130)) == ["a", "a"]
    assert inits_of([filmed(0)]) == [None]


def test_a_transport_stream_needs_none() -> None:
    stream = filmed(0, is_transport_stream=True)
    (paired,) = with_inits([stream], [brought("a", 0)])
    assert paired.init is None and paired.is_playable
