"""H.264 that tests make themselves: fragmented MP4, what a player must know first and then a piece a second."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from fractions import Fraction

import av
from PIL import Image

from sowa_agent.boxes import take_boxes
from sowa_agent.fragments import Output

_MOVIE_FLAGS = "frag_keyframe+empty_moov+default_base_moof"


class Encoder:
    """Takes pictures of one size, so many a second; a keyframe opens each second, so a piece is one second long."""

    def __init__(self, size: tuple[int, int], frames_per_second: int = 10) -> None:
        self.init = b""
        self.frames_per_second = frames_per_second
        self._output = Output()
        self._fragment = b""
        self._count = 0
        self._container = av.open(self._output, "w", format="mp4", options={"movflags": _MOVIE_FLAGS})
        self._stream = self._container.add_stream("libx264", rate=frames_per_second)
        self._stream.width, self._stream.height = size
        self._stream.pix_fmt = "yuv420p"
        self._stream.gop_size = frames_per_second
        self._stream.options = {"preset": "ultrafast", "tune": "zerolatency", "sc_threshold": "0"}

    def add(self, picture: Image.Image) -> list[bytes]:
        """The pieces that have become complete with it."""
        frame = av.VideoFrame.from_image(picture.convert("RGB"))  # type: ignore[no-untyped-call]
        frame.pts, frame.time_base = self._count, Fraction(1, self.frames_per_second)
        self._count += 1
        return self._muxed(frame)

    def end(self) -> list[bytes]:
        """The rest, as it is."""
        pieces = self._muxed(None)
        self._container.close()
        return [*pieces, *self._complete()]

    def encoded(self, pictures: Iterable[Image.Image]) -> list[bytes]:
        """All pieces of a whole film."""
        return [piece for picture in pictures for piece in self.add(picture)] + self.end()

    def _muxed(self, frame: av.VideoFrame | None) -> list[bytes]:
        for packet in self._stream.encode(frame):
            self._container.mux(packet)
        return list(self._complete())

    def _complete(self) -> Iterator[bytes]:
        for kind, box in take_boxes(self._output.pending):
            if kind in (b"ftyp", b"moov"):
                self.init += box
            elif kind == b"moof":
                self._fragment = box
            elif kind == b"mdat":
                yield self._fragment + box
