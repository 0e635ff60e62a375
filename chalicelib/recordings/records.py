"""Records of recordings: the index of days, and orders to delete."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from pynamodb.attributes import BinaryAttribute, NumberAttribute, UnicodeAttribute, UnicodeSetAttribute

from chalicelib import clock
from chalicelib.recordings.rules import deletions, quarters, uploads
from chalicelib.recordings.rules.names import NameUnknown
from chalicelib.recordings.rules.segments import Init
from chalicelib.recordings.rules.uploads import Part
from chalicelib.register import rows
from chalicelib.register.prefixes import Prefix
from chalicelib.store.records import Item
from chalicelib.store.tags import Time, key, plain

if TYPE_CHECKING:
    from chalicelib.store.records import Stored

# The class of keeping comes first in a key, so that S3's own rules, the sweep and the erasure each go by a prefix.
VIDEO_3, VIDEO_7, VIDEO_30 = (
    Prefix(f"{uploads.ROOT}/{days}", subject="device", row=rows.CLOUD_STORAGE, keep_days=days, by_ticket=True)
    for days in uploads.CLASSES
)
VIDEO = {prefix.keep_days or 0: prefix for prefix in (VIDEO_3, VIDEO_7, VIDEO_30)}


class RecordingDay(Item):
    """The index of a day (UTC) that a channel filmed on: where its segments lie, how much there is, and until when.

    Its id is the channel and the day. What lies in S3 is the truth: a row that lags behind is counted anew from a
    listing. When the last segment is gone it stays as a count of minutes, for as long as a refund goes by these.
    """

    pk_prefix = "device"
    sk_prefix = "recording-day"

    prefixes = key(
        UnicodeSetAttribute(null=True),
        rows.PLAYBACK,
        why="classes of keeping, days and minutes: below which beginnings of keys its segments lie",
        points_to="folder",
    )
    quarters = key(
        BinaryAttribute(null=True, legacy_encoding=False),
        rows.PLAYBACK,
        why="milliseconds of video and bytes in each quarter of an hour",
    )
    first_ms = key(NumberAttribute(), rows.PLAYBACK, why="time: when the first segment began")
    last_ms = key(NumberAttribute(), rows.PLAYBACK, why="time: when the last one ended")
    counted_lately = plain(
        BinaryAttribute(null=True, legacy_encoding=False), why="hashes of the segments that were counted last"
    )
    writes = plain(NumberAttribute(), why="how often it was written: no more than once a minute of video")
    recorded_ms = plain(NumberAttribute(), why="how much was filmed, whatever became of it", exported=True)
    size_bytes = plain(NumberAttribute(), why="how much of it is stored", exported=True)
    until = key(Time(), rows.CLOUD_STORAGE, why="time: the end of keeping of its last segment", exported=True)

    @property
    def channel(self) -> str:
        return self.sort_id.rpartition(".")[0]

    @property
    def day(self) -> str:
        """`20261129`."""
        return self.sort_id.rpartition(".")[2]

    def folders_of(self) -> Iterator[str]:
        for part in map(Part.of, sorted(self.prefixes or ())):
            yield part.begin_of(self.pk_id, self.channel)

    def shows(self, stored: Stored, subject_record: Any) -> bool:
        """Whether a copy of one's data has it: segments of the day that are neither over nor deleted, nor filmed in
        privacy mode, and what it takes to play them. What a renewal would show is the owner's all the same."""
        try:
            found = uploads.read_object(stored.key, stored.size_bytes, stored.modified_at)
        except NameUnknown:
            return False
        if isinstance(found, Init):
            return uploads.parse_key(stored.key).channel == self.channel
        is_own = found.channel == self.channel and quarters.day_of(found.start) == self.day
        is_deleted = deletions.deleted_by(frozenset(subject_record.deleted_spans or ())).has(found)
        is_private = subject_record.was_private_between(found.start.timestamp(), found.end.timestamp())
        return is_own and not is_deleted and not is_private and clock.now() < found.until


class RecordingRemoval(Item):
    """An order to delete recordings that are unreadable already, until it is carried out."""

    pk_prefix = "device"
    sk_prefix = "recording-removal"
    stream_queue = "RecordingRemovals"

    from_ms = key(NumberAttribute(), rows.CLOUD_STORAGE, why="time: what was filmed from then on")
    to_ms = key(NumberAttribute(), rows.CLOUD_STORAGE, why="time: what was filmed before")
    ordered_at = key(Time(), rows.CLOUD_STORAGE, why="time")
    tidied_to = plain(UnicodeAttribute(null=True), why="how far it is: the last day that was looked through")
