"""Deleting objects whose time is over, page by page from the oldest on; it names no house."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain

from chalicelib import clock
from chalicelib.aws import s3
from chalicelib.register.prefixes import Prefix

# Of the 900 seconds that a sweep may take; what it does not reach is first in the next run, as keys begin with their
# time.
BUDGET_S = 720


def sweep_expired(*prefixes: Prefix) -> int:
    """Delete the objects of these kinds that are older than they may be; how many. Readers refuse on time anyway.

    Raises NotDeleted at the end, if S3 kept any.
    """
    expired = chain.from_iterable(map(_expired, prefixes))
    count, _ = s3.delete_pages(expired, until_ticks=clock.ticks_s() + BUDGET_S)
    return count


def _expired(prefix: Prefix) -> Iterator[list[str]]:
    now = clock.now()
    # A ticket may be used later than in its hour (or on its day), never before it.
    last_day = prefix.day(now - prefix.keep)
    for page in s3.pages(prefix.root):
        of_old_days = [stored for stored in page if stored.key[: len(last_day)] <= last_day]
        yield [stored.key for stored in of_old_days if stored.modified_at + prefix.keep <= now]
        if len(of_old_days) < len(page):
            return


def oldest_s(prefix: Prefix) -> int:
    """Age in seconds of the oldest stored object of this kind, to an hour or two; 0 if there is none."""
    # Keys begin with their hour, and S3 lists them sorted.
    stored = s3.first(prefix.root)
    return 0 if stored is None else int((clock.now() - stored.modified_at).total_seconds())


def overdue_s(*prefixes: Prefix) -> int:
    """For how many seconds the oldest object of these kinds should have been gone, to an hour or a day; 0 if none."""
    return max(0, *(oldest_s(prefix) - int(prefix.keep.total_seconds()) for prefix in prefixes))
