"""Pages in which libraries that others made play, beside a cloud that is served."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from typing import Any

from infra.local.cloud import LocalCloud
from infra.local.gateway import request_of, status_line
from tests import loopback
from tests.outside.page_scene import EVENING

FETCHED = Path(__file__).parents[2] / "build" / "players"
PAGE = Path(__file__).with_name("players.html")
LIBRARIES = {
    "hls.js": ("hls.min.js", "cfc70cc9e9fc63d071919e087670abc760c8fd1bc889b88588026e4d22193bbe"),
    "shaka": ("shaka-player.compiled.js", "b22dfdba631104c48a654cb623b08b0f79e2d52c83c0e9b4b7cff54730b55894"),
    "video.js": ("video.min.js", "22394426b1c285f77afd575cd9cd63ae84f033ef08d39b315c2a5c6726d3f8b7"),
}
BY_ITSELF = "--autoplay-policy=no-user-gesture-required"


@contextmanager
def a_cloud_with_players() -> Iterator[tuple[str, LocalCloud, Any]]:
    """Its address, itself, and its beginning; the page that plays is of the API's own origin, and S3's is another."""
    ports = loopback.Ports()
    with (
        LocalCloud.start(seed=None, at=EVENING, **ports.told, allowed_origin=ports.url) as cloud,
        ports.serving(cloud, _with_page(cloud)),
    ):
        yield ports.url, cloud, cloud.snapshot()


def _with_page(cloud: LocalCloud) -> Any:
    """Served and not played by the browser's driver, under which Chromium forgets where a page is from."""
    files = {"/watch": (PAGE, "text/html")} | {
        f"/{name}": (FETCHED / name, "text/javascript") for name, _ in LIBRARIES.values()
    }

    def app(environ: Any, start_response: Any) -> Any:
        if (found := files.get(environ["PATH_INFO"])) is not None:
            start_response("200 OK", [("Content-Type", found[1])])
            return [found[0].read_bytes()]
        answer = cloud.handle(request_of(environ))
        start_response(status_line(answer.status), list(answer.headers))
        return [answer.body]

    return app


def fetched() -> list[str]:
    """The libraries that are there, and what they ought to be."""
    found = {name: FETCHED / file for name, (file, _) in LIBRARIES.items() if (FETCHED / file).exists()}
    for name, file in found.items():
        assert sha256(file.read_bytes()).hexdigest() == LIBRARIES[name][1], f"{file} is another version"
    return list(found)
