"""What a camera of the tests films, and sends."""

from __future__ import annotations

from datetime import timedelta

from PIL import Image, ImageDraw

from infra.demo.video import Encoder
from infra.local.cloud import LocalCloud
from tests.scene import Camera

FRAMES_PER_SECOND, SECONDS, SIZE = 10, 5, (160, 96)


def film(world: LocalCloud, camera: Camera) -> int:
    """How many pieces it sent, of a second each."""
    encoder = Encoder(SIZE, FRAMES_PER_SECOND)
    begun = world.now()
    pieces = [piece for number in range(FRAMES_PER_SECOND * SECONDS) for piece in encoder.add(_picture(number))]
    pieces += encoder.end()
    ticket = camera.ask_ticket("live").json
    assert world.upload(ticket, "1/init-a.mp4", encoder.init).status == 204
    for number, piece in enumerate(pieces):
        start = begun + timedelta(seconds=number)
        assert world.upload(ticket, f"1/{start:%Y%m%dT%H%M%S}.000Z-1000.m4s", piece).status == 204
    return len(pieces)


def _picture(number: int) -> Image.Image:
    """A bright bar that moves from left to right, so that a frame can be told from the next."""
    image = Image.new("RGB", SIZE, (20, 20, 20))
    left = left_of(number)
    ImageDraw.Draw(image).rectangle((left, 0, left + 8, SIZE[1]), fill=(255, 255, 255))
    return image


def left_of(number: int) -> int:
    """Where the bar begins in this frame."""
    return number * (SIZE[0] - 8) // (FRAMES_PER_SECOND * SECONDS)
