"""A standard player plays a live view: FFmpeg's, through real sockets, with nothing but the playlist's address."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlsplit

import av
import pytest

from chalicelib.settings import settings
from tests import loopback
from tests.conftest import Home
from tests.live.film import FRAMES_PER_SECOND, SECONDS, SIZE, film, film_as_transport_stream, left_of


@pytest.fixture
def address(home: Home, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The API on a port; the bucket's is told to whoever signs links."""
    ports = loopback.Ports()
    monkeypatch.setitem(vars(settings), "media_url", f"{ports.s3_url}/{settings.media_bucket}")
    with ports.serving(home.world):
        yield ports.url


@pytest.mark.parametrize("sent", [film, film_as_transport_stream])
def test_ffmpeg_plays_it_frame_by_frame(home: Home, address: str, sent: Callable[..., int]) -> None:
    live = home.owner.watch(home.camera.device_id)
    assert sent(home.world, home.camera) == SECONDS
    playlist = f"{address}{urlsplit(live['playlist_url']).path}"
    bars: list[int] = []
    with av.open(playlist, options={"live_start_index": "0"}, timeout=20) as played:
        for frame in played.decode(video=0):
            assert (frame.width, frame.height) == SIZE
            bars.append(_bar(frame))
            if len(bars) == FRAMES_PER_SECOND * SECONDS:
                break
    expected = [left_of(number) for number in range(FRAMES_PER_SECOND * SECONDS)]
    assert max(abs(seen - was) for seen, was in zip(bars, expected, strict=True)) <= 2


def _bar(frame: Any) -> int:
    grey = frame.to_image().convert("L")
    return next(left for left in range(SIZE[0]) if grey.getpixel((left, SIZE[1] // 2)) > 128)


def test_ffmpeg_is_shown_nothing_once_it_is_over(home: Home, address: str) -> None:
    live = home.owner.watch(home.camera.device_id)
    film(home.world, home.camera)
    path = f"/devices/{home.camera.device_id}/live/{live['live_id']}"
    assert home.owner.call("DELETE", path).status == 204
    with pytest.raises(av.error.HTTPNotFoundError):
        av.open(f"{address}{urlsplit(live['playlist_url']).path}", timeout=20)
