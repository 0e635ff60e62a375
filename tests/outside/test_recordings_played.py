"""Players that others made, in a browser and without one, play what cameras recorded: every run of it, across gaps and
restarts, and from any moment; what is not installed is said to be skipped."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote

import av
import pytest

from infra.local.cloud import LocalCloud
from tests.conftest import Home
from tests.outside.browsing import OF_THIS_MACHINE, a_browser, in_a_browser
from tests.outside.footage import GROUP_SECONDS, Kind, filmed, later
from tests.outside.pages import BY_ITSELF, LIBRARIES, a_cloud_with_players, fetched
from tests.outside.streaming import FRAMES_PER_SECOND, SIZE, number_in
from tests.recordings.plans import subscribe
from tests.scene import new_camera, new_person, segment_stamp

BASE36 = "0123456789abcdefghijklmnopqrstuvwxyz"
GREY = ["-pix_fmt", "gray", "-f", "rawvideo", "-"]
# What asks for the address, and writes the brightness of every pixel to its output.
PROGRAMS: dict[str, Callable[[str], list[str]]] = {
    "ffmpeg": lambda url: ["ffmpeg", "-v", "fatal", "-nostdin", "-i", url, "-an", "-vf", "scale=160:96", *GREY],
    "mpv": lambda url: [
        "mpv", "--no-config", "--really-quiet", "--no-audio", "--vf=scale=160:96,format=gray", "--of=rawvideo",
        "--ovc=rawvideo", "--o=-", url,
    ],
    "gst-launch-1.0": lambda url: [
        "gst-launch-1.0", "-q", "uridecodebin", f"uri={url}", "!", "videoconvert", "!", "videoscale", "!",
        "video/x-raw,format=GRAY8,width=160,height=96", "!", "fdsink", "sync=false",
    ],
}  # fmt: skip
NOBODY = 65534
RATE = 4
# A machine that others use as well shows so few of a run's pictures.
FEW = 5


@dataclass(frozen=True)
class Take:
    """What a camera records from one start to the next, and for how long it does not before."""

    kind: Kind
    seconds: int
    first: int
    after_seconds: float = 0.0

    @property
    def numbers(self) -> range:
        return range(self.first, self.first + self.seconds * FRAMES_PER_SECOND)


PLAIN, LARGER = Kind(), Kind(size=(320, 192))
SOUNDING, MODERN, STREAM = Kind(has_sound=True), Kind(codec="libx265"), Kind(form="mpegts")
TELEPHONE = Kind(by_agent=True)


def takes(*kinds: Kind, restarts_in: float = 0.4) -> list[Take]:
    """With a gap of twenty seconds, and then a restart that takes less than one."""
    times = ((20, 0, 0.0), (12, 300, 20.0), (10, 500, restarts_in))
    return [Take(kind, *when) for kind, when in zip(kinds, times, strict=True)]


CAMERAS = {
    "without sound": takes(PLAIN, PLAIN, PLAIN),
    "with sound": takes(SOUNDING, SOUNDING, SOUNDING),
    "whose G.711 the agent makes AAC": takes(TELEPHONE, TELEPHONE, TELEPHONE),
    "that sends H.265": takes(MODERN, MODERN, MODERN),
    # Nothing but a gap tells that it starts again.
    "that sends a transport stream": takes(STREAM, STREAM, STREAM, restarts_in=2),
    "whose size is changed": takes(PLAIN, LARGER, PLAIN),
}
# Debian's Chromium cannot decode it.
NOT_IN_A_BROWSER = {"that sends H.265"}
# FFmpeg and GStreamer keep the first init, show what has another size as noise, and what follows well.
NOT_IN_PROGRAMS = {"whose size is changed"}


@pytest.fixture(scope="module")
def served() -> Iterator[tuple[str, LocalCloud, Any]]:
    with a_cloud_with_players() as served:
        yield served


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with a_browser(OF_THIS_MACHINE, BY_ITSELF) as started:
        yield started


@dataclass
class Scene(Home):
    """Somebody with a plan, in front of whatever plays."""

    url: str = ""

    def record(
        self, of_one_start: Take, init: str, fragments_an_object: int = 5, *, repeated: int = 1, tickets: int = 1
    ) -> None:
        """Upload it as it is filmed, the init on each ticket; of what is repeated, the times go on."""
        start, camera = self.world.now() + timedelta(seconds=of_one_start.after_seconds), self.camera
        content, fragments = filmed(of_one_start.kind, of_one_start.seconds, of_one_start.first)
        self.world.clock.move_to(start.timestamp())
        many = fragments_an_object if content else 1
        objects = len(fragments) // many * repeated
        ticket: Any = None
        for turn in range(repeated):
            shift = turn * of_one_start.seconds
            for nth, at in enumerate(range(0, len(fragments), many), turn * len(fragments) // many):
                if nth % -(-objects // tickets) == 0:
                    ticket = camera.recording_ticket()
                    if content:
                        self._put(ticket, f"init-{init}.mp4", content)
                held = [later(content, one, shift) if shift else one for one in fragments[at : at + many]]
                begin = start + timedelta(seconds=shift + at * GROUP_SECONDS)
                seconds = min(many * GROUP_SECONDS, of_one_start.seconds - at * GROUP_SECONDS)
                self.world.clock.move_to((begin + timedelta(seconds=seconds)).timestamp())
                sizes = "-" + ".".join(_base36(len(one)) for one in held) if content else ""
                name = f"{segment_stamp(begin)}-{seconds * 1000}{sizes}.{'m4s' if content else 'ts'}"
                self._put(ticket, name, b"".join(held))

    def _put(self, ticket: Any, name: str, content: bytes) -> None:
        answer = self.world.upload(ticket, f"1/{name}", content)
        assert answer.status == 204, answer.body

    def playlist(self, begin: datetime) -> str:
        self.world.settle()
        return str(self.owner.playlist(self.camera.device_id, begin, self.world.now())["playlist_url"])

    def recorded(self, camera: str) -> str:
        """All that such a camera records, and the playlist of it."""
        begin = self.world.now()
        for number, one in enumerate(CAMERAS[camera]):
            self.record(one, f"start{number}", fragments_an_object=5)
        return self.playlist(begin)


@pytest.fixture
def scene(served: tuple[str, LocalCloud, Any]) -> Scene:
    url, cloud, beginning = served
    cloud.restore(beginning)
    owner = new_person(cloud)
    home = Scene(cloud, owner, owner, new_camera(cloud, owner=owner), alarm_id="", url=url)
    subscribe(home)
    return home


@contextmanager
def in_page(browser: Any, scene: Scene, player: str, url: str, rate: int) -> Iterator[Any]:
    page = browser.new_context().new_page()
    page.goto(f"{scene.url}/watch?player={player}&rate={rate}&url={quote(url, safe='')}")
    yield page
    page.context.close()


def shown_by(command: list[str]) -> set[int]:
    told = subprocess.run(command, capture_output=True, timeout=60)  # noqa: S603  # ours
    count, out = SIZE[0] * SIZE[1], told.stdout
    return {number_in(out[at : at + count]) for at in range(0, len(out) - count + 1, count)}


def shown_by_vlc(url: str, *more: str) -> set[int]:
    """Which does not run as root, and writes into a file of its own format: a line, and a line before each picture."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o777)
        file = Path(folder) / "pictures.y4m"
        whose = {"user": NOBODY, "group": NOBODY, "extra_groups": []} if os.geteuid() == 0 else {}
        options = ["--no-audio", "--ignore-config", "--vout", "yuv", "--yuv-file", str(file), "--yuv-chroma", "GREY"]
        options += ["--rate", "2", "--no-drop-late-frames", "--no-skip-frames"]
        subprocess.run(  # noqa: S603  # ours
            ["cvlc", "-q", "-I", "dummy", *options, *more, url, "vlc://quit"],  # noqa: S607  # as found
            capture_output=True, timeout=90, env={**os.environ, "HOME": folder}, **whose,
        )  # fmt: skip
        head, _, rest = file.read_bytes().partition(b"\n")
    assert re.search(rb"W160 H96", head), head
    step = SIZE[0] * SIZE[1] + len(b"FRAME\n")
    return {number_in(rest[at + 6 : at + step]) for at in range(0, len(rest) - step + 1, step)}


