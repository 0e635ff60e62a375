"""hls.js plays a live view in a real browser; where `make player` has not fetched it, this is skipped, for it is not
ours to pass on."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from infra.demo.video import Encoder
from infra.local.cloud import LocalCloud
from infra.local.server import HOST, Server, s3, take
from tests.infra.test_local_page import ARGUMENTS, CHROMIUM, in_a_browser, sync_api
from tests.infra.test_other_origin import OF_THIS_MACHINE
from tests.live.test_playing import FRAMES_PER_SECOND, SECONDS, SIZE, picture
from tests.scene import new_camera, new_person

PLAYER = Path(__file__).parents[2] / "build" / "hls.js" / "hls.min.js"
DIGEST = "d016c1230496ee59f3f5b01c16cce4cc01b5a1d3d357adec200c908b131ebe49"
PAGE = "<!doctype html><video muted></video><script src=/hls.min.js></script>"
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
    with take(0) as api_port, take(0) as s3_port:
        urls = [f"http://{HOST}:{port.getsockname()[1]}" for port in (api_port, s3_port)]
        with LocalCloud.start(public_url=urls[0], media_url=urls[1], allowed_origin=urls[0]) as cloud:
            servers = [Server(api_port, _with_page(cloud), _ignore), Server(s3_port, s3(cloud), _ignore)]
            for server in servers:
                threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
            yield urls[0], cloud
            for server in servers:
                server.shutdown()


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


def _ignore(line: str) -> None:
    """Nobody reads what is said here."""


@pytest.mark.skipif(not PLAYER.exists(), reason="no hls.js: `make player` fetches it")
@in_a_browser
def test_hls_js_plays_it(served: tuple[str, LocalCloud]) -> None:
    url, cloud = served
    assert sha256(PLAYER.read_bytes()).hexdigest() == DIGEST
    owner = new_person(cloud)
    camera = new_camera(cloud, owner=owner)
    live = owner.watch(camera.device_id)
    encoder, begun = Encoder(SIZE, FRAMES_PER_SECOND), cloud.now()
    made = [piece for number in range(FRAMES_PER_SECOND * SECONDS) for piece in encoder.add(picture(number))]
    ticket = camera.ask_ticket("live").json
    assert cloud.upload(ticket, "1/init-a.mp4", encoder.init).status == 204
    for number, piece in enumerate([*made, *encoder.end()]):
        start = begun + timedelta(seconds=number)
        assert cloud.upload(ticket, f"1/{start:%Y%m%dT%H%M%S}.000Z-1000.m4s", piece).status == 204
    with sync_api.sync_playwright() as playwright:
        options = [*ARGUMENTS, OF_THIS_MACHINE, _BY_ITSELF]
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=options)
        page = browser.new_context().new_page()
        page.goto(f"{url}/watch")
        seen: Any = page.evaluate(PLAY, live["playlist_url"])
        browser.close()
    assert seen == list(SIZE)


_BY_ITSELF = "--autoplay-policy=no-user-gesture-required"
