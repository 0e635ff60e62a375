"""The spool: segments of recordings wait on disk until the cloud has them, in order, within a bound."""

from __future__ import annotations

import errno
import os
import shutil
import threading
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from sowa_agent.names import segment_name, sizes_of
from sowa_agent.packets import Init, Piece

MOST_BYTES = 2 * 1024**3
# Of a disk that the agent shares with its host, so much stays free.
LEAST_FREE_BYTES = 200 * 1024**2
# Fragments are as long as a player loads at once.
FRAGMENT_S = 2.0

_INIT = "init.mp4"
# Beside the channels' folders: the id of the ownership in which all that waits was filmed.
_OWNERSHIP = "ownership"
_PART = ".part"


@dataclass(frozen=True)
class Waiting:
    """A whole segment. Its folder holds the init that a player must know first, and is called as that is."""

    path: Path

    @property
    def channel(self) -> str:
        return self.path.parent.parent.name

    @property
    def init(self) -> Path:
        return self.path.parent / _INIT

    @property
    def init_name(self) -> str:
        return f"{self.path.parent.name}.mp4"

    @property
    def size_bytes(self) -> int:
        """0 where it has been dropped meanwhile."""
        try:
            return self.path.stat().st_size
        except FileNotFoundError:
            return 0

    @property
    def is_whole(self) -> bool:
        """Not so after a power cut, which may leave a name without what was written."""
        return self.init.exists() and self.size_bytes == sum(sizes_of(self.path.name))


@dataclass
class Spool:
    """`<folder>/<channel>/<init>/<object's name>`; what ends in `.part` is being written."""

    folder: Path
    most_bytes: int = MOST_BYTES
    least_free_bytes: int = LEAST_FREE_BYTES
    dropped: int = 0
    # To look through the folders takes longer than to know that nothing has come since they were empty.
    _may_wait: bool = True

    def __post_init__(self) -> None:
        self._changing = threading.Lock()

    def prepare(self) -> None:
        """What an earlier run has not finished is of no use; what waits stays."""
        self.folder.mkdir(parents=True, exist_ok=True)
        with suppress(OSError):  # of a file system without rights
            self.folder.chmod(0o700)  # what a household was filmed doing is not for everybody on this host
        for part in self.folder.glob(f"*/*/*{_PART}"):
            part.unlink()
        for folder in self.folder.glob("*/*/"):
            self._remove_if_empty(folder)

    def waiting(self) -> list[Waiting]:
        """The oldest first."""
        return [Waiting(path) for path in sorted(self.folder.glob("*/*/*.m4s"), key=lambda path: path.name)]

    def first(self) -> Waiting | None:
        if not self._may_wait:
            return None
        self._may_wait = False  # before it looks: what is closed meanwhile is seen the next time
        found = next(iter(self.waiting()), None)
        if found is not None:
            self._may_wait = True
        return found

    def closed(self) -> None:
        """Something waits."""
        self._may_wait = True

    def remove(self, done: Waiting) -> None:
        """It may have been dropped meanwhile."""
        with self._changing:
            done.path.unlink(missing_ok=True)
            self._remove_if_empty(done.path.parent)

    def drop(self, waiting: Waiting) -> None:
        self.dropped += 1
        self.remove(waiting)

    def clear(self) -> None:
        """All that waits is of an owner who has left."""
        for waiting in self.waiting():
            self.remove(waiting)

    def keep_for(self, ownership: str) -> None:
        """Deletes what was filmed for somebody else: the camera changed hands while nothing ran. Raises OSError."""
        note = self.folder / _OWNERSHIP
        before = note.read_text() if note.exists() else ownership
        if before != ownership:
            self.clear()
        if before != ownership or not note.exists():
            note.write_text(ownership)

    def begin(self, channel: str, init: Init) -> OpenSegment:
        """Raises OSError where nothing can be written."""
        self._make_room()
        folder = self.folder / channel / init.name.removesuffix(".mp4")
        with self._changing:
            folder.mkdir(parents=True, exist_ok=True)
            if not (folder / _INIT).exists():
                part = folder / f"{_INIT}{_PART}"
                part.write_bytes(init.content)
                part.rename(folder / _INIT)
            path = folder / f"open{_PART}"
            return OpenSegment(self, path, path.open("wb", buffering=0))

    def _make_room(self) -> None:
        """Drops the oldest until no more waits than may, and the host has room."""
        waiting = self.waiting()
        used = sum(one.size_bytes for one in waiting)
        while waiting and (used > self.most_bytes or self._free_bytes() < self.least_free_bytes):
            oldest = waiting.pop(0)
            used -= oldest.size_bytes
            self.drop(oldest)

    def _free_bytes(self) -> int:
        return shutil.disk_usage(self.folder).free

    def _remove_if_empty(self, folder: Path) -> None:
        """An init whose last segment has gone goes as well."""
        if folder.exists() and not any(path.name != _INIT for path in folder.iterdir()):
            shutil.rmtree(folder, ignore_errors=True)


@dataclass
class OpenSegment:
    """A segment that is being written."""

    spool: Spool
    path: Path
    file: IO[bytes]
    _sizes: list[int] = field(default_factory=list)
    _last_s: float = 0.0

    def append(self, piece: Piece) -> None:
        """Where the disk is full, the oldest that waits goes first. Raises OSError if that does not help."""
        try:
            self._write(piece.content)
        except OSError:
            oldest = self.spool.first()
            if oldest is None:
                raise
            self.spool.drop(oldest)
            self._write(piece.content)
        self._note(piece)

    def _write(self, content: bytes) -> None:
        """What was half written is overwritten when it is tried again."""
        self.file.seek(sum(self._sizes))
        if self.file.write(content) != len(content):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    def _note(self, piece: Piece) -> None:
        if not self._sizes or (piece.begins_with_key and self._last_s >= FRAGMENT_S):
            self._sizes.append(0)
            self._last_s = 0.0
        self._sizes[-1] += len(piece.content)
        self._last_s += piece.duration_s

    def close(self, start_s: float, duration_ms: int) -> None:
        """It waits from now on, by its final name."""
        self.file.truncate(sum(self._sizes))
        self.file.close()
        self.path.rename(self.path.with_name(segment_name(start_s, duration_ms, self._sizes)))
        self.spool.closed()

    def discard(self) -> None:
        self.file.close()
        self.path.unlink(missing_ok=True)
