"""Invariants of pictures and video: each object has its row, and goes in time."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from chalicelib import clock
from chalicelib.clips.records import CLIPS, READY, WORKING
from chalicelib.invoices.actions.documents import MEDIA_TYPES, archive_key
from chalicelib.invoices.records import COPIES, INVOICES
from chalicelib.live.records import PIECES
from chalicelib.plans.rules import ledger as plan_rules
from chalicelib.privacy.records import HELD
from chalicelib.recordings.rules import deletions, quarters, uploads
from chalicelib.recordings.rules.deletions import Mark, ms_of
from chalicelib.recordings.rules.quarters import Quarters
from chalicelib.recordings.rules.segments import Segment, without_doubles
from chalicelib.recordings.rules.uploads import Part
from chalicelib.register import catalogue
from chalicelib.register.upload_hours import UploadHour
from chalicelib.store import keys
from chalicelib.store.crypto import Unreadable
from chalicelib.store.records import Item
from tests.worlds.invariants.stored import Found, Row, Stored, as_bytes, invariant, ledger_of


@invariant
def no_object_without_row_and_no_row_without_object(stored: Stored) -> Found:
    devices = stored.first_ids("Device")
    pictures: dict[str, Row] = {}
    for (device_id, alarm_id), alarm in stored.of("Alarm").items():
        if device_id not in devices:
            yield f"alarm {alarm_id} of nobody's device"
        if alarm.get("picture") is not None:
            pictures[alarm["picture"]] = alarm
    copies = (*stored.of("Export").values(), *stored.of("ExportVolume").values())
    archives = {one["archive"] for one in copies if one.get("until", 0) > clock.now_s()}
    avatars = {avatar["picture"] for avatar in stored.of("Avatar").values() if "picture" in avatar}
    covers = {device["cover"] for device in devices.values() if "cover" in device}
    attached = {picture for row in stored.of("FeedbackMessage").values() for picture in row.get("pictures", ())}
    known = pictures.keys() | archives | avatars | covers | attached
    # Live video has no rows: it passes within the hour. Of recordings, days have rows; those of clips end before them.
    passing = {key for key in stored.objects if key.startswith((PIECES.root, CLIPS.root))}
    # Documents are there before their row says so, and stay when it has gone; a copy passes with its day.
    numbers = {number for _, number in stored.of("Invoice")}
    numbers |= {f"month-{month}" for _, month in stored.of("ClosedMonth")}
    passing |= {key for key in stored.objects if INVOICES.parse_key(key)[0] in numbers}
    # A hold's are named by folders, and stay as long as it does.
    holds = {row["hold_id"] for row in stored.of("HoldDue").values()}
    passing |= {key for key in stored.objects if HELD.parse_key(key)[0] in holds}
    accounts = stored.first_ids("Account")
    passing |= {key for key in stored.objects if COPIES.parse_key(key)[0] in accounts}
    made = {number for (_, number), row in stored.of("InvoiceDocument").items() if "made_at" in row}
    known |= {archive_key(number, format) for number in made & numbers for format in MEDIA_TYPES}
    yield from (f"nobody knows of {key}" for key in stored.objects.keys() - known - passing - stored.recorded.keys())
    yield from (f"{key} is gone" for key in known - stored.objects.keys())
    yield from (f"upload of {one['key']} was never ended" for one in stored.dump["uploads"])


@invariant
def what_was_uploaded_lies_in_an_hour_that_was_noted(stored: Stored) -> Found:
    """Else an erasure would not look there."""
    noted = {
        (row["pk"], keys.id_of(row["sk"]))
        for row in stored.dump["tables"][Item.Meta.table_name]
        if keys.kind_of(row["sk"]) == UploadHour.sk_prefix
    }
    for prefix in (prefix for prefix in catalogue.PREFIXES if prefix.by_ticket):
        for key in (key for key in stored.objects if key.startswith(prefix.root)):
            subject = keys.joined(prefix.subject, prefix.parse_key(key)[0])
            if (subject, f"{prefix.name}.{prefix.stamp_of(key)}") not in noted:
                yield f"nobody noted the hour of {key}"


@invariant
def live_video_is_of_the_last_hour_and_seen_by_who_may(stored: Stored) -> Found:
    devices = stored.first_ids("Device")
    for key, one in stored.objects.items():
        if not key.startswith(PIECES.root):
            continue
        age_s = clock.now_s() - clock.from_rfc3339(one["last_modified"]).timestamp()
        if age_s > 3600:
            yield f"{key} is {age_s} seconds old"
    for (device_id, live_id), live in stored.of("Live").items():
        if device_id not in devices:
            yield f"live view {live_id} of nobody's device"
        if live["expires_at"] != live["until"]:
            yield f"live view {live_id} does not end when it says"


@invariant
def a_segment_lies_in_its_days_row_and_a_row_has_segments(stored: Stored) -> Found:
    """Of a row whose last segment is over, or deleted, minutes are left."""
    devices, rows = stored.first_ids("Device"), stored.of("RecordingDay")
    yield from (f"{key} is nobody's" for key in stored.recorded if uploads.parse_key(key).device_id not in devices)
    yield from (f"day {sort_id} of nobody's device" for device_id, sort_id in rows if device_id not in devices)
    for where, segments in stored.segments.items():
        parts = _parts_of(rows.get(where, {}))
        yield from (f"no day knows of {one.object_key}" for one in segments if not _is_within(one, parts))
    for where, row in rows.items():
        segments = stored.segments.get(where, [])
        if "prefixes" in row and row["until"] > clock.now_s() and not segments:
            yield f"nothing is left of day {where[1]}"
        if segments and not _spans(row, segments):
            yield f"day {where[1]} ends before its segments"


def _parts_of(row: Row) -> list[Part]:
    return [Part.of(text) for text in row.get("prefixes", ())]


def _is_within(segment: Segment, parts: list[Part]) -> bool:
    own = uploads.parse_key(segment.object_key).part
    return any(one.where == own.where and one.first <= own.first <= one.last for one in parts)


def _spans(row: Row, segments: list[Segment]) -> bool:
    begins, ends = min(ms_of(one.start) for one in segments), max(ms_of(one.end) for one in segments)
    until = max(clock.epoch_s(one.until) for one in segments)
    return bool(row["first_ms"] <= begins and ends <= row["last_ms"] and until <= row["until"] < row["expires_at"])


@invariant
def a_day_counts_what_is_stored_of_it(stored: Stored) -> Found:
    """Each quarter of an hour its bytes, but of what may be over; its minutes too, where nothing was deleted: those
    are counted up alone, also of what was refused when S3's late news of it came."""
    devices, refused = stored.first_ids("Device"), stored.first_ids("RefusedUploads")
    for (device_id, sort_id), row in stored.of("RecordingDay").items():
        counted = Quarters.of(as_bytes(row["quarters"]))
        listed = Quarters().with_all(without_doubles(stored.segments.get((device_id, sort_id), [])))
        if (row["recorded_ms"], row["size_bytes"]) != (counted.total_ms, counted.total_bytes):
            yield f"day {sort_id} counts otherwise in all than by quarters"
        if not counted.holds(listed):
            yield f"day {sort_id} counts less than there is"
        hidden = devices.get(device_id, {}).keys() & {"deleted_spans", "private_spans", "private_since"}
        least = min((part.keep_days for part in _parts_of(row)), default=0)
        for nth in (nth for nth in counted.filled() if not _may_be_over(sort_id.rpartition(".")[2], nth, least)):
            if counted.size_bytes[nth] != listed.size_bytes[nth]:
                yield f"day {sort_id} counts {counted.size_bytes[nth]} bytes of {listed.size_bytes[nth]}"
            if not hidden and device_id not in refused and counted.ms[nth] != listed.ms[nth]:
                yield f"day {sort_id} counts {counted.ms[nth]} milliseconds of {listed.ms[nth]}"


