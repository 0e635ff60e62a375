"""Quota of event plans: two hours of video a channel and day of the device."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from chalicelib import clock
from chalicelib.access import actions as access
from chalicelib.access.records import Device
from chalicelib.recordings.actions import days
from chalicelib.recordings.records import RecordingDay
from chalicelib.recordings.rules import quarters
from chalicelib.recordings.rules.segments import AHEAD
from chalicelib.store.keys import Key
from chalicelib.store.records import read

EVENT = "event"
MOST_MS = 2 * 60 * 60 * 1000


def used_ms(device: Device, channels: Sequence[str], at: datetime, *known: RecordingDay) -> dict[str, int]:
    """Milliseconds of video that each of these channels has taken on the device's day of this instant; one read of the
    rows that are not known."""
    begin, end = access.days_of(device).around(at)
    # By UTC: a device's day has something of one or two, of which nothing is there before any camera may film it.
    latest = min(end, clock.now() + 2 * AHEAD)
    both = quarters.day_of(begin), quarters.day_of(begin + timedelta(days=1))
    wanted = [day for day in both if _begins(day) < latest]
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
