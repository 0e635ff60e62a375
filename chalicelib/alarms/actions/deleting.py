"""Alarms are deleted: unreadable with the commit, then the picture, then the row."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import suppress
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from chalicelib import clock, ids
from chalicelib.access.records import Device
from chalicelib.activity import actions as activity
from chalicelib.alarms.records import PICTURES, Alarm, Removal
from chalicelib.aws import s3, sqs
from chalicelib.aws.s3 import LONGEST_TICKET
from chalicelib.entry.callers import Caller
from chalicelib.errors import NotFound
from chalicelib.register.durations import LONGEST_FUNCTION
from chalicelib.register.sweep import oldest_s, sweep_expired
from chalicelib.store.commit import Write, change, commit, commit_and_answer, create, note, remove
from chalicelib.store.records import read
from chalicelib.store.retrying import NothingToDo

# Of the 29 seconds that the listener may take.
BUDGET_S = 15
_PAGE = 100

if TYPE_CHECKING:
    from pynamodb.expressions.condition import Condition


def delete_one(caller: Caller, device: Device, alarm: Alarm) -> None:
    commit_and_answer(*_marked([alarm]), _deleted(caller, device), note(alarm.own_key), answer=None)


def _deleted(caller: Caller, device: Device) -> Write:
    return activity.record(device, "alarms_deleted", who=caller.terminal)


def delete_some(caller: Caller, device: Device, alarm_ids: list[str]) -> None:
    """Those of the named alarms that are there; the others are gone already."""
    found = read(*(Alarm.key(device.pk_id, alarm_id) for alarm_id in dict.fromkeys(alarm_ids)))
    there = [alarm for alarm in found if alarm is not None and alarm.is_readable(device)]
    if there:
        noted = note(*(alarm.own_key for alarm in there))
        commit_and_answer(*_marked(there), _deleted(caller, device), noted, answer=None)


def delete_all(caller: Caller, device: Device) -> None:
    """Everything that arrived up to now, in one write."""
    now = clock.now_s()
    removal = Removal.new(device.pk_id, ids.new_id(), until=now)
    activity_row, noted = _deleted(caller, device), note(removal.own_key, until=now)
    commit_and_answer(*_all_marked(device, removal), activity_row, noted, answer=None)


def _all_marked(device: Device, removal: Removal) -> tuple[Write, Write]:
    return change(device, alarms_after=removal.until, otherwise=NotFound), create(removal)


def delete_again(device_id: str, alarm_ids: Iterable[str]) -> None:
    """Delete those of the named alarms that a restored table has brought back."""
    found = read(*(Alarm.key(device_id, alarm_id) for alarm_id in alarm_ids))
    there = [alarm for alarm in found if alarm is not None and alarm.removed is None]
    if there:
        commit(*_marked(there))


def delete_all_again(device_id: str, until: int) -> None:
    """Delete the alarms up to then that a restored table has brought back."""
    (device,) = read(Device.key(device_id))
    if device is not None and int(device.alarms_after or 0) < until:
        commit(*_all_marked(device, Removal.new(device_id, ids.new_id(), until=until)))


def _marked(alarms: list[Alarm]) -> list[Write]:
    device_id = alarms[0].pk_id
    removal = Removal.new(
        device_id, ids.new_id(), alarm_ids={alarm.sort_id for alarm in alarms}, until=clock.now_s()
    )
    return [*(change(alarm, removed=1, otherwise=NotFound) for alarm in alarms), create(removal)]


def carry_out_removal(device_id: str, removal_id: str) -> None:
    """Delete the pictures, then the rows, page by page, at last the order itself; each may be repeated, and what there
    is no time for is done by the next message.

    A picture that was looked at before its alarm was deleted may only now come to its row, so all is done again when no
    function can be about it any more.
    """
    (removal,) = read(Removal.key(device_id, removal_id))
    if removal is None:
        return
    until_ticks = clock.ticks_s() + BUDGET_S
    for page in _doomed(removal):
        if page and clock.ticks_s() >= until_ticks:
            _send_again(device_id, removal_id)
            return
        _forget(page)
    if clock.now() < clock.at_epoch(removal.until) + LONGEST_FUNCTION:
        _send_again(device_id, removal_id, after=LONGEST_FUNCTION)
    else:
        commit(remove(removal))


def _send_again(device_id: str, removal_id: str, *, after: timedelta = timedelta()) -> None:
    queue, listener = Removal.stream_queue, Removal.stream_listener
    sqs.send(queue, listener=listener, after=after, partition_id=device_id, sort_id=removal_id)


def _forget(page: list[Alarm]) -> None:
    s3.delete([alarm.picture for alarm in page if alarm.picture is not None])
    for alarm in page:
        with suppress(NothingToDo):  # another pass, or TTL, was faster
            commit(_forgotten(alarm))


def is_not_deleted() -> Condition:
    """A condition of whatever else is written of an alarm: of a deleted one the row may still be there."""
    return Alarm.removed.does_not_exist()


def name_ends_s(arrived: datetime) -> int:
    """The time after which nobody can upload below the name, and an hour more for events that come late."""
    return clock.epoch_s(arrived + 2 * LONGEST_TICKET)


def _forgotten(alarm: Alarm) -> Write:
    """The row is deleted. While its picture's ticket may still be used, only its contents are: the same name that is
    uploaded again, because an answer was lost, would be a new alarm."""
    arrived = clock.at_epoch(alarm.arrived_at)
    if clock.now() >= arrived + LONGEST_TICKET:
        return remove(alarm)
    nothing = dict.fromkeys(("channel", "picture", "etag", "picture_etag", "unreadable", "read_by"))
    return change(alarm, removed=1, expires_at=name_ends_s(arrived), otherwise=NothingToDo, **nothing)


def _doomed(removal: Removal) -> Iterator[list[Alarm]]:
    device_id = removal.pk_id
    if removal.alarm_ids:
        found = read(*(Alarm.key(device_id, alarm_id) for alarm_id in sorted(removal.alarm_ids)))
        yield [alarm for alarm in found if alarm is not None]
        return
    cursor = None
    while True:
        page = Alarm.list_of(device_id, limit=_PAGE, after=cursor)
        yield [alarm for alarm in page.items if alarm.arrived_at <= removal.until and not _is_forgotten(alarm)]
        if (cursor := page.cursor) is None:
            return


def _is_forgotten(alarm: Alarm) -> bool:
    """Whether nothing of it is left but its name."""
    return bool(alarm.removed and alarm.picture is None and alarm.channel is None)


# The clock


def sweep_expired_pictures() -> int:
    """Delete the pictures whose seven days are over; how many. Rows go by TTL, and reads refuse on time anyway."""
    return sweep_expired(PICTURES)


def oldest_picture_s() -> int:
    """Age of the oldest stored picture, in seconds; 0 if there is none."""
    return oldest_s(PICTURES)
