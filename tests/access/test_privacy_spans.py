"""The intervals of privacy mode that a device remembers say what a plain list of all of them would say."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as some

from chalicelib.access import actions, rules
from chalicelib.access.records import Device
from chalicelib.access.rules import MOST_SPANS, SPANS_KEPT, Span
from chalicelib.devices.actions import owning
from chalicelib.store.commit import change, commit
from chalicelib.store.records import read
from chalicelib.store.retrying import StaleRead
from tests.conftest import Home
from tests.scene import jpeg, rows

KEPT_MS = int(SPANS_KEPT.total_seconds() * 1000)
NOW_MS = 10 * KEPT_MS

# Few enough for them to touch, overlap and repeat.
moments = some.integers(0, 60)
lists = some.lists(some.tuples(moments, moments), max_size=12)


def noted(ended: list[Span], now_ms: int) -> list[Span]:
    """One after the other, as they end."""
    spans: list[Span] = []
    for one in ended:
        spans = rules.with_span(spans, one, now_ms)
    return spans


def was_private(ended: list[Span], begin: float, end: float) -> bool:
    return rules.was_private_between(begin, end, ended)


@given(ended=lists, begin=moments, length=moments, end=moments)
def test_what_is_kept_says_what_all_would_say(ended: list[Span], begin: int, length: int, end: int) -> None:
    ended = [(min(one), max(one)) for one in ended]
    spans = noted(ended, 60)
    for first, last in ((begin, begin + length), (min(begin, end), max(begin, end)), (begin, begin)):
        assert was_private(spans, first, last) == was_private(ended, first, last)
        # And what a plain list says is what is true of each moment.
        said = any(since <= at < until for since, until in ended for at in range(first, last + 1))
        is_over_at_once = any(since == until and first < since <= last for since, until in ended)
        assert was_private(ended, first, last) == (said or is_over_at_once)
    assert spans == sorted(spans)
    assert all(before[1] < after[0] for before, after in pairwise(spans))
    assert [rules.read_span(rules.written_span(one)) for one in spans] == spans


@given(gaps=some.lists(some.integers(1, 50), min_size=MOST_SPANS, max_size=MOST_SPANS + 20))
def test_of_too_many_the_nearest_are_merged_and_none_is_forgotten(gaps: list[int]) -> None:
    ended, at = [], 0
    for gap in gaps:
        ended.append((at + gap, at + gap + 3))
        at += gap + 3
    spans = rules.with_span(ended[:-1], ended[-1], at)
    assert len(spans) == MOST_SPANS
    assert all(any(since <= one[0] and one[1] <= until for since, until in spans) for one in ended)
    smallest = sorted(after[0] - before[1] for before, after in pairwise(ended))[: len(ended) - MOST_SPANS]
    assert sum(until - since for since, until in spans) == 3 * len(ended) + sum(smallest)


def test_the_two_with_the_least_time_between_them_become_one() -> None:
    ended = [(number * 100, number * 100 + 10) for number in range(MOST_SPANS)]
    ended[7] = (650, 710)
    assert noted(ended, 0) == ended
    spans = noted([*ended, (MOST_SPANS * 100, MOST_SPANS * 100 + 10)], 0)
    assert len(spans) == MOST_SPANS
    assert spans[6] == (600, 710)


def test_what_is_over_for_more_than_a_month_is_forgotten() -> None:
    kept, forgotten = (0, NOW_MS - KEPT_MS + 1), (0, NOW_MS - KEPT_MS)
    assert rules.with_span([], kept, NOW_MS) == [kept]
    assert rules.with_span([], forgotten, NOW_MS) == []
    assert rules.with_span([forgotten], (NOW_MS - 1, NOW_MS), NOW_MS) == [(NOW_MS - 1, NOW_MS)]


def test_a_clock_that_is_behind_makes_no_interval_that_ends_before_it_begins() -> None:
    assert rules.with_span([], (500, 400), 500) == [(500, 500)]


# The device


def switch(home: Home, on: bool, seconds: float = 5) -> None:
    assert home.owner.set_privacy(home.camera.device_id, on=on).json["privacy_mode"] is on
    home.world.clock.move_to(home.world.now().timestamp() + seconds)


def spans_of(home: Home) -> list[str]:
    return sorted(rows(home.world, "device/device")[0].get("private_spans", []))


def test_a_device_remembers_each_interval_that_has_ended(home: Home) -> None:
    began = int(home.world.now().timestamp() * 1000)
    for on in (True, False, True, False, True):
        switch(home, on)
    assert spans_of(home) == [f"{began} {began + 5000}", f"{began + 10_000} {began + 15_000}"]


def test_what_arrived_in_an_earlier_interval_is_dropped_however_late_it_is_looked_at(home: Home) -> None:
    ticket, before = home.camera.ask_ticket().json, len(home.owner.alarms(home.camera.device_id))
    name = f"1/{home.world.now():%Y%m%dT%H%M%SZ}-motion-000009.jpg"
    switch(home, on=True)
    assert home.world.upload(ticket, name, jpeg(9)).status == 204
    home.world.clock.move_to(home.world.now().timestamp() + 5)
    for on in (False, True, False):
        switch(home, on)
    home.world.settle()
    assert len(home.owner.alarms(home.camera.device_id)) == before
    assert not [one for objects in home.world.dump()["buckets"].values() for one in objects if name in one["key"]]


def test_what_arrived_between_two_intervals_is_kept(home: Home) -> None:
    ticket, before = home.camera.ask_ticket().json, len(home.owner.alarms(home.camera.device_id))
    for on in (True, False):
        switch(home, on)
    name = f"1/{home.world.now():%Y%m%dT%H%M%SZ}-motion-000009.jpg"
    assert home.world.upload(ticket, name, jpeg(9)).status == 204
    home.world.clock.move_to(home.world.now().timestamp() + 5)
    for on in (True, False):
        switch(home, on)
    home.world.settle()
    assert len(home.owner.alarms(home.camera.device_id)) == before + 1


def test_an_interval_that_a_device_had_before_there_were_spans_is_not_lost(home: Home) -> None:
    began = int(home.world.now().timestamp() * 1000)
    for on in (True, False):
        switch(home, on)
    with home.world.aws.outside():
        (device,) = read(Device.key(home.camera.device_id))
        assert device is not None
        commit(change(device, private_spans=None))
    assert spans_of(home) == []
    switch(home, on=True)
    assert spans_of(home) == [f"{began} {began + 5000}"]


def test_of_two_switches_at_once_neither_loses_an_interval(home: Home) -> None:
    switch(home, on=True)
    with home.world.aws.outside():
        (read_before,) = read(Device.key(home.camera.device_id))
    assert read_before is not None
    for on in (False, True):
        switch(home, on)
    with home.world.aws.outside(), pytest.raises(StaleRead):
        commit(actions.switch_privacy_mode(read_before, on=False))
    (before,) = spans_of(home)
    switch(home, on=False)
    assert before in spans_of(home) and len(spans_of(home)) == 2


def test_who_is_overtaken_reads_again_and_switches_all_the_same(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    switch(home, on=True)
    right, overtaken = owning.presenting.present, []

    def overtake(granted: list[object]) -> object:
        found = right(granted)  # type: ignore[arg-type]
        if not overtaken:
            overtaken.append(True)
            for on in (False, True):
                switch(home, on)
        return found

    monkeypatch.setattr(owning.presenting, "present", overtake)
    switch(home, on=False)
    assert overtaken and len(spans_of(home)) == 2