def lost_by_ffmpeg(recorded: Sequence[Take]) -> set[int]:
    """The first fragment behind a restart, of fragmented MP4 whose times begin at 0 again
    (findings/hls_restart_loses_a_fragment.sh)."""
    restarts = [one for one in recorded[1:] if one.kind.form == "mp4"]
    return {number for one in restarts for number in one.numbers[: GROUP_SECONDS * FRAMES_PER_SECOND]}


@pytest.mark.parametrize("camera", [name for name in CAMERAS if name not in NOT_IN_PROGRAMS])
def test_programs_show_every_picture(scene: Scene, camera: str) -> None:
    recorded, url = CAMERAS[camera], scene.recorded(camera)
    wanted = {number for one in recorded for number in one.numbers}
    installed = [name for name in PROGRAMS if shutil.which(name)]
    for name in installed:
        allowed = set() if name == "gst-launch-1.0" else lost_by_ffmpeg(recorded)
        assert wanted - shown_by(PROGRAMS[name](url)) <= allowed, name
    if missing := {*PROGRAMS} - {*installed}:
        pytest.skip(f"not installed: {', '.join(sorted(missing))}")


@pytest.mark.skipif(not shutil.which("ffprobe"), reason="ffprobe is not installed")
@pytest.mark.parametrize("camera", ["with sound", "whose G.711 the agent makes AAC"])
def test_ffprobe_reads_codecs_size_and_length_from_the_playlist_alone(scene: Scene, camera: str) -> None:
    told = json.loads(
        subprocess.check_output(  # noqa: S603  # ours
            ["ffprobe", "-v", "fatal", "-of", "json", "-show_streams", "-show_format", scene.recorded(camera)]  # noqa: S607  # as found
        )
    )
    kinds = {one["codec_name"]: (one.get("width"), one.get("height")) for one in told["streams"]}
    assert kinds == {"h264": SIZE, "aac": (None, None)}
    assert float(told["format"]["duration"]) == 42


