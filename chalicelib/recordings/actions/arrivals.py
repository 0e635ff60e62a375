"""An arrived object of video is counted on its day, or refused and deleted (B12)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

from chalicelib import clock, mp4
from chalicelib.access import actions as access
from chalicelib.aws import s3
from chalicelib.plans.actions import ledgers as plans
from chalicelib.recordings.actions import days, listing, quota, tidying
from chalicelib.recordings.actions.readable import RecordedDevice, recorded_device
from chalicelib.recordings.actions.reconciling import NEWS_TAKE
from chalicelib.recordings.records import RecordingDay
from chalicelib.recordings.rules import containers, quarters
from chalicelib.recordings.rules.names import NameUnknown
from chalicelib.recordings.rules.segments import Init, Segment, without_doubles
from chalicelib.recordings.rules.uploads import Part, Upload, parse_key, read_object
from chalicelib.stock.actions import uploads
from chalicelib.stock.actions.uploads import Refused
from chalicelib.store.commit import commit
from chalicelib.store.keys import Key
from chalicelib.store.records import Found, Record, read, read_all
from chalicelib.store.retrying import retrying_from

# A day holds no more than two days of video: a camera whose clock nobody believes may bring all that it kept at once,
# and one that films more than twice at once is broken, or its secret stolen.
MOST_OF_A_DAY_MS = 2 * 24 * 60 * 60 * 1000
_TOO_MANY = "too_many"
# So many objects are listed to judge one: a day of ten seconds each, in 20 s of what this function has of a vCPU. A day
# may have seventeen times as many, and over those each that is refused would be killed, and come again.
MOST_LISTED = 10_000
# Connections and tickets say that a camera is there; what it records says so only where nothing else does.
_SEEN_EVERY = timedelta(minutes=10)


class NotTaken(Exception):
    """An upload is not kept; `reason` says why."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True)
class Arrival:
    """An object that S3 tells of."""

    object_key: str
    arrived: datetime
    size_bytes: int


@dataclass
class ReadTogether:
    """The devices of a batch of uploads, and the rows of the days they were filmed on: as old as the batch, but for
    what the batch itself has written."""

    found: Found
    rows: dict[Key[RecordingDay], RecordingDay | None]

    def device(self, device_id: str) -> RecordedDevice | None:
        device = access.decrypted(self.found, device_id)
        return None if device is None else RecordedDevice(device, self.found[plans.key_of(device_id)])


def read_together(arrivals: Iterable[Arrival]) -> ReadTogether:
    """One consistent read for a batch."""
    keys: list[Key[Record]] = []
    of_rows: list[Key[RecordingDay]] = []
    for arrival in arrivals:
        try:
            device_id = parse_key(arrival.object_key).device_id
            keys += access.keys_of(device_id)
            parsed = read_object(arrival.object_key, arrival.size_bytes, arrival.arrived)
        except NameUnknown:
            continue
        if isinstance(parsed, Segment):
            of_rows.append(days.key_of_segment(device_id, parsed))
    found = read_all([*keys, *of_rows])
    return ReadTogether(found, {key: found[key] for key in of_rows})


def take_upload(arrival: Arrival, together: ReadTogether) -> list[Refused]:
    """Count a segment on its day; what may not stay is deleted, and the answer says why. It may be repeated."""
    device_id = None
    try:
        try:
            upload = parse_key(arrival.object_key)
        except NameUnknown:
            raise NotTaken("name_unknown") from None
        of = together.device(upload.device_id)
        if of is None:
            raise NotTaken("nobody_owns")
        device_id = upload.device_id
        uploads.note_upload(of.device, arrival.arrived, every=_SEEN_EVERY)
        _take(arrival, upload, of, together)
    except NotTaken as refused:
        found = Refused.of(arrival.object_key, device_id, refused.reason)
        if device_id is not None and found.is_fault:
            # Before it is deleted: of what is gone, the next try would not know.
            commit(uploads.refused_upload(device_id, refused.reason, arrival.arrived))
        s3.delete([arrival.object_key])
        _count_without(arrival, together)
        return [found]
    return []


def _count_without(arrival: Arrival, together: ReadTogether) -> None:
    """Count the day anew where it counts what was deleted just now: news come twice, and between them it became what
    may not stay."""
    try:
        device_id = parse_key(arrival.object_key).device_id
        parsed = read_object(arrival.object_key, arrival.size_bytes, arrival.arrived)
    except NameUnknown:
        return
    if isinstance(parsed, Init):
        return
    key = days.key_of_segment(device_id, parsed)
    if days.is_counted(together.rows.get(key), parsed):
        together.rows[key] = _count_listed(device_id, parsed)


