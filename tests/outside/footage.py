"""What cameras film, in the codecs and containers that they have; each picture bears its number."""

from __future__ import annotations

import io
import math
from array import array
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from itertools import count
from typing import Any

import av
from PIL import Image

from sowa_agent.clocks import Clock
from sowa_agent.packets import TICKS_PER_SECOND, Packet
from sowa_agent.remuxing import Remuxer
from tests.agent.footage import beep
from tests.outside.streaming import FRAMES_PER_SECOND, SIZE, encoded, picture_of

_SOUND_RATE, _SOUND_FRAME = 48_000, 1024
GROUP_SECONDS = 2
_BOX_HEAD = 8


@dataclass(frozen=True)
class Kind:
    """How a camera films: with a bitrate, pictures that are hard to encode."""

    codec: str = "libx264"
    has_sound: bool = False
    form: str = "mp4"
    size: tuple[int, int] = SIZE
    frames_per_second: int = FRAMES_PER_SECOND
    bits_per_second: int | None = None
    # Its sound is G.711, of which the agent makes AAC.
    by_agent: bool = False


@cache
def filmed(kind: Kind, seconds: int, first: int = 0) -> tuple[bytes, list[bytes]]:
    """Init and fragments, a group of pictures to each; times from 0. Of a transport stream, a file to each group, whose
    times go on."""
    if kind.by_agent:
        return _filmed_by_agent(seconds, first)
    tape = _Tape(kind)
    groups = range(0, seconds * kind.frames_per_second, kind.frames_per_second * GROUP_SECONDS)
    for begin in groups:
        frames = min(kind.frames_per_second * GROUP_SECONDS, seconds * kind.frames_per_second - begin)
        tape.add(begin, [_picture(kind, first + begin + number) for number in range(frames)])
    return tape.end()


def _filmed_by_agent(seconds: int, first: int) -> tuple[bytes, list[bytes]]:
    tick = TICKS_PER_SECOND // FRAMES_PER_SECOND
    pictures = [
        Packet(content, number * tick, number * tick, number / FRAMES_PER_SECOND, is_key)
        for number, (content, is_key) in enumerate(
            encoded(seconds * FRAMES_PER_SECOND, FRAMES_PER_SECOND * GROUP_SECONDS, first)
        )
    ]
    stream, sound = beep("pcm_alaw", seconds, 0.0, seconds)
    remuxer = Remuxer("h264", tick, Clock(), count().__next__, sound=stream)
    packets = sorted([*pictures, *sound], key=lambda packet: packet.arrived)
    pieces = [piece for packet in packets for piece in remuxer.add(packet)] + remuxer.end()
    fragments = list[bytes]()
    for piece in pieces:
        if piece.begins_with_key:
            fragments.append(b"")
        fragments[-1] += piece.content
    return pieces[0].init.content, fragments


class _Tape:
    """Fragmented MP4 in one file, or a transport stream in many."""

    def __init__(self, kind: Kind) -> None:
        self._kind = kind
        self._file = io.BytesIO()
        self._container: Any = None
        self._done: list[bytes] = []
        self._sounded = 0

    def add(self, begin: int, pictures: list[Image.Image]) -> None:
        if self._container is None:
            self._open()
        for number, picture in enumerate(pictures, begin):
            frame = av.VideoFrame.from_image(picture)  # type: ignore[no-untyped-call]
            frame.pts, frame.time_base = number, Fraction(1, self._kind.frames_per_second)
            self._container.mux(self._video.encode(frame))
            while self._sound and self._sounded < (number + 1) / self._kind.frames_per_second * _SOUND_RATE:
                self._container.mux(self._sound.encode(_tone(self._sounded)))
                self._sounded += _SOUND_FRAME
        if self._kind.form == "mpegts":
            self._close()
            self._done.append(self._file.getvalue())
            self._file = io.BytesIO()

    def end(self) -> tuple[bytes, list[bytes]]:
        if self._kind.form == "mpegts":
            return b"", self._done
        self._close()
        init, fragments = b"", []
        for name, box in _boxes(self._file.getvalue()):
            if name in (b"ftyp", b"moov"):
                init += box
            elif name == b"moof":
                fragments.append(box)
            elif name == b"mdat":
                fragments[-1] += box
        return init, fragments

    def _open(self) -> None:
        kind = self._kind
        options = {"mpegts_copyts": "1"}
        if kind.form == "mp4":
            options = {"movflags": "frag_keyframe+empty_moov+default_base_moof"}
        self._container = av.open(self._file, "w", format=kind.form, options=options)
        self._video = video = self._container.add_stream(kind.codec, rate=kind.frames_per_second)
        video.width, video.height = kind.size
        video.pix_fmt, video.gop_size = "yuv420p", kind.frames_per_second * GROUP_SECONDS
        video.options = {"preset": "ultrafast", "tune": "zerolatency"}
        if kind.codec == "libx265":
            video.codec_tag = "hvc1"
            video.options |= {"x265-params": f"scenecut=0:log-level=none:keyint={video.gop_size}"}
        else:
            video.options |= {"sc_threshold": "0"}
        if kind.bits_per_second:
            video.bit_rate = kind.bits_per_second
            video.options |= {"maxrate": str(kind.bits_per_second), "bufsize": str(kind.bits_per_second)}
        self._sound = self._container.add_stream("aac", rate=_SOUND_RATE, layout="mono") if kind.has_sound else None

    def _close(self) -> None:
        for stream in filter(None, (self._video, self._sound)):
            self._container.mux(stream.encode(None))
        self._container.close()
        self._container = None


