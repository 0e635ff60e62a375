"""Files that were made to do harm, or to look like pictures: each is made here, the same in every run."""

from __future__ import annotations

import io
import random
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

from PIL import Image
from PIL.PngImagePlugin import PngInfo

# What must be in no result, however a file carries it in.
PAYLOAD = b"PAYLOAD-alert(document.cookie)-52.1297N"
SCRIPT = b"<script>" + PAYLOAD + b"</script>"
PNG = b"\x89PNG\r\n\x1a\n"


@cache
def picture(mode: str = "RGB", size: tuple[int, int] = (640, 480)) -> Image.Image:
    """Stripes and slopes, different in each corner."""
    slope = Image.linear_gradient("L").resize(size)
    turned = Image.linear_gradient("L").rotate(90).resize(size)
    colours = Image.merge("RGB", (slope, turned, slope.transpose(Image.Transpose.FLIP_TOP_BOTTOM)))
    if mode == "RGBA":
        colours.putalpha(turned)
        return colours
    if mode == "I;16":
        rows = (struct.pack("<H", 65_535 * y // size[1]) * size[0] for y in range(size[1]))
        return Image.frombytes("I;16", size, b"".join(rows))
    return colours.convert(mode)


def as_file(image: Image.Image, kind: str, **how: Any) -> bytes:
    to = io.BytesIO()
    image.save(to, kind, **how)
    return to.getvalue()


# Pieces of files


def chunk(kind: bytes, body: bytes) -> bytes:
    """Of a PNG."""
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def png(width: int, height: int, rows: bytes, *, depth: int = 8, colour: int = 2, more: bytes = b"") -> bytes:
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0))
    return PNG + header + more + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


def segment(marker: int, body: bytes) -> bytes:
    """Of a JPEG."""
    return bytes((0xFF, marker)) + struct.pack(">H", len(body) + 2) + body


def with_segments(*segments: bytes, jpeg: bytes | None = None) -> bytes:
    whole = as_file(picture(), "JPEG") if jpeg is None else jpeg
    return whole[:2] + b"".join(segments) + whole[2:]


def resized(jpeg: bytes, width: int, height: int) -> bytes:
    """The same with another size in its header."""
    at = next(jpeg.index(bytes((0xFF, marker))) for marker in (0xC0, 0xC2) if bytes((0xFF, marker)) in jpeg)
    return jpeg[: at + 5] + struct.pack(">HH", height, width) + jpeg[at + 9 :]


def riff(*chunks: tuple[bytes, bytes]) -> bytes:
    body = b"WEBP" + b"".join(
        name + struct.pack("<I", len(data)) + data + b"\0" * (len(data) % 2) for name, data in chunks
    )
    return b"RIFF" + struct.pack("<I", len(body)) + body


def in_three_scans(width: int, height: int) -> bytes:
    """A plain JPEG whose components come one after another, so that whoever decodes it must keep all of it."""
    whole = as_file(picture("RGB", (64, 64)), "JPEG", subsampling=0)
    frame, scan = whole.index(b"\xff\xc0"), whole.index(b"\xff\xda")
    end = struct.unpack(">H", whole[scan + 2 : scan + 4])[0] + scan + 2
    head = resized(whole[:scan], width, height)
    scans = b"".join(segment(0xDA, bytes((1, number, 0, 0, 63, 0))) + whole[end:-2] for number in (1, 2, 3))
    assert frame < scan
    return head + scans + b"\xff\xd9"


@cache
def zeroes(count: int) -> bytes:
    """So many of them, packed: a thousandth of it."""
    packer = zlib.compressobj(6)
    block = bytes(1 << 20)
    packed = [packer.compress(block) for _ in range(count >> 20)]
    return b"".join((*packed, packer.compress(bytes(count & 0xFFFFF)), packer.flush()))


def zipped() -> bytes:
    to = io.BytesIO()
    with zipfile.ZipFile(to, "w") as archive:
        archive.writestr("run.js", PAYLOAD)
    return to.getvalue()


def exif(*, orientation: int = 1) -> Image.Exif:
    made = Image.Exif()
    made[0x0112] = orientation
    made[0x010F] = PAYLOAD.decode()
    made.get_ifd(0x8825).update({1: "N", 2: (52.0, 7.0, 46.9), 29: PAYLOAD.decode()})
    return made


