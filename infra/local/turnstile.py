"""Lets many pass at a time, or one alone: time may only move while no function runs."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager


class Turnstile:
    """A readers-writer lock that the same thread may enter again, from either side."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._inside = 0
        self._waiting = 0
        self._alone: int | None = None
        self._mine = threading.local()

    @contextmanager
    def among(self) -> Iterator[None]:
        """Enter with others; waits while somebody is, or wants to be, alone."""
        if self._depth or self._alone == threading.get_ident():
            yield
            return
        with self._changed:
            self._changed.wait_for(lambda: self._alone is None and not self._waiting)
            self._inside += 1
        self._depth = 1
        try:
            yield
        finally:
            self._depth = 0
            with self._changed:
                self._inside -= 1
                self._changed.notify_all()

    @property
    def passed_by(self) -> float:
        """Seconds by which time was moved while this thread was outside: no function took them."""
        return getattr(self._mine, "passed_by", 0.0)

    @contextmanager
    def outside(self, seconds: float) -> Iterator[None]:
        """Step out for so long, as one who waits for others does: time may be moved meanwhile."""
        begun = time.time()
        with self._left():
            yield
        self._mine.passed_by = self.passed_by + max(0.0, time.time() - begun - seconds)

    @contextmanager
    def _left(self) -> Iterator[None]:
        if not self._depth:
            yield
            return
        with self._changed:
            self._inside -= 1
            self._changed.notify_all()
        self._depth = 0
        try:
            yield
        finally:
            with self._changed:
                self._changed.wait_for(lambda: self._alone is None and not self._waiting)
                self._inside += 1
            self._depth = 1

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Enter when everybody has left, and keep others out."""
        me = threading.get_ident()
        if self._alone == me:
            yield
            return
        if self._depth:
            # It would wait for itself to leave.
            raise RuntimeError("who is inside with others cannot be alone")
        with self._changed:
            self._waiting += 1
            try:
                self._changed.wait_for(lambda: self._alone is None and not self._inside)
                self._alone = me
            finally:
                self._waiting -= 1
        try:
            yield
        finally:
            with self._changed:
                self._alone = None
                self._changed.notify_all()

    @property
    def _depth(self) -> int:
        return getattr(self._mine, "depth", 0)

    @_depth.setter
    def _depth(self, depth: int) -> None:
        self._mine.depth = depth
