"""Recordings that stand: the segments that may be shown now, judged one by one whatever the clock has tidied."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from chalicelib import clock
from chalicelib.access import actions as access
from chalicelib.access.records import Device, Ownership
from chalicelib.aws.s3 import LONGEST_TICKET
from chalicelib.plans import actions as plans
from chalicelib.recordings.actions import days, listing
from chalicelib.recordings.actions.listing import Part
from chalicelib.recordings.records import RecordingDay
from chalicelib.recordings.rules import deletions
from chalicelib.recordings.rules.deletions import Mark
from chalicelib.recordings.rules.segments import AHEAD, Segment

# A ticket is older than what was filmed on it by no more than it lasts.
_TICKET_BEFORE = LONGEST_TICKET + AHEAD


@dataclass(frozen=True)
class RecordedDevice:
    """A device, and its plan, by which its recordings are shown."""

    device: Device
    held: Ownership | None

    @property
    def device_id(self) -> str:
        return self.device.pk_id

    @cached_property
    def kept_since(self) -> int | None:
        """The second from which on what arrived is shown; None where the plan shows nothing now."""
        return plans.kept_since(self.held)

    @cached_property
    def marks(self) -> list[Mark]:
        return deletions.marks_of(self.device.deleted_spans)

    def may_show(self, segment: Segment) -> bool:
        """Whether it is readable at this instant."""
        since = self.kept_since
        if since is None or clock.epoch_s(segment.arrived) < since or clock.now() >= segment.until:
            return False
        return self.may_stay(segment)

    def may_stay(self, segment: Segment) -> bool:
        """Whether it may lie where it does: neither deleted, nor filmed or brought in privacy mode."""
        return not deletions.is_deleted(segment, self.marks) and not self.is_private(segment)

    def is_private(self, segment: Segment) -> bool:
        filmed = segment.start.timestamp(), segment.end.timestamp()
        return access.was_private_between(self.device, *filmed) or access.was_private_at(
            self.device, clock.epoch_s(segment.arrived)
        )


def standing(of: RecordedDevice, channel: str, begin: datetime, end: datetime) -> list[Segment]:
    """The segments of a channel that show something of this time and may be shown now, each with its init, in order of
    time: one query, and a listing for each thousand."""
    if of.kept_since is None:
        return []
    rows = days.rows_between(of.device_id, channel, begin, end)
    found = listing.uploaded(of.device_id, channel, parts_between(rows, begin))
    return [
        one for one in found.paired() if one.is_playable and one.overlaps(begin, end) and of.may_show(one)
    ]


def parts_between(rows: list[RecordingDay], begin: datetime) -> list[Part]:
    """The parts that these days name, without the tickets that had ended when the time began."""
    earliest = begin - _TICKET_BEFORE
    day, minute = f"{earliest:%Y%m%d}", f"{earliest:%H%M}"
    later = [part for row in rows for part in days.parts_of(row) if (part.let_in, part.last) >= (day, minute)]
    return [
        Part(*part.where, max(part.first, minute) if part.let_in == day else part.first, part.last) for part in later
    ]
