"""Recordings are deleted: unreadable with the commit, then the objects, then the counts."""

from __future__ import annotations

from datetime import datetime
from functools import partial

from chalicelib import clock, ids
from chalicelib.access import actions as access
from chalicelib.access.records import Device
from chalicelib.activity import actions as activity
from chalicelib.aws import sqs
from chalicelib.entry.callers import Caller
from chalicelib.errors import Conflict, NotFound
from chalicelib.instants import at_ms, ms_of
from chalicelib.recordings.actions import days, tidying
from chalicelib.recordings.actions.readable import RecordedDevice, recorded_device
from chalicelib.recordings.records import RecordingDay, RecordingRemoval
from chalicelib.recordings.rules import deletions
from chalicelib.recordings.rules.deletions import EVERY_CHANNEL, Mark
from chalicelib.register.durations import LONGEST_FUNCTION
from chalicelib.store.commit import change, commit, commit_and_answer, create, is_set, remove
from chalicelib.store.records import read_all
from chalicelib.store.retrying import StaleRead, retrying_from

# Of the 300 seconds that the listener may take.
BUDGET_S = 240
_UNCOUNTED_MS = 30 * 60 * 1000
_BEGIN = datetime.fromisoformat("1970-01-01T00:00:00+00:00")


class TooManyDeletions(Conflict):
    pass


def delete_one(caller: Caller, of: RecordedDevice, channel: str, begin: datetime, end: datetime) -> None:
    """Delete a recording. Raises TooManyDeletions, where a longer span has to be deleted instead; NotFound."""
    mark = Mark(channel, ms_of(begin), ms_of(end), clock.now_s())
    _delete(caller, of, mark, most=deletions.MOST_FOR_ONE)


def delete_span(
    caller: Caller, of: RecordedDevice, channel: str | None, begin: datetime | None, end: datetime | None
) -> None:
    """Delete what a channel, or each, filmed between, or up to now; and what arrives later of it. Raises NotFound,
    and TooManyDeletions where the device has no room for any more of them."""
    from_ms, to_ms = (ms_of(max(_BEGIN, at)) for at in (begin or _BEGIN, end or clock.now()))
    _delete(caller, of, Mark(channel or EVERY_CHANNEL, from_ms, to_ms, clock.now_s()))


def _delete(caller: Caller, of: RecordedDevice, mark: Mark, *, most: int | None = None) -> None:
    retrying_from(of.device, partial(_mark, caller, mark, most), _read_again)


def _read_again(device: Device) -> Device:
    again = access.read_decrypted(device.pk_id)
    if again is None:
        raise NotFound
    return again


def _mark(caller: Caller, mark: Mark, most: int | None, device: Device) -> None:
    before = deletions.marks_of(device.deleted_spans)
    marks = deletions.with_mark(before, mark)
    texts = deletions.texts_of(marks)
    if sum(map(len, texts)) > deletions.MOST_BYTES or (most is not None and len(marks) > most):
        raise TooManyDeletions(range=_range_to_merge(marks, mark))
    removal = RecordingRemoval.new(
        device.pk_id, ids.new_id(), from_ms=mark.from_ms, to_ms=mark.to_ms, ordered_at=mark.at_s
    )
    as_read = is_set(Device.deleted_spans, device.deleted_spans)
    marked = change(device, when=as_read, otherwise=StaleRead, deleted_spans=texts)
    activity_row = activity.record(device, "recordings_deleted", who=caller.terminal)
    commit_and_answer(marked, create(removal), activity_row, answer=None)


def _range_to_merge(marks: list[Mark], new: Mark) -> dict[str, str]:
    """The span that makes one of this deletion and the nearest of the same channel."""
    others = [one for one in marks if one.channel == new.channel and one != new]
    near = min(others, key=lambda one: max(one.from_ms - new.to_ms, new.from_ms - one.to_ms), default=new)
    begin, end = min(near.from_ms, new.from_ms), max(near.to_ms, new.to_ms)
    channel = {} if new.channel == EVERY_CHANNEL else {"channel": new.channel}
    times = {"from": clock.rfc3339(at_ms(begin)), "to": clock.rfc3339(at_ms(end))}
    return channel | times


# Carrying out


def carry_out_removal(device_id: str, removal_id: str) -> None:
    """Delete the objects, day by day, then the order itself; what there is no time for is done by the next message.

    What was counted while it was marked is counted anew when no function can be about it any more.
    """
    removal_key = RecordingRemoval.key(device_id, removal_id)
    found = read_all((removal_key, *access.keys_of(device_id)))
    removal, of = found[removal_key], recorded_device(found, device_id)
    if removal is None or of is None:
        return  # the erasure of a device takes all of it
    until_ticks = clock.ticks_s() + BUDGET_S
    for row in days.all_rows(device_id):
        if row.sort_id <= (removal.tidied_to or "") or not _may_hold(row, removal):
            continue
        if clock.ticks_s() >= until_ticks:
            sqs.send(RecordingRemoval.stream_queue, partition_id=device_id, sort_id=removal_id)
            return
        tidying.tidy_row(of, row)
        removal = _note_progress(removal, row.sort_id)
    if clock.now() < clock.at_epoch(removal.ordered_at) + LONGEST_FUNCTION:
        _note_progress(removal, None)
        sqs.send(
            RecordingRemoval.stream_queue, after=LONGEST_FUNCTION, partition_id=device_id, sort_id=removal_id
        )
    else:
        commit(remove(removal))


def _may_hold(row: RecordingDay, removal: RecordingRemoval) -> bool:
    """Whether segments of the span may lie where this row says. Those not counted yet are counted within a quarter of
    an hour, and began behind what is, or before."""
    near = row.first_ms - _UNCOUNTED_MS < removal.to_ms and removal.from_ms < row.last_ms + _UNCOUNTED_MS
    return row.prefixes is not None and near


def _note_progress(removal: RecordingRemoval, tidied_to: str | None) -> RecordingRemoval:
    commit(change(removal, tidied_to=tidied_to))
    return removal
