"""A folder of photographs as a source: encoded to H.264, a frame each, over and over."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any, cast

import av
from PIL import Image, ImageOps

from sowa_agent.packets import TICKS_PER_SECOND, Codec, Packet
from sowa_agent.source import SourceProblem, Why

PER_SECOND = 10
WIDEST = 640
# Ready to be encoded, about 40 MB: to read and shrink a large photograph takes longer than it is shown.
MOST_KEPT = 100
_SUFFIXES = (".jpg", ".jpeg")


class Photographs:
    """A folder of JPEGs, a frame each, over and over."""

    codec: Codec = "h264"
    frame_ticks = TICKS_PER_SECOND // PER_SECOND
    reorders = False
    sound = None
    heard = ""

    def __init__(self, folder: Path, monotonic: Callable[[], float], pause: Callable[[float], Any]) -> None:
        self._monotonic, self._pause = monotonic, pause
        self._paths = sorted(path for path in folder.iterdir() if path.suffix.lower() in _SUFFIXES)
        if not self._paths:
            raise SourceProblem(Why.UNREADABLE, "there is no JPEG in the folder")
        self._encoder: Any = av.CodecContext.create("libx264", "w")
        self._encoder.width, self._encoder.height = size = self._fitting(self._picture(self._paths[0])).size
        self._size = size
        self._encoder.pix_fmt, self._encoder.time_base = "yuv420p", Fraction(1, PER_SECOND)
        self._encoder.framerate = Fraction(PER_SECOND)
        self._kept: dict[Path, Any] = {}
        self._encoder.options = {
            "preset": "ultrafast", "tune": "zerolatency", "g": str(PER_SECOND), "sc_threshold": "0",
        }  # fmt: skip

    def packets(self) -> Iterator[Packet]:
        began, number = self._monotonic(), 0
        while True:
            for path in self._paths:
                self._pause(max(0.0, began + number / PER_SECOND - self._monotonic()))
                for each in self._encoder.encode(self._frame(path, number)):
                    stamp = number * self.frame_ticks
                    yield Packet(bytes(each), stamp, stamp, self._monotonic(), each.is_keyframe)
                number += 1

    def close(self) -> None:
        """Nothing is held."""

    def _frame(self, path: Path, number: int) -> Any:
        frame = self._kept.get(path)
        if frame is None:
            picture = self._fitting(self._picture(path)).resize(self._size)
            frame = av.VideoFrame.from_image(picture)  # type: ignore[no-untyped-call]  # PyAV types it only partly
            frame = frame.reformat(format="yuv420p")
            if len(self._kept) < MOST_KEPT:
                self._kept[path] = frame
        frame.pts = number
        return frame

    def _picture(self, path: Path) -> Image.Image:
        try:
            with Image.open(path) as image:
                return ImageOps.exif_transpose(image).convert("RGB")
        except (OSError, SyntaxError, ValueError, Image.DecompressionBombError):
            raise SourceProblem(Why.UNREADABLE, path.name) from None

    def _fitting(self, picture: Image.Image) -> Image.Image:
        """No wider than need be, and of even sides, as H.264 wants them."""
        scale = min(1.0, WIDEST / picture.width)
        sides = (max(2, int(side * scale) // 2 * 2) for side in picture.size)
        return picture.resize(cast(tuple[int, int], tuple(sides)))