def _take(arrival: Arrival, upload: Upload, of: RecordedDevice, together: ReadTogether) -> None:
    try:
        parsed = read_object(arrival.object_key, arrival.size_bytes, arrival.arrived)
    except NameUnknown:
        raise NotTaken("name_unknown") from None
    _require_admitted(parsed, of)
    if isinstance(parsed, Init) and arrival.size_bytes > mp4.MOST_INIT_BYTES:
        raise NotTaken("video_unreadable")
    head = s3.first_bytes(arrival.object_key, containers.HEAD_BYTES)
    if head is None:
        return  # it was deleted again
    if not containers.looks_like(upload.name, head):
        raise NotTaken("video_unreadable")
    if isinstance(parsed, Segment):
        key = days.key_of_segment(upload.device_id, parsed)
        attempt, read_again = partial(_count, upload, parsed, of), partial(_read_again, key)
        together.rows[key] = retrying_from(together.rows.pop(key, None), attempt, read_again)


def _require_admitted(parsed: Init | Segment, of: RecordedDevice) -> None:
    """Raises NotTaken: as it arrived, its plan ran, and as it was filmed, its owner wanted it to be."""
    arrived_s = int(parsed.arrived.timestamp())
    if plans.running_at(of.held, arrived_s) is None:
        raise NotTaken("no_plan")
    if isinstance(parsed, Init):
        return  # it shows nothing, and what was taken of a channel, or comes when privacy mode is over, needs it
    if of.is_private(parsed):
        raise NotTaken("privacy_mode")
    if of.is_paused(parsed):
        raise NotTaken("plan_paused")
    if not of.may_stay(parsed):
        raise NotTaken("deleted")


def _count(
    upload: Upload, segment: Segment, of: RecordedDevice, row: RecordingDay | None
) -> RecordingDay | None:
    """Count it on its day, whose row is as it was read; the row as it is then. Raises StaleRead, NotTaken."""
    if days.is_counted(row, segment):
        return row
    # The reconciler may have counted it meanwhile. As that asks for no event plan's quota, nor is that asked for here.
    is_late = segment.arrived < clock.now() - NEWS_TAKE
    is_event = not is_late and _is_of_event_plan(segment, of)
    reason = _beyond_bounds(row, segment, of, is_event=is_event)
    is_due = is_event or days.is_due(row, upload, segment)
    if reason is None and is_late:
        return _count_listed(upload.device_id, segment, upload.part)
    # Before it is deleted, or counted once more, all that is there is looked at; but not for each object of a camera
    # that brings more than can be filmed, of whose day that would be hundreds of listings.
    is_refused_once = reason is not None and reason != _TOO_MANY
    is_unsure = is_refused_once or (is_due and days.may_be_forgotten(row, segment))
    if row is not None and is_unsure and _is_listed_as_counted(row, upload, segment):
        return days.know(row, upload)
    if reason is not None:
        raise NotTaken(reason)
    return days.count(row, upload.device_id, upload, segment) if is_due else row


def _is_of_event_plan(segment: Segment, of: RecordedDevice) -> bool:
    running = plans.running_at(of.held, int(segment.arrived.timestamp()))
    return running is not None and running.kind == quota.EVENT


def _beyond_bounds(
    row: RecordingDay | None, segment: Segment, of: RecordedDevice, *, is_event: bool
) -> str | None:
    """Why it is not taken, unless it was before."""
    device = of.device
    if device.channel_ids is not None and segment.channel not in device.channel_ids:
        return "channel_unknown"
    if is_event:
        known_row = [] if row is None else [row]
        used = quota.used_ms(device, [segment.channel], segment.start, *known_row)[segment.channel]
        if used + segment.duration_ms > quota.MOST_MS:
            return "event_quota_spent"
    if days.quarters_of(row).total_ms + segment.duration_ms > MOST_OF_A_DAY_MS:
        return _TOO_MANY
    return None


def _count_listed(device_id: str, segment: Segment, *known: Part) -> RecordingDay | None:
    """Count its day anew by what S3 lists; the row as it is then."""
    # The batch's device may be older than what came since, and what that was let in by.
    of = recorded_device(read_all(access.keys_of(device_id)), device_id)
    if of is not None:
        tidying.tidy_day(of, segment.channel, quarters.day_of(segment.start), known)
    return _read_again(days.key_of_segment(device_id, segment), None)


def _is_listed_as_counted(row: RecordingDay, upload: Upload, segment: Segment) -> bool:
    """Whether the day's row counts all that S3 lists of a quarter of an hour, and so this one, too: what was taken long
    ago may be told, or uploaded, again. On a day of more objects than are listed for one it is taken for new."""
    nth = quarters.nth_of(segment.start)
    counted_bytes = days.quarters_of(row).size_bytes[nth]
    if counted_bytes < segment.size_bytes:
        return False
    parts = [*days.parts_of(row), upload.part]
    try:
        found = listing.uploaded(upload.device_id, segment.channel, parts, most=MOST_LISTED)
    except listing.TooMany:
        return False
    day_nth = row.day, nth
    own = (one for one in found.segments if (quarters.day_of(one.start), quarters.nth_of(one.start)) == day_nth)
    # Their sum, and not what a row would count: that goes no further than 4 GB.
    return counted_bytes >= sum(one.size_bytes for one in without_doubles(own))


def _read_again(key: Key[RecordingDay], before: RecordingDay | None) -> RecordingDay | None:
    (row,) = read(key)
    return row
