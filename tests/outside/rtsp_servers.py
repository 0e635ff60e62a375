"""Two RTSP servers that others wrote, as processes that play a film: GStreamer's over TCP, and VLC's, which knows only
UDP."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sowa_agent.source import SourceAddress, Transport

GSTREAMER = Path(__file__).with_name("rtsp_server.py")
SYSTEM_PYTHON = "/usr/bin/python3"
PLAYED = "( filesrc location={} ! qtdemux ! {}parse ! rtp{}pay name=pay0 pt=96 config-interval=-1 )"
# VLC does not run as root.
NOBODY = ["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups", "env", "HOME=/nonexistent"]
READY_S = 30.0
PASSWORD = "geheim"


class Server(ABC):
    """Can be killed, held still, and started again on its port with another film."""

    transport: Transport = "tcp"
    user = ""
    jumps = False
    process: Any = None

    def __init__(self) -> None:
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port = free.getsockname()[1]

    @abstractmethod
    def _command(self, film: Path, password: str) -> list[str]:
        """Serves the film at `/film`; the password is that of `user`, if there is one."""

    def start(self, film: Path, password: str = PASSWORD) -> None:
        command = self._command(film, password)
        self.process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)  # noqa: S603  # ours
        end = time.monotonic() + READY_S
        while not self._answers():
            assert time.monotonic() < end and self.process.poll() is None, "the server does not come up"
            time.sleep(0.1)

    def _answers(self) -> bool:
        """A port is open some time before there is a film behind it: until then VLC says 500."""
        request = f"DESCRIBE {self.address.address} RTSP/1.0\r\nCSeq: 1\r\nAccept: application/sdp\r\n\r\n"
        try:
            with socket.create_connection(("127.0.0.1", self.port), 2) as connection:
                connection.sendall(request.encode())
                answer = connection.recv(65536)
        except OSError:
            return False
        return b" 401 " in answer[:20] or (b" 200 " in answer[:20] and b"m=video" in answer)

    def hold(self) -> None:
        self.process.send_signal(signal.SIGSTOP)

    def go_on(self) -> None:
        self.process.send_signal(signal.SIGCONT)

    def jump(self) -> None:
        """The time stamps, far and back again, while the film goes on; only where it `jumps`."""
        raise NotImplementedError

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()

    def end(self) -> None:
        """Whatever it is doing, a killed one included."""
        if self.process is not None and self.process.poll() is None:
            self.kill()

    @property
    def address(self) -> SourceAddress:
        address = f"rtsp://127.0.0.1:{self.port}/film"
        return SourceAddress(address, self.user, PASSWORD if self.user else "", self.transport)


class GStreamer(Server):
    user = "viewer"
    jumps = True

    def jump(self) -> None:
        self.process.send_signal(signal.SIGUSR1)

    @classmethod
    def is_installed(cls) -> bool:
        look = "import gi; gi.require_version('GstRtspServer', '1.0')"
        command = [SYSTEM_PYTHON, "-c", look]
        return Path(SYSTEM_PYTHON).exists() and not subprocess.run(command, capture_output=True, check=False).returncode  # noqa: S603  # ours

    def _command(self, film: Path, password: str) -> list[str]:
        codec = film.suffixes[0].removeprefix(".")
        mounts = {"/film": PLAYED.format(film, codec, codec)}
        wanted = {"port": self.port, "mounts": mounts, "user": self.user, "password": password}
        return [SYSTEM_PYTHON, str(GSTREAMER), json.dumps(wanted)]


class Vlc(Server):
    transport: Transport = "udp"

    @classmethod
    def is_installed(cls) -> bool:
        return shutil.which("cvlc") is not None

    def _command(self, film: Path, password: str) -> list[str]:
        played = f"#rtp{{sdp=rtsp://127.0.0.1:{self.port}/film}}"
        vlc = ["cvlc", "-q", "--no-plugins-cache", "--loop", str(film), "--sout", played, "--sout-keep"]
        return [*NOBODY, *vlc] if os.geteuid() == 0 else vlc


SERVERS: dict[str, type[Server]] = {"GStreamer": GStreamer, "VLC": Vlc}


def is_installed(name: str) -> bool:
    return bool(SERVERS[name].is_installed())  # type: ignore[attr-defined]


@contextmanager
def folder_for_all() -> Iterator[Path]:
    """Whose films VLC can read, which is another user: pytest closes its own to others again whenever one begins."""
    with tempfile.TemporaryDirectory() as name:
        Path(name).chmod(0o755)
        yield Path(name)


def film(folder: Path, codec: str, size: str, seconds: int, rate: int = 25) -> Path:
    """Each frame bears its number, and none is like another; `<size>.<codec>.mp4`."""
    path, once = folder / f"{size}.{codec}.mp4", folder / f"once-{size}.{codec}.mp4"
    encoder = {
        "h264": ["libx264", "-bf", "0", "-sc_threshold", "0"],
        "h265": ["libx265", "-x265-params", "log-level=none:bframes=0:scenecut=0:repeat-headers=1"],
    }[codec]
    lasts = min(seconds, 60 if codec == "h264" else 10)
    _ffmpeg(
        "-f", "lavfi", "-i", f"testsrc2=size={size}:rate={rate}:duration={lasts}", "-c:v", *encoder,
        "-preset", "ultrafast", "-g", str(rate), "-b:v", "600k", "-pix_fmt", "yuv420p", str(once),
    )  # fmt: skip
    _ffmpeg("-stream_loop", str(seconds // lasts - 1), "-i", str(once), "-c", "copy", str(path))
    path.chmod(0o644)
    return path


def _ffmpeg(*arguments: str) -> None:
    command = ["ffmpeg", "-v", "error", "-y", *arguments]
    subprocess.run(command, check=True)  # noqa: S603  # ours
