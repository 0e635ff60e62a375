"""The need of routes about one alarm."""

from __future__ import annotations

from msgspec import Struct

from chalicelib.access.needs import DeviceOf
from chalicelib.access.records import Ownership
from chalicelib.alarms.actions.showing import FoundAlarm
from chalicelib.alarms.records import Alarm
from chalicelib.entry.callers import Caller
from chalicelib.entry.needs import Keys
from chalicelib.errors import NotFound
from chalicelib.store.records import Found


class AlarmOf(Struct, frozen=True):
    """The alarm that the path names, for whoever has this right and may see its channel. Raises RightMissing,
    NotFound."""

    right: str

    def keys(self, account_id: str, device_id: str, alarm_id: str) -> Keys:
        return *DeviceOf(self.right).keys(account_id, device_id), Alarm.key(device_id, alarm_id)

    def admit(self, caller: Caller, found: Found, device_id: str, alarm_id: str) -> FoundAlarm:
        device = DeviceOf(self.right).admit(caller, found, device_id)
        alarm = found[Alarm.key(device_id, alarm_id)]
        if alarm is None or not alarm.is_readable(device.device) or not device.covers(alarm.channel):
            raise NotFound
        return FoundAlarm(device, alarm, found[Ownership.of_device(device_id)])
