"""Parameter sets of H.264 and H.265: what a decoder must know first, as MP4 keeps it (ISO/IEC 14496-15)."""

from __future__ import annotations

from collections.abc import Iterator

# Of each codec: where its record says how many bytes a length has, and the types of its sets in their order.
_LENGTH_AT = {"h264": 4, "hevc": 21}
_TYPES = {"h264": (7, 8), "hevc": (32, 33, 34)}
_HEVC_FIXED_BYTES = 22


def in_record(codec: str, record: bytes) -> tuple[bytes, ...]:
    """The sets that an `avcC` or `hvcC` holds; none of one that is broken."""
    found = _in_avcc(record) if codec == "h264" else _in_hvcc(record)
    return tuple(unit for unit in found if _type_of(codec, unit) in _TYPES[codec])


def in_sample(codec: str, record: bytes, sample: bytes) -> tuple[bytes, ...]:
    """The sets that a sample brings itself, as those of `avc3` and `hev1` do."""
    return tuple(unit for unit in _units(sample, length_bytes(codec, record)) if _type_of(codec, unit) in _TYPES[codec])


def brought(codec: str, record: bytes, sets: tuple[bytes, ...]) -> bytes:
    """These sets as the beginning of a sample."""
    count = length_bytes(codec, record)
    return b"".join(len(unit).to_bytes(count) + unit for unit in sets)


def record_of(codec: str, record: bytes, sets: tuple[bytes, ...]) -> bytes:
    """A record that holds these sets, in place of one that holds none."""
    kinds = [[unit for unit in sets if _type_of(codec, unit) == kind] for kind in _TYPES[codec]]
    if codec == "hevc":
        arrays = [bytes((0x80 | kind,)) + _listed(units, 2) for kind, units in zip(_TYPES[codec], kinds, strict=True)]
        return record[:_HEVC_FIXED_BYTES] + bytes((len(arrays),)) + b"".join(arrays)
    sequence, picture = kinds
    head = record[:1] + sequence[0][1:4] + record[4:5]
    return head + bytes((0xE0 | len(sequence),)) + _listed(sequence, 0) + _listed(picture, 1)


def _listed(units: list[bytes], count_bytes: int) -> bytes:
    count = len(units).to_bytes(count_bytes) if count_bytes else b""
    return count + b"".join(len(unit).to_bytes(2) + unit for unit in units)


def length_bytes(codec: str, record: bytes) -> int:
    """The number of bytes in which a sample says how long a unit of it is."""
    return (record[_LENGTH_AT[codec]] & 3) + 1 if len(record) > _LENGTH_AT[codec] else 4


def _type_of(codec: str, unit: bytes) -> int | None:
    if not unit:
        return None
    return unit[0] & 0x1F if codec == "h264" else unit[0] >> 1 & 0x3F


def _in_avcc(record: bytes) -> Iterator[bytes]:
    at = 5
    for mask in (0x1F, 0xFF):
        count = record[at] & mask if at < len(record) else 0
        units = list(_of_two_byte_lengths(record, at + 1, count))
        yield from units
        at += 1 + sum(2 + len(unit) for unit in units)


def _in_hvcc(record: bytes) -> Iterator[bytes]:
    at = _HEVC_FIXED_BYTES + 1
    for _ in range(record[at - 1] if at <= len(record) else 0):
        units = list(_of_two_byte_lengths(record, at + 3, int.from_bytes(record[at + 1 : at + 3])))
        yield from units
        at += 3 + sum(2 + len(unit) for unit in units)


def _of_two_byte_lengths(record: bytes, at: int, count: int) -> Iterator[bytes]:
    """So many of them, or as many as there are."""
    while count and at + 2 < len(record):
        unit = record[at + 2 : at + 2 + int.from_bytes(record[at : at + 2])]
        yield unit
        at, count = at + 2 + len(unit), count - 1


def _units(sample: bytes, of_length: int) -> Iterator[bytes]:
    at = 0
    while at + of_length < len(sample):
        size = int.from_bytes(sample[at : at + of_length])
        yield sample[at + of_length : at + of_length + size]
        at += of_length + size
