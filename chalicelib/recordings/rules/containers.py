"""Containers of video, told by their first bytes: fragmented MP4 (ISO/IEC 14496-12) and MPEG-TS (ISO/IEC 13818-1)."""

from __future__ import annotations

from collections.abc import Iterator

# Two packets of a transport stream, with the one's sync byte 188 behind the other's.
HEAD_BYTES = 192
_TS_PACKET, _TS_SYNC = 188, 0x47
# What a segment may begin with: `styp` and `sidx` by many muxers, others by some.
_OF_SEGMENT = frozenset({b"styp", b"sidx", b"moof", b"prft", b"emsg", b"free", b"skip", b"uuid", b"ftyp"})
_OF_INIT = frozenset({b"ftyp", b"moov"})
# An init has 600 to 900 bytes. What is much larger is something else, which nobody counts.
MOST_INIT_BYTES = 64 * 1024


def looks_like(name: str, head: bytes) -> bool:
    """Whether an object may be what its name says it is: a player stumbles over anything else."""
    if name.endswith(".ts"):
        return len(head) > _TS_PACKET and head[0] == _TS_SYNC and head[_TS_PACKET] == _TS_SYNC
    size, kind = int.from_bytes(head[:4]), head[4:8]
    # A size of 1 is that of a box whose size follows; none runs to the end of the file here.
    return (size >= 8 or size == 1) and kind in (_OF_INIT if name.endswith(".mp4") else _OF_SEGMENT)


# Tracks of an init. Its first bytes tell them: what is longer has notes of its muxer's behind.
INIT_BYTES = 4096
_WITHIN = (b"moov", b"trak", b"mdia", b"minf", b"stbl")
# The same codec, with its parameters in the init or in the stream.
_SAME_CODEC = {b"avc3": b"avc1", b"hev1": b"hvc1"}


def tracks_of(init: bytes) -> tuple[str, ...]:
    """The codecs of an init's tracks, sorted: `("avc1", "mp4a")`; none where it cannot be read."""
    found = (entry[12:16] for entry in _sample_descriptions(init, 0, len(init)))
    return tuple(sorted(_SAME_CODEC.get(kind, kind).decode("latin-1") for kind in found if len(kind) == 4))


def _sample_descriptions(data: bytes, at: int, end: int) -> Iterator[bytes]:
    """What lies in each `stsd`, without its header."""
    while at + 8 <= end:
        size, kind = int.from_bytes(data[at : at + 4]), data[at + 4 : at + 8]
        if size < 8:
            return
        if kind in _WITHIN:
            yield from _sample_descriptions(data, at + 8, min(end, at + size))
        elif kind == b"stsd":
            yield data[at + 8 : min(end, at + size)]
        at += size
