"""Whatever is uploaded becomes a small clean JPEG or nothing, and costs little memory."""

from __future__ import annotations

import io
import json
import struct
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from chalicelib.avatars import rules
from chalicelib.avatars.rules import cleaned
from tests.avatars.hostile import PAYLOAD, as_file, corpus, exif, picture
from tests.house.laws import ROOT

MOST_MEMORY_MB = 128

# A fresh process that has everything of the function, as Lambda starts it, takes one file after the other.
_FUNCTION = """
import json, os, sys
from pathlib import Path
os.environ.update(AWS_REGION="eu-central-1", AWS_DEFAULT_REGION="eu-central-1")
os.environ.update(AWS_ACCESS_KEY_ID="none", AWS_SECRET_ACCESS_KEY="none")
from chalicelib.avatars import listeners, rules
from chalicelib.aws.clients import client
client("s3"), client("dynamodb")
rules._MOST_MEMORY_BYTES = float(sys.argv[2]) if len(sys.argv) > 2 else rules._MOST_MEMORY_BYTES
for file in sorted(Path(sys.argv[1]).glob("*.in")):
    clean = rules.cleaned(file.read_bytes())
    if clean is not None:
        file.with_suffix(".out").write_bytes(clean)
"""
# A process counts as its own what it was begun from: this one is small, and the tests are not.
_WATCHED = """
import resource, subprocess, sys
done = subprocess.run([sys.executable, "-c", *sys.argv[1:]], capture_output=True, text=True)
assert (done.returncode, done.stdout, done.stderr) == (0, "", ""), done
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024)
"""


def redraw_all(place: Path, *limit: str) -> float:
    """Each `.in` becomes an `.out`, or none; the peak of memory, in MB."""
    done = subprocess.run(  # noqa: S603  # our own words only
        [sys.executable, "-c", _WATCHED, _FUNCTION, place, *limit],
        cwd=ROOT, capture_output=True, text=True, timeout=300, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return float(done.stdout)


@pytest.fixture(scope="module")
def redrawn(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, bytes | None], float]:
    """What became of each file of the corpus, and the peak of memory."""
    place = tmp_path_factory.mktemp("hostile")
    paths = {name: place / f"{number:03}.in" for number, name in enumerate(corpus())}
    for name, path in paths.items():
        path.write_bytes(corpus()[name][0])
    peak = redraw_all(place)
    outs = {name: path.with_suffix(".out") for name, path in paths.items()}
    return {name: out.read_bytes() if out.exists() else None for name, out in outs.items()}, peak


def test_the_corpus_is_large_and_could_be_uploaded() -> None:
    assert len(corpus()) >= 130
    assert not [name for name, (data, _) in corpus().items() if len(data) > rules.MOST_BYTES]


def test_what_is_a_picture_is_redrawn_and_what_is_none_is_not(redrawn: tuple[dict[str, bytes | None], float]) -> None:
    clean, _ = redrawn
    expected = {name: is_picture for name, (_, is_picture) in corpus().items() if is_picture is not None}
    assert {name: clean[name] is not None for name in expected} == expected
    assert sum(expected.values()) > 40


def test_nothing_but_pixels_is_left(redrawn: tuple[dict[str, bytes | None], float]) -> None:
    for name, data in redrawn[0].items():
        if data is not None:
            assert faults_of(data) == [], name


def faults_of(data: bytes) -> list[str]:
    """What is wrong with a redrawn picture."""
    clean: Any = Image.open(io.BytesIO(data))
    clean.load()
    faults = [] if (clean.format, clean.mode) == ("JPEG", "RGB") else [f"it is {clean.format} {clean.mode}"]
    faults += [] if max(clean.size) <= rules.SIDE else [f"it is {clean.size}"]
    notes = [(name, body[:5], len(body)) for name, body in clean.applist]
    faults += [f"it has {note[0]}" for note in notes if note != ("APP0", b"JFIF\0", 14)]
    faults += [f"it says {name}" for name in clean.info if not name.startswith("jfif")]
    faults += [] if data.index(b"\xff\xd9") == len(data) - 2 else ["something follows it"]
    words = (PAYLOAD, PAYLOAD[8:20], b"<script", b"PK\x03\x04")
    return faults + [f"it holds {word!r}" for word in words if word in data]


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda clean: clean + b"PK\x03\x04", "something follows it"),
        (lambda clean: as_file(Image.open(io.BytesIO(clean)), "JPEG", exif=exif()), "it has APP1"),
        (lambda clean: as_file(Image.open(io.BytesIO(clean)), "JPEG", comment=PAYLOAD), "it has COM"),
        (lambda clean: as_file(Image.open(io.BytesIO(clean)), "JPEG", icc_profile=b"x"), "it has APP2"),
        (lambda clean: as_file(picture("L"), "JPEG"), "it is JPEG L"),
    ],
)
def test_what_is_left_would_be_seen(spoil: Any, said: str) -> None:
    clean = cleaned(as_file(picture(), "JPEG"))
    assert clean is not None and faults_of(clean) == []
    assert said in faults_of(spoil(clean))


def test_memory_stays_below_its_limit(redrawn: tuple[dict[str, bytes | None], float]) -> None:
    print(f"{redrawn[1]:.0f} MB")
    assert redrawn[1] < MOST_MEMORY_MB


