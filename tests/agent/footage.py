"""Footage that tests make themselves: encoded by PyAV, of a bar that moves."""

from __future__ import annotations

import io
from array import array
from fractions import Fraction
from functools import cache
from typing import Any

import av
from PIL import Image, ImageDraw

from sowa_agent.packets import TICKS_PER_SECOND, Codec, Packet

_OPTIONS: dict[Codec, dict[str, str]] = {
    "h264": {"preset": "ultrafast"},
    "hevc": {"preset": "ultrafast", "x265-params": "log-level=none:repeat-headers=1"},
}
_ENCODERS: dict[Codec, Any] = {"h264": "libx264", "hevc": "libx265"}


def bar(number: int, size: tuple[int, int]) -> Image.Image:
    picture = Image.new("RGB", size, (40, 40, 40))
    left = number * 4 % size[0]
    ImageDraw.Draw(picture).rectangle((left, 0, left + size[0] // 4, size[1]), fill=(230, 230, 230))
    return picture


@cache
def film(
    frames: int = 100,
    size: tuple[int, int] = (64, 48),
    frames_per_second: int = 10,
    key_every: int = 20,
    b_frames: int = 0,
    codec: Codec = "h264",
    moves: bool = True,
) -> tuple[Packet, ...]:
    """Packets with right stamps, that arrive as they are filmed: the first at 0."""
    encoder: Any = av.CodecContext.create(_ENCODERS[codec], "w")
    encoder.width, encoder.height, encoder.pix_fmt = *size, "yuv420p"
    encoder.framerate, encoder.time_base = Fraction(frames_per_second), Fraction(1, frames_per_second)
    encoder.options = {**_OPTIONS[codec], "g": str(key_every), "bf": str(b_frames), "sc_threshold": "0"}
    packets = []
    for number in range(frames):
        frame: Any = av.VideoFrame.from_image(bar(number if moves else 0, size))  # type: ignore[no-untyped-call]
        frame.pts, frame.time_base = number, encoder.time_base
        packets += encoder.encode(frame)
    packets += encoder.encode(None)
    tick = TICKS_PER_SECOND // frames_per_second
    return tuple(
        Packet(bytes(each), each.pts * tick, each.dts * tick, at / frames_per_second, each.is_keyframe)
        for at, each in enumerate(packets)
    )


def speech(seconds: int) -> tuple[Any, tuple[Packet, ...]]:
    """A stream of AAC as a source has it, and its packets, that arrive as they are heard: a tone."""
    written = io.BytesIO()
    with av.open(written, "w", format="mp4") as made:
        stream: Any = made.add_stream("aac", rate=16_000, layout="mono")
        for number in range(seconds * 16_000 // 1024):
            samples = array("f", (0.2 * (-1) ** (at // 20) for at in range(1024))).tobytes()
            frame: Any = av.AudioFrame("fltp", "mono", 1024)
            frame.planes[0].update(samples)
            frame.sample_rate, frame.pts = 16_000, number * 1024
            made.mux(stream.encode(frame))
        made.mux(stream.encode(None))
    written.seek(0)
    source = av.open(written)
    ticks = TICKS_PER_SECOND / 16_000
    packets = [
        Packet(bytes(each), int(each.pts * ticks), int(each.dts * ticks), max(0, each.pts) / 16_000, True, "sound")
        for each in source.demux(audio=0)
        if each.size and each.pts is not None
    ]
    return source.streams.audio[0], tuple(packets)


# Of each codec that a camera may have for its sound: its encoder, and how many samples a second it has.
SOUNDS = {
    "pcm_alaw": ("pcm_alaw", 8_000), "pcm_mulaw": ("pcm_mulaw", 8_000), "g726": ("g726", 8_000),
    "pcm_s16be": ("pcm_s16be", 16_000), "opus": ("libopus", 48_000),
}  # fmt: skip
_FRAME_S = 0.04


def beep(codec: str, seconds: int, begin_s: float, end_s: float) -> tuple[Any, tuple[Packet, ...]]:
    """A stream of such sound as a source has it, and its packets: still but for one tone."""
    encoder, rate = SOUNDS[codec]
    written = io.BytesIO()
    with av.open(written, "w", format={"g726": "wav", "opus": "matroska"}.get(codec, "mov")) as made:
        stream: Any = made.add_stream(encoder, rate=rate, layout="mono")
        size = int(rate * _FRAME_S)
        for first in range(0, seconds * rate, size):
            wave = (_tone(at, rate) if begin_s <= at / rate < end_s else 0 for at in range(first, first + size))
            frame: Any = av.AudioFrame("s16", "mono", size)
            frame.planes[0].update(array("h", wave).tobytes().ljust(frame.planes[0].buffer_size, b"\0"))
            frame.sample_rate, frame.pts, frame.time_base = rate, first, Fraction(1, rate)
            made.mux(stream.encode(frame))
        made.mux(stream.encode(None))
    written.seek(0)
    source: Any = av.open(written)
    given = [bytes(each) for each in source.demux(audio=0) if each.size]
    if codec != "opus":
        # As cameras send it, whatever the file's packets are.
        joined, many = b"".join(given), round(seconds / _FRAME_S)
        given = [joined[len(joined) * at // many : len(joined) * (at + 1) // many] for at in range(many)]
    each_s = seconds / len(given) if codec != "opus" else 0.02
    stamps = [int(number * each_s * TICKS_PER_SECOND) for number in range(len(given))]
    packets = [
        Packet(data, stamp, stamp, stamp / TICKS_PER_SECOND, True, "sound")
        for data, stamp in zip(given, stamps, strict=True)
    ]
    return source.streams.audio[0], tuple(packets)


def _tone(at: int, rate: int) -> int:
    return 8_000 if at * 400 // rate % 2 else -8_000
