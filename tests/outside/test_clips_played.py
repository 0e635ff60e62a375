"""Programs and a browser that others made play a clip; what is not installed is said to be skipped."""

from __future__ import annotations

import json
import shutil
import subprocess
import threading
from collections.abc import Iterator
from datetime import timedelta
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from chalicelib.clips.actions.remuxing import remux
from tests.clips.footage import H265, NOON, Setting, pieces_of, record
from tests.outside.browsing import TIMEOUT_MS, a_browser, in_a_browser

_FFPROBE = shutil.which("ffprobe")
SECONDS = 6
# What stands at a moment is asked of the decoder, as a seeking person does.
_SEEK = """async ([url, at]) => {
    const video = document.createElement("video");
    video.muted = true;
    video.src = url;
    await new Promise((done, failed) => {
        video.onloadedmetadata = done;
        video.onerror = () => failed(new Error(video.error.message));
    });
    video.currentTime = at;
    await new Promise((done) => { video.onseeked = done; });
    const canvas = new OffscreenCanvas(video.videoWidth, video.videoHeight);
    const context = canvas.getContext("2d");
    context.drawImage(video, 0, 0);
    const middle = context.getImageData(0, canvas.height / 2, canvas.width, 1).data;
    const band = canvas.width / 10;
    let number = 0;
    for (let bit = 0; bit < 10; bit += 1) {
        number += (middle[4 * Math.floor(bit * band + band / 2)] > 127 ? 1 : 0) << bit;
    }
    return {duration: video.duration, width: video.videoWidth, number};
}"""


@pytest.fixture(scope="module")
def clips(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Of each codec one that is joined from a run, a gap and two restarts, the second of them set otherwise."""
    folder = tmp_path_factory.mktemp("clips")
    for name, setting, other in (
        ("h264", Setting(), {"profile": "baseline", "bf": "0"}),
        ("h265", Setting(H265), {"x265-params": "log-level=none:bframes=0"}),
    ):
        pieces = []
        for number, more in enumerate(({}, {}, other)):
            kept = Setting(setting.encoder, more=more)
            pieces += pieces_of(*record(kept, 1, first=20 * number), kept, NOON + timedelta(seconds=60 * number))
        remux(pieces, NOON, NOON + timedelta(hours=1), folder / f"{name}.mp4")
    return folder


@pytest.fixture(scope="module")
def url(clips: Path) -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Quiet, directory=str(clips)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *arguments: Any) -> None:
        """Of no interest."""


@pytest.mark.skipif(_FFPROBE is None, reason="ffprobe is not installed")
@pytest.mark.parametrize(("name", "tag"), [("h264", "avc1"), ("h265", "hvc1")])
def test_ffprobe_finds_nothing_wrong(clips: Path, name: str, tag: str) -> None:
    asked = ["-v", "warning", "-of", "json", "-count_frames", "-show_streams", "-show_format"]
    command = [str(_FFPROBE), *asked, str(clips / f"{name}.mp4")]
    told = subprocess.run(command, capture_output=True, text=True, check=True)  # noqa: S603  # ours
    found = json.loads(told.stdout)
    video, sound = found["streams"]
    assert told.stderr == ""
    assert (video["codec_tag_string"], video["nb_read_frames"], video["start_pts"]) == (tag, str(SECONDS * 10), 0)
    # FFmpeg's own muxer lets the first frame of a segment without edit list last longer, where its sound begins before.
    assert (sound["codec_name"], float(video["duration"])) == ("aac", pytest.approx(SECONDS, abs=0.05))
    assert float(found["format"]["duration"]) == pytest.approx(SECONDS, abs=0.05)
    assert found["format"]["tags"]["creation_time"].startswith("2026-11-01T12:00:00")


@in_a_browser
def test_chromium_shows_the_frame_of_each_moment(url: str) -> None:
    with a_browser() as browser:
        page = browser.new_context().new_page()
        page.set_default_timeout(TIMEOUT_MS)
        page.goto(url)
        # Forwards over each joint, and back to what was set otherwise.
        for at in (0.05, 1.95, 2.05, 3.95, 4.05, 5.85, 0.55, 4.55, 2.55):
            shown = page.evaluate(_SEEK, [f"{url}/h264.mp4", at])
            assert (shown["number"], shown["width"]) == (int(at * 10), 160), at
            assert shown["duration"] == pytest.approx(SECONDS, abs=0.05)
