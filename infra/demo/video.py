"""Live video as cameras send it: H.264 in fragmented MP4, what a player must know first and then a piece a second."""

from __future__ import annotations

import io
from collections.abc import Iterator
from fractions import Fraction

import av
from PIL import Image

_MOVIE_FLAGS = "frag_keyframe+empty_moov+default_base_moof"
_HEAD_BYTES = 8


class _Tape(io.RawIOBase):
    """Written on and on; whoever reads takes what is there away."""

    def __init__(self) -> None:
        super().__init__()
        self.pending = bytearray()

    def writable(self) -> bool:
        return True

    def write(self, data: object) -> int:
        self.pending += bytes(data)  # type: ignore[call-overload]
        return len(bytes(data))  # type: ignore[call-overload]


class Encoder:
    """Takes pictures of one size, so many a second; a keyframe opens each second, so a piece is one second long."""

    def __init__(self, size: tuple[int, int], frames_per_second: int = 10) -> None:
        self.init = b""
        self.frames_per_second = frames_per_second
        self._tape = _Tape()
        self._fragment = b""
        self._count = 0
        self._container = av.open(self._tape, "w", format="mp4", options={"movflags": _MOVIE_FLAGS})
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

    def _muxed(self, frame: av.VideoFrame | None) -> list[bytes]:
        for packet in self._stream.encode(frame):
            self._container.mux(packet)
        return list(self._complete())

    def _complete(self) -> Iterator[bytes]:
        for kind, box in _boxes(self._tape.pending):
            if kind in (b"ftyp", b"moov"):
                self.init += box
            elif kind == b"moof":
                self._fragment = box
            elif kind == b"mdat":
                yield self._fragment + box


def _boxes(pending: bytearray) -> Iterator[tuple[bytes, bytes]]:
    """Whole boxes (ISO/IEC 14496-12, 4.2) from the beginning, taken away as they are read."""
    while len(pending) >= _HEAD_BYTES:
        size = int.from_bytes(pending[:4])
        if size < _HEAD_BYTES or len(pending) < size:
            return
        box = bytes(pending[:size])
        del pending[:size]
        yield box[4:8], box
