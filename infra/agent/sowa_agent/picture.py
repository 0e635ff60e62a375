"""Pictures: the JPEG of a moment, out of the pieces that the ring holds."""

from __future__ import annotations

import io
from fractions import Fraction
from typing import Any

import av
from av.error import FFmpegError

from sowa_agent.packets import Piece

# The cloud takes 100 bytes to 4 MB, and redraws what it shows.
MOST_BYTES = 2 * 1024 * 1024
LARGEST_SIDE = 1920
# FFmpeg's scale, on which less is better.
QUALITIES = (3, 8, 20, 31)
# A frame is good for a moment that is so little before it.
EXACT_S = 0.05
# What smooths the edges of blocks is a fifth of a decoder's work, and hardly seen in a picture of one moment.
_DECODER = {"skip_loop_filter": "all"}


class NoPicture(Exception):
    """Nothing is there that shows the moment."""


def jpeg_of(pieces: list[Piece], moment_s: float) -> bytes:
    """Of the last frame up to the moment, else of the first after it; `pieces` begin with a key frame. Decodes no more
    than that takes. Raises NoPicture."""
    shown = [piece for piece in pieces if piece.init is pieces[0].init and piece.start_s <= moment_s] or pieces[:1]
    if not shown:
        raise NoPicture
    try:
        return _jpeg(_last_frame(shown, moment_s))
    except (FFmpegError, IndexError):
        raise NoPicture from None


def _last_frame(pieces: list[Piece], moment_s: float) -> Any:
    content = pieces[0].init.content + b"".join(piece.content for piece in pieces)
    found: Any = None
    began = 0.0
    with av.open(io.BytesIO(content), "r") as film:
        video = film.streams.video[0]
        # Each thread of a decoder holds frames of its own.
        video.codec_context.thread_count = 1
        video.codec_context.options = _DECODER
        for frame in film.decode(video):
            at = frame.time or 0.0
            if found is None:
                began = at
            elif pieces[0].start_s + at - began > moment_s + EXACT_S:
                break
            found = frame
    if found is None:
        raise NoPicture
    return found


def _jpeg(frame: Any) -> bytes:
    """In the colours and the range that JPEG has; no larger than a ticket takes."""
    scale = min(1.0, LARGEST_SIDE / max(frame.width, frame.height))
    width, height = (max(2, round(side * scale) // 2 * 2) for side in (frame.width, frame.height))
    picture = frame.reformat(width, height, format="yuvj420p")
    written = b""
    for quality in QUALITIES:
        written = _encoded(picture, quality)
        if len(written) <= MOST_BYTES:
            break
    return written


def _encoded(picture: Any, quality: int) -> bytes:
    encoder: Any = av.CodecContext.create("mjpeg", "w")
    encoder.width, encoder.height, encoder.pix_fmt = picture.width, picture.height, "yuvj420p"
    encoder.time_base, encoder.thread_count = Fraction(1, 25), 1
    encoder.options = {"qmin": str(quality), "qmax": str(quality)}
    picture.pts = 0
    return b"".join(bytes(packet) for packet in [*encoder.encode(picture), *encoder.encode(None)])
