"""Recordings are cut into segments at key frames, and wait on disk until the cloud has them."""

from __future__ import annotations

import errno
import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from sowa_agent import spool as spools
from sowa_agent.names import sizes_of, stamp
from sowa_agent.packets import Init, Piece
from sowa_agent.recording import Cutter, Recorder
from sowa_agent.ring import Ring
from sowa_agent.spool import Spool
from tests.agent.fakes import INIT, NOON_S, piece


@pytest.fixture
def spool(tmp_path: Path) -> Spool:
    spool = Spool(tmp_path / "spool", least_free_bytes=0)
    spool.prepare()
    return spool


def _cut(spool: Spool, pieces: Iterable[Piece], *, cut: bool = True) -> list[tuple[float, int]]:
    """Seconds after noon, and milliseconds, of each segment."""
    cutter = Cutter(spool, "0")
    for each in pieces:
        cutter.add(each)
    if cut:
        cutter.cut()
    return _segments(spool)


def _segments(spool: Spool) -> list[tuple[float, int]]:
    names = [waiting.path.name.split("-") for waiting in spool.waiting()]
    starts = {stamp(NOON_S + at / 20): at / 20 for at in range(-2_000, 20_000)}
    return [(starts[name[0]], int(name[1])) for name in names]


def test_the_first_segment_is_closed_soon_and_the_others_after_a_minute_at_key_frames(spool: Spool) -> None:
    pieces = [piece(number) for number in range(300)]
    assert _cut(spool, pieces, cut=False) == [(0, 12_000), (12, 58_000), (70, 58_000)]
    content = b"".join(waiting.path.read_bytes() for waiting in spool.waiting())
    assert content == b"".join(each.content for each in pieces[:256])


def test_where_key_frames_are_rare_a_segment_still_is_not_too_long(spool: Spool) -> None:
    assert _cut(spool, [piece(number, key_every=1000) for number in range(300)]) == [
        (0, 14_000), (14, 60_000), (74, 60_000), (134, 16_000),
    ]  # fmt: skip


def test_with_a_key_frame_in_ten_seconds_the_first_has_one_and_the_others_five(spool: Spool) -> None:
    segments = _cut(spool, [piece(number, key_every=20) for number in range(300)])
    assert [length for _, length in segments] == [10_000, 50_000, 50_000, 40_000]


def test_a_name_says_where_each_fragment_begins_that_a_player_loads(spool: Spool) -> None:
    _cut(spool, [piece(number, key_every=2) for number in range(20)])
    (waiting,) = spool.waiting()
    assert re.fullmatch(r"20261101T120000\.000Z-10000(-|\.[0-9a-z]+|[0-9a-z]+)*\.m4s", waiting.path.name)
    assert sizes_of(waiting.path.name) == [400] * 5
    assert waiting.is_whole and waiting.init.read_bytes() == INIT.content and waiting.init_name == "init-a.mp4"


def test_what_comes_uneven_goes_on_where_the_last_segment_ended(spool: Spool) -> None:
    pieces = [piece(number, shift_s=0.3 if number >= 24 else 0.0) for number in range(60)]
    assert _cut(spool, pieces) == [(0, 12_000), (12.05, 18_000)]


@pytest.mark.parametrize("shift_s", [5.0, -1.0, 86_400.0])
def test_a_gap_and_a_clock_that_is_set_begin_a_new_segment(spool: Spool, shift_s: float) -> None:
    pieces = [piece(number, shift_s=shift_s if number >= 10 else 0.0) for number in range(20)]
    cutter = Cutter(spool, "0")
    for each in pieces:
        cutter.add(each)
    cutter.cut()
    lengths = sorted(int(waiting.path.name.split("-")[1]) for waiting in spool.waiting())
    assert lengths == [4_000, 5_000]  # what is left of the group of pictures is of no use


def test_another_init_begins_a_new_segment_in_a_folder_of_its_own(spool: Spool) -> None:
    other = replace(INIT, name="init-b.mp4")
    _cut(spool, [piece(number, init=INIT if number < 8 else other) for number in range(16)])
    assert [waiting.init_name for waiting in spool.waiting()] == ["init-a.mp4", "init-b.mp4"]


def test_what_is_shorter_than_a_second_is_not_kept(spool: Spool) -> None:
    assert _cut(spool, [piece(0)]) == []
    assert list(spool.folder.glob("*/*/*.part")) == []


# Events


def _recorder(spool: Spool, kind: str, **plan: Any) -> tuple[Recorder, Ring]:
    ring = Ring()
    return Recorder(spool, "0", ring, {"kind": kind, "keep_days": 3, **plan}), ring


def _film(recorder: Recorder, ring: Ring, numbers: Iterable[int], moves_at: dict[int, float]) -> None:
    for number in numbers:
        each = piece(number)
        if number in moves_at:
            recorder.moved(NOON_S + moves_at[number])
        ring.add(each)
        recorder.see(each)


def test_an_event_is_recorded_with_what_was_before_it(spool: Spool) -> None:
    recorder, ring = _recorder(spool, "event", event_ms_left=7_200_000)
    _film(recorder, ring, range(120), {40: 20.2})
    assert _segments(spool) == [(14, 20_000)]
    assert recorder.plan is not None and recorder.plan["event_ms_left"] == 7_200_000 - 20_000


def test_an_event_goes_on_while_something_moves(spool: Spool) -> None:
    recorder, ring = _recorder(spool, "event", event_ms_left=7_200_000)
    _film(recorder, ring, range(160), {40: 20.2, 60: 30.2, 66: 33.0})
    assert _segments(spool) == [(14, 20_000), (34, 20_000)]


