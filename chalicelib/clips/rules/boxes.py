"""Boxes of MP4 files (ISO/IEC 14496-12): what an init says of its picture, and how much a fragment says of itself."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

_HEAD, _LONG_HEAD = 8, 16
# Of a sample entry (8.5.2): six bytes reserved, an index; of a visual one sixteen more before its size.
_SIZE_IN_ENTRY = _HEAD + 24
_CODECS = {b"avc1": "h264", b"avc3": "h264", b"hvc1": "hevc", b"hev1": "hevc"}
_IN_TRACK = (b"mdia", b"minf", b"stbl", b"stsd")
MOST_INIT_BYTES = 64 * 1024


@dataclass(frozen=True)
class Picture:
    """Codec (by FFmpeg's name), size and rotation of the pictures of a track, which can hold no others. `turn` are the
    four figures of its matrix that say how it is turned and mirrored."""

    codec: str
    width: int
    height: int
    turn: bytes


def head_of(data: bytes) -> tuple[bytes, int, int] | None:
    """Kind, length of the head and length of the whole of the box that begins here; None where none does."""
    if len(data) < _HEAD:
        return None
    size, head = int.from_bytes(data[:4]), _HEAD
    if size == 1:
        size, head = int.from_bytes(data[_HEAD:_LONG_HEAD]), _LONG_HEAD
    return (bytes(data[4:8]), head, size) if size >= head else None


def within(data: bytes, skipped: int = 0) -> Iterator[tuple[bytes, bytes]]:
    """Kind and content of each whole box in these bytes, behind so many that are none."""
    at = skipped
    while (head := head_of(data[at : at + _LONG_HEAD])) is not None and at + head[2] <= len(data):
        kind, length, size = head
        yield kind, data[at + length : at + size]
        at += size


def picture_in(init: bytes) -> Picture | None:
    """Of the first track that shows H.264 or H.265; None if none does."""
    return picture_of(_first(init, b"moov") or b"")


def picture_of(movie: bytes) -> Picture | None:
    """The same by the content of a `moov`."""
    tracks = [content for kind, content in within(movie) if kind == b"trak"]
    return next(filter(None, map(_picture_of_track, tracks)), None)


def _picture_of_track(track: bytes) -> Picture | None:
    found: bytes | None = track
    for kind in _IN_TRACK:
        found = _first(found or b"", kind)
    head = head_of((found or b"")[_HEAD : _HEAD + _LONG_HEAD])
    codec = None if head is None else _CODECS.get(head[0])
    if found is None or codec is None:
        return None
    sizes = found[_HEAD + _SIZE_IN_ENTRY :][:4]
    return Picture(codec, int.from_bytes(sizes[:2]), int.from_bytes(sizes[2:4]), _turn_of(track))


def _turn_of(track: bytes) -> bytes:
    """The matrix of a `tkhd` (8.3.2) is its last but two figures; of its rows the third only moves."""
    header = _first(track, b"tkhd") or b""
    matrix = header[-44:-8]
    return matrix[:8] + matrix[12:20]


def _first(data: bytes, wanted: bytes) -> bytes | None:
    return next((content for kind, content in within(data) if kind == wanted), None)


def samples_in(fragment: bytes) -> int:
    """How many samples the content of a `moof` says that there are: a demuxer makes room for as many, and one run of
    32 bytes may say four thousand million."""
    tracks = [content for kind, content in within(fragment) if kind == b"traf"]
    return sum(int.from_bytes(run[4:8]) for track in tracks for kind, run in within(track) if kind == b"trun")
