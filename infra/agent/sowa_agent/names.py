"""Names of uploaded objects: they say when something was filmed and how long, in the form that the cloud reads."""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from dataclasses import dataclass

from sowa_agent.clocks import as_utc

_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"


@dataclass(frozen=True)
class LiveName:
    name: str
    fields: dict[str, str]


def stamp(seconds: float) -> str:
    """`20261103T081500.250Z`"""
    at = as_utc(round(seconds, 3))
    return f"{at:%Y%m%dT%H%M%S}.{at.microsecond // 1000:03}Z"


def segment_name(start_s: float, duration_ms: int, sizes: Iterable[int]) -> str:
    """Of a recording: `sizes` are those of its fragments, each of which begins with a key frame."""
    return f"{stamp(start_s)}-{duration_ms}-{'.'.join(map(_base36, sizes))}.m4s"


def sizes_of(name: str) -> list[int]:
    """What `segment_name` says of the fragments."""
    return [int(size, 36) for size in name.removesuffix(".m4s").rpartition("-")[2].split(".")]


def picture_name(channel: str, at_s: float, kind: str, mark: str = "") -> str:
    """Of an alarm, or of a snapshot, whose mark is the command that it answers."""
    return f"{channel}/{as_utc(at_s):%Y%m%dT%H%M%SZ}-{kind}-{mark or secrets.token_hex(8)}.jpg"


def live_name(run: str, number: int, start_s: float, duration_ms: int) -> LiveName:
    """Of a piece of a live view behind `init-<run>.mp4`; the form fields are for the object's metadata."""
    at = as_utc(round(start_s, 3)).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return LiveName(f"{run}-{number}.m4s", {"x-amz-meta-start": at, "x-amz-meta-duration-ms": str(duration_ms)})


def _base36(number: int) -> str:
    rest, digit = divmod(number, 36)
    return (_base36(rest) if rest else "") + _DIGITS[digit]
