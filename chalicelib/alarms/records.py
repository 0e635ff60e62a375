"""Records of alarms."""

from __future__ import annotations

from typing import Any

from pynamodb.attributes import NumberAttribute, UnicodeAttribute, UnicodeSetAttribute

from chalicelib.register import rows
from chalicelib.register.prefixes import Prefix
from chalicelib.store import crypto
from chalicelib.store.records import Item
from chalicelib.store.tags import Time, key, plain

PICTURES = Prefix(
    "alarms",
    subject="device",
    row=rows.ALARM_MESSAGES,
    keep_days=rows.ALARM_MESSAGES.kept_for.days,
    by="hour",
    by_ticket=True,
)


def short_etag(etag: str) -> str:
    """100 bits of a hash of an ETag, for which a page of alarms needs a read unit less than for the whole. To find two
    pictures with the same is no easier than with the same ETag, which is MD5."""
    return crypto.plain_hash(etag)[:20]


class Alarm(Item):
    """One alarm; its id begins with its time, its `expires_at` is seven days after it arrived."""

    pk_prefix = "device"
    sk_prefix = "alarm"

    at = key(Time(), rows.ALARM_MESSAGES, why="time", exported=True)
    arrived_at = key(Time(), rows.ALARM_MESSAGES, why="time", exported=True)
    channel = key(
        UnicodeAttribute(null=True),
        rows.ALARM_MESSAGES,
        why="which of the device's channels: it is asked for; none for all",
        exported=True,
    )
    type = key(UnicodeAttribute(), rows.ALARM_MESSAGES, why="which of eight types: it is asked for", exported=True)
    picture = key(
        UnicodeAttribute(null=True),
        rows.ALARM_MESSAGES,
        why="where the picture lies: random ids and times",
        points_to="object",
    )
    etag = key(
        UnicodeAttribute(null=True), rows.ALARM_MESSAGES, why="hash of S3's hash of the picture: others are not shown"
    )
    picture_etag = key(
        UnicodeAttribute(null=True), rows.ALARM_MESSAGES, why="the same as S3 says it, of alarms of before"
    )
    unreadable = plain(NumberAttribute(null=True), why="1 where a picture came that cannot be shown")
    read_by = key(
        UnicodeSetAttribute(null=True), rows.ALARM_MESSAGES, why="random ids of who has read it: the owner, or a share"
    )
    removed = plain(NumberAttribute(null=True), why="1 once it is to go")
    alias_of = key(
        UnicodeAttribute(null=True), rows.ALARM_MESSAGES, why="random id and time: the alarm that an uploaded name has"
    )

    def is_readable(self, subject_record: Any) -> bool:
        return super().is_readable(subject_record) and not self.is_deleted(subject_record)

    def has_picture(self, etag: str | None) -> bool:
        """Whether an object with this ETag is its picture, and not other bytes in its place; of alarms that noted none,
        anything is."""
        if self.etag is not None:
            return etag is not None and self.etag == short_etag(etag)
        return self.picture_etag in (None, etag)

    def is_deleted(self, device: Any) -> bool:
        """Whether its owner deleted it, alone or with all that had arrived: it is to go, and not shown until then."""
        deleted_before = device.alarms_after
        return self.removed is not None or (deleted_before is not None and self.arrived_at <= deleted_before)


class Removal(Item):
    """An order to delete alarms, until it is carried out."""

    pk_prefix = "device"
    sk_prefix = "removal"
    stream_queue, stream_listener = "Cleanups", "alarms.on_alarms_removed"

    alarm_ids = key(UnicodeSetAttribute(null=True), rows.ALARM_MESSAGES, why="random ids; none for all")
    until = key(Time(), rows.ALARM_MESSAGES, why="time: what arrived before")
