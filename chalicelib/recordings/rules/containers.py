"""Containers of video, told by their first bytes: fragmented MP4 (ISO/IEC 14496-12) and MPEG-TS (ISO/IEC 13818-1)."""

from __future__ import annotations

from chalicelib import mp4

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
    box = mp4.head_of(head)
    return box is not None and box[0] in (_OF_INIT if name.endswith(".mp4") else _OF_SEGMENT)


# Tracks of an init. Its first bytes tell them: what is longer has notes of its muxer's behind.
INIT_BYTES = 4096
# The same codec, with its parameters in the init or in the stream.
_SAME_CODEC = {b"avc3": b"avc1", b"hev1": b"hvc1"}


def tracks_of(init: bytes) -> tuple[str, ...]:
    """The codecs of an init's tracks, sorted: `("avc1", "mp4a")`; none where it cannot be read."""
    kinds = (mp4.sample_entry(track)[4:8] for track in mp4.below(init, b"moov", b"trak"))
    return tuple(sorted(_SAME_CODEC.get(kind, kind).decode("latin-1") for kind in kinds if len(kind) == 4))
