"""The hours, or days, in which a subject had a ticket to upload: below no other lies anything of it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from pynamodb.attributes import NumberAttribute

from chalicelib import clock
from chalicelib.aws.s3 import LONGEST_TICKET
from chalicelib.register.prefixes import Prefix
from chalicelib.store import keys
from chalicelib.store.commit import Write, merge
from chalicelib.store.keys import RawItem
from chalicelib.store.records import Item, read_all
from chalicelib.store.tags import plain

# S3 deletes what its lifecycle ends within a day or two after; a row may be older than its last object, never younger.
_LEEWAY = timedelta(days=2)


class UploadHour(Item):
    """An hour (or a day, where a prefix counts by days) in which a subject had tickets, and how many.

    It lies in the subject's own partition, each kind of which has a class of its own. Its id is the prefix's name and
    the hour, as the keys of its objects begin.
    """

    sk_prefix = "upload-hour"

    tickets = plain(NumberAttribute(), why="a count")


def note(prefix: Prefix, subject_id: str, at: datetime) -> Write:
    """Count a ticket of this hour; to be committed before the ticket is handed out.

    Whoever hands it out has read that the subject exists. Where that ended in the meantime, the row is one of those
    that a function may still write after a tombstone, and found by the pass that comes after all of these.
    """
    row = _kind_of(prefix).new(subject_id, _sort_id(prefix, prefix.stamp(at)))
    ends = prefix.begin_of(at) + prefix.step + LONGEST_TICKET + prefix.keep + _LEEWAY
    return merge(row, UploadHour.tickets.add(1), UploadHour.expires_at.set(clock.epoch_s(ends)))


def hours_among(prefix: Prefix, items: Iterable[RawItem]) -> set[str]:
    """The hours of this prefix that a partition's items note, as keys name them; those that are over, too."""
    begin = keys.joined(UploadHour.sk_prefix, _sort_id(prefix, ""))
    return {item["sk"]["S"].removeprefix(begin) for item in items if item["sk"]["S"].startswith(begin)}


def _sort_id(prefix: Prefix, stamp: str) -> str:
    return f"{prefix.name}.{stamp}"


def _kind_of(prefix: Prefix) -> type[UploadHour]:
    """The class of rows for subjects of the prefix's kind; whoever hands out tickets of theirs has imported it."""
    return next(kind for kind in UploadHour.__subclasses__() if kind.pk_prefix == prefix.subject)


def noted_among(prefix: Prefix, subject_id: str, stamps: Iterable[str]) -> set[str]:
    """Those of these hours in which the subject had a ticket: below the others lies nothing of it."""
    keys = {stamp: row_of(prefix, subject_id, stamp).own_key for stamp in stamps}
    found = read_all(tuple(keys.values()))
    return {stamp for stamp, key in keys.items() if found[key] is not None}


def row_of(prefix: Prefix, subject_id: str, stamp: str) -> UploadHour:
    """The row of an hour as keys name it, for writing what else is known of it."""
    return _kind_of(prefix).new(subject_id, _sort_id(prefix, stamp))
