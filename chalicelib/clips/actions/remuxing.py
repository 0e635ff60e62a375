"""Remuxing of recorded segments into one progressive MP4 file, by FFmpeg's muxer; nothing is decoded or encoded."""

from __future__ import annotations

import errno
import gc
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from fractions import Fraction
from heapq import merge
from operator import itemgetter
from pathlib import Path
from typing import TYPE_CHECKING

from chalicelib.clips.actions import footage
from chalicelib.clips.actions.footage import Footage
from chalicelib.clips.rules import parameter_sets
from chalicelib.clips.rules.boxes import Picture
from chalicelib.clips.rules.joining import (
    TICKS_A_SECOND,
    Run,
    Sample,
    Timeline,
    begin_of,
    end_of,
    from_key_frame,
    up_to,
)

if TYPE_CHECKING:
    from av import AudioStream, Packet, VideoStream
    from av.container import OutputContainer
    from av.stream import Stream

# However long a segment says its frames are shown: none is longer than a minute, and clocks drift.
_LONGEST_SEGMENT = timedelta(minutes=2)
# By how many samples of sound two times differ that are the same.
_ROUNDED = 2
_BASE = Fraction(1, TICKS_A_SECOND)
# The file is written anew without each: more would make it work that grows with the square.
_MOST_REFUSED = 8
# Apple's players show no `hev1`.
_TAGS = {"h264": "avc1", "hevc": "hvc1"}


class CrossesChange(Exception):
    """The picture is of another codec, size or rotation from a moment on, which one track cannot hold."""

    def __init__(self, at: datetime) -> None:
        super().__init__(at.isoformat())
        self.at = at


class NothingReadable(Exception):
    """No segment has anything that can be shown."""


@dataclass(frozen=True)
class Piece:
    """A stored segment, from when on it was filmed; `fetch` writes its init and itself into a file, and says whether
    both were still there."""

    start: datetime
    is_transport_stream: bool
    fetch: Callable[[Path], bool]


@dataclass(frozen=True)
class Remuxed:
    """A clip that was written: when its first frame was filmed, how long it is, and how many segments could not be
    read."""

    begin: datetime
    duration_ms: int
    unreadable: int


@dataclass(frozen=True)
class _Plan:
    """Facts of all segments that the head of the file depends on: whether parameter sets change, so that key frames
    bring them, which segment is the first that has sound, and which the muxer refuses."""

    brings_sets: bool = False
    sound_in: int | None = None
    refused: frozenset[int] = frozenset()


class _PlanChanged(Exception):
    """A later segment has what the head of the file must say."""

    def __init__(self, plan: _Plan) -> None:
        super().__init__()
        self.plan = plan


def remux(pieces: Sequence[Piece], begin: datetime, end: datetime, to: Path) -> Remuxed:
    """Write what was filmed between two moments, from the key frame before on, with its gaps closed. One segment at a
    time is on disk and in memory; they are read again where a later one has what the head of the file must say.

    Raises CrossesChange, NothingReadable.
    """
    plan = _Plan()
    while True:
        try:
            return _Remuxing(pieces, begin, end, plan).write(to)
        except _PlanChanged as changed:
            plan = changed.plan


@dataclass
class _Head:
    """The tracks of the file, as its first frame decided them, and where its sound goes on, in samples."""

    began_at: datetime
    picture: Picture
    record: bytes
    sets: tuple[bytes, ...]
    # Of video, then of sound if there is any.
    streams: list[Stream]
    sound_kind: tuple[int, bytes] | None
    next_sound: int = 0

    @property
    def sound_rate(self) -> int:
        return 1 if self.sound_kind is None else self.sound_kind[0]


