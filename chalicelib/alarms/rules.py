"""What holds for alarms: their names, their times, and what counts as a picture."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from chalicelib.errors import Invalid, Words

# What somebody asked the camera for.
SNAPSHOT = "snapshot"
TYPES = ("motion", "person", "sound", "offline", "tamper", "doorbell", "battery_low", SNAPSHOT)
KEEP = timedelta(days=7)
BELIEVED = timedelta(days=1)
LEAST_BYTES, MOST_BYTES = 1024, 1024 * 1024
# Cameras write the size of the picture behind their own notes, of which one may fill a segment of 64 KiB.
HEADER_BYTES = 72 * 1024
MOST_PIXELS = 25_000_000

_NAME = re.compile(
    r"(?P<channel>[A-Za-z0-9_-]{1,32})/(?P<stamp>[0-9]{8}T[0-9]{6}Z)-(?P<type>[a-z_]+)-(?P<mark>[A-Za-z0-9_-]{1,64})\.jpg"
)
_STANDALONE = {0x01, *range(0xD0, 0xD9)}
_FRAMES = {0xC0, 0xC1, 0xC2, 0xC3, 0xC5, 0xC6, 0xC7, 0xC9, 0xCA, 0xCB, 0xCD, 0xCE, 0xCF}


class DayInvalid(Invalid):
    en = "Please write the day as 2026-11-01."
    pl = "Podaj dzień w postaci 2026-11-01."


@dataclass(frozen=True)
class Named:
    """What the name of an uploaded picture says; a snapshot's `mark` is the command that it answers."""

    channel: str
    stamp: datetime
    type: str
    mark: str


def read_name(name: str) -> Named | None:
    """`1/20261101T101500Z-motion-x7f.jpg`; None if it is not such a name."""
    found = _NAME.fullmatch(name)
    if found is None or found["type"] not in TYPES:
        return None
    try:
        stamp = datetime.strptime(found["stamp"], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    except ValueError:
        return None
    return Named(found["channel"], stamp, found["type"], found["mark"])


def time_of(stamp: datetime, arrived: datetime) -> datetime:
    """The camera's stamp if it is within a day of the arrival, else the arrival."""
    return stamp if abs(stamp - arrived) <= BELIEVED else arrived


def end_of(arrived: datetime) -> datetime:
    return arrived + KEEP


def is_picture(head: bytes) -> bool:
    """Whether these first bytes are a JPEG's, of a size that somebody may want to decode."""
    size = _jpeg_size(head)
    return size is not None and 0 < size[0] * size[1] <= MOST_PIXELS


def _jpeg_size(head: bytes) -> tuple[int, int] | None:
    """Width and height by the frame header (ITU-T T.81, B.2.2); None if there is none."""
    if head[:2] != b"\xff\xd8":
        return None
    at = 2
    while at + 9 <= len(head) and head[at] == 0xFF:
        marker = head[at + 1]
        if marker == 0xFF:
            at += 1
        elif marker in _STANDALONE:
            at += 2
        elif marker in _FRAMES:
            return int.from_bytes(head[at + 7 : at + 9]), int.from_bytes(head[at + 5 : at + 7])
        else:
            at += 2 + max(2, int.from_bytes(head[at + 2 : at + 4]))
    return None


def span_of_day(day: str, begin_of: Callable[[date], datetime]) -> tuple[datetime, datetime]:
    """The first instant of a day, as the device reckons, and of the next; raises DayInvalid."""
    try:
        first = date.fromisoformat(day)
        return begin_of(first), begin_of(first + timedelta(days=1))
    except (ValueError, OverflowError) as cause:
        raise DayInvalid(fields={"day": Words("is not a day", "nie jest dniem")}) from cause
