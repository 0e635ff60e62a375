"""The last seconds of a channel in memory: what live views, events and pictures begin with."""

from __future__ import annotations

import threading
from collections import deque
from dataclasses import dataclass, field

from sowa_agent.packets import Piece

# Enough for what an event shows of before, and for an upload that is late for a while.
KEPT_S = 8.0
# Of a camera with a key frame each half minute, not all is kept.
MOST_BYTES = 24 * 1024 * 1024


@dataclass
class Ring:
    """Pieces of one channel since a key frame, in order; one thread adds, others read."""

    kept_s: float = KEPT_S
    most_bytes: int = MOST_BYTES
    _pieces: deque[Piece] = field(default_factory=deque)
    _size_bytes: int = 0
    _changed: threading.Condition = field(default_factory=threading.Condition)

    def add(self, piece: Piece) -> None:
        with self._changed:
            self._pieces.append(piece)
            self._size_bytes += len(piece.content)
            self._drop_old(piece.end_s - self.kept_s)
            self._changed.notify_all()

    def clear(self) -> None:
        with self._changed:
            self._pieces.clear()
            self._size_bytes = 0

    def after(self, number: int) -> list[Piece]:
        """What came after that piece."""
        with self._changed:
            return [piece for piece in self._pieces if piece.number > number]

    def since(self, start_s: float) -> list[Piece]:
        """From the last key frame at or before that moment on, if it is still there; else from the first there is."""
        pieces = self.after(-1)
        keys = [at for at, piece in enumerate(pieces) if piece.begins_with_key]
        before = [at for at in keys if pieces[at].start_s <= start_s]
        return pieces[(before[-1:] or keys[:1] or [len(pieces)])[0] :]

    def since_last_key(self) -> list[Piece]:
        return self.since(float("inf"))

    def wait_until(self, moment_s: float, timeout_s: float) -> None:
        """Until a piece has come that shows the moment."""
        with self._changed:
            self._changed.wait_for(lambda: bool(self._pieces) and self._pieces[-1].end_s > moment_s, timeout_s)

    def wait_after(self, number: int, timeout_s: float) -> None:
        """Until a piece has come that came after that one."""
        with self._changed:
            self._changed.wait_for(lambda: bool(self._pieces) and self._pieces[-1].number > number, timeout_s)

    def _drop_old(self, before_s: float) -> None:
        """What a reader can begin with stays: the last key frame, and all after it."""
        while self._pieces and (self._has_later_key(before_s) or self._size_bytes > self.most_bytes):
            self._size_bytes -= len(self._pieces.popleft().content)

    def _has_later_key(self, before_s: float) -> bool:
        """Whether a later key frame than the first piece is old enough to begin with."""
        later = (piece for at, piece in enumerate(self._pieces) if at and piece.begins_with_key)
        first = next(later, None)
        return first is not None and first.start_s <= before_s
