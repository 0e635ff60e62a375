"""Boxes that decide of a clip: what an init says of its picture, and which of a file's boxes a demuxer is given."""

from __future__ import annotations

from dataclasses import dataclass

from chalicelib import mp4

_KIND = slice(4, 8)
# Of a visual sample entry (ISO/IEC 14496-12, 12.1.3): behind its head, an index, and sixteen bytes reserved.
_WIDTH, _HEIGHT = slice(32, 34), slice(34, 36)
_CODECS = {b"avc1": "h264", b"avc3": "h264", b"hvc1": "hevc", b"hev1": "hevc"}

# A minute of 120 frames, and of as much sound, a second; a fragment of its own for each has eight boxes at most.
_MOST_SAMPLES = 14_400
_MOST_BOXES = 8 * _MOST_SAMPLES
# Pictures of two lenses, and sound of both.
_MOST_TRACKS = 4
# A `moof` has sixteen bytes for each of its samples, and a little more.
MOST_HEAD_BYTES = 1024 * 1024

# What a demuxer needs of the boxes of ISO/IEC 14496-12, 14496-14 and 14496-15: in which lies what.
_TOP = b""
_KNOWN: dict[bytes, tuple[bytes, ...]] = {
    _TOP: (b"ftyp", b"moov", b"moof", b"mdat"),
    b"moov": (b"mvhd", b"trak", b"mvex"),
    b"trak": (b"tkhd", b"edts", b"mdia"),
    b"edts": (b"elst",),
    b"mdia": (b"mdhd", b"hdlr", b"minf"),
    b"minf": (b"stbl",),
    b"stbl": (b"stsd", b"stsz", b"stz2", b"stco", b"co64"),
    b"stsd": (*_CODECS, b"mp4a"),
    **dict.fromkeys(_CODECS, (b"avcC", b"hvcC", b"colr", b"pasp")),
    b"mp4a": (b"esds", b"wave"),
    b"wave": (b"esds",),
    b"mvex": (b"mehd", b"trex"),
    b"moof": (b"mfhd", b"traf"),
    b"traf": (b"tfhd", b"tfdt", b"trun"),
}
# Where in their content others begin, if not at once: behind counts, and what entries of samples say themselves.
_OTHERS_AT = {b"stsd": 8, **dict.fromkeys(_CODECS, 78), b"mp4a": 28}
# Where in their content the number of their samples or chunks stands.
_COUNT_AT = {b"trun": 4, b"stsz": 8, b"stz2": 8, b"stco": 4, b"co64": 4}
_ENTRIES = {b"vide": set(_CODECS), b"soun": {b"mp4a"}}
# Of a visual entry its depth: behind a low one QuickTime has a table of colours.
_DEPTH, _DEPTH_BITS, _PALETTED = slice(74, 76), 0x1F, (1, 2, 4, 8)
# Of an entry of sound its version: of QuickTime's first one it has four figures more, if that of its table is 0.
_VERSION, _QUICKTIME, _MORE = slice(8, 10), 1, 16


class TooMuchClaimed(ValueError):
    """More samples, tracks or boxes than a segment can have, or a sample that lies in no fragment."""


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


def is_needed(kind: bytes) -> bool:
    """Whether a demuxer needs such boxes at the top of a file."""
    return kind in _KNOWN[_TOP]


class Sieve:
    """Leaves of the boxes of one file those that are known where they lie, as a demuxer looks for samples in others,
    too; what is not known becomes free space, so that nothing moves. Raises TooMuchClaimed."""

    def __init__(self) -> None:
        self._boxes = self._tracks = self._samples = 0

    def count_box(self) -> None:
        self._boxes += 1
        self._require(self._boxes <= _MOST_BOXES)

    def sift(self, box: bytearray) -> None:
        """A `moov` or `moof`, whole."""
        self._sift(box, 0, len(box), _TOP)

    def _sift(self, data: bytearray, at: int, end: int, within: bytes) -> None:
        while at < end:
            self.count_box()
            kind, head, size = mp4.head_of(bytes(data[at : min(at + mp4.LONG_HEAD, end)])) or (b"", 0, 0)
            until = at + size
            if not head or until > end:
                data[at:end] = bytes(end - at)
                return
            if kind not in _KNOWN[within] or not self._is_kept(kind, data, at + head, until):
                data[at + 4 : at + 8] = b"free"
                data[at + head : until] = bytes(size - head)
            at = until

    def _is_kept(self, kind: bytes, data: bytearray, at: int, end: int) -> bool:
        if kind in _COUNT_AT:
            return self._is_counted(kind, bytes(data[at + _COUNT_AT[kind] : min(at + _COUNT_AT[kind] + 4, end)]))
        if kind not in _KNOWN:
            return True
        first = at + _OTHERS_AT.get(kind, 0)
        if kind == b"mp4a" and int.from_bytes(data[at:first][_VERSION]) == _QUICKTIME:
            first += _MORE
        if first > end or not _has_known_form(kind, data[at:first]):
            return False
        self._sift(data, first, end, kind)
        if kind == b"trak":
            return self._is_track_kept(bytes(data[at:end]))
        return kind != b"stsd" or int.from_bytes(data[at + 4 : first]) == len(list(mp4.boxes(bytes(data[first:end]))))

    def _is_counted(self, kind: bytes, count: bytes) -> bool:
        self._samples += int.from_bytes(count)
        # An init tells of no sample: these lie in fragments.
        self._require(self._samples <= _MOST_SAMPLES and (kind == b"trun" or not any(count)))
        return len(count) == 4

    def _is_track_kept(self, track: bytes) -> bool:
        handlers = [content[8:12] for content in mp4.below(track, b"mdia", b"hdlr")]
        descriptions = mp4.below(track, b"mdia", b"minf", b"stbl", b"stsd")
        entries = {kind for content in descriptions for kind, _ in mp4.boxes(content[_OTHERS_AT[b"stsd"] :])}
        if len(handlers) != 1 or not entries or not entries <= _ENTRIES.get(handlers[0], set()):
            return False
        self._tracks += 1
        self._require(self._tracks <= _MOST_TRACKS)
        return True

    def _require(self, is_so: bool) -> None:
        if not is_so:
            raise TooMuchClaimed


def _has_known_form(kind: bytes, said: bytearray) -> bool:
    """Whether it is beyond doubt where the boxes in it begin."""
    if kind in _CODECS:
        return int.from_bytes(said[_DEPTH]) & _DEPTH_BITS not in _PALETTED
    if kind == b"mp4a":
        return int.from_bytes(said[_VERSION]) <= _QUICKTIME
    return kind != b"stsd" or said[0] == 0
