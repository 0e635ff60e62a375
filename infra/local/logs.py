"""Keeps what the functions write, as CloudWatch would: standard output, standard error, and anybody's warnings."""

from __future__ import annotations

import io
import logging
import re
import sys
import threading
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Self, TextIO

from moto.logs.exceptions import InvalidParameterException

DAY_SECONDS = 86_400
_MOST_EVENTS = 10_000
_TOKEN = re.compile(r"from-(\d+)")
_HAS_FIELD = re.compile(r'\{ \$\.(\w+) = "\*" \}')


class _Tee(io.TextIOBase):
    """Stands where sys.stdout or sys.stderr stood: a function's words go to the log, everybody else's go on."""

    def __init__(self, logs: Logs, stream: str) -> None:
        self._logs = logs
        self._stream = stream
        self._outer: TextIO = getattr(sys, stream)

    def write(self, text: str) -> int:
        if self._logs.listening:
            self._logs.take(text)
        else:
            self._out().write(text)
        return len(text)

    def flush(self) -> None:
        if not self._logs.listening:
            self._out().flush()

    def install(self) -> None:
        """Again at each call, because pytest puts its own stream there for every test."""
        if (now := getattr(sys, self._stream)) is not self:
            self._outer = now
            setattr(sys, self._stream, self)

    def remove(self) -> None:
        if getattr(sys, self._stream) is self:
            setattr(sys, self._stream, self._outer)

    def _out(self) -> TextIO:
        # A logger may hold on to us for longer than the stream that we replaced has lived.
        return getattr(sys, f"__{self._stream}__") if self._outer.closed else self._outer

    def __getattr__(self, name: str) -> Any:
        return getattr(self._out(), name)


class _Warnings(logging.Handler):
    """Lambda hangs such a handler on the root logger, so a library's warning is part of the log."""

    def __init__(self, logs: Logs) -> None:
        super().__init__(logging.WARNING)
        self._logs = logs

    def emit(self, record: logging.LogRecord) -> None:
        if self._logs.listening:
            self._logs.take(f"[{record.levelname}]\t{self.format(record)}\n")


class Logs:
    """The last lines that functions wrote.

    `everything` also takes what is written outside of a function's call: a server has a terminal to keep clean, and
    threads that a function started.
    """

    def __init__(self, *, limit: int = 100_000, keep_days: int | None = None, everything: bool = False) -> None:
        self._lines: deque[tuple[float, str]] = deque(maxlen=limit)
        self._keep_days = keep_days
        self._everything = everything
        self._mine = threading.local()
        self._tees = [_Tee(self, "stdout"), _Tee(self, "stderr")]
        self._warnings = _Warnings(self)
        self._installed = False

    def __enter__(self) -> Self:
        self._installed = True
        for tee in self._tees:
            tee.install()
        logging.getLogger().addHandler(self._warnings)
        return self

    def __exit__(self, *_: object) -> None:
        self._installed = False
        for tee in self._tees:
            tee.remove()
        logging.getLogger().removeHandler(self._warnings)

    def adopt(self, logger: logging.Logger) -> None:
        """Chalice's own logger keeps the standard output that it found at its import, which may be anybody's by now."""
        for handler in logger.handlers:
            if type(handler) is logging.StreamHandler:  # not one that is made for a stream of its own, such as pytest's
                handler.setStream(self._tees[0])

    @contextmanager
    def of_function(self) -> Iterator[None]:
        for tee in self._tees if self._installed else []:
            tee.install()
        self._mine.depth = getattr(self._mine, "depth", 0) + 1
        try:
            yield
        finally:
            self._mine.depth -= 1
            if not self._mine.depth and self._begun:
                self.take("\n")

    @property
    def listening(self) -> bool:
        return self._everything or bool(getattr(self._mine, "depth", 0))

    def take(self, text: str) -> None:
        """Keep whole lines; the rest waits for its end, in its own thread. What is no UTF-8 raises, as standard output
        does."""
        text.encode()
        *whole, self._mine.begun = (self._begun + text).split("\n")
        now = time.time()
        self._lines.extend((now, line) for line in whole if line)

    def lines(self) -> list[str]:
        """Oldest first."""
        self._expire()
        return [text for _, text in list(self._lines)]

    def filtered(
        self, group: str, streams: object, since_ms: int, until_ms: int, limit: int | None, token: str | None,
        pattern: str, interleaved: object,
    ) -> tuple[list[dict[str, Any]], str | None, list[Any]]:  # fmt: skip
        """In the place of CloudWatch Logs, which moto leaves empty: the lines of these milliseconds that have a field,
        whichever function wrote them. Of CloudWatch's patterns the one that asks for a field is understood."""
        wanted = _HAS_FIELD.fullmatch(pattern)
        if wanted is None:
            raise NotImplementedError(f"the pattern {pattern}")
        found = [(int(at * 1000), text) for at, text in list(self._lines) if f'"{wanted[1]}":"' in text]
        events = [{"timestamp": at, "message": text} for at, text in found if since_ms <= at <= until_ms]
        first = self._first_of(token)
        last = first + (limit or _MOST_EVENTS)
        return events[first:last], f"from-{last}" if last < len(events) else None, []

    def _first_of(self, token: str | None) -> int:
        if token is None:
            return 0
        known = _TOKEN.fullmatch(token)
        if known is None:
            raise InvalidParameterException("The specified nextToken is invalid.")
        return int(known[1])

    def snapshot(self) -> list[tuple[float, str]]:
        return list(self._lines)

    def restore(self, kept: list[tuple[float, str]]) -> None:
        self._lines.clear()
        self._lines.extend(kept)

    @property
    def _begun(self) -> str:
        begun: str = getattr(self._mine, "begun", "")
        return begun

    def _expire(self) -> None:
        if self._keep_days is None:
            return
        oldest = time.time() - self._keep_days * DAY_SECONDS
        while self._lines and self._lines[0][0] < oldest:
            self._lines.popleft()
