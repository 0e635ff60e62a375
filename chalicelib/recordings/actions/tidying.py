"""Counting days anew from what S3 lists, and deleting what may not stay of them."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial

from chalicelib import clock
from chalicelib.access import actions as access
from chalicelib.aws import s3
from chalicelib.aws.s3 import LONGEST_TICKET
from chalicelib.recordings.actions import days, listing
from chalicelib.recordings.actions.listing import Uploaded
from chalicelib.recordings.actions.readable import RecordedDevice
from chalicelib.recordings.records import RecordingDay
from chalicelib.recordings.rules import quarters
from chalicelib.recordings.rules.segments import Segment
from chalicelib.recordings.rules.uploads import Part, joined, parse_key
from chalicelib.store.commit import commit
from chalicelib.store.records import read
from chalicelib.store.retrying import NothingToDo, retrying


def tidy_day(of: RecordedDevice, channel: str, day: str, known: Iterable[Part] = ()) -> int:
    """Delete what may not stay of what a channel filmed on a day, and count the rest anew; how many were deleted.

    The day's own row says where all of it lies, and `known` what the row may not know of yet.
    """
    try:
        return retrying(partial(_tidy_day, of, channel, day, tuple(known)))
    except NothingToDo:
        return 0


def _tidy_day(of: RecordedDevice, channel: str, day: str, known: tuple[Part, ...]) -> int:
    (row,) = read(days.key_of(of.device_id, channel, day))
    parts = joined([*(() if row is None else days.parts_of(row)), *known])
    found = listing.uploaded(of.device_id, channel, parts)
    own = [one for one in found.segments if quarters.day_of(one.start) == day]
    left = [one for one in own if may_remain(of, one)]
    gone = {one.object_key for one in own} - {one.object_key for one in left}
    s3.delete([*sorted(gone), *_useless_inits(found, gone)])
    still = {(one.keep_days, parse_key(one.object_key).let_in) for one in left}
    write = days.counted_anew(
        row, of.device_id, channel, day, left, (part for part in parts if part.where in still)
    )
    if write is not None:
        # A row that is not there yet is made for a device that is.
        commit(write, *([] if row is not None else [access.require_exists(of.device_id, otherwise=NothingToDo)]))
    return len(gone)


def may_remain(of: RecordedDevice, segment: Segment) -> bool:
    """Whether it may lie in S3 still: shown, or waiting for a renewal."""
    arrived_s = clock.epoch_s(segment.arrived)
    is_kept = any(one.has(arrived_s) for one in of.stored)
    return is_kept and clock.now() < segment.until and of.may_stay(segment)


def _useless_inits(found: Uploaded, gone: set[str]) -> list[str]:
    """Those of tickets that have ended, on which nothing is left."""
    used = {one.folder for one in found.segments if one.object_key not in gone}
    ended = clock.now() - 2 * LONGEST_TICKET
    return [init.object_key for init in found.inits if init.folder not in used and init.arrived < ended]


def tidy_row(of: RecordedDevice, row: RecordingDay) -> int:
    return tidy_day(of, row.channel, row.day)
