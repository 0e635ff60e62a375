"""Encoding of sound that browsers do not play, as G.711, to AAC, in step with the picture."""

from __future__ import annotations

import io
from collections.abc import Iterator
from fractions import Fraction
from typing import Any

import av
from av.error import FFmpegError

from sowa_agent.mending import MOST_FORWARD
from sowa_agent.packets import TICKS_PER_SECOND, Frame

AAC = "aac"
# A telephone's 8000 samples a second are not taken by all players; what has more than this keeps more.
RATE, HIGH_RATE = 16_000, 48_000
_BITS_PER_SECOND = {RATE: 32_000, HIGH_RATE: 64_000}
# The encoder's thorough way of choosing takes four times as long.
_OPTIONS = {"aac_coder": "fast"}
# Packets come uneven: so far sound may be before or behind its stamps, which nobody notices. What is more is a gap,
# where silence is put in, or was heard already, and is left out.
SLACK = TICKS_PER_SECOND // 10


class SoundEncoder:
    """Encodes one stream of a source, `stream` as PyAV has it, to mono AAC, of which `template` tells a muxer.

    What is added has mended stamps: they go on within two seconds, or the frame begins anew.
    """

    def __init__(self, stream: Any) -> None:
        self._source = stream.codec_context
        self._rate = RATE if (self._source.sample_rate or 0) <= RATE else HIGH_RATE
        self._begin()
        self.template = self._stream

    def add(self, frame: Frame) -> Iterator[Frame]:
        """What has become complete with it."""
        pts, arrived = frame.pts, frame.arrived
        if frame.begins_anew:
            yield from self.end(arrived)
        for heard in self._decoded(frame.data):
            yield from self._add(heard, pts, arrived)
            pts += heard.samples * TICKS_PER_SECOND // heard.sample_rate

    def end(self, arrived: float) -> Iterator[Frame]:
        """The rest; what is added after it begins anew."""
        if self._samples:
            yield from self._encoded(None, arrived)
            self._begin()

    def _begin(self) -> None:
        """An encoder that has come to its end does not go on."""
        self._stream: Any = _encoder(self._rate)
        self._origin = self._samples = 0
        self._is_new = True

    def _decoded(self, data: bytes) -> list[Any]:
        """Nothing of what is damaged."""
        try:
            frames: list[Any] = self._source.decode(av.Packet(data))
        except FFmpegError:
            return []
        return frames

    def _add(self, heard: Any, pts: int, arrived: float) -> Iterator[Frame]:
        ahead = pts - self._origin - self._samples * TICKS_PER_SECOND // heard.sample_rate
        if self._samples and ahead > MOST_FORWARD:
            yield from self.end(arrived)  # nothing could be decoded for a while
        if not self._samples:
            self._origin, ahead = pts, 0
        if ahead > SLACK:
            yield from self._heard(_silence(heard, ahead * heard.sample_rate // TICKS_PER_SECOND), arrived)
            if not self._samples:  # in another form than before, with which it begins anew
                self._origin = pts
        if ahead >= -SLACK:
            yield from self._heard(heard, arrived)

    def _heard(self, heard: Any, arrived: float) -> Iterator[Frame]:
        """Counted by its samples: what the encoder is given has no gaps."""
        heard.pts, heard.time_base = self._samples, Fraction(1, heard.sample_rate)
        self._samples += heard.samples
        return self._encoded(heard, arrived)

    def _encoded(self, heard: Any, arrived: float) -> Iterator[Frame]:
        try:
            packets = self._stream.encode(heard)
        except (FFmpegError, ValueError):  # it has changed its form
            self._begin()
            return
        for packet in packets:
            pts = self._origin + packet.pts * TICKS_PER_SECOND // self._rate
            yield Frame(bytes(packet), pts, pts, arrived, True, "sound", self._is_new)
            self._is_new = False


def _encoder(rate: int) -> Any:
    """A stream of a file that nobody reads: only such a one is a template."""
    stream: Any = av.open(io.BytesIO(), "w", format="mp4").add_stream(AAC, rate=rate, layout="mono")
    stream.bit_rate, stream.codec_context.options = _BITS_PER_SECOND[rate], _OPTIONS
    stream.container.start_encoding()
    return stream


def _silence(like: Any, samples: int) -> Any:
    silence = av.AudioFrame(like.format.name, like.layout.name, samples)
    for plane in silence.planes:
        plane.update(bytes(plane.buffer_size))
    silence.sample_rate = like.sample_rate
    return silence
