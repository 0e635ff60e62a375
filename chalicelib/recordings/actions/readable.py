"""Recordings that stand: the segments that may be shown now, judged one by one whatever the clock has tidied."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property

from chalicelib import clock
from chalicelib.access import actions as access
from chalicelib.access.records import Device, Ownership
from chalicelib.aws.s3 import LONGEST_TICKET
from chalicelib.plans.actions import ledgers as plans
from chalicelib.recordings.actions import days, listing
from chalicelib.recordings.records import RecordingDay
from chalicelib.recordings.rules import deletions
from chalicelib.recordings.rules.deletions import EVERY_CHANNEL, Deleted, Mark
from chalicelib.recordings.rules.runs import Run as Run
from chalicelib.recordings.rules.runs import runs_of as runs_of
from chalicelib.recordings.rules.runs import spans_of as spans_of
from chalicelib.recordings.rules.segments import AHEAD, INIT_HOLDS, without_doubles
from chalicelib.recordings.rules.segments import Segment as Segment
from chalicelib.recordings.rules.spans import Spans
from chalicelib.recordings.rules.uploads import Part
from chalicelib.store.records import Found

# A ticket is older than what was filmed on it by no more than it lasts, and what was begun in its last second takes
# (S3 tells when an object was there), and what a clock may be ahead.
_TICKET_BEFORE = LONGEST_TICKET + timedelta(minutes=10) + AHEAD + INIT_HOLDS


@dataclass(frozen=True)
class RecordedDevice:
    """A device, and its plan, by which its recordings are shown."""

    device: Device
    held: Ownership | None

    @property
    def device_id(self) -> str:
        return self.device.pk_id

    @cached_property
    def shown(self) -> plans.Spans:
        """When what the plan shows now arrived; none where it shows nothing."""
        return plans.shown_spans(self.held)

    @cached_property
    def stored(self) -> plans.Spans:
        """When what may be stored still arrived."""
        return plans.stored_spans(self.held)

    @cached_property
    def marks(self) -> list[Mark]:
        return deletions.marks_of(self.device.deleted_spans)

    @cached_property
    def _deleted(self) -> Deleted:
        return Deleted(self.marks)

    def deleted_since(self, at_s: float) -> Deleted:
        return Deleted(mark for mark in self.marks if mark.at_s >= at_s)

    @cached_property
    def _private(self) -> Spans:
        return Spans(access.private_intervals(self.device))

    def hidden_spans(self, channel: str) -> list[tuple[datetime, datetime]]:
        """The spans of which nothing is shown: what was deleted, and what nobody was to film."""
        marked = [
            (mark.from_ms / 1000, mark.to_ms / 1000) for mark in self.marks if mark.channel in (channel, EVERY_CHANNEL)
        ]
        every = [*marked, *access.private_intervals(self.device), *plans.pauses(self.held)]
        return [(_at(begin), _at(end)) for begin, end in every]

    def may_show(self, segment: Segment) -> bool:
        """Whether it is readable at this instant."""
        arrived_s = clock.epoch_s(segment.arrived)
        is_shown = clock.now() < segment.until and any(one.has(arrived_s) for one in self.shown)
        return is_shown and self.may_stay(segment)

    def may_stay(self, segment: Segment) -> bool:
        """Whether it may lie where it does: neither deleted, nor filmed or brought in privacy mode or a pause."""
        return not self._deleted.has(segment) and not self.is_private(segment) and not self.is_paused(segment)

    def is_paused(self, segment: Segment) -> bool:
        arrived_s = clock.epoch_s(segment.arrived)
        filmed = plans.is_paused_between(self.held, segment.start.timestamp(), segment.end.timestamp())
        return filmed or plans.is_paused_between(self.held, arrived_s, arrived_s)

    def is_private(self, segment: Segment) -> bool:
        if not self._private:
            return False
        arrived_s = clock.epoch_s(segment.arrived)
        filmed = self._private.touch(segment.start.timestamp(), segment.end.timestamp(), with_end=True)
        # Of the arrival no more is known than its second.
        return filmed or self._private.touch(arrived_s, arrived_s + 0.999, with_end=True)


def recorded_device(found: Found, device_id: str) -> RecordedDevice | None:
    """The device, if it is alive; of `access.keys_of`."""
    device = access.alive(found, device_id)
    return None if device is None else RecordedDevice(device, found[plans.key_of(device_id)])


def _at(seconds: float) -> datetime:
    return datetime.max.replace(tzinfo=UTC) if seconds == float("inf") else clock.at_epoch(seconds)


def readable_segments(of: RecordedDevice, channel: str, begin: datetime, end: datetime) -> list[Segment]:
    """The segments of a channel that show something of this time and may be shown now, each with its init, in order of
    time: one query, and a listing for each thousand."""
    if not of.shown:
        return []
    return readable_on(of, channel, days.rows_between(of.device_id, channel, begin, end), begin, end)


def readable_on(
    of: RecordedDevice, channel: str, rows: Iterable[RecordingDay], begin: datetime, end: datetime
) -> list[Segment]:
    """The same of the days of these rows, which are the channel's of this time."""
    if not of.shown or end <= days.EARLIEST:
        return []
    begin = max(begin, days.EARLIEST)
    found = listing.uploaded(of.device_id, channel, parts_between(rows, begin)).paired()
    # Of what came twice one may be over while the other is not.
    return without_doubles(
        one for one in found if one.is_playable and one.overlaps(begin, end) and of.may_show(one)
    )


def parts_between(rows: Iterable[RecordingDay], begin: datetime) -> list[Part]:
    """The parts that these days name, without the tickets that had ended when the time began."""
    earliest = begin - _TICKET_BEFORE
    day, minute = f"{earliest:%Y%m%d}", f"{earliest:%H%M}"
    later = [part for row in rows for part in days.parts_of(row) if (part.let_in, part.last) >= (day, minute)]
    return [
        Part(*part.where, max(part.first, minute) if part.let_in == day else part.first, part.last) for part in later
    ]
