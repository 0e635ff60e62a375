"""Pictures: the JPEG of a moment, out of the pieces that the ring holds."""

from __future__ import annotations

import io
from typing import Any

import av
from av.error import FFmpegError
from PIL import Image

from sowa_agent.packets import Piece

# The cloud takes 100 bytes to 4 MB, and redraws what it shows.
MOST_BYTES = 1024 * 1024
QUALITIES = (85, 70, 50, 30)
LARGEST_SIDE = 1920
# A frame is good for a moment that is so little before it.
EXACT_S = 0.05


class NoPicture(Exception):
    """Nothing is there that shows the moment."""


def jpeg_of(pieces: list[Piece], moment_s: float) -> bytes:
    """Of the last frame up to the moment, else of the first after it; `pieces` begin with a key frame. Decodes no more
    than that takes. Raises NoPicture."""
    pieces = [piece for piece in pieces if pieces[0].init is piece.init and piece.start_s <= moment_s] or pieces[:1]
    if not pieces:
        raise NoPicture
    return as_jpeg(_last_frame(pieces, moment_s))


def _last_frame(pieces: list[Piece], moment_s: float) -> Image.Image:
    content = pieces[0].init.content + b"".join(piece.content for piece in pieces)
    found: Any = None
    try:
        with av.open(io.BytesIO(content), "r") as film:
            video = film.streams.video[0]
            video.codec_context.thread_count = 1
            began = None
            for frame in film.decode(video):
                began = frame.time if began is None else began
                if found is not None and pieces[0].start_s + (frame.time or 0) - (began or 0) > moment_s + EXACT_S:
                    break
                found = frame
            if found is None:
                raise NoPicture
            picture: Image.Image = found.to_image()
            return picture
    except (FFmpegError, IndexError):
        raise NoPicture from None


def as_jpeg(picture: Image.Image) -> bytes:
    """Small enough for a ticket, without metadata."""
    picture.thumbnail((LARGEST_SIDE, LARGEST_SIDE))
    for quality in QUALITIES:
        written = io.BytesIO()
        picture.save(written, "JPEG", quality=quality)
        if written.tell() <= MOST_BYTES:
            break
    return written.getvalue()
