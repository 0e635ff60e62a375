"""One line of JSON for each thing that happened: ids and figures, never contents; its metrics are in it."""

from __future__ import annotations

import logging
import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, TextIO

from aws_lambda_powertools.logging import Logger
from aws_lambda_powertools.metrics.provider.cloudwatch_emf.cloudwatch import AmazonCloudWatchEMFProvider

from chalicelib import clock

NAMESPACE = "Sowa"
# What a line may say. Nothing that a person typed, nothing that names one.
ALLOWED = frozenset(
    {"door", "method", "route", "request_id", "status", "code", "asker", "replayed", "records", "failed", "fault", "at"}
)


class NotAllowed(ValueError):
    """Somebody wanted to log a field that is not on the list."""


class _ToStandardOutput(logging.StreamHandler[TextIO]):
    """To whatever standard output is at the moment, so that a line goes where the caller of the function looks."""

    @property
    def stream(self) -> TextIO:
        return sys.stdout

    @stream.setter
    def stream(self, _: TextIO) -> None:
        pass  # it is asked for anew each time


_logger = Logger(service="sowa", logger_handler=_ToStandardOutput(), location=None, log_uncaught_exceptions=False)
# Lambda hangs a handler of its own on the root logger, which would say every line again in its own words.
logging.getLogger("sowa").propagate = False


class Line(dict[str, Any]):
    """The fields of one line, filled while the work goes on."""

    def __setitem__(self, name: str, value: Any) -> None:
        if name not in ALLOWED:
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
    metrics = AmazonCloudWatchEMFProvider(namespace=NAMESPACE, service="sowa", metric_set={}, dimension_set={})
    metrics.add_dimension("door", str(entry.get("door", "")))
    metrics.add_metric("Latency", "Milliseconds", round(milliseconds, 3))
    metrics.add_metric("Faults", "Count", 1 if "fault" in entry else 0)
    if "failed" in entry:
        metrics.add_metric("FailedRecords", "Count", entry["failed"])
    embedded = metrics.serialize_metric_set()
    write = _logger.error if "fault" in entry else _logger.info
    write("done", extra={**embedded, **entry})


def _tail(path: str) -> str:
    return "/".join(path.rsplit("/", 3)[-3:])
