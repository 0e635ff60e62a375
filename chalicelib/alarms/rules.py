"""Rules of alarms: their names, their times, and what counts as a picture."""

from __future__ import annotations

import re
import struct
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import NamedTuple

from msgspec import Struct

from chalicelib.errors import Invalid
from chalicelib.register import rows
from chalicelib.words import Phrase

# What somebody asked the camera for.
SNAPSHOT = "snapshot"
TYPES = ("motion", "person", "sound", "offline", "tamper", "doorbell", "battery_low", SNAPSHOT)
KEEP = rows.ALARM_MESSAGES.kept_for.period
# A camera's clock may be a little ahead. What is further ahead would stand above what is new, and on tomorrow's day.
AHEAD = timedelta(minutes=1)
# A camera that was offline sends what it saw meanwhile; those are reported apart, and now and then.
LATE, LATE_TOLD_EVERY = timedelta(minutes=5), timedelta(minutes=10)
# A covered lens is the very picture of `tamper` and takes a few hundred bytes; 4K at night takes above a megabyte.
LEAST_BYTES, MOST_BYTES = 100, 4 * 1024 * 1024
# The size of a picture stands behind the camera's own notes, sometimes many segments of 64 KiB (EXIF, XMP, a colour
# profile). What is not found in the first part is looked for in longer ones, which come to the longest upload.
PARTS_BYTES = (72 * 1024, 512 * 1024, MOST_BYTES)
MOST_PIXELS = 25_000_000
# What a camera may upload on the tickets of one hour. A busy one sends some dozens of pictures; whoever stole its
# secret sends what he likes. One in so many is counted, for all of them; each, from this share of a bound on.
MOST_AN_HOUR, MOST_BYTES_AN_HOUR = 1000, 1_000_000_000
COUNTED_ONE_IN, COUNTED_EXACTLY_FROM = 8, 10

# Where an object lies below its device; those of the last hour before there were tickets of their own have none.
_NAME = re.compile(
    r"(?:[a-z2-7]{26}/)?(?P<channel>[A-Za-z0-9_-]{1,32})/"
    r"(?P<stamp>[0-9]{8}T[0-9]{6}Z)-(?P<type>[a-z_]{1,32})-(?P<mark>[A-Za-z0-9_-]{1,64})\.jpg"
)

# A marker is 0xFF and a byte that is neither 0 (of which data is full) nor 0xFF (with which files are filled up). What
# is between segments is passed over (jdmarker.c of libjpeg-turbo, next_marker).
_MARKER = re.compile(rb"\xff[^\x00\xff]", re.DOTALL)
_STANDALONE = frozenset((0x01, *range(0xD0, 0xD8)))
# Baseline, extended and progressive, by Huffman's or arithmetic coding: what libjpeg, Pillow and browsers decode.
_FRAMES = frozenset((0xC0, 0xC1, 0xC2, 0xC9, 0xCA))
_PASSED_OVER = frozenset((0xC4, 0xCC, 0xDB, 0xDC, 0xDD, *range(0xE0, 0xF0), 0xFE))
_COMPONENTS = (1, 3, 4)
_FRAME_BYTES = 10
MOST_SEGMENTS = 2000


class DayInvalid(Invalid):
    pass


class Named(Struct, frozen=True):
    """The parsed name of an uploaded picture; a snapshot's `mark` is the command that it answers."""

    channel: str
    stamp: datetime
    type: str
    mark: str


class NotTaken(Exception):
    """An upload becomes no alarm, or one without a picture; `reason` says why, and `count` as how many of them its
    owner is shown it: as none, or as more where one in so many is counted."""

    def __init__(self, reason: str, *, count: int = 1) -> None:
        super().__init__(reason)
        self.reason, self.count = reason, count


def read_name(name: str) -> Named:
    """`1/20261101T101500Z-motion-x7f.jpg`, below its ticket; raises NotTaken if it is not such a name."""
    found = _NAME.fullmatch(name)
    if found is None:
        raise NotTaken("name_unknown")
    if found["type"] not in TYPES:
        raise NotTaken("type_unknown")
    try:
        stamp = datetime.strptime(found["stamp"], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    except ValueError:
        raise NotTaken("name_unknown") from None
    return Named(found["channel"], stamp, found["type"], found["mark"])


def is_believed(stamp: datetime, arrived: datetime) -> bool:
    """Whether a camera's clock may have been right: at most a minute ahead, and behind by no more than is kept."""
    return -KEEP <= stamp - arrived <= AHEAD


def time_of(stamp: datetime, arrived: datetime) -> datetime:
    """The camera's stamp if it is believed, else the arrival."""
    return stamp if is_believed(stamp, arrived) else arrived


def is_late(at: float, arrived_at: float) -> bool:
    """Whether it was seen so long before it arrived that it is no news; in seconds since 1970."""
    return arrived_at - at > LATE.total_seconds()


def end_of(arrived: datetime) -> datetime:
    return arrived + KEEP


class Look(NamedTuple):
    """The result of reading a JPEG up to somewhere: whether it can be shown, or where to read on."""

    is_picture: bool | None
    read_on_at: int = 0


def look_at_picture(part: bytes, *, is_first: bool) -> Look:
    """Whether a JPEG has a frame that decoders show, of a size that somebody may want to decode (ITU-T T.81, B.2.2).

    As lenient as libjpeg: fill bytes, junk between segments and lengths below two are passed over. `part` begins the
    file, or at a marker; the work is linear in its bytes.
    """
    if is_first and not part.startswith(b"\xff\xd8\xff"):
        return Look(False)
    at = 2 if is_first else 0
    for _ in range(MOST_SEGMENTS):
        found = _MARKER.search(part, at)
        if found is None:
            return Look(None, max(at, len(part) - part.endswith(b"\xff")))
        at = found.start()
        marker = part[at + 1]
        if marker in _STANDALONE:
            at += 2
        elif at + _FRAME_BYTES > len(part):
            return Look(None, at)
        elif marker in _FRAMES:
            return Look(_is_shown(part[at : at + _FRAME_BYTES]))
        elif marker in _PASSED_OVER:
            at += 2 + max(2, int.from_bytes(part[at + 2 : at + 4]))
        else:
            break
    return Look(False)


def _is_shown(frame: bytes) -> bool:
    length, bits, height, width, components = struct.unpack(">2xHBHHB", frame)
    # A height of 0 is given by a later DNL segment, which no decoder of theirs waits for.
    fits = bits == 8 and components in _COMPONENTS and length == 8 + 3 * components
    return fits and 0 < width * height <= MOST_PIXELS


def span_of_day(day: str, begin_of: Callable[[date], datetime]) -> tuple[datetime, datetime]:
    """The first instant of a day, as the device reckons, and of the next; raises DayInvalid."""
    try:
        first = date.fromisoformat(day)
        return begin_of(first), begin_of(first + timedelta(days=1))
    except (ValueError, OverflowError) as cause:
        raise DayInvalid(fields={"day": Phrase("not_a_day")}) from cause
