"""Records of alarms."""

from __future__ import annotations

from typing import Any

from pynamodb.attributes import NumberAttribute, UnicodeAttribute, UnicodeSetAttribute

from chalicelib.register import rows
from chalicelib.register.prefixes import Prefix
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
    picture_etag = key(
        UnicodeAttribute(null=True), rows.ALARM_MESSAGES, why="hash of the picture's bytes: others are not shown"
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