def _may_be_over(day: str, nth: int, keep_days: int) -> bool:
    """Whether something that was filmed in the quarter of an hour may be over by now."""
    return quarters.begin_of(day, nth) - timedelta(minutes=1, days=-keep_days) <= clock.now()


@invariant
def what_was_deleted_or_private_is_not_stored(stored: Stored) -> Found:
    for device_id, device in stored.first_ids("Device").items():
        marks, private = deletions.marks_of(device.get("deleted_spans")), list(_private_spans(device))
        if marks != _merged(marks) or sum(map(len, device.get("deleted_spans", ()))) > deletions.MOST_BYTES:
            yield f"device {device_id} has {len(marks)} marks, of which some are one"
        for one in (one for where, found in stored.segments.items() if where[0] == device_id for one in found):
            if deletions.Deleted(marks).has(one):
                yield f"{one.object_key} was deleted"
            arrived_s = clock.epoch_s(one.arrived)
            spans = (one.start.timestamp(), one.end.timestamp()), (arrived_s, arrived_s + 0.999)
            if any(begin <= until and since <= end for since, until in private for begin, end in spans):
                yield f"{one.object_key} was filmed or came in privacy mode"


def _private_spans(device: Row) -> Iterator[tuple[float, float]]:
    for text in device.get("private_spans", ()):
        since_ms, until_ms = text.split(" ")
        yield int(since_ms) / 1000, int(until_ms) / 1000
    if "private_since" in device:
        yield device["private_since"], device.get("private_until", float("inf"))


