"""What FFmpeg opens: a camera over RTSP, or a video file that is played over and over."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import av
from av.bitstream import BitStreamFilterContext
from av.error import (
    ConnectionRefusedError,
    ExitError,
    FFmpegError,
    HTTPForbiddenError,
    HTTPNotFoundError,
    HTTPUnauthorizedError,
    InvalidDataError,
    TimeoutError,
)

from sowa_agent.packets import TICKS_PER_SECOND, Codec, Packet
from sowa_agent.parameter_sets import parameter_sets
from sowa_agent.sound import AAC
from sowa_agent.source import Sound, SourceAddress, SourceProblem, Transport, Why

# A server that says nothing for so long is gone; FFmpeg waits twice as long, since its parser holds a frame back.
SILENCE_US = 5_000_000
OPEN_S = READ_S = 8.0
# What has come is read so often, all at once: to be woken for each frame is a third of the work of reading. A fragment
# is as long. Where hardly more than one frame comes in that time, nothing would be gained.
READ_EVERY_S = 0.5
LEAST_RATE = 4
WAITED_S = 0.002
# More makes the opening last as long as the stream is slow; less loses the sound's header.
ANALYSED_US = 500_000
CODECS: tuple[Codec, ...] = ("h264", "hevc")
UNKNOWN = "an unknown codec"
DEFAULT_RATE = 25


def problem_of(error: FFmpegError, *, is_opening: bool) -> SourceProblem:
    """By its type, for its text holds the address with the password."""
    why = Why.UNREACHABLE if is_opening else Why.ENDED
    for types, found in (
        ((HTTPUnauthorizedError, HTTPForbiddenError), Why.UNAUTHORIZED),
        ((HTTPNotFoundError,), Why.NOT_FOUND),
        ((ConnectionRefusedError,), Why.UNREACHABLE),
        ((TimeoutError, ExitError), Why.SILENT),
        ((InvalidDataError,), Why.SILENT if is_opening else Why.ENDED),
    ):
        if isinstance(error, types):
            why = found
    return SourceProblem(why, type(error).__name__)


class Demuxed:
    """What FFmpeg has opened: its pictures in Annex B, and its sound where that is AAC or may be made AAC."""

    def __init__(self, container: Any, monotonic: Callable[[], float], sound: Sound = "copy") -> None:
        self._container, self._monotonic = container, monotonic
        video: Any = next(iter(container.streams.video), None)
        name = "no picture" if video is None else _codec_of(video)
        if name not in CODECS:
            container.close()
            raise SourceProblem(Why.CODEC, name)
        self.codec: Codec = name
        self._video = video
        self.reorders = bool(video.codec_context.has_b_frames)
        self.frame_ticks = round(TICKS_PER_SECOND / (video.average_rate or DEFAULT_RATE))
        audio: Any = next(iter(container.streams.audio), None)
        self.heard = "" if audio is None else _codec_of(audio)
        is_decoded = sound == "aac" and self.heard not in ("", UNKNOWN)
        self.sound = audio if self.heard == AAC or is_decoded else None
        self._streams = [video] if self.sound is None else [video, self.sound]
        self._header = video.codec_context.extradata or b""
        # Fractions for each packet would be a fifth of all work.
        self._video_scale = _scale_of(video)
        self._sound_scale = (1, 1) if self.sound is None else _scale_of(self.sound)

    def packets(self) -> Iterator[Packet]:
        return map(self._packet, self._demuxed())

    def _demuxed(self) -> Iterator[Any]:
        """FFmpeg's own, without those that are empty, as at the end, and sound that is left out. That may go on when
        the picture does not, and then FFmpeg finds nothing wrong."""
        came_at = self._monotonic()
        try:
            for each in self._container.demux():
                if each.stream in self._streams and each.size:
                    came_at = self._monotonic()
                    yield each
                elif self._monotonic() - came_at > READ_S:
                    raise SourceProblem(Why.SILENT, "there is sound alone")
        except FFmpegError as error:
            raise problem_of(error, is_opening=False) from None

    def close(self) -> None:
        self._container.close()

    def _packet(self, each: Any) -> Packet:
        is_video = each.stream is self._video
        above, below = self._video_scale if is_video else self._sound_scale
        pts = None if each.pts is None else each.pts * above // below
        dts = None if each.dts is None else each.dts * above // below
        data = bytes(each)
        if not is_video:
            return Packet(data, pts, dts, self._monotonic(), True, "sound")
        return Packet(self._complete(data, each.is_keyframe), pts, dts, self._monotonic(), each.is_keyframe)

    def _complete(self, data: bytes, is_key: bool) -> bytes:
        """Some cameras say only when they are opened what their picture is like."""
        return self._header + data if is_key and not parameter_sets(self.codec, data) else data


class Camera(Demuxed):
    """A camera over RTSP."""

    def __init__(
        self, source: SourceAddress, monotonic: Callable[[], float], pause: Callable[[float], Any]
    ) -> None:
        options = {
            "rtsp_transport": source.transport, "timeout": str(SILENCE_US), "analyzeduration": str(ANALYSED_US),
            "fpsprobesize": "0",
        }  # fmt: skip
        try:
            container = av.open(source.with_password, options=options, timeout=(OPEN_S, READ_S))
        except FFmpegError as error:
            raise problem_of(error, is_opening=True) from None
        super().__init__(container, monotonic, source.sound)
        self.pace(source.transport, self.frame_ticks, pause)

    def pace(self, transport: Transport, frame_ticks: int, pause: Callable[[float], Any]) -> None:
        """Datagrams that nobody reads are lost, and what waits in a connection is not."""
        self._batches_reads = transport == "tcp" and TICKS_PER_SECOND / frame_ticks >= LEAST_RATE
        self._pause = pause

    def _demuxed(self) -> Iterator[Any]:
        """After what had to be waited for, nothing has come yet."""
        came = super()._demuxed()
        if not self._batches_reads:
            return came
        return self._batched(came)

    def _batched(self, came: Iterator[Any]) -> Iterator[Any]:
        before = self._monotonic()
        for each in came:
            waited_s = self._monotonic() - before
            yield each
            if waited_s > WAITED_S:
                self._pause(READ_EVERY_S)
            before = self._monotonic()


class Film(Demuxed):
    """A video file, over and over: its times go on, as if it were one long film."""

    def __init__(
        self, path: Path, monotonic: Callable[[], float], pause: Callable[[float], Any], sound: Sound = "copy"
    ) -> None:
        self._path, self._pause = path, pause
        super().__init__(self._opened(), monotonic, sound)
        self._filter: Any = BitStreamFilterContext(f"{self.codec}_mp4toannexb", self._video)

    def _opened(self) -> Any:
        try:
            return av.open(str(self._path))
        except FFmpegError:
            raise SourceProblem(Why.UNREADABLE) from None

    def packets(self) -> Iterator[Packet]:
        shift, began = 0, self._monotonic()
        while True:
            first = last = None
            for packet in super().packets():
                dts = packet.dts if packet.dts is not None else last or 0
                first, last = dts if first is None else first, max(dts, last or dts)
                due = began + (dts - first + shift) / TICKS_PER_SECOND
                self._pause(max(0.0, due - self._monotonic()))
                yield self._shifted(packet, shift - first)
            if first is None or last is None:
                raise SourceProblem(Why.UNREADABLE)
            shift += last - first + self.frame_ticks
            self._begin_again()

    def _begin_again(self) -> None:
        try:
            self._container.seek(0)
        except FFmpegError:
            raise SourceProblem(Why.ENDED) from None
        self._filter.flush()

    def _shifted(self, packet: Packet, ticks: int) -> Packet:
        pts = None if packet.pts is None else packet.pts + ticks
        dts = None if packet.dts is None else packet.dts + ticks
        return Packet(packet.data, pts, dts, self._monotonic(), packet.is_key, packet.kind)

    def _demuxed(self) -> Iterator[Any]:
        for each in super()._demuxed():
            if each.stream is not self._video:
                yield each
                continue
            for filtered in self._filter.filter(each):
                filtered.stream = self._video
                yield filtered


def _codec_of(stream: Any) -> str:
    """What a camera calls by a name that FFmpeg does not know has no decoder."""
    return UNKNOWN if stream.codec_context is None else str(stream.codec_context.name)


def _scale_of(stream: Any) -> tuple[int, int]:
    """From its time stamps to ticks: a multiplier and a divisor."""
    scale = stream.time_base * TICKS_PER_SECOND
    return scale.numerator, scale.denominator
