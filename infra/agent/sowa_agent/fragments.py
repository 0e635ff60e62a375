"""Fragmented MP4 out of packets, without transcoding: an init, and then a fragment each half second."""

from __future__ import annotations

import io
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

import av
from av.error import FFmpegError

from sowa_agent.boxes import Run, runs_of, take_boxes
from sowa_agent.packets import TICKS_PER_SECOND, VIDEO_TRACK, Codec, Frame, Init

FRAGMENT_US = 500_000
_OPTIONS = {
    "movflags": "empty_moov+default_base_moof+frag_keyframe+skip_trailer",
    "frag_duration": str(FRAGMENT_US),
    # Or the sound's first packet would shift the picture's times.
    "avoid_negative_ts": "disabled",
}
_TICK = Fraction(1, TICKS_PER_SECOND)


class NotMuxed(Exception):
    """The key frame does not say what a player must know, or the muxer does not take what comes."""


@dataclass(frozen=True)
class Fragment:
    """`pts` is when it is begun to be shown, in ticks of the frames that went in, as `duration` is."""

    content: bytes
    pts: int
    duration: int
    begins_with_key: bool


class Output(io.RawIOBase):
    """What a muxer writes; whoever reads takes it away."""

    def __init__(self) -> None:
        super().__init__()
        self.pending = bytearray()

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        self.pending += data
        return len(data)


@dataclass
class Fragmenter:
    """One muxer for one connection and one set of parameters. It begins with `first`, a key frame that has its
    parameter sets before it; `sound` is the source's stream of AAC, if it is to be heard. Raises NotMuxed."""

    codec: Codec
    first: Frame
    sound: Any = None
    _begun: bytes = b""
    _run: Run | None = None
    # From the first key frame's decoding to its showing: with B-frames another fragment may begin with a frame that is
    # shown later than those behind it.
    _shift: int | None = None
    _output: Output = field(default_factory=Output)

    def __post_init__(self) -> None:
        self._base = self.first.dts
        try:
            self._container = av.open(self._output, "w", format="mp4", options=_OPTIONS)
            self._video, size = self._video_stream()
            self._sound = self._sound_stream()
            self._container.start_encoding()
        except (FFmpegError, ValueError, IndexError) as error:
            raise NotMuxed(type(error).__name__) from None
        header = b"".join(box for _, box in take_boxes(self._output.pending))
        self.init = Init(header, self.codec, *size, has_sound=self.sound is not None)

    def _video_stream(self) -> tuple[Any, tuple[int, int]]:
        """FFmpeg reads size and profile out of the key frame itself: a session's description may be of yesterday."""
        with av.open(io.BytesIO(self.first.data), format=self.codec) as sample:
            template = sample.streams.video[0]
            stream: Any = self._container.add_stream_from_template(template, opaque=True)
            size = template.codec_context.width, template.codec_context.height
        if not all(size):
            raise ValueError
        stream.time_base = _TICK
        if self.codec == "hevc":
            stream.codec_context.codec_tag = "hvc1"  # FFmpeg's own choice, hev1, is refused by Safari
        return stream, size

    def _sound_stream(self) -> Any:
        if self.sound is None:
            return None
        return self._container.add_stream_from_template(self.sound)

    def add(self, frame: Frame) -> list[Fragment]:
        """The fragments that have become complete with it."""
        stream = self._video if frame.kind == "video" else self._sound
        if stream is None or frame.dts < self._base:
            return []
        packet = av.Packet(frame.data)
        packet.pts, packet.dts, packet.time_base = frame.pts - self._base, frame.dts - self._base, _TICK
        packet.is_keyframe, packet.stream = frame.is_key, stream
        try:
            self._container.mux_one(packet)
        except (FFmpegError, ValueError) as error:
            raise NotMuxed(type(error).__name__) from None
        return self._complete()

    def end(self) -> list[Fragment]:
        """The rest, as it is."""
        try:
            self._container.close()
        except FFmpegError:
            return []
        return self._complete()

    def _complete(self) -> list[Fragment]:
        found: list[Fragment] = []
        if not self._output.pending:
            return found
        for kind, box in take_boxes(self._output.pending):
            if kind == b"moof":
                self._run = _run_of_video(box) or self._run
            if kind in (b"moof", b"mdat"):
                self._begun += box
            # Where pictures are rare there are fragments of sound alone: they go with the next picture.
            if kind == b"mdat" and self._run is not None:
                found.append(self._fragment(self._run))
        return found

    def _fragment(self, run: Run) -> Fragment:
        content, self._begun, self._run = self._begun, b"", None
        if self._shift is None:
            self._shift = run.shift
        return Fragment(content, self._base + run.decoded + self._shift, run.duration, run.begins_with_key)


def _run_of_video(moof: bytes) -> Run | None:
    return next((run for run in runs_of(moof) if run.track == VIDEO_TRACK), None)
