"""hls.js plays a live view in a real browser; where `make player` has not fetched it, this is skipped, for it is not
ours to pass on."""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from infra.local.cloud import LocalCloud
from tests import loopback
from tests.live.film import SIZE, film
from tests.outside.browsing import OF_THIS_MACHINE, a_browser, in_a_browser
from tests.scene import new_camera, new_person

PLAYER = Path(__file__).parents[2] / "build" / "hls.js" / "hls.min.js"
DIGEST = "d016c1230496ee59f3f5b01c16cce4cc01b5a1d3d357adec200c908b131ebe49"
PAGE = "<!doctype html><video muted></video><script src=/hls.min.js></script>"
BY_ITSELF = "--autoplay-policy=no-user-gesture-required"
# Plays, and tells how wide the video is and how far it came, or what went wrong.
PLAY = """async (url) => new Promise((done) => {
  const video = document.querySelector("video"), player = new Hls({liveSyncDurationCount: 4});
  player.on(Hls.Events.ERROR, (_, problem) => problem.fatal && done(problem.details));
  video.addEventListener("timeupdate", () => video.currentTime > 0 && video.videoWidth &&
    done([video.videoWidth, video.videoHeight]));
  player.loadSource(url);
  player.attachMedia(video);
  video.play();
})"""


@pytest.fixture
def served() -> Iterator[tuple[str, LocalCloud]]:
    """A cloud of its own; the page that plays is of the API's own origin, and S3's is another."""
    ports = loopback.Ports()
    with (
        LocalCloud.start(**ports.told, allowed_origin=ports.url) as cloud,
        ports.serving(cloud, _with_page(cloud)),
    ):
        yield ports.url, cloud


def _with_page(cloud: LocalCloud) -> Any:
    """Served and not played by the browser's driver, under which Chromium forgets where a page is from."""

    def app(environ: Any, start_response: Any) -> Any:
        if environ["PATH_INFO"] == "/hls.min.js":
            start_response("200 OK", [("Content-Type", "text/javascript")])
            return [PLAYER.read_bytes()]
        if environ["PATH_INFO"] == "/watch":
            start_response("200 OK", [("Content-Type", "text/html")])
            return [PAGE.encode()]
        return cloud.gateway(environ, start_response)

    return app


@pytest.mark.skipif(not PLAYER.exists(), reason="no hls.js: `make player` fetches it")
@in_a_browser
def test_hls_js_plays_it(served: tuple[str, LocalCloud]) -> None:
    url, cloud = served
    assert sha256(PLAYER.read_bytes()).hexdigest() == DIGEST
    owner = new_person(cloud)
    camera = new_camera(cloud, owner=owner)
    live = owner.watch(camera.device_id)
    film(cloud, camera)
    with a_browser(OF_THIS_MACHINE, BY_ITSELF) as browser:
        page = browser.new_context().new_page()
        page.goto(f"{url}/watch")
        seen: Any = page.evaluate(PLAY, live["playlist_url"])
    assert seen == list(SIZE)
