"""Parameter sets of H.264 and H.265 in Annex B: what tells that a camera has changed its picture."""

from __future__ import annotations

from sowa_agent.packets import Codec

_START_CODE = b"\x00\x00\x01"
# They stand first, and have some dozens of bytes each.
_READ_BYTES = 4096
# Types of NAL units: ITU-T H.264, table 7-1; H.265, table 7-1.
_SETS = {"h264": (7, 8), "hevc": (32, 33, 34)}


def parameter_sets(codec: Codec, access_unit: bytes) -> frozenset[bytes]:
    """Those that stand before the picture; empty if there are none."""
    units = access_unit[:_READ_BYTES].split(_START_CODE)[1:]
    # A fourth zero of the next start code is none of the unit before it.
    return frozenset(unit.rstrip(b"\x00") for unit in units if unit and _type_of(codec, unit) in _SETS[codec])


def _type_of(codec: Codec, unit: bytes) -> int:
    return unit[0] & 0x1F if codec == "h264" else unit[0] >> 1 & 0x3F
