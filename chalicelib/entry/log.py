"""One line of JSON for each thing that happened: ids and figures, never contents; its metrics are in it."""

from __future__ import annotations

import re
import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import msgspec

from chalicelib import clock

NAMESPACE = "Sowa"
_UNITS = {"Latency": "Milliseconds", "Faults": "Count", "FailedRecords": "Count", "OldestSeconds": "Seconds"}
# What a line may say. Nothing that a person typed, nothing that names one.
ALLOWED = frozenset(
    {"door", "method", "route", "request_id", "status", "code", "asker", "replayed", "records", "failed", "fault", "at"}
    | {"oldest_seconds", "address"}
)
# Where a request came from, and whose it was, is written sealed and in no other way (see register/hours.py).
_SEALED = re.compile(r"[0-9]{10}\.[\w=-]{60,}")


class NotAllowed(ValueError):
    """Somebody wanted to log a field that is not on the list."""


class Line(dict[str, Any]):
    """The fields of one line, filled while the work goes on; who asked is not written, but sealed with the address."""

    account_id: str | None = None

    def __setitem__(self, name: str, value: Any) -> None:
        if name not in ALLOWED or (name == "address" and not _SEALED.fullmatch(value)):
            raise NotAllowed(name)
        super().__setitem__(name, value)

    def tell(self, **fields: Any) -> None:
        for name, value in fields.items():
            self[name] = value

    def tell_fault(self, fault: BaseException) -> None:
        """What broke and where, without its message, which may hold what a person sent."""
        frames = traceback.extract_tb(fault.__traceback__)
        self.tell(fault=type(fault).__name__, at=[f"{_tail(frame.filename)}:{frame.lineno}" for frame in frames[-6:]])


@contextmanager
def line(**fields: Any) -> Iterator[Line]:
    """Write one line when the block ends, however it ends."""
    started = clock.ticks_s()
    entry = Line()
    entry.tell(**fields)
    try:
        yield entry
    finally:
        _write(entry, (clock.ticks_s() - started) * 1000)


def _write(entry: Line, milliseconds: float) -> None:
    figures = {"Latency": [round(milliseconds, 3)], "Faults": [float("fault" in entry)]}
    if "failed" in entry:
        figures["FailedRecords"] = [float(entry["failed"])]
    if "oldest_seconds" in entry:
        figures["OldestSeconds"] = [float(entry["oldest_seconds"])]
    now = clock.now()
    said = {
        "level": "ERROR" if "fault" in entry else "INFO",
        "message": "done",
        "timestamp": clock.rfc3339(now),
        "service": "sowa",
        "_aws": {"Timestamp": int(now.timestamp() * 1000), "CloudWatchMetrics": [_metrics(figures)]},
        **entry,
        **figures,
    }
    # In one piece, and to whatever standard output is at the moment: where the caller of the function looks.
    sys.stdout.write(msgspec.json.encode(said).decode() + "\n")


def _metrics(figures: dict[str, list[float]]) -> dict[str, Any]:
    """CloudWatch makes metrics of the figures in a line that says so (embedded metric format)."""
    named = [{"Name": name, "Unit": _UNITS[name]} for name in figures]
    return {"Namespace": NAMESPACE, "Dimensions": [["door", "service"]], "Metrics": named}


def _tail(path: str) -> str:
    return "/".join(path.rsplit("/", 3)[-3:])
