"""A film that no camera would send is encoded once to H.264, for the agent copies what its source gives."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import av
from av.error import EOFError as EndOfFile
from av.error import FFmpegError

# Of a longer film only the beginning is looked at, and encoded.
MOST_S = 60.0
# A live view begins, and motion is looked for, at key frames.
MOST_KEY_S = 4.5
CODECS = ("h264", "hevc")
PIXELS = ("yuv420p", "yuvj420p")
LARGEST = (1920, 1080)
ENCODED_LARGEST = (1280, 720)
MOST_PER_SECOND, DEFAULT_PER_SECOND = 30, 25
KEY_S = 2
COPIED_SOUND = "aac"
QUICKLY = {"preset": "veryfast", "crf": "25", "bf": "0", "sc_threshold": "0"}


class NoPictures(Exception):
    """Not a single picture of it can be decoded."""


def why_not_copied(path: Path) -> str:
    """What a camera would not send, in words; empty if the film can be copied as it is. Raises NoPictures."""
    try:
        with av.open(str(path)) as film:
            video: Any = next(iter(film.streams.video), None)
            if video is None:
                raise NoPictures
            return _why_not_copied(film, video, path)
    except FFmpegError:
        raise NoPictures from None


def _why_not_copied(film: Any, video: Any, path: Path) -> str:
    codec = video.codec_context
    first: Any = next(iter(film.decode(video)), None)
    if first is None:
        raise NoPictures
    if codec.name not in CODECS:
        return f"it is {codec.codec.canonical_name}"
    if first.format.name not in PIXELS:
        return f"its pixels are {first.format.name}"
    if not _fits((first.width, first.height), LARGEST):
        return f"it is {first.width}x{first.height}"
    if first.rotation:
        return "it was filmed with the camera turned"
    apart_s = _between_keys_s(path)
    return f"its key frames are {apart_s:.0f} s apart" if apart_s > MOST_KEY_S else ""


def _fits(size: tuple[int, int], largest: tuple[int, int]) -> bool:
    """In either orientation."""
    return max(size) <= max(largest) and min(size) <= min(largest)


def _between_keys_s(path: Path) -> float:
    """The longest time without a key frame, the end counted as one."""
    keys: list[float] = []
    at_s = 0.0
    with av.open(str(path)) as film:  # anew: not every kind of film can be played from its beginning again
        for packet in _beginning_of(film, [film.streams.video[0]]):
            stamp = packet.dts if packet.pts is None else packet.pts
            if stamp is not None:
                at_s = float(stamp * packet.time_base)
                if packet.is_keyframe:
                    keys.append(at_s)
    return max((later - earlier for earlier, later in pairwise([*keys, at_s])), default=0.0)


def transcode(path: Path, to: Path) -> None:
    """Its first minute, no larger than 1280x720; sound is kept where it is AAC. Of a film that has been looked at, and
    that may break off in the middle."""
    with av.open(str(path)) as film, av.open(str(to), "w", options={"avoid_negative_ts": "make_zero"}) as out:
        video: Any = film.streams.video[0]
        video.thread_type = "AUTO"
        sound: Any = next((each for each in film.streams.audio if each.codec_context.name == COPIED_SOUND), None)
        picture = _Encoder(out, _per_second(video))
        copied = out.add_stream_from_template(sound) if sound else None
        for packet in _beginning_of(film, [video, sound] if sound else [video]):
            if packet.stream is video:
                picture.add(packet)
            elif picture.has_begun and packet.dts is not None:
                packet.stream = copied
                out.mux(packet)
        picture.end()


def _beginning_of(film: Any, streams: list[Any]) -> Iterator[Any]:
    first_s: float | None = None
    for packet in film.demux(streams):
        if packet.dts is not None:
            at_s = float(packet.dts * packet.time_base)
            first_s = at_s if first_s is None else first_s
            if at_s - first_s > MOST_S:
                return
        yield packet


def _per_second(video: Any) -> int:
    return max(1, min(MOST_PER_SECOND, round(video.average_rate or DEFAULT_PER_SECOND)))


class _Encoder:
    """Decodes a film's packets, and encodes its pictures evenly spaced, upright and no larger than need be."""

    def __init__(self, out: Any, per_second: int) -> None:
        self._out, self._per_second = out, per_second
        self._stream = out.add_stream("libx264", rate=per_second, options=QUICKLY)
        self._stream.pix_fmt, self._stream.gop_size = "yuv420p", KEY_S * per_second
        self._graph: Any = None

    @property
    def has_begun(self) -> bool:
        return self._graph is not None

    def add(self, packet: Any) -> None:
        """What is damaged is left out."""
        try:
            frames = packet.decode()
        except FFmpegError:
            return
        for frame in frames:
            if self._graph is None:
                self._begin(frame)
            self._graph.push(frame)
            self._encode_filtered()

    def end(self) -> None:
        self._graph.push(None)
        self._encode_filtered()
        self._out.mux(self._stream.encode(None))

    def _begin(self, frame: Any) -> None:
        size = (frame.height, frame.width) if frame.rotation % 180 else (frame.width, frame.height)
        self._stream.width, self._stream.height = _shrunk(size)
        steps = [("fps", str(self._per_second)), *_turns(frame.rotation)]
        steps += [("scale", f"{self._stream.width}:{self._stream.height}"), ("setsar", "1"), ("format", "yuv420p")]
        self._graph = av.filter.Graph()
        last = self._graph.add_buffer(
            width=frame.width, height=frame.height, format=frame.format, time_base=frame.time_base
        )
        for name, arguments in [*steps, ("buffersink", None)]:
            following = self._graph.add(name, arguments)
            last.link_to(following)
            last = following
        self._graph.configure()

    def _encode_filtered(self) -> None:
        while True:
            try:
                frame = self._graph.pull()
            except (BlockingIOError, EndOfFile):
                return
            frame.pict_type = 0  # or each that was a key frame would be one again
            self._out.mux(self._stream.encode(frame))


def _shrunk(size: tuple[int, int]) -> tuple[int, int]:
    """Of even sides, as H.264 wants them."""
    scale = min(1.0, max(ENCODED_LARGEST) / max(size), min(ENCODED_LARGEST) / min(size))
    width, height = (max(2, int(side * scale) // 2 * 2) for side in size)
    return width, height


def _turns(rotation: int) -> list[tuple[str, str | None]]:
    """Degrees, as a film says by how much it is to be turned against the clock."""
    upright: dict[int, list[tuple[str, str | None]]] = {
        90: [("transpose", "cclock")], 180: [("hflip", None), ("vflip", None)], 270: [("transpose", "clock")],
    }  # fmt: skip
    return upright.get(rotation % 360, [])
