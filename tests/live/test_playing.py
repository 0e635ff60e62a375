"""A standard player plays a live view: FFmpeg's, through real sockets, with nothing but the playlist's address."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

import av
import pytest
from PIL import Image, ImageDraw

from chalicelib.settings import settings
from infra.demo.video import Encoder
from infra.local.server import HOST, Server, api, s3, take
from infra.local.stage import Stage
from tests.conftest import Home

FRAMES_PER_SECOND, SECONDS, SIZE = 10, 5, (160, 96)


@pytest.fixture
def address(home: Home, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The API on a port; the bucket's is told to whoever signs links."""
    ports = take(0), take(0)
    urls = [f"http://{HOST}:{port.getsockname()[1]}" for port in ports]
    monkeypatch.setitem(vars(settings), "media_url", f"{urls[1]}/{settings.media_bucket}")
    servers = [
        Server(ports[0], api(Stage(home.world)), _ignore, home.world.channel),
        Server(ports[1], s3(home.world), _ignore),
    ]
    for server in servers:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    yield urls[0]
    for server in servers:
        server.shutdown()
        server.server_close()


def _ignore(line: str) -> None:
    """Nobody reads what a server says here."""


def picture(number: int) -> Image.Image:
    """A bright bar that moves from left to right, so that a frame can be told from the next."""
    image = Image.new("RGB", SIZE, (20, 20, 20))
    left = number * (SIZE[0] - 8) // (FRAMES_PER_SECOND * SECONDS)
    ImageDraw.Draw(image).rectangle((left, 0, left + 8, SIZE[1]), fill=(255, 255, 255))
    return image


def film(home: Home) -> int:
    """What the camera sends: how many pieces."""
    encoder = Encoder(SIZE, FRAMES_PER_SECOND)
    begun = home.world.now()
    made = [piece for number in range(FRAMES_PER_SECOND * SECONDS) for piece in encoder.add(picture(number))]
    made += encoder.end()
    ticket = home.camera.ask_ticket("live").json
    assert home.world.upload(ticket, "1/init-a.mp4", encoder.init).status == 204
    for number, piece in enumerate(made):
        start = begun + timedelta(seconds=number)
        name = f"1/{start:%Y%m%dT%H%M%S.%f}"[:-3] + "Z-1000.m4s"
        assert home.world.upload(ticket, name, piece).status == 204
    return len(made)


def test_ffmpeg_plays_it_frame_by_frame(home: Home, address: str) -> None:
    live = home.owner.watch(home.camera.device_id)
    assert film(home) == SECONDS
    playlist = f"{address}{urlsplit(live['playlist_url']).path}"
    bars: list[int] = []
    with av.open(playlist, options={"live_start_index": "0"}, timeout=20) as played:
        for frame in played.decode(video=0):
            assert (frame.width, frame.height) == SIZE
            bars.append(_bar(frame))
            if len(bars) == FRAMES_PER_SECOND * SECONDS:
                break
    expected = [_bar_of(number) for number in range(FRAMES_PER_SECOND * SECONDS)]
    assert max(abs(seen - was) for seen, was in zip(bars, expected, strict=True)) <= 2


def _bar(frame: Any) -> int:
    grey = frame.to_image().convert("L")
    return next(left for left in range(SIZE[0]) if grey.getpixel((left, SIZE[1] // 2)) > 128)


def _bar_of(number: int) -> int:
    return number * (SIZE[0] - 8) // (FRAMES_PER_SECOND * SECONDS)


def test_ffmpeg_is_shown_nothing_once_it_is_over(home: Home, address: str) -> None:
    live = home.owner.watch(home.camera.device_id)
    film(home)
    path = f"/devices/{home.camera.device_id}/live/{live['live_id']}"
    assert home.owner.call("DELETE", path).status == 204
    with pytest.raises(av.error.HTTPNotFoundError):
        av.open(f"{address}{urlsplit(live['playlist_url']).path}", timeout=20)
