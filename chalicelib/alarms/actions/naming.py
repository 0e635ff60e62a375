"""Ids of alarms, which begin with their time, so that alarms lie in its order; and the days they are asked by."""

from __future__ import annotations

from datetime import datetime

from chalicelib.access import actions as access
from chalicelib.access.records import Device
from chalicelib.alarms import rules
from chalicelib.store import crypto


def alarm_id(at: datetime, origin: str) -> str:
    """Begins with the time, so that alarms lie in its order; the same picture always gets the same id."""
    return f"{stamp(at)}-{crypto.plain_hash(origin)[:16]}"


def stamp(at: datetime) -> str:
    return f"{at:%Y%m%dT%H%M%SZ}"


def span_of_day(device: Device, day: str) -> tuple[datetime, datetime]:
    """The first instant of the device's day, and of the next; the device is decrypted. Raises DayInvalid."""
    return rules.span_of_day(day, access.days_of(device).begin_of)
