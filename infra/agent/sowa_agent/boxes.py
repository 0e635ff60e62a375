"""Boxes of fragmented MP4 (ISO/IEC 14496-12), as far as a fragment must be known to be named, and to be decoded."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

_HEAD_BYTES = 8
# Flags of 8.8.7 and 8.8.8: which optional fields are there, in this order.
_TFHD_BASE, _TFHD_DESCRIPTION, _TFHD_DURATION, _TFHD_SIZE, _TFHD_FLAGS = 0x1, 0x2, 0x8, 0x10, 0x20
_TRUN_OFFSET, _TRUN_FIRST_FLAGS = 0x1, 0x4
_TRUN_DURATION, _TRUN_SIZE, _TRUN_FLAGS, _TRUN_SHIFT = 0x100, 0x200, 0x400, 0x800
_IS_NOT_SYNC = 0x10000


@dataclass(frozen=True, slots=True)
class Sample:
    """One access unit: `offset` is from the fragment's beginning on, `decoded` and `shift` are as those of a run."""

    offset: int
    size: int
    decoded: int
    shift: int


@dataclass(frozen=True)
class Run:
    """A track's samples of one fragment, in the track's time scale; `shift` is from the first one's decoding to its
    showing."""

    track: int
    decoded: int
    duration: int
    shift: int
    begins_with_key: bool
    samples: tuple[Sample, ...]


def take_boxes(pending: bytearray) -> Iterator[tuple[bytes, bytes]]:
    """Type and bytes of each whole box from the beginning, removed as they are read."""
    while len(pending) >= _HEAD_BYTES:
        size = int.from_bytes(pending[:4])
        if size < _HEAD_BYTES or len(pending) < size:
            return
        with memoryview(pending) as view:
            box = bytes(view[:size])
        del pending[:size]
        yield box[4:8], box


def runs_of(moof: bytes) -> list[Run]:
    """One for each track that has samples in the fragment, of which `moof` is the first box."""
    return [_run(traf) for kind, traf in take_boxes(bytearray(moof[_HEAD_BYTES:])) if kind == b"traf"]


def decoder_configuration(init: bytes, box: bytes) -> bytes:
    """What stands in `avcC` or `hvcC`, of which our muxer writes one. Raises ValueError."""
    at = init.index(box) - 4
    return init[at + _HEAD_BYTES : at + int.from_bytes(init[at : at + 4])]


@dataclass(frozen=True)
class _Defaults:
    """What all samples of a track have that do not say otherwise."""

    duration: int
    size: int
    is_key: bool


def _run(traf: bytes) -> Run:
    inner = dict(take_boxes(bytearray(traf[_HEAD_BYTES:])))
    head = _Fields(inner[b"tfhd"])
    track = head.uint32()
    head.skip_if(_TFHD_BASE, 8)
    head.skip_if(_TFHD_DESCRIPTION, 4)
    duration, size, flags = (head.uint32_if(flag) for flag in (_TFHD_DURATION, _TFHD_SIZE, _TFHD_FLAGS))
    time = _Fields(inner[b"tfdt"])
    decoded = time.number(8 if time.version else 4)
    return _with_samples(_Fields(inner[b"trun"]), track, decoded, _Defaults(duration, size, not flags & _IS_NOT_SYNC))


def _with_samples(trun: _Fields, track: int, decoded: int, defaults: _Defaults) -> Run:
    """What the samples say for themselves goes before what is said of all."""
    count, offset = trun.uint32(), trun.uint32_if(_TRUN_OFFSET)
    is_key = not trun.uint32() & _IS_NOT_SYNC if trun.has(_TRUN_FIRST_FLAGS) else defaults.is_key
    samples, at = [], decoded
    for number in range(count):
        duration = trun.uint32() if trun.has(_TRUN_DURATION) else defaults.duration
        size = trun.uint32() if trun.has(_TRUN_SIZE) else defaults.size
        flags = trun.uint32_if(_TRUN_FLAGS)
        if number == 0 and trun.has(_TRUN_FLAGS):
            is_key = not flags & _IS_NOT_SYNC
        samples.append(Sample(offset, size, at, trun.uint32_if(_TRUN_SHIFT)))
        at, offset = at + duration, offset + size
    return Run(track, decoded, at - decoded, samples[0].shift, is_key, tuple(samples))


class _Fields:
    """Reads a full box's fields one after the other."""

    def __init__(self, box: bytes) -> None:
        self._box, self._at = box, _HEAD_BYTES
        word = self.uint32()
        self.version, self._flags = word >> 24, word & 0xFFFFFF

    def has(self, flag: int) -> bool:
        return bool(self._flags & flag)

    def number(self, size_bytes: int) -> int:
        self._at += size_bytes
        return int.from_bytes(self._box[self._at - size_bytes : self._at])

    def uint32(self) -> int:
        return self.number(4)

    def uint32_if(self, flag: int) -> int:
        return self.uint32() if self.has(flag) else 0

    def skip_if(self, flag: int, size_bytes: int) -> None:
        if self.has(flag):
            self._at += size_bytes
