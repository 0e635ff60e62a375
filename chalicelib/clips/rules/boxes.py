"""Boxes that decide of a clip: what an init says of its picture, and how much a fragment says of itself."""

from __future__ import annotations

import re
from dataclasses import dataclass

from chalicelib import mp4

_KIND = slice(4, 8)
# Of a visual sample entry (ISO/IEC 14496-12, 12.1.3): behind its head, an index, and sixteen bytes reserved.
_WIDTH, _HEIGHT = slice(32, 34), slice(34, 36)
_CODECS = {b"avc1": "h264", b"avc3": "h264", b"hvc1": "hevc", b"hev1": "hevc"}

# Kinds of box, and behind them their number of entries. A demuxer reads them in more places than the standard names.
_RUNS = re.compile(rb"trun(?=.{4}(.{4}))", re.DOTALL)
_TABLES = re.compile(rb"(?:stsz|stz2)(?=.{8}(.{4}))", re.DOTALL), re.compile(rb"(?:stco|co64)(?=.{4}(.{4}))", re.DOTALL)


@dataclass(frozen=True)
class Picture:
    """Codec (by FFmpeg's name), size and rotation of the pictures of a track, which can hold no others. `turn` are the
    four figures of its matrix that say how it is turned and mirrored."""

    codec: str
    width: int
    height: int
    turn: bytes


def picture_in(init: bytes) -> Picture | None:
    """Of the first track that shows H.264 or H.265; None if none does."""
    return next(filter(None, map(_picture_of_track, mp4.below(init, b"moov", b"trak"))), None)


def _picture_of_track(track: bytes) -> Picture | None:
    entry = mp4.sample_entry(track)
    codec = _CODECS.get(entry[_KIND])
    if codec is None:
        return None
    return Picture(codec, int.from_bytes(entry[_WIDTH]), int.from_bytes(entry[_HEIGHT]), _turn_of(track))


def _turn_of(track: bytes) -> bytes:
    """The matrix of a `tkhd` (8.3.2) is its last but two figures; of its rows the third only moves."""
    matrix = b"".join(mp4.below(track, b"tkhd")[:1])[-44:-8]
    return matrix[:8] + matrix[12:20]


def samples_in(box: bytes) -> int:
    """The number of samples that its runs claim: a demuxer makes room for as many, and one run of 32 bytes may say four
    thousand million."""
    return sum(int.from_bytes(run[1]) for run in _RUNS.finditer(box))


def has_tables(box: bytes) -> bool:
    """Whether it tells of samples that lie in no fragment, of which an init has none."""
    return any(any(found[1]) for table in _TABLES for found in table.finditer(box))
