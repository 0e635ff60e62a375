"""What a camera of the tests films, and sends."""

from __future__ import annotations

import io
from datetime import timedelta
from fractions import Fraction

import av
from PIL import Image, ImageDraw

from infra.local.cloud import LocalCloud
from tests.encoder import Encoder
from tests.scene import Camera

FRAMES_PER_SECOND, SECONDS, SIZE = 10, 5, (160, 96)


def film(world: LocalCloud, camera: Camera) -> int:
    """Fragmented MP4: how many pieces it sent, of a second each."""
    encoder = Encoder(SIZE, FRAMES_PER_SECOND)
    pieces = [piece for number in range(FRAMES_PER_SECOND * SECONDS) for piece in encoder.add(_picture(number))]
    pieces += encoder.end()
    assert world.upload(camera.ask_ticket("live").json, "1/init-a.mp4", encoder.init).status == 204
    return _send(world, camera, pieces, "m4s")


def film_as_transport_stream(world: LocalCloud, camera: Camera) -> int:
    """MPEG-TS, each piece of which can be played alone."""
    return _send(world, camera, [_second(number) for number in range(SECONDS)], "ts")


def _send(world: LocalCloud, camera: Camera, pieces: list[bytes], kind: str) -> int:
    ticket, begun = camera.ask_ticket("live").json, world.now()
    for number, piece in enumerate(pieces):
        start = begun + timedelta(seconds=number)
        assert world.upload(ticket, f"1/{start:%Y%m%dT%H%M%S}.000Z-1000.{kind}", piece).status == 204
    return len(pieces)


def _second(number: int) -> bytes:
    piece = io.BytesIO()
    with av.open(piece, "w", format="mpegts") as container:
        stream = container.add_stream("libx264", rate=FRAMES_PER_SECOND)
        stream.width, stream.height = SIZE
        stream.pix_fmt = "yuv420p"
        stream.options = {"preset": "ultrafast", "tune": "zerolatency"}
        for nth in range(FRAMES_PER_SECOND * number, FRAMES_PER_SECOND * (number + 1)):
            frame = av.VideoFrame.from_image(_picture(nth))
            frame.pts, frame.time_base = nth, Fraction(1, FRAMES_PER_SECOND)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return piece.getvalue()


def _picture(number: int) -> Image.Image:
    """A bright bar that moves from left to right, so that a frame can be told from the next."""
    image = Image.new("RGB", SIZE, (20, 20, 20))
    left = left_of(number)
    ImageDraw.Draw(image).rectangle((left, 0, left + 8, SIZE[1]), fill=(255, 255, 255))
    return image


def left_of(number: int) -> int:
    """Where the bar begins in this frame."""
    return number * (SIZE[0] - 8) // (FRAMES_PER_SECOND * SECONDS)
