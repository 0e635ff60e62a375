"""Deleting objects whose time is over, in one listing; it names no house."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby, takewhile

from chalicelib import clock
from chalicelib.aws import bucket
from chalicelib.aws.bucket import Stored
from chalicelib.register.prefixes import Prefix


def sweep_expired(prefix: Prefix) -> int:
    """Delete the objects of this kind that are older than they may be; how many. Readers refuse on time anyway."""
    now = clock.now()
    # A ticket may be used later than on its day, never before it.
    last_day = prefix.day(now - prefix.keep)
    of_old_days = takewhile(lambda stored: _day(prefix, stored) <= last_day, _oldest_first(prefix))
    return bucket.delete([stored.key for stored in of_old_days if stored.modified_at + prefix.keep <= now])


def oldest_s(prefix: Prefix) -> int:
    """How many seconds ago the oldest stored object of this kind arrived, to the hour that a ticket may be old; 0 if
    there is none."""
    now = clock.now()
    _, oldest = next(groupby(_oldest_first(prefix), lambda stored: _day(prefix, stored)), ("", ()))
    return int((now - min((stored.modified_at for stored in oldest), default=now)).total_seconds())


def _oldest_first(prefix: Prefix) -> Iterator[Stored]:
    # Keys begin with their day (or hour), and S3 lists them sorted.
    return bucket.below(prefix.root)


def _day(prefix: Prefix, stored: Stored) -> str:
    return stored.key[: len(prefix.day(clock.now()))]
