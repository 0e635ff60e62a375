"""Sound that browsers do not play becomes AAC, and is heard when it was made, whatever its stamps are like."""

from __future__ import annotations

import io
from array import array
from collections.abc import Iterable
from dataclasses import replace
from itertools import count, pairwise
from types import SimpleNamespace
from typing import Any

import av
import pytest
from av.error import InvalidDataError

from sowa_agent.packets import TICKS_PER_SECOND, Frame, Packet, Piece
from sowa_agent.remuxing import Remuxer
from sowa_agent.sound import RATE, SoundEncoder
from tests.agent.fakes import MovedClock
from tests.agent.footage import SOUNDS, beep, film

# What is heard: the beep begins with the third second and lasts one.
BEGIN_S, END_S, LENGTH_S = 3.0, 4.0, 6
# An encoder's frame at 16,000 samples a second, in which a beginning is smeared.
EXACT_S = 0.07


def _pieces(stream: Any, sound: Iterable[Packet], seconds: int = LENGTH_S) -> list[Piece]:
    remuxer = Remuxer("h264", TICKS_PER_SECOND // 10, MovedClock(), count().__next__, sound=stream)
    packets = sorted([*film(seconds * 10), *sound], key=lambda packet: packet.arrived)
    return [piece for packet in packets for piece in remuxer.add(packet)] + remuxer.end()


def _heard(pieces: list[Piece]) -> tuple[list[tuple[float, float]], float]:
    """From when until when it is loud, in seconds from the picture's beginning on, and how long all of it is."""
    content = pieces[0].init.content + b"".join(piece.content for piece in pieces)
    with av.open(io.BytesIO(content)) as played:
        assert played.streams.audio[0].codec_context.name == "aac"
        frames: list[Any] = list(played.decode(audio=0))
    loud, rate = list[float](), frames[0].sample_rate
    for frame in frames:
        samples = array("f", bytes(frame.planes[0])[: frame.samples * 4])
        begin_s = float(frame.pts * frame.time_base)
        loud += [begin_s + at / rate for at, sample in enumerate(samples) if abs(sample) > 0.1]
    breaks = [0, *(at for at, (one, other) in enumerate(pairwise(loud), 1) if other - one > 0.1), len(loud)]
    spans = [(loud[first], loud[last - 1]) for first, last in pairwise(breaks)]
    return spans, sum(frame.samples for frame in frames) / rate


@pytest.mark.parametrize("codec", list(SOUNDS))
def test_what_a_camera_may_send_becomes_aac_and_is_heard_when_it_was_made(codec: str) -> None:
    stream, sound = beep(codec, LENGTH_S, BEGIN_S, END_S)
    assert stream.codec_context.name == codec
    pieces = _pieces(stream, sound)
    ((begin_s, end_s),), length_s = _heard(pieces)
    assert (begin_s, end_s) == pytest.approx((BEGIN_S, END_S), abs=EXACT_S)
    assert length_s == pytest.approx(LENGTH_S, abs=2 * EXACT_S)
    assert pieces[0].init.has_sound and len({piece.init.name for piece in pieces}) == 1


def test_what_is_lost_is_still_and_what_follows_is_heard_when_it_was_made() -> None:
    stream, sound = beep("pcm_alaw", LENGTH_S, BEGIN_S, END_S)
    kept = [packet for packet in sound if not 1.0 < packet.arrived < 2.5 and not 4.5 < packet.arrived < 4.6]
    assert len(kept) < len(sound) - 35
    ((begin_s, end_s),), length_s = _heard(_pieces(stream, kept))
    assert (begin_s, end_s) == pytest.approx((BEGIN_S, END_S), abs=EXACT_S)
    assert length_s == pytest.approx(LENGTH_S, abs=2 * EXACT_S)


def test_stamps_that_are_uneven_make_no_holes() -> None:
    stream, sound = beep("pcm_alaw", LENGTH_S, 0.0, LENGTH_S)
    uneven = [
        replace(packet, pts=(packet.pts or 0) + (number % 3 - 1) * 4_000, dts=None)
        for number, packet in enumerate(sound)
    ]
    spans, length_s = _heard(_pieces(stream, uneven))
    assert len(spans) == 1 and length_s == pytest.approx(LENGTH_S, abs=2 * EXACT_S)


@pytest.mark.parametrize("pace", [0.96, 1.04])
def test_a_camera_whose_sound_has_another_pace_stays_in_step(pace: float) -> None:
    stream, sound = beep("pcm_mulaw", LENGTH_S, BEGIN_S, END_S)
    paced = [replace(packet, pts=int((packet.pts or 0) * pace), dts=None) for packet in sound]
    spans, _ = _heard(_pieces(stream, paced))
    assert spans[0][0] == pytest.approx(BEGIN_S * pace, abs=EXACT_S + 0.1)
    assert spans[-1][1] == pytest.approx(END_S * pace, abs=EXACT_S + 0.1)


def test_what_was_heard_already_is_left_out() -> None:
    """As when a camera sends its last packets again."""
    stream, sound = beep("pcm_alaw", LENGTH_S, BEGIN_S, END_S)
    at = next(number for number, packet in enumerate(sound) if packet.arrived > 3.5)
    again = [replace(packet, arrived=sound[at].arrived) for packet in sound[at - 10 : at]]
    ((begin_s, end_s),), length_s = _heard(_pieces(stream, [*sound[:at], *again, *sound[at:]]))
    assert (begin_s, end_s) == pytest.approx((BEGIN_S, END_S), abs=EXACT_S + 0.1)
    assert length_s == pytest.approx(LENGTH_S, abs=2 * EXACT_S + 0.1)


def test_after_a_jump_it_begins_anew_with_another_init_and_is_heard_beside_the_picture() -> None:
    stream, sound = beep("pcm_alaw", 12, 9.0, 10.0)
    jump = 2**33
    after = [replace(one, pts=(one.pts or 0) + jump, dts=(one.dts or 0) + jump) for one in sound if one.arrived >= 6]
    picture = [
        replace(one, pts=(one.pts or 0) + jump, dts=(one.dts or 0) + jump) if one.arrived >= 6 else one
        for one in film(120)
    ]
    remuxer = Remuxer("h264", TICKS_PER_SECOND // 10, MovedClock(), count().__next__, sound=stream)
    packets = sorted([*picture, *(one for one in sound if one.arrived < 6), *after], key=lambda one: one.arrived)
    pieces = [piece for packet in packets for piece in remuxer.add(packet)] + remuxer.end()
    inits = list(dict.fromkeys(piece.init.name for piece in pieces))
    last = [piece for piece in pieces if piece.init.name == inits[-1]]
    ((begin_s, end_s),), _ = _heard(last)
    shown_s = 12.0 - sum(piece.duration_s for piece in last)  # it begins so late
    assert len(inits) == 2 and shown_s == pytest.approx(6.0, abs=2.1)
    assert (begin_s + shown_s, end_s + shown_s) == pytest.approx((9.0, 10.0), abs=EXACT_S)


class Decoder:
    """Gives a still second for each packet, and nothing for what is damaged."""

    sample_rate = 8_000

    def decode(self, packet: Any) -> list[Any]:
        if bytes(packet) == b"damaged":
            raise InvalidDataError(1, "damaged")
        frame: Any = av.AudioFrame("s16", "mono", self.sample_rate)
        frame.planes[0].update(bytes(frame.planes[0].buffer_size))
        frame.sample_rate = self.sample_rate
        return [frame]


def _frame(second: int, data: bytes = b"good", *, begins_anew: bool = False) -> Frame:
    stamp = second * TICKS_PER_SECOND
    return Frame(data, stamp, stamp, float(second), True, "sound", begins_anew)


def test_what_cannot_be_decoded_for_long_is_no_silence_of_that_length() -> None:
    encoder = SoundEncoder(SimpleNamespace(codec_context=Decoder()))
    frames = [*encoder.add(_frame(0, begins_anew=True)), *encoder.add(_frame(1))]
    for second in range(2, 600):
        frames += encoder.add(_frame(second, b"damaged"))
    frames += [*encoder.add(_frame(600)), *encoder.add(_frame(601)), *encoder.end(601.0)]
    assert [frame.dts // TICKS_PER_SECOND for frame in frames if frame.begins_anew] == [-1, 599]
    assert len(frames) == pytest.approx(4 * RATE / 1024, abs=6)


def test_what_changes_its_form_begins_anew() -> None:
    decoder = Decoder()
    encoder = SoundEncoder(SimpleNamespace(codec_context=decoder))
    before = [frame for second in range(3) for frame in encoder.add(_frame(second))]
    decoder.sample_rate = 44_100
    after = [frame for second in range(3, 8) for frame in encoder.add(_frame(second))]
    assert before and [frame.begins_anew for frame in after].count(True) == 1
    assert after[-1].dts >= 6 * TICKS_PER_SECOND
