"""Packets become pieces of fragmented MP4 without transcoding, each with the time at which it was filmed."""

from __future__ import annotations

import io
from collections.abc import Iterable
from dataclasses import replace
from itertools import count, pairwise
from typing import Any

import av
import pytest

from sowa_agent.clocks import Clock
from sowa_agent.packets import TICKS_PER_SECOND, Codec, Packet, Piece
from sowa_agent.remuxing import Remuxer
from tests.agent.footage import film, speech

NOON_S = 1_793_534_400.0


def _clock(ahead_s: float = 0.0) -> Clock:
    """The monotonic clock says 0 at noon."""
    return Clock(host_s=lambda: NOON_S + ahead_s, monotonic=lambda: 0.0)


def _remuxer(codec: Codec = "h264", **more: Any) -> Remuxer:
    return Remuxer(codec, 9_000, _clock(), count().__next__, **more)


def _pieces(packets: Iterable[Packet], remuxer: Remuxer | None = None) -> list[Piece]:
    remuxer = remuxer or _remuxer()
    return [piece for packet in packets for piece in remuxer.add(packet)] + remuxer.end()


def _decoded(pieces: list[Piece]) -> list[Any]:
    (init,) = {piece.init for piece in pieces}
    with av.open(io.BytesIO(init.content + b"".join(piece.content for piece in pieces))) as played:
        return list(played.decode(video=0))


def _ends_and_starts(pieces: list[Piece]) -> list[tuple[float, float]]:
    return [(round(one.end_s - NOON_S, 3), round(two.start_s - NOON_S, 3)) for one, two in pairwise(pieces)]


@pytest.mark.parametrize("codec", ["h264", "hevc"])
@pytest.mark.parametrize("b_frames", [0, 2])
def test_all_frames_come_out_in_pieces_of_half_a_second_that_go_on(codec: Codec, b_frames: int) -> None:
    pieces = _pieces(film(60, codec=codec, b_frames=b_frames), _remuxer(codec, reorders=b_frames > 0))
    assert len(_decoded(pieces)) == 60
    assert all(0.1 <= piece.duration_s <= 0.7 for piece in pieces)
    assert sum(piece.duration_s for piece in pieces) == pytest.approx(6.0, abs=0.15)
    assert all(end == start for end, start in _ends_and_starts(pieces))
    assert [piece.number for piece in pieces] == list(range(len(pieces)))
    assert len([piece for piece in pieces if piece.begins_with_key]) == 3
    init = pieces[0].init
    assert (init.codec, init.width, init.height, init.has_sound) == (codec, 64, 48, False)


def test_each_key_frame_opens_a_piece_that_plays_alone() -> None:
    pieces = _pieces(film(60))
    keys = [at for at, piece in enumerate(pieces) if piece.begins_with_key]
    for begin, end in pairwise([*keys, len(pieces)]):
        assert len(_decoded(pieces[begin:end])) == 20


def test_h265_is_called_as_safari_takes_it() -> None:
    assert b"hvc1" in _pieces(film(30, codec="hevc"), _remuxer("hevc"))[0].init.content


def test_the_first_key_frame_without_stamps_is_not_lost() -> None:
    first, *others = film(60)
    assert len(_decoded(_pieces([replace(first, pts=None, dts=None), *others]))) == 60


def test_what_was_buffered_while_it_was_opened_was_filmed_earlier() -> None:
    # Two seconds came at once, and were filmed before.
    packets = [replace(one, arrived=max(2.0, one.arrived)) for one in film(60)]
    pieces = _pieces(packets)
    assert pieces[0].start_s - NOON_S == pytest.approx(0.0, abs=0.01)


def test_a_jump_of_times_begins_another_init_and_the_time_of_filming_goes_on() -> None:
    packets = film(60)
    after = [replace(one, pts=(one.pts or 0) - 2**32, dts=(one.dts or 0) - 2**32) for one in packets[40:]]
    pieces = _pieces([*packets[:40], *after])
    inits = list(dict.fromkeys(piece.init.name for piece in pieces))
    assert len(inits) == 2
    assert all(end == start for end, start in _ends_and_starts(pieces))
    for name in inits:
        assert _decoded([piece for piece in pieces if piece.init.name == name])


@pytest.mark.parametrize("codec", ["h264", "hevc"])
def test_a_picture_that_changes_its_size_begins_another_init(codec: Codec) -> None:
    before, after = film(40, codec=codec), film(100, (128, 96), codec=codec)
    pieces = _pieces([*before, *after[40:]], _remuxer(codec))
    sizes = list(dict.fromkeys((piece.init.width, piece.init.height) for piece in pieces))
    assert sizes == [(64, 48), (128, 96)]
    assert len(_decoded([piece for piece in pieces if piece.init.width == 128])) == 60
    assert all(end == start for end, start in _ends_and_starts(pieces))


def test_a_key_frame_that_says_nothing_of_the_picture_is_left_out_and_the_next_begins() -> None:
    packets = film(60)
    bare = replace(packets[0], data=b"\x00\x00\x00\x01" + packets[0].data.rpartition(b"\x00\x00\x01")[2])
    remuxer = _remuxer()
    assert len(_decoded(_pieces([bare, *packets[1:]], remuxer))) == 40
    assert remuxer.dropped_frames == 20


def _with_sound(packets: Iterable[Packet], sound: Iterable[Packet]) -> list[Packet]:
    return sorted([*packets, *sound], key=lambda packet: packet.arrived)


def test_sound_is_copied_beside_the_picture() -> None:
    stream, sound = speech(6)
    pieces = _pieces(_with_sound(film(60), sound), _remuxer(sound=stream))
    with av.open(io.BytesIO(pieces[0].init.content + b"".join(piece.content for piece in pieces))) as played:
        heard = list(played.decode(audio=0))
    assert sum(frame.samples / frame.sample_rate for frame in heard) == pytest.approx(6, abs=0.2)
    assert len(_decoded(pieces)) == 60 and pieces[0].init.has_sound


def test_a_microphone_that_is_switched_off_begins_another_init_without_sound() -> None:
    stream, sound = speech(6)
    remuxer = _remuxer(sound=stream)
    packets = _with_sound(film(60), sound)
    pieces = []
    for packet in packets:
        remuxer.has_sound_on = packet.arrived < 3
        pieces += remuxer.add(packet)
    pieces += remuxer.end()
    assert list(dict.fromkeys(piece.init.has_sound for piece in pieces)) == [True, False]
    assert b"soun" not in pieces[-1].init.content


def test_sound_whose_times_jump_begins_another_init_at_the_next_key_frame() -> None:
    stream, sound = speech(6)
    later = [replace(one, pts=(one.pts or 0) + 2**33, dts=(one.dts or 0) + 2**33) for one in sound if one.arrived > 3]
    packets = _with_sound(film(60), [*(one for one in sound if one.arrived <= 3), *later])
    pieces = _pieces(packets, _remuxer(sound=stream))
    assert len({piece.init.name for piece in pieces}) == 2


def test_where_pictures_are_rare_sound_goes_with_the_next() -> None:
    stream, sound = speech(8)
    packets = film(8, frames_per_second=1, key_every=4)
    remuxer = Remuxer("h264", TICKS_PER_SECOND, _clock(), count().__next__, sound=stream)
    pieces = _pieces(_with_sound(packets, sound), remuxer)
    assert len(_decoded(pieces)) == 8
