"""Time stamps of cameras and RTSP servers are mended before they are muxed."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sowa_agent.mending import MOST_ALIKE, Mender
from sowa_agent.packets import Frame, Packet
from tests.agent.footage import film

TICK = 9_000
PLAIN = film(60)
REORDERED = film(60, b_frames=2)


def _mended(packets: Iterable[Packet], *, reorders: bool = False) -> list[Frame]:
    mender = Mender(TICK, reorders)
    return [frame for packet in packets for frame in mender.mend(packet)]


def _stamps(frames: Iterable[Frame | Packet]) -> list[tuple[int | None, int | None]]:
    return [(one.pts, one.dts) for one in frames]


@pytest.mark.parametrize(("packets", "reorders"), [(PLAIN, False), (REORDERED, True)])
def test_right_stamps_stay_as_they_are(packets: tuple[Packet, ...], reorders: bool) -> None:
    frames = _mended(packets, reorders=reorders)
    assert _stamps(frames) == _stamps(packets)
    assert [frame.begins_anew for frame in frames] == [True] + [False] * 59


def test_the_key_frame_that_comes_without_stamps_gets_those_before_the_next() -> None:
    first = replace(PLAIN[0], pts=None, dts=None)
    assert _stamps(_mended([first, *PLAIN[1:]])) == _stamps(PLAIN)


def test_with_b_frames_the_first_three_without_dts_get_theirs_back() -> None:
    first, *others = REORDERED
    missing = [replace(first, pts=None, dts=None), *(replace(one, dts=None) for one in others[:2]), *others[2:]]
    assert _stamps(_mended(missing, reorders=True)) == _stamps(REORDERED)


def test_nothing_passes_before_the_first_key_frame_and_nothing_that_is_empty() -> None:
    empty = replace(PLAIN[20], data=b"", pts=None, dts=None)
    frames = _mended([*PLAIN[5:21], empty, *PLAIN[21:]])
    assert _stamps(frames) == _stamps(PLAIN[20:])


def test_a_missing_stamp_in_the_middle_follows_the_last() -> None:
    gone = replace(PLAIN[7], pts=None, dts=None)
    assert _stamps(_mended([*PLAIN[:7], gone, *PLAIN[8:]])) == _stamps(PLAIN)


def test_a_stamp_that_is_repeated_or_steps_back_a_little_still_grows() -> None:
    back = replace(PLAIN[7], pts=PLAIN[5].pts, dts=PLAIN[5].dts)
    frames = _mended([*PLAIN[:7], back, *PLAIN[8:]])
    assert frames[7].dts == frames[6].dts + 1 and frames[7].pts == frames[7].dts
    assert not any(frame.begins_anew for frame in frames[1:])


@pytest.mark.parametrize("jump", [-(2**32), -60_000, 181_000, 2**33])
def test_a_jump_begins_anew_at_the_next_key_frame(jump: int) -> None:
    after = [replace(one, pts=(one.pts or 0) + jump, dts=(one.dts or 0) + jump) for one in PLAIN[30:]]
    frames = _mended([*PLAIN[:30], *after])
    assert len(frames) == 50  # ten before the key frame are lost
    assert [at for at, frame in enumerate(frames) if frame.begins_anew] == [0, 30]
    assert frames[30].is_key and frames[30].pts == (PLAIN[40].pts or 0) + jump


def test_a_server_that_stamps_all_frames_alike_is_stamped_by_arrival() -> None:
    frames = _mended(replace(one, pts=77, dts=77) for one in PLAIN)
    begun = max(at for at, frame in enumerate(frames) if frame.begins_anew)
    assert begun <= MOST_ALIKE + 1
    steps = {after.dts - before.dts for before, after in pairwise(frames[begun:])}
    assert steps <= {TICK - 1, TICK, TICK + 1}


_STAMP = st.one_of(st.none(), st.integers(-(2**34), 2**34), st.integers(0, 50).map(lambda n: n * TICK))


@settings(suppress_health_check=[HealthCheck.too_slow])  # a busy machine is slow
@given(st.lists(st.tuples(_STAMP, _STAMP, st.booleans(), st.booleans()), max_size=40), st.booleans())
def test_whatever_comes_dts_grows_until_it_begins_anew(stamps: list[tuple[object, ...]], reorders: bool) -> None:
    packets = [
        Packet(b"x" if full else b"", pts, dts, at / 10, is_key)  # type: ignore[arg-type]
        for at, (pts, dts, is_key, full) in enumerate(stamps)
    ]
    frames = _mended(packets, reorders=reorders)
    assert all(frame.pts >= frame.dts for frame in frames)
    assert all(after.begins_anew or after.dts > before.dts for before, after in pairwise(frames))
    assert all(frame.is_key for frame in frames if frame.begins_anew)
