"""Deleting objects whose days are over, one expired day at a time; it names no house."""

from __future__ import annotations

from itertools import groupby

from chalicelib import clock
from chalicelib.aws import bucket
from chalicelib.register.prefixes import Prefix

# A ticket or a writer may have begun the day before, and a sweep may have been missed.
_DAYS_LOOKED_AT, _HOURS_LOOKED_AT = 3, 4


def sweep_expired(prefix: Prefix) -> int:
    """Delete the objects of this kind that are older than they may be; how many. Readers refuse on time anyway."""
    now = clock.now()
    looked_at = _looked_at(prefix)
    oldest_day = now - prefix.keep - (looked_at - 1) * prefix.step
    doomed = [
        stored.key
        for days in range(looked_at)
        for stored in bucket.below(prefix.day(oldest_day + days * prefix.step))
        if stored.modified_at + prefix.keep <= now
    ]
    return bucket.delete(doomed)


def _looked_at(prefix: Prefix) -> int:
    return _DAYS_LOOKED_AT if prefix.keep_minutes is None else _HOURS_LOOKED_AT


def oldest_s(prefix: Prefix) -> int:
    """How many seconds ago the oldest stored object of this kind arrived, to the hour that a ticket may be old; 0 if
    there is none.

    Keys begin with their day and S3 lists them sorted, so the first day that it lists is the oldest, however old.
    """
    now = clock.now()
    by_day = groupby(bucket.below(f"{prefix.name}/"), lambda stored: stored.key[: len(prefix.day(now))])
    _, oldest = next(by_day, ("", ()))
    return int((now - min((stored.modified_at for stored in oldest), default=now)).total_seconds())
