"""Structured logging: one line of JSON for each event, ids and figures, never contents."""

from __future__ import annotations

import re
import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager

import msgspec

from chalicelib import clock
from chalicelib.instants import ms_of

# What a line may say. Nothing that a person typed, nothing that names one.
ALLOWED = frozenset(
    {"door", "request_id", "status", "code", "asker", "replayed", "fault", "at", "oldest_seconds", "address"}
    | {"refused", "refused_uploads", "overdue_seconds", "overdue", "left_seconds"}
    | {"problem", "size_bytes", "duration_ms", "unreadable"}
)
NAMESPACE = "Sowa"
# What CloudWatch makes a metric of (embedded metric format), where a line says it. Each entry point that says it costs
# as much a month as a thousand cameras' lines, so it is only what an alarm watches; the rest is asked of the log
# itself.
_METRICS = (
    {"Name": "oldest_seconds", "Unit": "Seconds"},
    {"Name": "refused_uploads", "Unit": "Count"},
    {"Name": "overdue_seconds", "Unit": "Seconds"},
)
# Where a request came from, and whose it was, is written sealed and in no other way (see store/hour_keys.py).
_SEALED = re.compile(r"[0-9]{10}\.[\w=-]{60,}")


class NotAllowed(ValueError):
    """Somebody wanted to log a field that is not on the list."""


class Line(dict[str, object]):
    """The fields of one line, filled while the work goes on; who asked is not written, but sealed with the address."""

    account_id: str | None = None

    def __setitem__(self, name: str, value: object) -> None:
        if name not in ALLOWED or (name == "address" and not (isinstance(value, str) and _SEALED.fullmatch(value))):
            raise NotAllowed(name)
        super().__setitem__(name, value)

    def add(self, **fields: object) -> None:
        for name, value in fields.items():
            self[name] = value

    def add_fault(self, fault: BaseException) -> None:
        """The fault and its location, without its message, which may hold what a person sent."""
        frames = traceback.extract_tb(fault.__traceback__)
        self.add(fault=type(fault).__name__, at=[f"{_tail(frame.filename)}:{frame.lineno}" for frame in frames[-6:]])


@contextmanager
def line(**fields: object) -> Iterator[Line]:
    """Write one line when the block ends, however it ends."""
    started = clock.ticks_s()
    entry = Line()
    entry.add(**fields)
    try:
        yield entry
    finally:
        _write(entry, (clock.ticks_s() - started) * 1000)


def _write(entry: Line, milliseconds: float) -> None:
    now = clock.now()
    fields = {
        "level": "ERROR" if "fault" in entry else "INFO",
        "timestamp": clock.rfc3339(now),
        **entry,
        "latency_ms": round(milliseconds, 3),
    }
    if metrics := [metric for metric in _METRICS if metric["Name"] in entry]:
        embedded = {"Namespace": NAMESPACE, "Dimensions": [["door"]], "Metrics": metrics}
        fields["_aws"] = {"Timestamp": ms_of(now), "CloudWatchMetrics": [embedded]}
    # In one piece, and to whatever standard output is at the moment: where the caller of the function looks.
    sys.stdout.write(msgspec.json.encode(fields).decode() + "\n")


def _tail(path: str) -> str:
    return "/".join(path.rsplit("/", 3)[-3:])
