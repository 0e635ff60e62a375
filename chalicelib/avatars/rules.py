"""Rules of avatars: what counts as a picture, and what is made of it."""

from __future__ import annotations

import io
import warnings
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from PIL import Image
    from PIL.ImageFile import ImageFile

LEAST_BYTES, MOST_BYTES = 1, 5 * 1024 * 1024
MOST_PIXELS = 25_000_000
SIDE = 512
JPEG = "image/jpeg"
# What decoding may take beside the process itself and the upload, so that all of it stays below 128 MB.
_MOST_MEMORY_BYTES = 36_000_000
# Bytes of memory for each pixel: what Pillow keeps, and the copies with which it scales.
_BYTES_OF_MODE = {"1": 1, "L": 1, "P": 1, "RGB": 4, "I;16": 5}
_BYTES_OF_OTHER_MODES = 8
# libwebp decodes into a canvas, and keeps the one before it.
_BYTES_OF_WEBP = 16
# Texts in a PNG are unpacked before anybody knows that they are not wanted; more of them is a refusal.
_MOST_TEXT_BYTES = 2_000_000


def cleaned(data: bytes, *, side: int = SIDE) -> bytes | None:
    """The picture as a JPEG of at most 512 × 512, or of another side, that bears nothing but its pixels, upright; None
    for what is no picture, is animated, broken off, or too large to decode."""
    if len(data) > MOST_BYTES:
        return None
    try:
        # What Pillow finds strange is no line of our log.
        with warnings.catch_warnings(action="ignore"), _decoded(data) as picture:
            return _redrawn(picture, side) if _is_fit(picture) else None
    except Exception:  # decoders of hostile bytes raise whatever comes to hand, and it always means the same
        return None


def _decoded(data: bytes) -> ImageFile:
    """By its first bytes; nothing is decoded yet. Pillow knows forty formats more, and none of them is let in."""
    from PIL import PngImagePlugin
    from PIL.JpegImagePlugin import JpegImageFile
    from PIL.WebPImagePlugin import WebPImageFile

    PngImagePlugin.MAX_TEXT_MEMORY = _MOST_TEXT_BYTES
    kinds: dict[bytes, type[ImageFile]] = {
        b"\xff\xd8\xff": JpegImageFile,
        b"\x89PNG\r\n\x1a\n": PngImagePlugin.PngImageFile,
        b"RIFF": WebPImageFile,
    }
    kind = next(kind for signature, kind in kinds.items() if data.startswith(signature))
    return kind(io.BytesIO(data))


def _is_fit(picture: ImageFile) -> bool:
    """By its header alone."""
    pixels = picture.width * picture.height
    if pixels > MOST_PIXELS or getattr(picture, "is_animated", False):
        return False
    return pixels * _bytes_a_pixel(picture) <= _MOST_MEMORY_BYTES


def _bytes_a_pixel(picture: ImageFile) -> float:
    if picture.format == "JPEG":
        # libjpeg scales while it decodes, a few rows at a time, unless the picture comes in several scans.
        return 0 if _is_one_scan(picture) else _bytes_of_coefficients(picture)
    if picture.format == "WEBP":
        return _BYTES_OF_WEBP
    return _BYTES_OF_MODE.get(picture.mode, _BYTES_OF_OTHER_MODES)


def _is_one_scan(jpeg: Any) -> bool:
    """Pillow stops behind the header of the first scan (ITU-T T.81, B.2.3), which says how many components it has."""
    count = len(jpeg.layer)
    jpeg.fp.seek(-6 - 2 * count, io.SEEK_CUR)
    return "progressive" not in jpeg.info and bool(jpeg.fp.read(3) == bytes((0, 6 + 2 * count, count)))


def _bytes_of_coefficients(jpeg: Any) -> float:
    """All of them are kept then, of two bytes each; components may be coarser than pixels."""
    samples = [across * down for _, across, down, _ in jpeg.layer]
    return float(2 * sum(samples) / max(samples))


def _redrawn(picture: ImageFile, side: int) -> bytes:
    from PIL import Image, ImageOps

    if picture.mode == "I;16":
        plain: Image.Image = picture.point(lambda grey: grey * (1 / 256)).convert("L")  # which else is cut off at 255
    else:
        plain = picture
    plain.thumbnail((side, side))  # of a JPEG, no more than is needed is decoded
    coloured = ImageOps.exif_transpose(plain).convert("RGBA")
    clean = Image.new("RGB", coloured.size, "white")
    clean.paste(coloured, mask=coloured.getchannel("A"))
    to = io.BytesIO()
    clean.save(to, "JPEG", quality=85)
    return to.getvalue()
