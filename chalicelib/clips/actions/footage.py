"""Reading of one stored segment by FFmpeg's demuxers: its samples, and what a decoder must know first."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from chalicelib import mp4
from chalicelib.clips.rules import parameter_sets
from chalicelib.clips.rules.boxes import MOST_HEAD_BYTES, Picture, Sieve, TooMuchClaimed, is_needed, picture_in
from chalicelib.clips.rules.joining import TICKS_A_SECOND, Run, Sample, Stamps, begin_of, end_of, runs

if TYPE_CHECKING:
    from av import AudioStream, CodecContext, Packet, VideoStream
    from av.container import InputContainer
    from av.stream import Stream

_VIDEO, _SOUND = ("h264", "hevc"), "aac"
_CHUNK_BYTES = 64 * 1024
# Times keep where they begin, so that what follows can be told from what begins anew.
_REWRAPPED = {"movflags": "frag_keyframe+delay_moov+default_base_moof+frag_discont", "avoid_negative_ts": "disabled"}


@dataclass(frozen=True)
class Footage:
    """One segment, demuxed; the streams stay open, as those of a clip are made after them."""

    picture: Picture
    # avcC or hvcC, and its parameter sets.
    record: bytes
    sets: tuple[bytes, ...]
    video: VideoStream
    runs: list[Run]
    sound: AudioStream | None
    heard: list[Sample]

    @property
    def sound_kind(self) -> tuple[int, bytes] | None:
        """Rate of the sound, and the beginning of its configuration; None where there is none."""
        return None if self.sound is None else _said_of(self.sound)

    def heard_with(self, run: Run) -> list[Sample]:
        """The sound of what is shown; of a segment whose times jump by the times alone."""
        if len(self.runs) == 1:
            return self.heard
        begin, end = begin_of(run), end_of(run)
        return [one for one in self.heard if begin <= one.pts < end]

    def with_sets(self, key_frame: Packet[Stream]) -> Packet[Stream]:
        """The same frame as one that brings its parameter sets."""
        from av import Packet

        codec, data = self.picture.codec, bytes(key_frame)
        if parameter_sets.in_sample(codec, self.record, data):
            return key_frame
        packet = Packet(parameter_sets.brought(codec, self.record, self.sets) + data)
        packet.is_keyframe = True
        return packet


def read(path: Path, is_transport_stream: bool) -> Footage | None:
    """Of a file that holds an init and a segment, or a transport stream; None where nothing of it can be shown. What
    comes before a broken place is read."""
    from av import FFmpegError

    try:
        if is_transport_stream:
            path = rewrapped(path)
        picture = _picture_of(path)
        return None if picture is None else _footage(path, picture)
    # Of hostile bytes PyAV says so in more ways than one.
    except (FFmpegError, ValueError, IndexError, ArithmeticError, MemoryError, FileNotFoundError) as broken:
        if isinstance(broken, OSError) and broken.errno == errno.ENOSPC:
            raise
        return None


def _picture_of(path: Path) -> Picture | None:
    """The picture of the init, if it is the only one and stands in front. Of the file's boxes FFmpeg's demuxer finds
    those that are known: all others are free space from then on. Raises TooMuchClaimed."""
    picture: Picture | None = None
    sieve = Sieve()
    with path.open("r+b") as file:
        for kind, at, size, is_whole in _boxes(file):
            sieve.count_box()
            if not is_needed(kind) or not (is_whole or kind == b"mdat"):
                _blank(file, at, size)
            elif kind in (b"moov", b"moof"):
                if kind == b"moov" and picture is not None:
                    return None
                head = _sifted(file, at, size, sieve)
                picture = picture_in(head) if kind == b"moov" else picture
    return picture


def _boxes(file: BinaryIO) -> Iterator[tuple[bytes, int, int, bool]]:
    """Kind, place and size of each box at the top, and whether it is whole: of the last no more than is there."""
    at, end = 0, file.seek(0, os.SEEK_END)
    while at < end:
        file.seek(at)
        head = file.read(mp4.LONG_HEAD)
        # A size of 0 is that of a box which ends with the file.
        kind, _, size = mp4.head_of(head) or (head[4:8], 0, end - at)
        yield kind, at, min(size, end - at), size <= end - at
        at += size


def _sifted(file: BinaryIO, at: int, size: int, sieve: Sieve) -> bytes:
    if size > MOST_HEAD_BYTES:
        raise TooMuchClaimed
    file.seek(at)
    box = bytearray(file.read(size))
    # If it is the last it may not say how long it is, but FFmpeg shall not have to guess.
    box[:4] = size.to_bytes(4) if not any(box[:4]) else box[:4]
    sieve.sift(box)
    file.seek(at)
    file.write(box)
    return bytes(box)


def _blank(file: BinaryIO, at: int, size: int) -> None:
    """Free space in place of a box; it may be the last one, and larger than a function's memory."""
    file.seek(at)
    file.write(size.to_bytes(4) + b"free" if size >= 8 else bytes(size))
    for begin in range(8, size, _CHUNK_BYTES):
        file.write(bytes(min(_CHUNK_BYTES, size - begin)))


