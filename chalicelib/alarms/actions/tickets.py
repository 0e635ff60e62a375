"""A camera is let in to upload snapshots, for an hour at a time (B11)."""

from __future__ import annotations

from datetime import datetime

from chalicelib import clock, ids
from chalicelib.alarms import rules
from chalicelib.alarms.actions import bounds
from chalicelib.alarms.records import PICTURES
from chalicelib.aws import s3
from chalicelib.aws.s3 import LONGEST_TICKET, Ticket
from chalicelib.entry.callers import Camera
from chalicelib.errors import TooMany
from chalicelib.register import upload_hours
from chalicelib.stock.actions import uploads
from chalicelib.store.commit import commit

JPEG = "image/jpeg"


class TooManyUploads(TooMany):
    pass


def ticket_for(camera: Camera) -> Ticket:
    """Let the camera upload snapshots for an hour, below a prefix of this ticket's own: a camera that boots anew, with
    its clock and its counter at their beginnings, does not meet its earlier names.

    Raises NobodyOwns, PrivacyModeOn, TooManyUploads.
    """
    device = uploads.uploads_for(camera)
    now = clock.now()
    if bounds.is_over(device, PICTURES.stamp(now)):
        raise TooManyUploads(retry_after_seconds=_until_next_hour_s(now))
    commit(upload_hours.note(PICTURES, device.pk_id, now))
    return s3.ticket(
        f"{PICTURES.of(now, device.pk_id)}{ids.new_id()}/",
        JPEG,
        least_bytes=rules.LEAST_BYTES,
        most_bytes=rules.MOST_BYTES,
        until=now + LONGEST_TICKET,
    )


def _until_next_hour_s(now: datetime) -> int:
    return max(1, int((PICTURES.begin_of(now) + PICTURES.step - now).total_seconds()))
