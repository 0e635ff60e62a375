"""Records of clips."""

from __future__ import annotations

from typing import Final

from pynamodb.attributes import NumberAttribute, UnicodeAttribute

from chalicelib.register import rows
from chalicelib.register.prefixes import Prefix
from chalicelib.store.records import Item
from chalicelib.store.tags import Time, key, plain

CLIPS = Prefix("clips", subject="device", row=rows.CLOUD_STORAGE, keep_days=1, in_parts=True)

WORKING: Final = "working"
READY: Final = "ready"
FAILED: Final = "failed"


class Clip(Item):
    """A file that somebody asked for, of what one channel filmed; its id begins with its time. It ends with the first
    of what it was made from, or after a day."""

    pk_prefix = "device"
    sk_prefix = "clip"
    stream_queue = "ClipRequests"
    # What it was made from may have been deleted since.
    void_after_restore = "asked_at"

    viewer = key(UnicodeAttribute(), rows.CLOUD_STORAGE, why="random id of who asked: the owner, or a share")
    asked_at = key(Time(), rows.CLOUD_STORAGE, why="time", exported=True)
    channel = key(
        UnicodeAttribute(), rows.CLOUD_STORAGE, why="which of the device's channels: it is asked for", exported=True
    )
    from_ms = key(NumberAttribute(), rows.CLOUD_STORAGE, why="time: what was filmed from then on")
    to_ms = key(NumberAttribute(), rows.CLOUD_STORAGE, why="time: what was filmed before")
    state = key(UnicodeAttribute(), rows.CLOUD_STORAGE, why="working, ready or failed", exported=True)
    video = key(
        UnicodeAttribute(),
        rows.CLOUD_STORAGE,
        why="where the file lies: random ids, a day and a time",
        points_to="object",
    )
    made_from_ms = key(
        NumberAttribute(), rows.CLOUD_STORAGE, why="time: when the first of what it is made from was filmed"
    )
    made_to_ms = key(NumberAttribute(), rows.CLOUD_STORAGE, why="time: when the last of it ended")
    # A plan that began later shows nothing of it.
    arrived_from = key(Time(), rows.CLOUD_STORAGE, why="time: when the first of what it is made from came")
    arrived_to = key(Time(null=True), rows.CLOUD_STORAGE, why="time: when the last of it came")
    until = key(Time(), rows.CLOUD_STORAGE, why="time: the end of the file", exported=True)
    size_bytes = key(NumberAttribute(null=True), rows.CLOUD_STORAGE, why="size of the file", exported=True)
    duration_ms = key(NumberAttribute(null=True), rows.CLOUD_STORAGE, why="how long the video is", exported=True)
    problem = plain(UnicodeAttribute(null=True), why="why there is none, by a fixed word")
    problem_ms = key(NumberAttribute(null=True), rows.CLOUD_STORAGE, why="time: from when on it could not be made")