@pytest.mark.parametrize(("before", "after"), [("event", "continuous"), ("continuous", "event")])
def test_another_plan_in_the_middle_of_a_segment_ends_it(spool: Spool, before: str, after: str) -> None:
    recorder, ring = _recorder(spool, before, event_ms_left=7_200_000)
    _film(recorder, ring, range(18), {10: 5.2})
    recorder.plan = {"kind": after, "keep_days": 3, "event_ms_left": 7_200_000}
    _film(recorder, ring, range(18, 60), {30: 15.2})
    recorder.rest()
    segments = _segments(spool)
    assert segments[0] == (0, 9_000) and len(segments) > 1
    assert all(waiting.is_whole for waiting in spool.waiting())


def test_an_event_between_rare_key_frames_shows_what_comes_after_the_movement(spool: Spool) -> None:
    recorder, ring = _recorder(spool, "event", event_ms_left=7_200_000)
    for number in range(120):
        each = piece(number, key_every=30)
        if number == 50:
            recorder.moved(NOON_S + 25.2)
        ring.add(each)
        recorder.see(each)
    assert _segments(spool) == [(15, 15_000), (30, 5_000)]


def test_without_a_plan_and_with_a_quota_that_is_spent_nothing_is_recorded(spool: Spool) -> None:
    for plan in (None, {"kind": "event", "event_ms_left": 0}):
        recorder, ring = _recorder(spool, "continuous")
        recorder.plan = plan
        _film(recorder, ring, range(40), {10: 5.0})
        assert _segments(spool) == []


# The spool


def _fill(spool: Spool, count: int, init: Init = INIT) -> None:
    for number in range(count):
        segment = spool.begin("0", init)
        segment.append(piece(number * 4))
        segment.append(piece(number * 4 + 1))
        segment.close(NOON_S + 2 * number, 2_000)


def test_what_an_earlier_run_left_is_sent_and_what_it_had_not_finished_is_not(spool: Spool) -> None:
    _fill(spool, 2)
    open_segment = spool.begin("0", replace(INIT, name="init-b.mp4"))
    open_segment.append(piece(9))
    again = Spool(spool.folder, least_free_bytes=0)
    again.prepare()
    assert len(again.waiting()) == 2 and not list(spool.folder.glob("*/init-b*"))


def test_beyond_its_bound_the_oldest_go_first_with_their_init(spool: Spool) -> None:
    spool.most_bytes = 500
    _fill(spool, 1, replace(INIT, name="init-old.mp4"))
    _fill(spool, 5)
    names = [waiting.path.name for waiting in spool.waiting()]
    assert spool.dropped == 3 and len(names) == 3
    assert names[-1].startswith(stamp(NOON_S + 8))
    assert [path.name for path in (spool.folder / "0").iterdir()] == ["init-a"]


def test_room_is_left_for_the_host(spool: Spool, monkeypatch: pytest.MonkeyPatch) -> None:
    _fill(spool, 3)

    @dataclass
    class Usage:
        free: int

    monkeypatch.setattr(spools.shutil, "disk_usage", lambda folder: Usage(100))
    spool.least_free_bytes = 200
    spool.begin("0", INIT).discard()
    assert spool.waiting() == [] and spool.dropped == 3


class _FullDisk:
    """Takes so many bytes more, and then a part of what is written."""

    def __init__(self, file: Any, room: list[int]) -> None:
        self._file, self._room = file, room

    def write(self, content: bytes) -> int:
        if not self._room[0]:
            raise OSError(errno.ENOSPC, "No space left on device")
        taken = content[: self._room[0]]
        self._room[0] -= len(taken)
        return int(self._file.write(taken))

    def __getattr__(self, name: str) -> Any:
        return getattr(self._file, name)


def test_on_a_full_disk_the_oldest_makes_room_and_what_is_written_is_whole(spool: Spool) -> None:
    _fill(spool, 2)
    room = [150]
    segment = spool.begin("0", INIT)
    segment.file = _FullDisk(segment.file, room)  # type: ignore[assignment]
    segment.append(piece(100))
    freed = spool.drop

    def drop(waiting: Any) -> None:
        freed(waiting)
        room[0] += 200

    spool.drop = drop  # type: ignore[method-assign]
    segment.append(piece(101))
    segment.close(NOON_S + 50, 1_000)
    *_, last = spool.waiting()
    assert spool.dropped == 1 and last.is_whole
    assert last.path.read_bytes() == piece(100).content + piece(101).content


def test_where_nothing_can_be_written_it_says_so_once_and_goes_on_when_it_can(
    spool: Spool, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    recorder, ring = _recorder(spool, "continuous")

    def full(*_: Any) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(spool, "begin", full)
        _film(recorder, ring, range(10), {})
    assert caplog.text.count("No space left on device") == 1
    _film(recorder, ring, range(10, 40), {})
    recorder.rest()
    assert _segments(spool) == [(6, 12_000), (18, 2_000)]


@pytest.mark.parametrize("room_bytes", [1_000, 1_050])
def test_what_is_open_when_the_disk_is_full_ends_there_and_is_kept(spool: Spool, room_bytes: int) -> None:
    cutter, room = Cutter(spool, "0"), [room_bytes]
    for number in range(30):
        try:
            cutter.add(piece(number))
            if number == 0:
                assert cutter._open is not None
                cutter._open.file = _FullDisk(cutter._open.file, room)  # type: ignore[assignment]
        except OSError:
            assert number == 11
    cutter.cut()
    assert _segments(spool) == [(0, 5_500), (6, 9_000)]
    assert all(waiting.is_whole for waiting in spool.waiting())


def test_what_a_power_cut_left_half_written_is_not_sent(spool: Spool) -> None:
    _fill(spool, 1)
    (waiting,) = spool.waiting()
    waiting.path.write_bytes(b"")
    assert not waiting.is_whole
