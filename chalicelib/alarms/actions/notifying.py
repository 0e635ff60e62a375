"""Notifications of alarms, and of cameras that have gone away or come back, to those who may see them."""

from __future__ import annotations

from datetime import datetime

from chalicelib import clock
from chalicelib.access.records import Device
from chalicelib.alarms import rules
from chalicelib.alarms.actions import naming
from chalicelib.alarms.records import Alarm
from chalicelib.push.actions import notifying as push
from chalicelib.push.actions import recipients
from chalicelib.push.actions.recipients import Recipients
from chalicelib.stock.records import PresenceChange
from chalicelib.store.commit import change, commit, create, remove
from chalicelib.store.retrying import NothingToDo

OFFLINE = "offline"


def tell(alarm: Alarm, of: Recipients, *, is_repeat: bool) -> None:
    if alarm.type == rules.SNAPSHOT:
        return
    late = rules.is_late(alarm.at, alarm.arrived_at)
    if late and not is_repeat and not _is_first_late(of.device):
        return
    push.notify_of_alarm(of.of_channel(alarm.channel), alarm.pk_id, alarm.sort_id, late=late)


def _is_first_late(device: Device) -> bool:
    """Whether nobody was notified lately of late alarms of this device: a weekend of them is one push, or a few."""
    now = clock.now_s()
    before = now - int(rules.LATE_TOLD_EVERY.total_seconds())
    if device.late_told_at is not None and device.late_told_at > before:
        return False
    untold = Device.late_told_at.does_not_exist() | (Device.late_told_at <= before)
    try:
        commit(change(device, late_told_at=now, when=untold, otherwise=NothingToDo))
    except NothingToDo:
        return False
    return True


def alarm_without_picture(device_id: str, channel: str | None, type: str, at: datetime) -> Alarm:
    """An alarm that the cloud itself raises, such as `offline`, of a channel or of the whole device; the caller commits
    it with `create`. The same one always gets the same id, so that raised twice it is one."""
    begun = at.replace(microsecond=0)
    return Alarm.new(
        device_id,
        naming.alarm_id(begun, f"{device_id}/{channel}/{type}/{naming.stamp(begun)}"),
        at=clock.epoch_s(begun),
        arrived_at=clock.epoch_s(begun),
        channel=channel,
        type=type,
        expires_at=clock.epoch_s(rules.end_of(begun)),
    )


# A camera has gone away, or come back


def notify_presence(device_id: str, change_id: str, *, is_repeat: bool) -> None:
    """Make an alarm of a camera that has gone away, and tell who may see its alarms of that, or that it has come back.

    `is_repeat`: an earlier try may have died between the commit and the push, so the push is made again.
    """
    found = recipients.of_device(device_id)
    if found is None:
        return
    offline_s, _, word = change_id.partition("-")
    alarm = alarm_without_picture(device_id, None, OFFLINE, clock.at_epoch(int(offline_s)))
    is_offline = word == OFFLINE
    order = PresenceChange.new(device_id, change_id)
    try:
        made = (create(alarm, otherwise=NothingToDo),) if is_offline else ()
        commit(remove(order, when=PresenceChange.pk.exists(), otherwise=NothingToDo), *made)
    except NothingToDo:  # an earlier try came as far as the commit
        if not is_repeat:
            return
    targets = found.of_channel(None)
    if is_offline:
        push.notify_of_alarm(targets, device_id, alarm.sort_id, type=OFFLINE)
    else:
        push.notify_of_return(targets, device_id, alarm.sort_id)
