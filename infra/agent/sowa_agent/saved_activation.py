"""The last activation, kept on disk, so that an agent that starts while the cloud is away can record."""

from __future__ import annotations

import json
import logging
import os
import threading
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sowa_agent import answers
from sowa_agent.answers import Json
from sowa_agent.cloud import how_to_connect
from sowa_agent.recording import plan_of
from sowa_agent.settings import Settings

log = logging.getLogger(__name__)


@dataclass
class SavedActivation:
    """A file that nobody else may read: a token stands in it. It is of one serial number and one cloud. Several threads
    write it."""

    path: Path
    cloud_url: str
    _kept: Json = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def load(self) -> Json:
        """`token`, `how`, `plan`, `desired` and `privacy_mode` as they were noted, each of which but the first two may
        be missing or None; empty where there is nothing, or of another cloud."""
        with self._lock:
            self._kept = self._read()
            return dict(self._kept)

    def _read(self) -> Json:
        try:
            found = json.loads(self.path.read_text())
        except (OSError, ValueError, RecursionError):
            return {}
        is_ours = isinstance(found, dict) and found.get("cloud_url") == self.cloud_url
        return found if is_ours and _is_understood(found) else {}

    def note(self, **news: Any) -> None:
        """Only what has changed is written, and without a token nothing. A disk that does not take it ends nothing."""
        with self._lock:
            kept = {**self._kept, "cloud_url": self.cloud_url, **news}
            if kept == self._kept or "token" not in kept:
                return
            try:
                self._write(kept)
            except OSError as error:
                log.warning("What is known of the cloud cannot be kept (%s).", error.strerror)
                return
            self._kept = kept

    def _write(self, kept: Json) -> None:
        """What has the file's name is whole and on disk, whenever the power fails."""
        part = self.path.with_suffix(".part")
        part.unlink(missing_ok=True)
        with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            json.dump(kept, file)
            file.flush()
            os.fsync(file.fileno())
        part.rename(self.path)

    def clear(self) -> None:
        """A file that cannot be removed ends nothing either: its token is dead."""
        with self._lock:
            self._kept = {}
            try:
                self.path.unlink(missing_ok=True)
            except OSError as error:
                log.warning("What is known of the cloud cannot be removed (%s).", error.strerror)


def _is_understood(kept: Json) -> bool:
    """A file may be of another version, or damaged."""
    try:
        answers.field(kept, "token", str)
        how_to_connect(answers.field(kept, "how", dict))
        if kept.get("plan") is not None:
            plan_of(kept["plan"])
        if kept.get("desired") is not None:
            Settings.of(kept["desired"])
    except ValueError:
        return False
    return True
