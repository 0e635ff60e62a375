"""Quota of event plans: two hours of video a channel and day of the device."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from functools import partial

from chalicelib import clock
from chalicelib.access.records import Device
from chalicelib.recordings.actions import days
from chalicelib.recordings.records import RecordingDay
from chalicelib.recordings.rules import quarters
from chalicelib.store.keys import Key
from chalicelib.store.records import read

EVENT = "event"
MOST_MS = 2 * 60 * 60 * 1000


def day_around(device: Device, at: datetime) -> tuple[datetime, datetime]:
    """The first instant of the device's day that an instant lies in, and of the next; the device is decrypted."""
    zone = clock.zone(device.time_zone)
    begin_of = partial(clock.begin_of_day, zone=zone, dst=device.dst)
    day = at.astimezone(zone).date()
    # Without daylight saving the day may begin an hour later, or earlier.
    while begin_of(day) > at:
        day -= timedelta(days=1)
    while begin_of(day + timedelta(days=1)) <= at:
        day += timedelta(days=1)
    return begin_of(day), begin_of(day + timedelta(days=1))


def used_ms(device: Device, channels: Sequence[str], at: datetime, *known: RecordingDay) -> dict[str, int]:
    """Milliseconds of video that each of these channels has taken on the device's day of this instant; one read of the
    rows that are not known."""
    begin, end = day_around(device, at)
    # By UTC: a device's day has something of one or two.
    wanted = [day for day in (quarters.day_of(begin), quarters.day_of(begin + timedelta(days=1))) if _begins(day) < end]
    held: dict[Key[RecordingDay], RecordingDay | None] = {row.own_key: row for row in known}
    keys = {one: [days.key_of(device.pk_id, one, day) for day in wanted] for one in channels}
    missing = [key for several in keys.values() for key in several if key not in held]
    held |= dict(zip(missing, read(*missing), strict=True))
    return {one: sum(_ms_between(held[key], begin, end) for key in several) for one, several in keys.items()}


def _begins(day: str) -> datetime:
    return quarters.begin_of(day, 0)


def _ms_between(row: RecordingDay | None, begin: datetime, end: datetime) -> int:
    if row is None:
        return 0
    counted = days.quarters_of(row)
    return sum(counted.ms[nth] for nth in counted.filled() if begin <= quarters.begin_of(row.day, nth) < end)


def local_date(device: Device, at: datetime) -> date:
    begin, end = day_around(device, at)
    return (begin + (end - begin) / 2).astimezone(clock.zone(device.time_zone)).date()