class _Remuxing:
    """One writing of the file."""

    def __init__(self, pieces: Sequence[Piece], begin: datetime, end: datetime, plan: _Plan) -> None:
        self._pieces, self._begin, self._end, self._plan = pieces, begin, end, plan
        self._timeline = Timeline()
        self._head: _Head | None = None
        self._unreadable = 0

    def write(self, to: Path) -> Remuxed:
        import av

        with av.open(to, "w", format="mp4", options={"movflags": "faststart"}) as target:
            for number, _ in enumerate(self._pieces):
                self._write_piece(target, number)
                # PyAV's containers and streams hold each other, and with them an open file.
                gc.collect(0)
        if self._head is None:
            raise NothingReadable
        return Remuxed(self._head.began_at, self._timeline.end * 1000 // TICKS_A_SECOND, self._unreadable)

    def _write_piece(self, target: OutputContainer, number: int) -> None:
        found = None if number in self._plan.refused else self._read(self._pieces[number])
        if found is None:
            self._unreadable += 1
            self._timeline.break_off()
        else:
            self._try_to_add(target, number, found)

    def _read(self, piece: Piece) -> Footage | None:
        with tempfile.TemporaryDirectory(prefix="segment-") as folder:
            path = Path(folder, "segment.ts" if piece.is_transport_stream else "segment.mp4")
            return footage.read(path, piece.is_transport_stream) if piece.fetch(path) else None

    def _try_to_add(self, target: OutputContainer, number: int, found: Footage) -> None:
        """Raises _PlanChanged where the muxer refuses what the demuxer gave: the file is written anew without it.
        Raises NothingReadable where it refuses too much."""
        from av import FFmpegError

        try:
            self._add(target, number, found)
        except FFmpegError as refusal:
            if isinstance(refusal, OSError) and refusal.errno == errno.ENOSPC:
                raise
            if len(self._plan.refused) == _MOST_REFUSED:
                raise NothingReadable from refusal
            raise _PlanChanged(replace(self._plan, refused=self._plan.refused | {number})) from None

    def _add(self, target: OutputContainer, number: int, found: Footage) -> None:
        filmed = self._pieces[number].start
        end = min(self._end, filmed + _LONGEST_SEGMENT)
        for run in found.runs:
            begin = begin_of(run)
            if kept := self._kept(run, filmed, end):
                at = filmed + _span(begin_of(kept) - begin)
                head = self._head = self._head or self._begun(target, found, at)
                self._require_fit(head, number, found, at)
                self._mux(target, head, found, kept)
            filmed += _span(end_of(run) - begin)

    def _kept(self, run: Run, filmed: datetime, end: datetime) -> Run:
        """Of a run that was filmed from then on, what the clip shows."""
        begin = begin_of(run)
        if self._head is None:
            at = begin + _ticks(self._begin - filmed)
            shown = from_key_frame(run, at) if end_of(run) > at else []
        else:
            shown = run if self._timeline.goes_on(run) else from_key_frame(run, None)
        return up_to(shown, begin + _ticks(end - filmed))

    def _begun(self, target: OutputContainer, found: Footage, at: datetime) -> _Head:
        """Of the file that is written, what the first frame decides."""
        target.metadata["creation_time"] = at.isoformat()
        codec, record = found.picture.codec, found.record
        video: VideoStream = target.add_stream_from_template(found.video, opaque=True)
        if not parameter_sets.in_record(codec, record):
            record = video.codec_context.extradata = parameter_sets.record_of(codec, record, found.sets)
        video.codec_context.codec_tag = _TAGS[codec]
        video.time_base = _BASE
        with_sound = found if self._plan.sound_in is None else self._read(self._pieces[self._plan.sound_in])
        streams: list[Stream] = [video]
        if with_sound is not None and with_sound.sound is not None:
            sound: AudioStream = target.add_stream_from_template(with_sound.sound, opaque=True)
            sound.time_base = Fraction(1, with_sound.sound.codec_context.sample_rate)
            streams.append(sound)
        kind = None if with_sound is None else with_sound.sound_kind
        return _Head(at, found.picture, record, found.sets, streams, kind)

    def _require_fit(self, head: _Head, number: int, found: Footage, at: datetime) -> None:
        """Raises CrossesChange, _PlanChanged."""
        lengths = {parameter_sets.length_bytes(found.picture.codec, record) for record in (head.record, found.record)}
        if found.picture != head.picture or len(lengths) > 1:
            raise CrossesChange(at)
        if found.sets != head.sets and not self._plan.brings_sets:
            raise _PlanChanged(replace(self._plan, brings_sets=True))
        if found.sound is not None and head.sound_kind is None and self._plan.sound_in is None:
            raise _PlanChanged(replace(self._plan, sound_in=number))

    def _mux(self, target: OutputContainer, head: _Head, found: Footage, kept: Run) -> None:
        shown = ((one.dts, self._of_video(head, found, one)) for one in self._timeline.add(kept))
        heard = found.heard_with(kept) if found.sound_kind == head.sound_kind else []
        sounds = ((one.dts, self._of_sound(head, one)) for one in self._timeline.add_sound(heard))
        for _, packet in merge(shown, sounds, key=itemgetter(0)):
            target.mux(packet)

    def _of_video(self, head: _Head, found: Footage, sample: Sample) -> Packet[Stream]:
        packet: Packet[Stream] = sample.media
        if self._plan.brings_sets and sample.is_key:
            packet = found.with_sets(packet)
        packet.stream, packet.time_base = head.streams[0], _BASE
        packet.pts, packet.dts, packet.duration = sample.pts, sample.dts, sample.duration
        return packet

    def _of_sound(self, head: _Head, sample: Sample) -> Packet[Stream]:
        """By its own rate, so that no sample of sound is lost to rounding."""
        packet: Packet[Stream] = sample.media
        base = Fraction(1, head.sound_rate)
        at = round(Fraction(sample.pts, TICKS_A_SECOND) / base)
        start = head.next_sound if abs(at - head.next_sound) <= _ROUNDED else max(at, head.next_sound)
        packet.stream, packet.time_base = head.streams[-1], base
        packet.pts = packet.dts = start
        packet.duration = round(Fraction(sample.duration, TICKS_A_SECOND) / base)
        head.next_sound = start + packet.duration
        return packet


def _span(ticks: int) -> timedelta:
    return timedelta(seconds=ticks / TICKS_A_SECOND)


def _ticks(span: timedelta) -> int:
    return round(span.total_seconds() * TICKS_A_SECOND)
