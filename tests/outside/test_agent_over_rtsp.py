"""The agent with RTSP servers that others wrote: GStreamer's, with real connections, clocks and sockets."""

from __future__ import annotations

import io
import json
import logging
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any

import av
import pytest
from werkzeug.wrappers import Response

from sowa_agent.clocks import Clock
from sowa_agent.feed import Backoff, Feed
from sowa_agent.opening import Opener
from sowa_agent.packets import Piece
from sowa_agent.source import SourceAddress
from tests.loopback import served

SERVER = Path(__file__).with_name("rtsp_server.py")
SYSTEM_PYTHON = "/usr/bin/python3"
PASSWORD = "geheim/with:marks"
PICTURE = "videotestsrc is-live=true pattern=ball ! video/x-raw,width={},height=180,framerate=25/1 ! "
H264 = "x264enc tune=zerolatency speed-preset=ultrafast key-int-max=25 ! rtph264pay name=pay0 pt=96"
REORDERED = "x264enc speed-preset=superfast bframes=2 b-adapt=false key-int-max=25 ! rtph264pay name=pay0 pt=96"
H265 = "x265enc tune=zerolatency speed-preset=ultrafast key-int-max=25 ! rtph265pay name=pay0 pt=96"
TONE = "audiotestsrc is-live=true ! audioconvert ! audio/x-raw,channels=1,rate={} ! "
ALAW = TONE.format(8000) + "alawenc ! rtppcmapay name=pay1 pt=8"
AAC = TONE.format(16000) + "voaacenc ! aacparse ! rtpmp4gpay name=pay1 pt=97"


def _mount(encoder: str, sound: str = "", width: int = 320) -> str:
    return f"( {PICTURE.format(width)}{encoder} {sound} )"


MOUNTS = {
    "/h264": _mount(H264),
    "/reordered": _mount(REORDERED),
    "/h265": _mount(H265),
    "/alaw": _mount(H264, ALAW),
    "/aac": _mount(H264, AAC),
}


def _has_server() -> bool:
    if not Path(SYSTEM_PYTHON).exists():
        return False
    look = "import gi; gi.require_version('GstRtspServer', '1.0')"
    return subprocess.run([SYSTEM_PYTHON, "-c", look], capture_output=True, check=False).returncode == 0  # noqa: S603  # ours


pytestmark = pytest.mark.skipif(not _has_server(), reason="no gir1.2-gst-rtsp-server-1.0")


@dataclass
class Server:
    """A process that can be killed, held still, and started again on its port."""

    port: int = 0
    mounts: dict[str, str] = field(default_factory=lambda: MOUNTS)
    more: dict[str, str] = field(default_factory=dict)
    process: Any = None

    def start(self) -> None:
        wanted = json.dumps({"port": self.port, "mounts": self.mounts, **self.more})
        self.process = subprocess.Popen([SYSTEM_PYTHON, SERVER, wanted], stdout=subprocess.PIPE, text=True)  # noqa: S603  # ours
        word, port = self.process.stdout.readline().split()
        assert word == "ready"
        self.port = int(port)

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()

    def address(self, path: str, **more: Any) -> SourceAddress:
        return SourceAddress(f"rtsp://127.0.0.1:{self.port}{path}", **more)


@pytest.fixture
def server() -> Iterator[Server]:
    server = Server()
    server.start()
    yield server
    server.kill()


@dataclass
class Watched:
    """A feed that runs, and what has come of it."""

    feed: Feed
    pieces: list[Piece]

    def until(self, holds: Callable[[], Any], seconds: float = 30.0) -> None:
        end = time.monotonic() + seconds
        while not holds():
            assert time.monotonic() < end, self.feed.state
            time.sleep(0.05)

    def inits(self) -> list[str]:
        return list(dict.fromkeys(piece.init.name for piece in self.pieces))

    def seconds(self) -> float:
        return sum(piece.duration_s for piece in self.pieces)


@contextmanager
def _watching(address: SourceAddress) -> Iterator[Watched]:
    clock, pieces = Clock(), list[Piece]()
    feed = Feed(
        "Channel 0", address, Opener(clock.monotonic), clock, lambda *_: None, pieces.append, lambda: None,
        backoff=Backoff(jitter=lambda: 1.0),
    )  # fmt: skip
    thread = threading.Thread(target=feed.run)
    thread.start()
    try:
        yield Watched(feed, pieces)
    finally:
        feed.stopped.set()
        thread.join(30)
    assert not thread.is_alive()


