"""Players that others made, in a browser and without one, play live views of cameras that do as cameras do; what is not
installed is said to be skipped. `make player` fetches the libraries, which are not ours to pass on."""

from __future__ import annotations

import shutil
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote
from urllib.request import urlopen

import pytest

from chalicelib.live.rules import pieces as rules
from infra.local.cloud import LocalCloud
from infra.local.server import Heart
from tests import loopback
from tests.outside.browsing import OF_THIS_MACHINE, a_browser, in_a_browser
from tests.outside.delay import TRIES, Delay, best_of, watched
from tests.outside.pages import BY_ITSELF, LIBRARIES, a_cloud_with_players, fetched
from tests.outside.streaming import (
    FRAMES_PER_SECOND,
    SIZE,
    Broadcast,
    Filming,
    Run,
    an_agent_that_films,
    broadcasting,
    number_in,
)
from tests.scene import Camera, Person, new_camera, new_person

GREY = ["-pix_fmt", "gray", "-f", "rawvideo", "-"]
# What asks for the address, and writes the brightness of every pixel to its output.
PROGRAMS: dict[str, Callable[[str], list[str]]] = {
    "ffmpeg": lambda url: ["ffmpeg", "-v", "error", "-nostdin", "-i", url, *GREY],
    "mpv": lambda url: [
        "mpv", "--no-config", "--really-quiet", "--no-audio", "--vf=format=gray", "--of=rawvideo", "--ovc=rawvideo",
        "--o=-", url,
    ],
    "gst-launch-1.0": lambda url: [
        "gst-launch-1.0", "-q", "uridecodebin", f"uri={url}", "!", "videoconvert", "!", "video/x-raw,format=GRAY8", "!",
        "fdsink", "sync=true",
    ],
}  # fmt: skip
# What a camera may do; how many seconds of what it sends are waited for.
CAMERAS: dict[str, list[Run]] = {
    "that goes on": [Run(40)],
    "that numbers its pieces of two seconds": [Run(40, numbers=True)],
    "that numbers and restarts": [Run(10, "a", numbers=True), Run(30, "b", numbers=True, after_seconds=2)],
    "that takes four seconds to wake": [Run(36, after_seconds=4)],
    "that restarts": [Run(9, "a"), Run(30, "b", after_seconds=2)],
    "an hour ahead": [Run(40, ahead_seconds=3600)],
    "forty-five seconds behind": [Run(40, ahead_seconds=-45)],
    "with a transport stream": [Run(40, kind="ts")],
}
RESTARTED_BY = 11 * FRAMES_PER_SECOND


@dataclass
class Watcher:
    """A player: the newest frame that it showed, and what went wrong."""

    name: str
    frame: int = -1
    first_s: float | None = None
    behind_s: float = 0.0
    error: str | None = None

    def saw(self, frame: int, broadcast: Broadcast, after_s: float) -> None:
        if frame != self.frame:
            self.first_s = self.first_s if self.first_s is not None else after_s
            self.frame, self.behind_s = frame, (broadcast.frames_so_far() - frame) / FRAMES_PER_SECOND


@dataclass
class Scene:
    url: str
    cloud: LocalCloud
    owner: Person
    camera: Camera
    browser: Any


@pytest.fixture(scope="module")
def served() -> Iterator[tuple[str, LocalCloud, Any]]:
    with a_cloud_with_players() as (url, cloud, beginning):
        heart = Heart(cloud, loopback.ignore)
        heart.start()
        yield url, cloud, beginning
        heart.stop()


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with a_browser(OF_THIS_MACHINE, BY_ITSELF) as started:
        yield started


@pytest.fixture
def scene(served: tuple[str, LocalCloud, Any], browser: Any, monkeypatch: pytest.MonkeyPatch) -> Scene:
    url, cloud, beginning = served
    cloud.restore(beginning)
    monkeypatch.setattr(rules, "MOST_OF_ONE", 9)
    owner = new_person(cloud)
    return Scene(url, cloud, owner, new_camera(cloud, owner=owner), browser)


@contextmanager
def in_pages(
    scene: Scene, players: Sequence[str], broadcast: Broadcast, more: str = ""
) -> Iterator[Callable[[], list[Watcher]]]:
    """Each player in a page of its own, at a view of its own; asked, they say what they show."""
    pages = []
    for name in players:
        page = scene.browser.new_context().new_page()
        live = scene.owner.watch(scene.camera.device_id)
        if name == "chromium":
            _until_it_has(3, live["playlist_url"])
        page.goto(f"{scene.url}/watch?player={name}&url={quote(live['playlist_url'], safe='')}{more}")
        pages.append((Watcher(name), page))

    def look() -> list[Watcher]:
        for watcher, page in pages:
            told = page.evaluate("look()")
            watcher.error = told["error"]
            if told["frame"] >= 0:
                watcher.saw(told["frame"], broadcast, told["first_ms"] / 1000)
        return [watcher for watcher, _ in pages]

    yield look
    for _, page in pages:
        page.context.close()