def test_ffmpeg_goes_to_any_moment_of_what_was_filmed_without_a_restart(scene: Scene) -> None:
    """Over two tickets, each of which has the init."""
    begin = scene.world.now()
    scene.record(Take(PLAIN, 20, 0), "a", fragments_an_object=5, tickets=2)
    url = scene.playlist(begin)
    for seconds, wanted in ((5, 40), (13, 100)):  # where an entry begins
        with av.open(url, timeout=20) as container:
            container.seek(seconds * av.time_base + (container.start_time or 0))
            frame = next(container.decode(video=0))
            assert number_in(bytes(frame.reformat(width=160, height=96, format="gray").planes[0])) == wanted


@pytest.mark.skipif(not shutil.which("cvlc"), reason="VLC is not installed")
def test_vlc_plays_a_run_to_its_end_and_starts_anywhere(scene: Scene) -> None:
    """Behind a discontinuity of fragmented MP4 it asks for no init, and ends."""
    url = scene.recorded("without sound")
    first, second, _ = CAMERAS["without sound"]
    assert len(shown_by_vlc(url) & {*first.numbers}) >= FEW
    assert len(shown_by_vlc(url, "--start-time", "22") & {*second.numbers}) >= FEW


@in_a_browser
@pytest.mark.parametrize("camera", [name for name in CAMERAS if name not in NOT_IN_A_BROWSER])
def test_browsers_play_all_of_it_to_the_end_and_go_to_any_moment(scene: Scene, browser: Any, camera: str) -> None:
    recorded, url = CAMERAS[camera], scene.recorded(camera)
    players = [*fetched(), "chromium"]
    with ExitStack() as open_pages:
        pages = {name: open_pages.enter_context(in_page(browser, scene, name, url, RATE)) for name in players}
        for player, page in pages.items():
            page.wait_for_function("current().ended || seen.error", timeout=90_000)
            told = page.evaluate("seen")
            assert told["error"] is None, player
            for one in recorded:
                shown = {*told["frames"]} & {*one.numbers}
                assert len(shown) >= FEW, (player, one.first)
            for seconds, wanted in ((35, 530), (5, 50), (24, 340)):
                found = page.evaluate(f"seek({seconds})")
                assert found is not None and abs(found["frame"] - wanted) <= 2, (player, seconds, found)
    if missing := {*LIBRARIES} - {*players}:
        pytest.skip(f"not installed: {', '.join(sorted(missing))}")


@in_a_browser
@pytest.mark.skipif("hls.js" not in fetched(), reason="make player fetches hls.js")
def test_a_seek_shows_a_picture_within_two_and_a_half_seconds_of_four_megabytes(
    scene: Scene, browser: Any, capsys: Any
) -> None:
    """1080p of 4 Mbit/s, objects of a minute, over a line of 20 Mbit/s."""
    sharp = Kind(size=(1920, 1080), frames_per_second=25, bits_per_second=4_000_000)
    begin = scene.world.now()
    scene.record(Take(sharp, 20, 0), "a", fragments_an_object=10, repeated=12)
    with in_page(browser, scene, "hls.js", "about:blank", 1) as page:
        network = page.context.new_cdp_session(page)
        loaded = list[tuple[float, int]]()
        # A busy machine tells of it late: what was loaded when is by the browser's own clock.
        network.on(
            "Network.dataReceived", lambda told: loaded.append((told["timestamp"], told["encodedDataLength"]))
        )
        network.send("Network.enable")
        network.send("Performance.enable")
        line = {"latency": 20, "downloadThroughput": 2_500_000, "uploadThroughput": 2_500_000, "offline": False}
        network.send("Network.emulateNetworkConditions", line)
        page.goto(f"{scene.url}/watch?player=hls.js&rate=1&url={quote(scene.playlist(begin), safe='')}")
        page.wait_for_function("seen.frame >= 0 || seen.error", timeout=20_000)
        measured = []
        for seconds in (150.0, 61.5, 225.9):
            began_s = _browser_s(network)
            found = page.evaluate(f"seek({seconds})")
            assert found is not None, page.evaluate("seen.error")
            until_s = _browser_s(network)
            measured.append((found["ms"], sum(size for at_s, size in loaded if began_s <= at_s <= until_s)))
            assert abs(found["frame"] - seconds % 20 * 25) <= 25
    with capsys.disabled():
        print("\na seek: " + "; ".join(f"{ms:.0f} ms, {size / 1e6:.1f} MB" for ms, size in measured), end="")
    assert all(ms <= 2500 and 0 < size <= 4_000_000 for ms, size in measured), measured


def _browser_s(session: Any) -> float:
    metrics = session.send("Performance.getMetrics")["metrics"]
    return float(next(one["value"] for one in metrics if one["name"] == "Timestamp"))


def _base36(number: int) -> str:
    rest, digit = divmod(number, 36)
    return (_base36(rest) if rest else "") + BASE36[digit]