def _frames(pieces: list[Piece], **streams: int) -> list[Any]:
    with av.open(io.BytesIO(pieces[0].init.content + b"".join(piece.content for piece in pieces))) as film:
        return list(film.decode(**streams))


@pytest.mark.parametrize("transport", ["tcp", "udp"])
@pytest.mark.parametrize(("path", "sound"), [*((path, "copy") for path in MOUNTS), ("/alaw", "aac")])
def test_what_a_camera_sends_plays_from_its_first_frame_on(
    server: Server, path: str, sound: Any, transport: Any
) -> None:
    with _watching(server.address(path, transport=transport, sound=sound)) as watched:
        watched.until(lambda: watched.seconds() > 4)
        late_s = time.time() - watched.pieces[-1].end_s
    is_heard = path == "/aac" or sound == "aac"
    assert len(watched.inits()) == 1 or is_heard  # where sound makes the picture's times jump, once
    last = [piece for piece in watched.pieces if piece.init is watched.pieces[-1].init]
    frames = _frames(last, video=0)
    assert len(frames) == pytest.approx(sum(piece.duration_s for piece in last) * 25, abs=2)
    assert frames[0].key_frame and last[0].begins_with_key
    assert all(abs(b.start_s - a.end_s) < 0.1 for a, b in pairwise(last))
    assert -0.2 < late_s < 1.5
    assert last[0].init.has_sound is is_heard
    if is_heard:
        heard = _frames(last, audio=0)
        assert len(heard) > 30 and heard[0].sample_rate == 16_000
        heard_s = sum(frame.samples for frame in heard) / 16_000
        assert heard_s == pytest.approx(sum(piece.duration_s for piece in last), abs=0.8)


def test_a_password_is_asked_for_by_digest_and_a_wrong_one_is_not_repeated(
    caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG)
    server = Server(more={"user": "viewer", "password": PASSWORD})
    server.start()
    try:
        with _watching(server.address("/h264", user="viewer", password=PASSWORD)) as watched:
            watched.until(lambda: watched.pieces)
        with _watching(server.address("/h264", user="viewer", password=PASSWORD + "?")) as watched:
            watched.until(lambda: "does not take the user" in watched.feed.state)
            assert not watched.feed.stopped.wait(3) and watched.feed.backoff._refused == 1
    finally:
        server.kill()
    said = caplog.text + "".join(capfd.readouterr())
    assert "geheim" not in said and "viewer" not in said


def test_a_server_that_is_killed_and_comes_back_is_found_again(server: Server) -> None:
    with _watching(server.address("/h264")) as watched:
        watched.until(lambda: watched.seconds() > 2)
        server.kill()
        watched.until(lambda: not watched.feed.is_connected)
        time.sleep(3)
        server.mounts = {"/h264": _mount(H265, width=640)}
        server.start()
        watched.until(lambda: len(watched.inits()) == 2 and watched.pieces[-1].init.width == 640)
    assert watched.pieces[-1].init.codec == "hevc"
    (gap,) = [b.start_s - a.end_s for a, b in pairwise(watched.pieces) if a.init is not b.init]
    assert 2 < gap < 12


def test_a_server_that_falls_silent_is_left_and_found_again(server: Server) -> None:
    with _watching(server.address("/h264")) as watched:
        watched.until(lambda: watched.seconds() > 2)
        server.process.send_signal(signal.SIGSTOP)
        watched.until(lambda: not watched.feed.is_connected)
        server.process.send_signal(signal.SIGCONT)
        watched.until(lambda: watched.feed.is_connected and len(watched.inits()) >= 2)


def test_a_server_that_takes_the_connection_and_says_nothing_is_told() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = SourceAddress(f"rtsp://127.0.0.1:{silent.getsockname()[1]}/live")
        with _watching(address) as watched:
            watched.until(lambda: "says nothing" in watched.feed.state)


def test_what_speaks_http_is_no_camera() -> None:
    with served(Response("hello")) as port, _watching(SourceAddress(f"rtsp://127.0.0.1:{port}/live")) as watched:
        watched.until(lambda: watched.feed.backoff._tries >= 2)
    assert not watched.pieces
