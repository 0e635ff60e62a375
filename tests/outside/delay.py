"""How soon who begins to watch sees something, and how far behind the camera. The figures stand in docs/camera.md."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from tests.outside.streaming import BITS, FRAMES_PER_SECOND, SIZE, Filming

FIRST_S, BEHIND_S = 4.5, 5.0
WATCHED_S = 12.0
# Others may have the machine's two cores just then.
TRIES = 2
# The number of the frame that a page's video shows: in black and white, a bit to a band.
NUMBER = """([width, height, bits]) => {
  const video = document.querySelector("video");
  if (!video || video.readyState < 2 || !video.videoWidth) return -1;
  const canvas = Object.assign(document.createElement("canvas"), { width, height });
  const pen = canvas.getContext("2d");
  pen.drawImage(video, 0, 0, width, height);
  const { data } = pen.getImageData(0, height / 2, width, 1);
  const isWhite = (bit) => data[4 * Math.floor((bit + 0.5) * width / bits)] > 127;
  return [...Array(bits).keys()].reduce((sum, bit) => sum + isWhite(bit) * 2 ** bit, 0);
}"""


@dataclass
class Delay:
    """In seconds: from the wish to watch to the first picture, and how far behind the camera what is shown is then."""

    player: str
    first_s: float
    behind_s: list[float]

    @property
    def is_well(self) -> bool:
        return self.first_s <= FIRST_S and statistics.median(self.behind_s) <= BEHIND_S

    def __str__(self) -> str:
        median, most = statistics.median(self.behind_s), max(self.behind_s)
        return f"{self.player}: first picture after {self.first_s:.1f} s; {median:.1f} s behind, {most:.1f} s at most"


def watched(page: Any, player: str, begin: Callable[[], None], filming: Filming) -> Delay:
    begun, behind = time.monotonic(), list[float]()
    begin()
    first_s = 0.0
    while time.monotonic() < begun + WATCHED_S:
        frame = page.evaluate(NUMBER, [*SIZE, BITS])
        if frame >= 0:
            first_s = first_s or time.monotonic() - begun
            behind.append((filming.frames_so_far() - frame) / FRAMES_PER_SECOND)
        time.sleep(0.05)
    return Delay(player, first_s, behind) if behind else Delay(player, WATCHED_S, [WATCHED_S])


def best_of(tries: Iterator[Delay], say: Any) -> Delay:
    """The first that is well, or the last."""
    for delay in tries:
        with say.disabled():
            print(f"\n{delay}", end="")
        if delay.is_well:
            break
    return delay
