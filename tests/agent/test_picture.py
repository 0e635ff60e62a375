"""The JPEG of a moment is decoded out of what the ring holds."""

from __future__ import annotations

import io
from itertools import count
from typing import Any

import pytest
from PIL import Image, ImageChops, ImageStat

from sowa_agent.packets import Codec, Packet, Piece
from sowa_agent.picture import NoPicture, _packets_until, jpeg_of
from sowa_agent.remuxing import Remuxer
from tests.agent.fakes import NOON_S, MovedClock
from tests.agent.footage import bar, film

SIZE = (128, 96)


def _pieces(packets: tuple[Packet, ...], codec: Codec = "h264", **more: Any) -> list[Piece]:
    remuxer = Remuxer(codec, 9_000, MovedClock(), count().__next__, **more)
    return [piece for packet in packets for piece in remuxer.add(packet)] + remuxer.end()


def _number_of(jpeg: bytes) -> int:
    """Which frame it is: the one that it differs from least."""
    with Image.open(io.BytesIO(jpeg)) as picture:
        assert picture.size == SIZE and picture.format == "JPEG" and not picture.getexif()
        seen = picture.convert("RGB")
    differences = [ImageStat.Stat(ImageChops.difference(seen, bar(number, SIZE))).sum[0] for number in range(30)]
    return differences.index(min(differences))


@pytest.mark.parametrize("codec", ["h264", "hevc"])
@pytest.mark.parametrize("b_frames", [0, 2])
@pytest.mark.parametrize(("moment_s", "number"), [(0.0, 0), (0.72, 7), (1.49, 14), (5.0, 19), (-3.0, 0)])
def test_it_is_of_the_last_frame_up_to_the_moment(codec: Codec, b_frames: int, moment_s: float, number: int) -> None:
    packets = film(20, SIZE, codec=codec, b_frames=b_frames)
    pieces = _pieces(packets, codec, reorders=b_frames > 0)
    begun_s = pieces[0].start_s
    assert _number_of(jpeg_of(pieces, begun_s + moment_s)) == pytest.approx(number, abs=1)


def test_colours_are_those_of_the_camera() -> None:
    with Image.open(io.BytesIO(jpeg_of(_pieces(film(20, SIZE)), NOON_S))) as picture:
        bright, dark = picture.convert("L").getpixel((10, 48)), picture.convert("L").getpixel((120, 48))
    assert bright == pytest.approx(230, abs=6) and dark == pytest.approx(40, abs=6)


def test_it_is_no_larger_than_is_wanted() -> None:
    with Image.open(io.BytesIO(jpeg_of(_pieces(film(20, SIZE)), NOON_S, 64))) as picture:
        assert picture.size == (64, 48)


def test_where_a_key_frame_is_near_nothing_else_is_decoded() -> None:
    """A decoder of 1080p takes longer for each frame than the rest takes together."""
    pieces = _pieces(film(20, SIZE, frames_per_second=25))
    assert len(_packets_until(pieces, pieces[0].start_s)) == 1


def test_what_is_not_there_or_damaged_has_no_picture() -> None:
    with pytest.raises(NoPicture):
        jpeg_of([], NOON_S)
    (first, *_) = _pieces(film(20))
    with pytest.raises(NoPicture):
        jpeg_of([Piece(first.init, b"junk" * 20, NOON_S, 0.5, True, 0)], NOON_S)