@contextmanager
def in_programs(scene: Scene, names: Sequence[str], broadcast: Broadcast) -> Iterator[list[Watcher]]:
    watchers = [Watcher(name) for name in names]
    started = []
    for watcher in watchers:
        live = scene.owner.watch(scene.camera.device_id)
        command = PROGRAMS[watcher.name](live["playlist_url"])
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)  # noqa: S603  # ours
        thread = threading.Thread(target=_read, args=(process, watcher, broadcast, time.monotonic()), daemon=True)
        thread.start()
        started.append((process, thread))
    try:
        yield watchers
    finally:
        for process, thread in started:
            process.kill()
            process.wait(10)
            thread.join(10)


def _read(process: Any, watcher: Watcher, broadcast: Broadcast, begun: float) -> None:
    count = SIZE[0] * SIZE[1]
    while len(frame := process.stdout.read(count)) == count:
        watcher.saw(number_in(frame), broadcast, time.monotonic() - begun)
    if process.poll() is not None and process.returncode > 0:
        watcher.error = f"it ended with {process.returncode}"


def _installed() -> list[str]:
    return [name for name in PROGRAMS if shutil.which(name)]


@in_a_browser
@pytest.mark.parametrize("kind", CAMERAS)
def test_every_player_plays_a_camera(scene: Scene, kind: str, capsys: Any) -> None:
    """Shows frames from after whatever the camera did, no further behind than players are, and without an error."""
    players, programs = [*fetched(), "chromium"], _installed()
    wanted = RESTARTED_BY + 50 if kind.endswith("restarts") else 90
    with (
        broadcasting(scene.cloud, scene.camera, CAMERAS[kind]) as broadcast,
        in_programs(scene, programs, broadcast) as others,
        in_pages(scene, players, broadcast) as look,
    ):
        watchers: list[Watcher] = []

        def all_there() -> bool:
            watchers[:] = [*look(), *others]
            return all(one.frame >= wanted or one.error for one in watchers)

        _until(all_there, 34)
    with capsys.disabled():
        for one in watchers:
            first = "none" if one.first_s is None else f"{one.first_s:.1f} s"
            said = one.error or f"frame {one.frame}, {one.behind_s:.1f} s behind"
            print(f"\na camera {kind}: {one.name}: first picture after {first}; {said}", end="")
    missing = {*LIBRARIES, *PROGRAMS} - {one.name for one in watchers}
    assert [(one.name, one.error, one.frame) for one in watchers if one.error or one.frame < wanted] == []
    if missing:
        pytest.skip(f"not installed: {', '.join(sorted(missing))}")


@in_a_browser
def test_chromiums_own_player_takes_pieces_of_another_origin_only_with_crossorigin(scene: Scene) -> None:
    with broadcasting(scene.cloud, scene.camera, [Run(30)]) as broadcast:
        live = scene.owner.watch(scene.camera.device_id)
        page = scene.browser.new_context().new_page()
        _until_it_has(3, live["playlist_url"])
        page.goto(f"{scene.url}/watch?player=chromium&without=1&url={quote(live['playlist_url'], safe='')}")
        with in_pages(scene, ["chromium"], broadcast) as look:
            _until(lambda: look()[0].frame >= 0 and page.evaluate("seen.error") is not None, 20)
            (watcher,) = look()
        assert (watcher.frame >= 0, watcher.error) == (True, None)
        assert page.evaluate("seen.error") is not None
        page.context.close()


@in_a_browser
@pytest.mark.skipif("hls.js" not in fetched(), reason="hls.js is not there: make player")
@pytest.mark.parametrize("key_every_s", [1, 2])
def test_one_who_watches_the_agents_camera_in_hls_js_sees_it_soon_and_is_not_far_behind(
    scene: Scene, key_every_s: int, tmp_path: Path, capsys: Any
) -> None:
    def watch(filming: Filming) -> Delay:
        page = scene.browser.new_context().new_page()
        page.goto(f"{scene.url}/keys")

        def begin() -> None:
            live = scene.owner.watch(scene.camera.device_id, "0")
            page.goto(f"{scene.url}/watch?player=hls.js&url={quote(live['playlist_url'], safe='')}")

        try:
            return watched(page, f"hls.js, key frames {key_every_s} s apart", begin, filming)
        finally:
            page.context.close()

    key_every = key_every_s * FRAMES_PER_SECOND
    with an_agent_that_films(scene.url, scene.cloud, scene.camera.sn, tmp_path, key_every) as filming:
        assert best_of((watch(filming) for _ in range(TRIES)), capsys).is_well


def _until_it_has(pieces: int, playlist_url: str) -> None:
    """Chromium's own player gives up for good where a live playlist has nothing new when it has played what there was,
    which is so after the first second of a view ("Segment queue never had any data")."""
    _until(lambda: urlopen(playlist_url).read().count(b"#EXTINF") >= pieces, 12)  # noqa: S310  # our own


def _until(holds: Callable[[], bool], seconds: float) -> None:
    due = time.monotonic() + seconds
    while not holds() and time.monotonic() < due:
        time.sleep(0.1)