def rewrapped(path: Path) -> Path:
    """A transport stream as fragmented MP4: nothing is encoded, and what follows has one kind of it."""
    import av
    from av.bitstream import BitStreamFilterContext

    to = path.with_suffix(".mp4")
    with av.open(path, format="mpegts") as source, av.open(to, "w", format="mp4", options=_REWRAPPED) as target:
        video, sound = _streams(source)
        streams = [one for one in (video, sound) if one is not None]
        copies = {one.index: target.add_stream_from_template(one, opaque=True) for one in streams}
        # MP4's muxer does not see by itself that this has to be done.
        unwrap = None if sound is None else BitStreamFilterContext("aac_adtstoasc", sound)
        for packet in _packets(source, streams):
            copy = copies[packet.stream_index]
            # The filter takes a packet's content away, and which stream it was of.
            is_sound = sound is not None and packet.stream_index == sound.index
            for one in unwrap.filter(packet) if is_sound and unwrap is not None else [packet]:
                one.stream = copy
                target.mux(one)
    return to


def _footage(path: Path, said: Picture) -> Footage | None:
    import av

    container = av.open(path, format="mov")
    video, sound = _streams(container)
    if video is None:
        return None
    packets = list(_packets(container, [one for one in (video, sound) if one is not None]))
    shown = [one for one in packets if one.stream_index == video.index]
    found = runs(map(_stamps, shown))
    context = video.codec_context
    record = bytes(context.extradata or b"")
    sets = _sets(context.name, record, shown)
    if not (found and sets and context.width and context.height):
        return None
    if sound is not None and not all(_said_of(sound)):
        sound = None
    heard = [] if sound is None else [_heard(one) for one in packets if one.stream_index == sound.index]
    picture = Picture(context.name, context.width, context.height, said.turn)
    return Footage(picture, record, sets, video, found, sound if heard else None, heard)


def _streams(container: InputContainer) -> tuple[VideoStream | None, AudioStream | None]:
    video = next((one for one in container.streams.video if _codec_of(one) in _VIDEO), None)
    sound = next((one for one in container.streams.audio if _codec_of(one) == _SOUND), None)
    return video, sound


def _codec_of(stream: VideoStream | AudioStream) -> str | None:
    # Of a codec that it does not know, PyAV has no context, whatever its types say.
    context: CodecContext | None = stream.codec_context
    return None if context is None else context.name


def _said_of(sound: AudioStream) -> tuple[int, bytes]:
    """Its rate, and the beginning of its AudioSpecificConfig (ISO/IEC 14496-3, 1.6.2.1), which is the same of all that
    one decoder can go on with."""
    context = sound.codec_context
    return context.sample_rate, bytes(context.extradata or b"")[:2]


def _packets(container: InputContainer, streams: list[VideoStream | AudioStream]) -> Iterator[Packet[Stream]]:
    """Up to the first that is broken off."""
    from av import FFmpegError

    packets = container.demux(streams)
    while True:
        try:
            packet = next(packets)
        except (StopIteration, FFmpegError):
            return
        if packet.is_corrupt:
            return
        # At the end comes one without bytes for each stream.
        if packet.size:
            yield packet


def ticks(time: int | None, base: Fraction) -> int | None:
    return None if time is None else round(time * base * TICKS_A_SECOND)


def _stamps(packet: Packet[Stream]) -> Stamps:
    base = packet.time_base
    return Stamps(
        ticks(packet.pts, base), ticks(packet.dts, base), ticks(packet.duration, base) or 0, packet.is_keyframe, packet
    )


def _heard(packet: Packet[Stream]) -> Sample:
    at = ticks(packet.pts, packet.time_base) or 0
    return Sample(at, at, ticks(packet.duration, packet.time_base) or 0, True, packet)


def _sets(codec: str, record: bytes, shown: list[Packet[Stream]]) -> tuple[bytes, ...]:
    """Those of the init; where it has none, those of the first key frame."""
    key = next((bytes(one) for one in shown if one.is_keyframe), b"")
    return parameter_sets.in_record(codec, record) or parameter_sets.in_sample(codec, record, key)
