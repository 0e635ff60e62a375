"""Readers-writer lock: many functions pass at the same time, or the clock alone, which may only move while none
runs."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager


class ReadersWriterLock:
    """A readers-writer lock that the same thread may enter again, from either side."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._readers = 0
        self._waiting = 0
        self._writer: int | None = None
        self._mine = threading.local()

    @contextmanager
    def shared(self) -> Iterator[None]:
        """Take the lock shared; waits while it is held, or wanted, exclusively."""
        if self._depth or self._writer == threading.get_ident():
            yield
            return
        with self._changed:
            self._changed.wait_for(lambda: self._writer is None and not self._waiting)
            self._readers += 1
        self._depth = 1
        try:
            yield
        finally:
            self._depth = 0
            with self._changed:
                self._readers -= 1
                self._changed.notify_all()

    @property
    def passed_by(self) -> float:
        """Seconds by which time was moved while this thread had released the lock: no function took them."""
        return getattr(self._mine, "passed_by", 0.0)

    @contextmanager
    def released(self, seconds: float) -> Iterator[None]:
        """Release the lock for so long, as one who waits for others does: time may be moved meanwhile."""
        begun = time.time()
        with self._released():
            yield
        self._mine.passed_by = self.passed_by + max(0.0, time.time() - begun - seconds)

    @contextmanager
    def _released(self) -> Iterator[None]:
        if not self._depth:
            yield
            return
        with self._changed:
            self._readers -= 1
            self._changed.notify_all()
        self._depth = 0
        try:
            yield
        finally:
            with self._changed:
                self._changed.wait_for(lambda: self._writer is None and not self._waiting)
                self._readers += 1
            self._depth = 1

    @contextmanager
    def exclusive(self) -> Iterator[None]:
        """Take the lock exclusively, when no reader holds it."""
        me = threading.get_ident()
        if self._writer == me:
            yield
            return
        if self._depth:
            # It would wait for itself to leave.
            raise RuntimeError("who is inside with others cannot be alone")
        with self._changed:
            self._waiting += 1
            try:
                self._changed.wait_for(lambda: self._writer is None and not self._readers)
                self._writer = me
            finally:
                self._waiting -= 1
        try:
            yield
        finally:
            with self._changed:
                self._writer = None
                self._changed.notify_all()

    @property
    def _depth(self) -> int:
        return getattr(self._mine, "depth", 0)

    @_depth.setter
    def _depth(self, depth: int) -> None:
        self._mine.depth = depth
