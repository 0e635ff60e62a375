"""Bounds of clips: how long and how large one is, and how many are made at once."""

from __future__ import annotations

from datetime import datetime, timedelta

from chalicelib.errors import Conflict, Invalid, TooMany
from chalicelib.words import Phrase

LONGEST = timedelta(minutes=30)
# What a function's disk holds beside one segment: as much as 31 segments may have. With 32 it could be 2 GiB, which no
# entry of a ZIP without its 64-bit extension has, and so no copy of one's data.
MOST_BYTES = 31 * 64 * 1024 * 1024
AT_ONCE, A_DAY = 3, 50
# So long after it was asked for, none is still being made.
GIVEN_UP_AFTER = timedelta(hours=1)
MP4 = "video/mp4"


class ClipRangeInvalid(Invalid):
    pass


class ClipCrossesChange(Conflict):
    """`at` is when the picture changes its codec, size or rotation: what is before, and what is from then on, are a
    clip each."""


class ClipTooLarge(Conflict):
    """`at` is how far a clip can go."""


class TooManyClips(TooMany):
    pass


def require_range(begin: datetime, end: datetime) -> None:
    """Raises ClipRangeInvalid."""
    if begin >= end:
        raise ClipRangeInvalid(fields={"to": Phrase("not_after_the_beginning")})
    if end - begin > LONGEST:
        raise ClipRangeInvalid(fields={"to": Phrase("more_than_30_minutes_later")})