def _merged(marks: list[Mark]) -> list[Mark]:
    merged: list[Mark] = []
    for mark in marks:
        merged = deletions.with_mark(merged, mark)
    return merged


# Within so long what is over, or what a plan left behind, is gone.
_GONE_WITHIN = timedelta(days=1)


@invariant
def no_recording_is_kept_beyond_its_end(stored: Stored) -> Found:
    """Neither that of its class nor that of the plan by which it was kept."""
    owned = {account_id + own: row for (account_id, own), row in stored.of("Ownership").items()}
    then = clock.now() - _GONE_WITHIN
    for (device_id, _), segments in stored.segments.items():
        ledger = ledger_of(owned.get(device_id, {}))
        spans = plan_rules.stored_spans(ledger, clock.epoch_s(then))
        for one in segments:
            if one.until <= then:
                yield f"{one.object_key} was over at {one.until}"
            if one.arrived <= then and not any(span.has(clock.epoch_s(one.arrived)) for span in spans):
                yield f"{one.object_key} was kept by a plan that ended"
            if plan_rules.running_at(ledger, clock.epoch_s(one.arrived)) is None:
                yield f"{one.object_key} came without a plan"


@invariant
def a_clip_is_a_file_for_a_day(stored: Stored) -> Found:
    devices, rows = stored.first_ids("Device"), stored.of("Clip")
    for (device_id, clip_id), row in rows.items():
        if device_id not in devices:
            yield f"clip {clip_id} of nobody's device"
        # What was deleted while it waited is not made, and nobody sees that it is not.
        marks = deletions.marks_of(devices.get(device_id, {}).get("deleted_spans"))
        is_left = row["state"] == WORKING and not any(mark.at_s >= row["asked_at"] for mark in marks)
        if is_left or (row["state"] == READY) != (row["video"] in stored.objects):
            yield f"clip {clip_id} is {row['state']}, and so is not its file"
        if row["until"] > row["asked_at"] + CLIPS.keep.total_seconds() or row["until"] != row["expires_at"]:
            yield f"clip {clip_id} lasts until {row['until']}"
    for key in (key for key in stored.objects if key.startswith(CLIPS.root)):
        if CLIPS.parse_key(key)[0] not in devices:
            yield f"{key} is nobody's"
        if clock.from_rfc3339(stored.objects[key]["last_modified"]) + CLIPS.keep + _GONE_WITHIN <= clock.now():
            yield f"{key} is over"


@invariant
def what_names_somebody_on_an_invoice_lies_sealed(stored: Stored) -> Found:
    """And opens with the key of whom it names, as long as the law keeps it."""
    invoices = {number: row for (_, number), row in stored.of("Invoice").items()}
    for key, one in stored.objects.items():
        number = INVOICES.parse_key(key)[0]
        if number not in invoices:
            continue
        invoice = invoices[number]
        buyer_id = invoices.get(invoice.get("corrects", number), {}).get("buyer")
        is_clear = one["body"].startswith(("%PDF-", "<?xml"))
        if is_clear != (buyer_id is None):
            yield f"{key} lies {'open' if is_clear else 'sealed'}"
        elif buyer_id is not None:
            try:
                stored.ciphers[buyer_id].open(as_bytes(one["body"]), key)
            except (KeyError, Unreadable):
                yield f"{key} cannot be opened"
