"""Boxes of MP4 files (ISO/IEC 14496-12), read from bytes that may be cut off and whose sizes may lie."""

from __future__ import annotations

from collections.abc import Iterator

_HEAD, LONG_HEAD = 8, 16
# Behind version and flags of a `stsd` (8.5.2), and the number of its entries.
_ENTRIES_AT = 8
# An init has 600 to 900 bytes. What is much larger is something else.
MOST_INIT_BYTES = 64 * 1024


def head_of(data: bytes) -> tuple[bytes, int, int] | None:
    """Kind, length of the head and length of the whole of the box that begins here; None where none does."""
    if len(data) < _HEAD:
        return None
    size, head = int.from_bytes(data[:4]), _HEAD
    if size == 1:
        size, head = int.from_bytes(data[_HEAD:LONG_HEAD]), LONG_HEAD
    return (bytes(data[4:8]), head, size) if size >= head else None


def boxes(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Kind and content of each box in these bytes; of the last no more than is there."""
    at = 0
    while (head := head_of(data[at : at + LONG_HEAD])) is not None:
        kind, length, size = head
        yield kind, data[at + length : at + size]
        at += size


def below(data: bytes, *kinds: bytes) -> list[bytes]:
    """The content of each box of the last kind that lies in boxes of the kinds before."""
    found = [data]
    for wanted in kinds:
        found = [content for one in found for kind, content in boxes(one) if kind == wanted]
    return found


def sample_entry(track: bytes) -> bytes:
    """The first of a `trak`, whose kind is that of the codec; nothing where there is none."""
    descriptions = below(track, b"mdia", b"minf", b"stbl", b"stsd")
    return descriptions[0][_ENTRIES_AT:] if descriptions else b""