def raw_exif(*entries: tuple[int, int, int, bytes], loops: bool = False) -> bytes:
    """A TIFF directory: tag, type, count, value or where it lies; `loops`: the next one is this one again."""
    body = struct.pack("<H", len(entries)) + b"".join(
        struct.pack("<HHI", tag, kind, count) + value for tag, kind, count, value in entries
    )
    return b"Exif\0\0II*\0" + struct.pack("<I", 8) + body + struct.pack("<I", 8 if loops else 0)


# The corpus: name → (file, whether it is a picture that is redrawn, or None where either is right)

Made = tuple[bytes, bool | None]
_MAKERS: list[Callable[[], Iterator[tuple[str, Made]]]] = []


def maker(make: Callable[[], Iterator[tuple[str, Made]]]) -> Callable[[], Iterator[tuple[str, Made]]]:
    _MAKERS.append(make)
    return make


@cache
def corpus() -> dict[str, Made]:
    return {name: made for make in _MAKERS for name, made in make()}


@maker
def plain_pictures() -> Iterator[tuple[str, Made]]:
    for mode in ("L", "RGB", "CMYK"):
        yield f"jpeg {mode}", (as_file(picture(mode), "JPEG"), True)
    for mode in ("1", "L", "LA", "P", "RGB", "RGBA", "I;16"):
        yield f"png {mode}", (as_file(picture(mode), "PNG"), True)
    for mode in ("RGB", "RGBA"):
        yield f"webp {mode}", (as_file(picture(mode), "WEBP"), True)
    yield "webp without loss", (as_file(picture(), "WEBP", lossless=True), True)
    yield "progressive jpeg", (as_file(picture(), "JPEG", progressive=True), True)
    yield "interlaced png", (as_file(picture(), "PNG", interlace=1), True)
    yield "palette with a hole", (as_file(picture("P"), "PNG", transparency=0), True)
    yield "one pixel", (as_file(picture("RGB", (1, 1)), "PNG"), True)
    yield "a thread", (as_file(picture("RGB", (4000, 1)), "JPEG"), True)
    rows = b"".join(b"\0" + struct.pack(">HHHH", 65_535, 0, 32_768, 40_000) * 20 for _ in range(20))
    yield "png of 16 bits and alpha", (png(20, 20, zlib.compress(rows), depth=16, colour=6), True)
    grey = zlib.compress(b"".join(b"\0" + bytes(25) for _ in range(100)))
    yield "png of 2 bits", (png(100, 100, grey, depth=2, colour=0), True)
    two = as_file(picture(), "MPO", save_all=True, append_images=[picture("L").convert("RGB")])
    yield "a phone's two pictures in one", (two, True)


@maker
def carriers() -> Iterator[tuple[str, Made]]:
    """Pictures with something else in them, behind them, or before them."""
    whole, flat, web = as_file(picture(), "JPEG"), as_file(picture(), "PNG"), as_file(picture(), "WEBP")
    for name, data in (("jpeg", whole), ("png", flat), ("webp", web)):
        yield f"{name} and a zip", (data + zipped(), True)
        yield f"{name} and html", (data + SCRIPT, True)
        yield f"html and {name}", (SCRIPT + data, False)
        yield f"zip and {name}", (zipped() + data, False)
    yield "jpeg with a comment of script", (with_segments(segment(0xFE, b"*/=1;" + PAYLOAD + b"/*")), True)
    yield "jpeg that is a script", (with_segments(segment(0xE0, b"/*" + bytes(0x2F2A - 4) + PAYLOAD)), None)
    yield "gif that is a script", (b"GIF89a/*" + bytes(40) + b"*/=1;" + PAYLOAD, False)
    yield "jpeg in a photoshop block", (with_segments(segment(0xED, b"Photoshop 3.0\0" + SCRIPT)), True)
    yield "jpeg with xmp", (
        as_file(picture(), "JPEG", xmp=b"<x:xmpmeta>" + PAYLOAD + b"</x:xmpmeta>"), True
    )  # fmt: skip
    yield "jpeg with a profile", (as_file(picture(), "JPEG", icc_profile=PAYLOAD * 100), True)
    yield "jpeg with a place", (as_file(picture(), "JPEG", exif=exif()), True)
    yield "png with a place", (as_file(picture(), "PNG", exif=exif()), True)
    yield "webp with a place", (as_file(picture(), "WEBP", exif=exif(), xmp=SCRIPT), True)
    yield "png with a profile", (as_file(picture(), "PNG", icc_profile=PAYLOAD * 10), True)
    said = PngInfo()
    said.add_text("Comment", PAYLOAD.decode())
    said.add_itxt("XML:com.adobe.xmp", SCRIPT.decode())
    said.add_text("Packed", PAYLOAD.decode() * 50, zip=True)
    yield "png with texts", (as_file(picture(), "PNG", pnginfo=said), True)
    yield "png with a chunk of its own", (flat[:33] + chunk(b"evIL", SCRIPT) + flat[33:], True)
    yield "png with pixels of script", (_in_pixels(), True)


