"""A camera is let in to upload recordings, for an hour at a time and as long as its plan runs (B12)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from chalicelib import clock, ids
from chalicelib.access import actions as access
from chalicelib.access.records import Device
from chalicelib.aws import s3
from chalicelib.aws.s3 import LONGEST_TICKET
from chalicelib.entry.callers import Camera
from chalicelib.errors import Conflict, Invalid, TooMany
from chalicelib.plans.actions import ledgers as plans
from chalicelib.recordings import shapes
from chalicelib.recordings.actions import quota
from chalicelib.recordings.records import VIDEO
from chalicelib.recordings.rules import names
from chalicelib.register import upload_hours
from chalicelib.register.prefixes import Prefix
from chalicelib.stock.actions import uploads
from chalicelib.store.commit import commit
from chalicelib.store.records import read_all
from chalicelib.words import Phrase

MOST_CHANNELS = 16


class NoPlan(Conflict):
    pass


class EventQuotaSpent(TooMany):
    pass


def tickets_for(camera: Camera, wanted: Sequence[str] | None) -> shapes.RecordingTickets:
    """A ticket for each of these channels, or for all that the camera has, each with a prefix of its own.

    Raises NobodyOwns, PrivacyModeOn, NoPlan, EventQuotaSpent, Invalid.
    """
    device_id = camera.device_id or ""
    found = read_all(access.keys_of(device_id)) if device_id else None
    device = None if found is None else access.decrypted(found, device_id)
    if found is None or device is None:
        raise access.NobodyOwns
    uploads.require_may_upload(camera, device)
    status = plans.status(found[plans.key_of(device_id)])
    if status.state != "active" or status.held is None:
        raise NoPlan
    now, held = clock.now(), status.held
    # Another plan that waits behind this one ends no ticket.
    until = min(now + LONGEST_TICKET, clock.at_epoch(status.runs_until or held.until))
    channels = _channels(device, wanted)
    prefix, is_event = VIDEO[held.plan.keep_days], held.plan.kind == quota.EVENT
    used_ms = quota.used_ms(device, channels, now) if is_event else {}
    left_ms = {one: quota.MOST_MS - used for one, used in used_ms.items()}
    may_record = [one for one in channels if left_ms.get(one, 1) > 0]
    if not may_record:
        _, day_ends = access.days_of(device).around(now)
        raise EventQuotaSpent(retry_after_seconds=max(1, int((day_ends - now).total_seconds()) + 1))
    commit(upload_hours.note(prefix, device_id, now))
    let_in = may_record[:MOST_CHANNELS]
    least_left = {"event_ms_left": min(left_ms[one] for one in let_in)} if is_event else {}
    return shapes.RecordingTickets(
        now=now,
        plan=shapes.TicketPlan(kind=held.plan.kind, keep_days=held.plan.keep_days, **least_left),
        tickets=[_ticket(prefix, device_id, one, now, until, left_ms.get(one)) for one in let_in],
        channels_left=may_record[MOST_CHANNELS:],
        channels_spent=[one for one in channels if one not in may_record],
    )


def _channels(device: Device, wanted: Sequence[str] | None) -> list[str]:
    """Raises Invalid for one that the camera has not."""
    own = [channel["id"] for channel in device.channels or ()]
    if wanted is None:
        return own or ["0"]
    if device.channel_ids is not None and not set(wanted) <= set(device.channel_ids):
        raise Invalid(fields={"channels": Phrase("no_channel_of_device")})
    return list(dict.fromkeys(wanted))


def _ticket(
    prefix: Prefix, device_id: str, channel: str, now: datetime, until: datetime, left_ms: int | None
) -> shapes.RecordingTicket:
    folder = names.ticket_folder(channel, now, ids.new_id())
    form = s3.ticket(
        f"{prefix.of(now, device_id)}{folder}/",
        names.VIDEO,
        least_bytes=names.LEAST_BYTES,
        most_bytes=names.MOST_BYTES,
        until=until,
        below=f"{channel}/",
        types_begin="video/mp",
    )
    left = {} if left_ms is None else {"event_ms_left": left_ms}
    return shapes.RecordingTicket(
        channel=channel, url=form.url, fields=form.fields, key_prefix=form.key_prefix, until=form.until,
        least_bytes=form.least_bytes, most_bytes=form.most_bytes, shortest_ms=names.SHORTEST_MS,
        longest_ms=names.LONGEST_MS, **left,
    )  # fmt: skip
