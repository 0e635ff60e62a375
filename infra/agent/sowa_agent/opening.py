"""Opening of sources: an RTSP camera, a video file, or a folder of photographs."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sowa_agent.demuxed import Camera, Film
from sowa_agent.photographs import Photographs
from sowa_agent.source import Session, SourceAddress, SourceProblem, Why

Open = Callable[[SourceAddress], Session]


@dataclass(frozen=True)
class Opener:
    """Opens sources; `monotonic` stamps what arrives, and `pause` keeps the pace."""

    monotonic: Callable[[], float]
    pause: Callable[[float], Any] = lambda seconds: threading.Event().wait(seconds)

    def __call__(self, source: SourceAddress) -> Session:
        """Raises SourceProblem."""
        if source.is_rtsp:
            return Camera(source, self.monotonic, self.pause)
        path = Path(source.address)
        if path.is_dir():
            return Photographs(path, self.monotonic, self.pause)
        if not path.is_file():
            raise SourceProblem(Why.UNREACHABLE, "there is no such file or folder")
        return Film(path, self.monotonic, self.pause, source.sound)