def _in_pixels() -> bytes:
    """Script that stands in the compressed bytes as it is."""
    row = (PAYLOAD * 20)[: 3 * 200]
    stored = zlib.compressobj(0)
    return png(200, 200, stored.compress(b"".join(b"\0" + row for _ in range(200))) + stored.flush())


def _noise(seed: int) -> bytes:
    return random.Random(seed).randbytes(20_000)  # noqa: S311  # repeatable is the point


@maker
def strangers() -> Iterator[tuple[str, Made]]:
    """What is no picture of ours."""
    yield "nothing", (b"", False)
    yield "text", (b"Hello, I am a picture.\n" * 100, False)
    yield "svg", (b'<svg xmlns="http://www.w3.org/2000/svg" onload="' + PAYLOAD + b'"/>', False)
    yield "html", (b"<!doctype html>" + SCRIPT, False)
    yield "pdf", (b"%PDF-1.7\n1 0 obj<</JS(" + PAYLOAD + b")>>endobj\n%%EOF", False)
    yield "postscript", (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n(" + PAYLOAD + b") run\n", False)
    yield "zip", (zipped(), False)
    yield "elf", (b"\x7fELF\x02\x01\x01" + bytes(200), False)
    yield "random bytes", (_noise(7), False)
    yield "random bytes that begin as a jpeg", (b"\xff\xd8\xff" + _noise(8), False)
    yield "random bytes that begin as a png", (PNG + _noise(9), False)
    yield "random bytes that begin as a webp", (b"RIFF\x20\x4e\0\0WEBP" + _noise(9), False)
    yield "a sound", (b"RIFF\x24\0\0\0WAVEfmt " + bytes(24), False)
    yield "only a signature", (PNG, False)
    yield "only two bytes", (b"\xff\xd8", False)
    for kind in ("GIF", "BMP", "TIFF", "ICO", "PPM", "TGA", "JPEG2000", "PDF", "AVIF"):
        yield f"a {kind}", (as_file(picture("RGB", (64, 64)), kind), False)


@maker
def moving() -> Iterator[tuple[str, Made]]:
    frames = [picture("RGB", (64, 64)), picture("L", (64, 64)).convert("RGB")]
    for kind in ("PNG", "WEBP", "GIF"):
        moving = as_file(frames[0], kind, save_all=True, append_images=frames[1:], duration=100)
        yield f"animated {kind}", (moving, False)
    many = as_file(frames[0], "WEBP", save_all=True, append_images=frames * 200, duration=10)
    yield "webp of four hundred frames", (many, False)
    control = chunk(b"acTL", struct.pack(">II", 0xFFFFFFFF, 0))
    yield "png that says it has four billion frames", (
        png(8, 8, zlib.compress(bytes(8 * 25)), more=control), None
    )  # fmt: skip


@maker
def broken_off() -> Iterator[tuple[str, Made]]:
    kinds = {"jpeg": as_file(picture(), "JPEG"), "png": as_file(picture(), "PNG"), "webp": as_file(picture(), "WEBP")}
    kinds["progressive"] = as_file(picture(), "JPEG", progressive=True)
    for name, whole in kinds.items():
        for part in (0.01, 0.1, 0.3, 0.5, 0.7, 0.9, 0.98):
            yield f"{part:.0%} of a {name}", (whole[: int(len(whole) * part)], False)
        # The end is only a mark; what comes before it may be whole.
        yield f"a {name} without its last byte", (whole[:-1], None)


@maker
def bombs() -> Iterator[tuple[str, Made]]:
    """Little that becomes much."""
    bomb = zeroes(200 << 20)
    yield "png of 25 megapixels and one", (png(25_000_001, 1, zeroes(1 << 20), colour=0), False)
    yield "grey png of 25 megapixels", (png(5000, 5000, zeroes(5000 * 5001), colour=0), True)
    yield "png of 25 megapixels with alpha", (png(5000, 5000, zeroes(5000 * 20_001), colour=6), False)
    yield "png of 9 megapixels", (png(3000, 3000, zeroes(3000 * 9001)), True)
    yield "png of 400 megapixels", (png(20_000, 20_000, bomb, colour=0), False)
    yield "png of all that fits a header", (png(0x7FFFFFFF, 0x7FFFFFFF, zeroes(1 << 20)), False)
    yield "png of no size", (png(0, 0, zlib.compress(b"")), False)
    yield "png with more rows than it says", (png(10, 10, bomb), None)
    text = chunk(b"zTXt", b"Comment\0\0" + bomb)
    yield "png with a text of 200 MB", (png(8, 8, zlib.compress(bytes(8 * 25)), more=text), False)
    many = b"".join(chunk(b"zTXt", b"Comment%d\0\0" % number + zeroes((1 << 20) - 1)) for number in range(200))
    yield "png with two hundred texts of 1 MB", (png(8, 8, zlib.compress(bytes(8 * 25)), more=many), False)
    profile = chunk(b"iCCP", b"icc\0\0" + bomb)
    yield "png with a profile of 200 MB", (png(8, 8, zlib.compress(bytes(8 * 25)), more=profile), False)
    whole, progressive = (as_file(picture("RGB", (64, 64)), "JPEG", progressive=one) for one in (False, True))
    for width, height in ((65_500, 65_500), (5001, 5000), (0, 0), (65_535, 1)):
        yield f"jpeg that says {width} by {height}", (resized(whole, width, height), False)
    yield "progressive jpeg that says 25 megapixels", (resized(progressive, 5000, 5000), False)
    yield "jpeg in three scans that says 25 megapixels", (in_three_scans(5000, 5000), False)
    yield "jpeg in three scans", (in_three_scans(64, 64), None)
    big = picture("RGB", (5000, 5000))
    yield "jpeg of 25 megapixels", (as_file(big, "JPEG", quality=60), True)
    yield "progressive jpeg of 25 megapixels", (as_file(big, "JPEG", quality=60, progressive=True), False)
    yield "cmyk jpeg of 25 megapixels", (as_file(big.convert("CMYK"), "JPEG", quality=60), True)
    yield "webp of 25 megapixels", (as_file(Image.new("RGB", (5000, 5000)), "WEBP", quality=1, method=0), False)
    yield "webp of 2 megapixels", (as_file(picture("RGB", (1500, 1400)), "WEBP", method=0), True)
    extended = b"\x10\0\0\0" + (16_383).to_bytes(3, "little") * 2
    inner = as_file(picture("RGB", (64, 64)), "WEBP")[12:]
    yield "webp that says 16384 by 16384", (riff((b"VP8X", extended)) + inner, False)
    lossless = b"\x2f" + struct.pack("<I", 16_383 | 16_383 << 14) + bytes(2000)
    yield "webp without loss that says 16384 by 16384", (riff((b"VP8L", lossless)), False)


@maker
def notes_that_are_bombs() -> Iterator[tuple[str, Made]]:
    filled = segment(0xE1, b"Exif\0\0" + b"\xff" * 65_000)
    yield "jpeg with notes of ones", (with_segments(filled), None)
    yield "jpeg with five hundred notes", (with_segments(*[segment(0xE1, b"Exif\0\0" + bytes(5_000))] * 500), None)
    huge = raw_exif((0x0112, 3, 0xFFFFFFFF, struct.pack("<I", 26)), (0x927C, 7, 0xFFFFFFF0, struct.pack("<I", 26)))
    yield "jpeg whose notes are four gigabytes", (with_segments(segment(0xE1, huge)), None)
    loop = raw_exif((0x8769, 4, 1, struct.pack("<I", 8)), (0x8825, 4, 1, struct.pack("<I", 8)), loops=True)
    yield "jpeg whose notes lead back to themselves", (with_segments(segment(0xE1, loop)), None)
    strange = raw_exif((0x0112, 2, 4, PAYLOAD[:4]))
    yield "jpeg whose top is called PAYL", (with_segments(segment(0xE1, strange)), None)
    yield "jpeg whose top is the ninth", (as_file(picture(), "JPEG", exif=exif(orientation=9)), True)
