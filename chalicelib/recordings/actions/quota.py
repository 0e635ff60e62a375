"""Quota of event plans: two hours of video a channel and day of the device."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from functools import partial

from chalicelib import clock
from chalicelib.access.records import Device
from chalicelib.recordings.actions import days
from chalicelib.recordings.records import RecordingDay
from chalicelib.recordings.rules import quarters
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


def used_ms(device: Device, channel: str, at: datetime, *known: RecordingDay) -> int:
    """Milliseconds of video that a channel has taken on the device's day of this instant; one read of those rows that
    are not known."""
    begin, end = day_around(device, at)
    wanted = [quarters.day_of(begin + nth * timedelta(days=1)) for nth in range(2)]
    wanted = [day for day in wanted if quarters.begin_of(day, 0) < end]
    held = {row.day: row for row in known}
    missing = [day for day in wanted if day not in held]
    rows = read(*(days.key_of(device.pk_id, channel, day) for day in missing)) if missing else ()
    held |= {day: row for day, row in zip(missing, rows, strict=True) if row is not None}
    return sum(
        days.quarters_of(row).ms[nth]
        for day, row in held.items()
        for nth in days.quarters_of(row).filled()
        if begin <= quarters.begin_of(day, nth) < end
    )


def local_date(device: Device, at: datetime) -> date:
    begin, end = day_around(device, at)
    return (begin + (end - begin) / 2).astimezone(clock.zone(device.time_zone)).date()
