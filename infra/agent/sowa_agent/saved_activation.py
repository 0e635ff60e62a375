"""What an agent keeps of its last activation, so that one that starts while the cloud is away can record."""

from __future__ import annotations

import json
import logging
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

Json = dict[str, Any]

log = logging.getLogger(__name__)


@dataclass
class SavedActivation:
    """A file that nobody else may read: a token stands in it. It is of one serial number and one cloud."""

    path: Path
    cloud_url: str
    _kept: Json = field(default_factory=dict)

    def load(self) -> Json:
        """`token`, `how` and `plan` as they were noted; empty where there is nothing, or of another cloud."""
        try:
            found = json.loads(self.path.read_text())
        except (OSError, ValueError):
            return {}
        is_ours = isinstance(found, dict) and found.get("cloud_url") == self.cloud_url and "token" in found
        self._kept = found if is_ours else {}
        return dict(self._kept)

    def note(self, **news: Any) -> None:
        """Only what has changed is written. A disk that does not take it ends nothing."""
        kept = {**self._kept, "cloud_url": self.cloud_url, **news}
        if kept == self._kept:
            return
        part = self.path.with_suffix(".part")
        try:
            part.unlink(missing_ok=True)
            with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
                json.dump(kept, file)
            part.rename(self.path)
        except OSError as error:
            log.warning("What is known of the cloud cannot be kept (%s).", error.strerror)
            return
        self._kept = kept

    def clear(self) -> None:
        self._kept = {}
        self.path.unlink(missing_ok=True)
