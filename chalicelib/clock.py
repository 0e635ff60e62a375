"""The one place that knows the time."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def now() -> datetime:
    """The present instant, in UTC, to the microsecond."""
    return datetime.now(UTC)


def now_s() -> int:
    """The present second since 1970, as DynamoDB's TTL counts."""
    return int(time.time())


def now_to_ms() -> float:
    """The present instant in seconds since 1970, to the millisecond: for what is compared within a second."""
    return round(time.time(), 3)


def in_(**span: float) -> datetime:
    """The instant that lies this far ahead: `in_(minutes=10)`."""
    return now() + timedelta(**span)


def epoch_s(at: datetime) -> int:
    """The second that it lies in. Counted, not rounded: `timestamp()` puts the last microsecond of 9999 into 10000."""
    return (at - _EPOCH) // timedelta(seconds=1)


def at_epoch(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def rfc3339(at: datetime) -> str:
    """`2026-11-01T10:15:00Z`, with microseconds only where there are any."""
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z")


def from_rfc3339(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


def sleep(seconds: float) -> None:
    time.sleep(seconds)


def wait(seconds: float) -> None:
    """Let others do meanwhile what is waited for. (`sleep` is for trying again what has failed.)"""
    time.sleep(seconds)


def ticks_s() -> float:
    """Seconds that only ever grow, for measuring how long something took."""
    return time.perf_counter()
