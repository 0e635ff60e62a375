"""A ZIP that is written from beginning to end, with the list of its contents as its last file."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from typing import IO, Protocol, cast
from zipfile import ZIP_DEFLATED, ZIP_STORED, ZipFile, ZipInfo

from chalicelib import clock

FORMAT = "sowa-export/1"


class Sink(Protocol):
    """A file that can only be appended to."""

    def write(self, data: bytes) -> int:
        """All of it is taken."""

    def flush(self) -> None:
        """Asked for by ZipFile."""


class Archive:
    """`size_bytes` counts what is in it, before it is packed."""

    def __init__(self, to: Sink) -> None:
        self._zip = ZipFile(cast("IO[bytes]", to), "w")
        self._made_at = clock.now()
        self.files: list[dict[str, object]] = []
        self.paths: set[str] = set()
        self.size_bytes = 0

    def add(self, path: str, chunks: Iterable[bytes], *, is_packed: bool = False, **about: object) -> int:
        """Add a file; the number of its bytes."""
        entry = ZipInfo(path, self._made_at.timetuple()[:6])
        entry.compress_type = ZIP_STORED if is_packed else ZIP_DEFLATED
        entry.external_attr = 0o600 << 16
        digest, size = hashlib.sha256(), 0
        with self._zip.open(entry, "w") as file:
            for chunk in chunks:
                file.write(chunk)
                digest.update(chunk)
                size += len(chunk)
        self.files.append({"path": path, "size_bytes": size, "sha256": digest.hexdigest(), **about})
        self.paths.add(path)
        self.size_bytes += size
        return size

    def add_json(self, path: str, value: object) -> None:
        self.add(path, [json.dumps(value, ensure_ascii=False, indent=1).encode()])

    def close(self, contents: str, **about: object) -> None:
        """The list of contents comes last, when they are known; `contents` is its path."""
        begin = {"format": FORMAT, "made_at": clock.rfc3339(self._made_at)}
        self.add_json(contents, {**begin, **about, "files": list(self.files)})
        self._zip.close()
