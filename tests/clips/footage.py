"""What a camera of the tests records: real video, of which each frame bears its number, in segments."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from pathlib import Path

import av
from PIL import Image, ImageDraw

from chalicelib.clips.actions.remuxing import Piece
from chalicelib.mp4 import LONG_HEAD, head_of

FRAMES_PER_SECOND, SAMPLE_RATE, _AT_ONCE = 10, 48_000, 1024
NOON = datetime(2026, 11, 1, 12, tzinfo=UTC)
# Of one of the encoders the order of decoding is another than that of showing.
H264 = ("libx264", {"preset": "veryfast", "bf": "2", "sc_threshold": "0"})
H265 = ("libx265", {"preset": "ultrafast", "x265-params": "log-level=none:bframes=2:scenecut=0:open-gop=0"})
# The number of a frame is written in black and white, a bit to a band.
_BITS = 10
_FRAGMENTED = "frag_keyframe+empty_moov+default_base_moof"


@dataclass(frozen=True)
class Setting:
    """How a camera is set, and how long its segments are."""

    encoder: tuple[str, dict[str, str]] = H264
    size: tuple[int, int] = (160, 96)
    sound: str | None = "aac"
    seconds: int = 2
    kind: str = "mp4"
    frames_per_key: int | None = None
    more: dict[str, str] = field(default_factory=dict)


def record(setting: Setting, count: int, first: int = 0) -> tuple[bytes, list[bytes]]:
    """An init and so many segments that follow each other; of a transport stream each stands alone."""
    whole = _encoded(setting, count, first)
    boxes = list(_boxes(whole))
    init = b"".join(box for kind, box in boxes if kind in (b"ftyp", b"moov"))
    fragments = [box + boxes[at + 1][1] for at, (kind, box) in enumerate(boxes) if kind == b"moof"]
    each = len(fragments) // count
    segments = [b"".join(fragments[each * at : each * (at + 1)]) for at in range(count)]
    return (b"", [_transport_stream(init, one) for one in segments]) if setting.kind == "ts" else (init, segments)


def _encoded(setting: Setting, count: int, first: int) -> bytes:
    to = io.BytesIO()
    with av.open(to, "w", format="mp4", options={"movflags": _FRAGMENTED}) as container:
        for packet in _packets(container, setting, range(count * setting.seconds * FRAMES_PER_SECOND), first):
            container.mux(packet)
    return to.getvalue()


def _packets(container: av.container.OutputContainer, setting: Setting, numbers: range, first: int) -> Iterator[object]:
    encoder, options = setting.encoder
    video = container.add_stream(encoder, rate=FRAMES_PER_SECOND)
    video.width, video.height = setting.size
    video.pix_fmt = "yuv420p"
    video.gop_size = setting.frames_per_key or setting.seconds * FRAMES_PER_SECOND
    video.options = options | setting.more
    if encoder == "libx265":
        video.codec_tag = "hvc1"
    sound = None if setting.sound is None else container.add_stream(setting.sound, rate=SAMPLE_RATE, layout="stereo")
    heard = 0
    for number in numbers:
        frame = av.VideoFrame.from_image(picture_of(first + number, setting.size))
        frame.pts, frame.time_base = number, Fraction(1, FRAMES_PER_SECOND)
        yield from video.encode(frame)
        while sound is not None and heard < (number + 1) * SAMPLE_RATE // FRAMES_PER_SECOND:
            yield from sound.encode(_silence(sound, heard))
            heard += _AT_ONCE
    yield from video.encode(None)
    if sound is not None:
        yield from sound.encode(None)


def _silence(sound: av.AudioStream, at: int) -> av.AudioFrame:
    frame = av.AudioFrame(sound.format.name, "stereo", _AT_ONCE)
    for plane in frame.planes:
        plane.update(bytes(plane.buffer_size))
    frame.sample_rate, frame.pts, frame.time_base = SAMPLE_RATE, at, Fraction(1, SAMPLE_RATE)
    return frame


def _transport_stream(init: bytes, segment: bytes) -> bytes:
    to = io.BytesIO()
    target = av.open(to, "w", format="mpegts", options={"mpegts_copyts": "1"})
    with av.open(io.BytesIO(init + segment)) as source, target:
        copies = {one.index: target.add_stream_from_template(one, opaque=True) for one in source.streams}
        for packet in source.demux():
            if packet.size:
                packet.stream = copies[packet.stream_index]
                target.mux(packet)
    return to.getvalue()


def _boxes(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    at = 0
    while (head := head_of(data[at : at + LONG_HEAD])) is not None:
        yield head[0], data[at : at + head[2]]
        at += head[2]


def pieces_of(
    init: bytes, segments: Sequence[bytes], setting: Setting = Setting(), begin: datetime = NOON, apart_s: float = 0
) -> list[Piece]:
    """As they are stored; `apart_s` lies between the end of one and the begin of the next."""
    step = timedelta(seconds=setting.seconds + apart_s)
    return [piece_of(init + one, begin + step * at, setting.kind == "ts") for at, one in enumerate(segments)]


def piece_of(data: bytes, start: datetime, is_transport_stream: bool = False) -> Piece:
    return Piece(start, is_transport_stream, lambda path: path.write_bytes(data) == len(data))


def picture_of(number: int, size: tuple[int, int]) -> Image.Image:
    image = Image.new("RGB", size)
    band = size[0] // _BITS
    for bit in (one for one in range(_BITS) if number >> one & 1):
        ImageDraw.Draw(image).rectangle((bit * band, 0, (bit + 1) * band - 1, size[1]), fill=(255, 255, 255))
    return image


@dataclass(frozen=True)
class Track:
    """What a player is told of one track: in the order of decoding."""

    codec: str
    tag: str
    shown_s: list[float]
    decoded_s: list[float]
    are_keys: list[bool]
    duration_s: float


@dataclass(frozen=True)
class Played:
    """A file, as a player that knows nothing of how it was made sees it."""

    duration_s: float
    tracks: dict[str, Track]
    frames: list[int]
    rotations: set[int]
    filmed: str


def played(path: Path) -> Played:
    with av.open(path) as container:
        packets = [packet for packet in container.demux() if packet.size]
        tracks = {stream.type: _track(stream, packets) for stream in container.streams}
        duration_s, filmed = (container.duration or 0) / 1_000_000, container.metadata["creation_time"]
    with av.open(path) as container:
        frames = list(container.decode(video=0))
    return Played(duration_s, tracks, list(map(_number_in, frames)), {frame.rotation for frame in frames}, filmed)


def _track(stream: av.stream.Stream, packets: list[av.Packet[av.stream.Stream]]) -> Track:
    own = [one for one in packets if one.stream_index == stream.index]
    base = stream.time_base or Fraction(0)
    return Track(
        stream.codec_context.name,
        stream.codec_context.codec_tag,
        [float((one.pts or 0) * base) for one in own],
        [float((one.dts or 0) * base) for one in own],
        [one.is_keyframe for one in own],
        float((stream.duration or 0) * base),
    )


def _number_in(frame: av.VideoFrame) -> int:
    grey = frame.to_image().convert("L")
    band = grey.width // _BITS
    return sum((grey.getpixel((bit * band + band // 2, grey.height // 2)) > 127) << bit for bit in range(_BITS))


def boxes_at_the_top(path: Path) -> list[bytes]:
    return [kind for kind, _ in _boxes(path.read_bytes())]