@pytest.mark.one_in(2)
@pytest.mark.parametrize(
    "name",
    [
        "webp of 25 megapixels",
        "png of 25 megapixels with alpha",
        "progressive jpeg of 25 megapixels",
        "jpeg in three scans that says 25 megapixels",
    ],
)
def test_without_the_limit_memory_would_not(tmp_path: Path, name: str) -> None:
    (tmp_path / "one.in").write_bytes(corpus()[name][0])
    assert redraw_all(tmp_path) < MOST_MEMORY_MB < redraw_all(tmp_path, "inf")


def test_too_many_bytes_are_not_looked_at() -> None:
    whole = as_file(picture(), "JPEG")
    assert cleaned(whole + bytes(rules.MOST_BYTES - len(whole))) is not None
    assert cleaned(whole + bytes(rules.MOST_BYTES - len(whole) + 1)) is None


# What it looks like


def colours(data: bytes, **at: tuple[float, float]) -> dict[str, tuple[int, ...]]:
    """Of the redrawn picture, at these places (parts of its width and height)."""
    clean = cleaned(data)
    assert clean is not None
    shown = Image.open(io.BytesIO(clean))
    found = {name: shown.getpixel((int(x * shown.width), int(y * shown.height))) for name, (x, y) in at.items()}
    return {name: tuple(round(part / 64) * 64 for part in pixel) for name, pixel in found.items()}  # type: ignore[union-attr]


def quarters(size: tuple[int, int] = (800, 400)) -> Image.Image:
    """Red, green; blue, black."""
    four = Image.new("RGB", (2, 2))
    for place, colour in (((0, 0), "red"), ((1, 0), "lime"), ((0, 1), "blue")):
        four.paste(colour, (*place, place[0] + 1, place[1] + 1))  # type: ignore[arg-type]
    return four.resize(size, Image.Resampling.NEAREST)


CORNERS = {"first": (0.25, 0.25), "second": (0.75, 0.25), "third": (0.25, 0.75), "fourth": (0.75, 0.75)}
RED, GREEN, BLUE, BLACK = (256, 0, 0), (0, 256, 0), (0, 0, 256), (0, 0, 0)


@pytest.mark.parametrize(
    ("orientation", "expected"),
    [
        (1, (RED, GREEN, BLUE, BLACK)),
        (2, (GREEN, RED, BLACK, BLUE)),
        (3, (BLACK, BLUE, GREEN, RED)),
        (4, (BLUE, BLACK, RED, GREEN)),
        (5, (RED, BLUE, GREEN, BLACK)),
        (6, (BLUE, RED, BLACK, GREEN)),
        (7, (BLACK, GREEN, BLUE, RED)),
        (8, (GREEN, BLACK, RED, BLUE)),
    ],
)
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_it_stands_upright(kind: str, orientation: int, expected: tuple[Any, ...]) -> None:
    data = as_file(quarters(), kind, exif=exif(orientation=orientation))
    assert tuple(colours(data, **CORNERS).values()) == expected
    clean = cleaned(data)
    assert clean is not None
    assert Image.open(io.BytesIO(clean)).size == ((512, 256) if orientation < 5 else (256, 512))


@pytest.mark.parametrize("size", [(512, 512), (100, 60), (513, 1), (3000, 2000)])
def test_it_fits_and_is_never_enlarged(size: tuple[int, int]) -> None:
    clean = cleaned(as_file(quarters(size), "PNG"))
    assert clean is not None
    width, height = Image.open(io.BytesIO(clean)).size
    assert max(width, height) == min(512, max(size))
    assert abs(width * size[1] - height * size[0]) <= max(size)


def test_what_is_clear_is_white() -> None:
    clear = quarters().convert("RGBA")
    clear.putalpha(Image.new("L", (400, 400), 0).crop((0, 0, 800, 400)))
    for data in (as_file(clear, "PNG"), as_file(clear, "WEBP")):
        assert set(colours(data, **CORNERS).values()) == {(256, 256, 256)}


def test_grey_of_16_bits_is_not_cut_off() -> None:
    grey = Image.frombytes("I;16", (100, 100), struct.pack("<H", 0x4000) * 10_000)
    assert colours(as_file(grey, "PNG"), middle=(0.5, 0.5)) == {"middle": (64, 64, 64)}


def test_cmyk_keeps_its_colours() -> None:
    data = as_file(quarters().convert("CMYK"), "JPEG", quality=95)
    assert tuple(colours(data, **CORNERS).values()) == (RED, GREEN, BLUE, BLACK)


def test_of_a_phones_two_pictures_the_first_is_taken() -> None:
    both = as_file(quarters(), "MPO", save_all=True, append_images=[Image.new("RGB", (800, 400))])
    assert tuple(colours(both, **CORNERS).values()) == (RED, GREEN, BLUE, BLACK)


def test_nothing_is_said_of_what_is_strange(recwarn: pytest.WarningsRecorder, capfd: Any) -> None:
    for data, _ in corpus().values():
        cleaned(data)
    assert not list(recwarn) and json.dumps(capfd.readouterr()) == '["", ""]'
