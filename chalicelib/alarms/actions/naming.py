"""Ids of alarms begin with their time, so that alarms lie in its order."""

from __future__ import annotations

from datetime import datetime

from chalicelib.store import crypto


def alarm_id(at: datetime, origin: str) -> str:
    """Begins with the time, so that alarms lie in its order; the same picture always gets the same id."""
    return f"{stamp(at)}-{crypto.plain_hash(origin)[:16]}"


def stamp(at: datetime) -> str:
    return f"{at:%Y%m%dT%H%M%SZ}"