def _picture(kind: Kind, number: int) -> Image.Image:
    small = picture_of(number)
    if kind.bits_per_second is None:
        return small.resize(kind.size, Image.Resampling.NEAREST)
    width, height = kind.size
    left, top = number * 7 % 512, number * 3 % 256
    image = _noise(width + 512, height + 256).crop((left, top, left + width, top + height))
    bands = small.resize((width, height // 4), Image.Resampling.NEAREST)
    image.paste(bands, (0, height * 3 // 8))
    return image


@cache
def _noise(width: int, height: int) -> Image.Image:
    return Image.effect_noise((width // 4, height // 4), 60).resize((width, height)).convert("RGB")


def _tone(at: int) -> av.AudioFrame:
    turn = 2 * math.pi * 440 / _SOUND_RATE
    wave = array("h", (int(8000 * math.sin(number * turn)) for number in range(at, at + _SOUND_FRAME)))
    frame = av.AudioFrame(format="s16", layout="mono", samples=_SOUND_FRAME)
    frame.planes[0].update(wave.tobytes().ljust(frame.planes[0].buffer_size, b"\0"))
    frame.sample_rate, frame.pts, frame.time_base = _SOUND_RATE, at, Fraction(1, _SOUND_RATE)
    return frame


def later(init: bytes, fragment: bytes, seconds: int) -> bytes:
    """The same fragment at a later time: what its `tfdt` boxes say is moved on by as much of its tracks' clocks."""
    (moof, *rest), clocks = [box for _, box in _boxes(fragment)], _clocks(init)
    made, at = bytearray(moof), _BOX_HEAD
    for name, box in _boxes(moof[_BOX_HEAD:]):
        track, inner = 0, at + _BOX_HEAD
        for name_within, within in _boxes(box[_BOX_HEAD:]) if name == b"traf" else ():
            if name_within == b"tfhd":
                track = int.from_bytes(within[12:16])
            elif name_within == b"tfdt":
                place = slice(inner + 12, inner + (20 if within[8] else 16))
                moved = int.from_bytes(made[place]) + seconds * clocks[track]
                made[place] = moved.to_bytes(place.stop - place.start)
            inner += len(within)
        at += len(box)
    return bytes(made) + b"".join(rest)


def _clocks(init: bytes) -> dict[int, int]:
    """How many ticks a second has, for each track (their boxes are of version 0)."""
    (moov,) = (box for name, box in _boxes(init) if name == b"moov")
    clocks = {}
    for trak in (box for name, box in _boxes(moov[_BOX_HEAD:]) if name == b"trak"):
        within = dict(_boxes(trak[_BOX_HEAD:]))
        mdhd = dict(_boxes(within[b"mdia"][_BOX_HEAD:]))[b"mdhd"]
        clocks[int.from_bytes(within[b"tkhd"][20:24])] = int.from_bytes(mdhd[20:24])
    return clocks


def _boxes(content: bytes) -> Iterator[tuple[bytes, bytes]]:
    at = 0
    while at < len(content):
        size = int.from_bytes(content[at : at + 4])
        yield content[at + 4 : at + 8], content[at : at + size]
        at += size
