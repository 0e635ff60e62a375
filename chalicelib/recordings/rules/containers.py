"""Containers of video, told by their first bytes: fragmented MP4 (ISO/IEC 14496-12) and MPEG-TS (ISO/IEC 13818-1)."""

from __future__ import annotations

# Two packets of a transport stream, with the one's sync byte 188 behind the other's.
HEAD_BYTES = 192
_TS_PACKET, _TS_SYNC = 188, 0x47
# What a segment may begin with: `styp` and `sidx` by many muxers, others by some.
_OF_SEGMENT = frozenset({b"styp", b"sidx", b"moof", b"prft", b"emsg", b"free", b"skip", b"uuid", b"ftyp"})
_OF_INIT = frozenset({b"ftyp", b"moov"})


def looks_like(name: str, head: bytes) -> bool:
    """Whether an object may be what its name says it is: a player stumbles over anything else."""
    if name.endswith(".ts"):
        return len(head) > _TS_PACKET and head[0] == _TS_SYNC and head[_TS_PACKET] == _TS_SYNC
    size, kind = int.from_bytes(head[:4]), head[4:8]
    # A size of 1 is that of a box whose size follows; none runs to the end of the file here.
    return (size >= 8 or size == 1) and kind in (_OF_INIT if name.endswith(".mp4") else _OF_SEGMENT)
