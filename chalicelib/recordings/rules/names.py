"""Names of uploaded video: the ticket on which it came, when it was filmed, and where its fragments lie."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache

VIDEO, TRANSPORT_STREAM = "video/mp4", "video/mp2t"
# An init has 600 to 900 bytes; a minute of 8 Mbit/s has 60 MB.
LEAST_BYTES, MOST_BYTES = 100, 64 * 1024 * 1024
SHORTEST_MS, LONGEST_MS = 1_000, 60_000
# What a camera says in one name; a key of S3 has 1,024 bytes.
MOST_FRAGMENTS = 120

_MARGIN = timedelta(days=366)

_TICKET = re.compile(r"(?P<channel>[A-Za-z0-9_-]{1,32})-(?P<minute>[0-9]{4})[a-z2-7]{10}")
_INIT = re.compile(r"init-[A-Za-z0-9_-]{1,64}\.mp4")
_SEGMENT = re.compile(
    r"(?P<stamp>[0-9]{8}T(?!24)[0-9]{6}\.[0-9]{3})Z-(?P<duration>[0-9]{4,5})(?:-(?P<sizes>[0-9a-z.]{1,800}))?\.(?P<kind>m4s|ts)"
)
_SIZES = re.compile(r"[0-9a-z]{1,6}(?:\.[0-9a-z]{1,6})*")


@dataclass(frozen=True)
class Ticket:
    """The part of a key that names a ticket: the channel it is for, and the minute (UTC, `hhmm`) it was given in."""

    channel: str
    minute: str


@dataclass(frozen=True)
class SegmentName:
    """A camera's word for a segment: when it began, how long it lasts, and the sizes of its fragments, if it says
    them."""

    stamp: datetime
    duration_ms: int
    fragments: tuple[int, ...]
    is_transport_stream: bool


class NameUnknown(ValueError):
    """An object is not called as recordings are."""


def ticket_folder(channel: str, now: datetime, random: str) -> str:
    """`1-1205abcdefghij`: sorts in order of time, and is met by no later ticket."""
    return f"{channel}-{now:%H%M}{random[:10]}"


@lru_cache(maxsize=256)
def read_ticket(folder: str) -> Ticket:
    """Of an hour of objects each lies below it. Raises NameUnknown."""
    found = _TICKET.fullmatch(folder)
    if found is None:
        raise NameUnknown
    return Ticket(found["channel"], found["minute"])


def is_init(name: str) -> bool:
    return _INIT.fullmatch(name) is not None


def read_segment(name: str) -> SegmentName:
    """`20261129T101500.250Z-60000-5k2.4zz.m4s`; raises NameUnknown."""
    found = _SEGMENT.fullmatch(name)
    if found is None or not SHORTEST_MS <= int(found["duration"]) <= LONGEST_MS:
        raise NameUnknown
    return SegmentName(
        _instant(found["stamp"]), int(found["duration"]), _sizes(found["sizes"]), found["kind"] == "ts"
    )


def _instant(stamp: str) -> datetime:
    try:
        # A tenth of what `strptime` takes, of which a day's listing would need thousands.
        at = datetime.fromisoformat(stamp).replace(tzinfo=UTC)
        at + _MARGIN, at - _MARGIN  # leaves room for what is added to it
    except (ValueError, OverflowError):
        raise NameUnknown from None
    return at


def _sizes(text: str | None) -> tuple[int, ...]:
    if text is None:
        return ()
    if _SIZES.fullmatch(text) is None or text.count(".") >= MOST_FRAGMENTS:
        raise NameUnknown
    return tuple(int(size, 36) for size in text.split("."))


def content_type_of(name: str) -> str:
    return TRANSPORT_STREAM if name.endswith(".ts") else VIDEO
