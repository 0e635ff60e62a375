"""The agent's whole recording with a real RTSP server and all that can fail: `python -m tests.outside.long_run`.

Runs for as long as it is told with each server, both at once, and writes tests/agent-long.md.
"""

from __future__ import annotations

import io
import os
import random
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import av

from sowa_agent.alarms import AlarmSender
from sowa_agent.clocks import Clock
from sowa_agent.lens import Lens, LensConfig, Wishes
from sowa_agent.opening import Opener
from sowa_agent.sending import Sender
from sowa_agent.spool import Spool
from tests.agent.fakes import FakeCloud
from tests.outside.rtsp_servers import SERVERS, Server, film, is_installed

MINUTES = float(os.environ.get("LONG_RUN_MINUTES", "21"))
TABLE = Path(__file__).parents[1] / "agent-long.md"
RATE = 25
# After a fault the camera is opened anew: two time-outs, a wait, the opening, a key frame; what is shorter than a
# second is not kept.
BACK_WITHIN_S = 32.0


class RealClock(Clock):
    """The host's, which tells a cloud the truth."""

    @property
    def true_s(self) -> float:
        return time.time()

    def advance(self, seconds: float) -> None:
        time.sleep(min(seconds, 0.2))


@dataclass
class Tally:
    """What a run has come to; seconds are of filming."""

    server: str
    seed: int
    lasted_s: float = 0.0
    faults: dict[str, int] = field(default_factory=dict)
    lost_at_most_s: float = 0.0
    kept_s: float = 0.0
    frames: int = 0
    objects: int = 0
    inits: int = 0
    dropped: int = 0
    grown_mb: float = 0.0

    def row(self) -> str:
        faults = sum(self.faults.values())
        return (
            f"| {self.server} | {self.lasted_s / 60:.1f} | {faults} | {self.kept_s:.0f} | {self.frames} "
            f"| {self.lasted_s - self.lost_at_most_s:.0f} | {self.objects} | {self.inits} | {self.dropped} "
            f"| {self.grown_mb:+.1f} |"
        )


class Scene:
    """A recording channel, its spool and its cloud, beside a server that fails."""

    def __init__(self, server: Server, folder: Path, films: list[Path], seed: int) -> None:
        self.server, self.films, self.random = server, films, random.Random(seed)  # noqa: S311  # it is to be repeated
        self.tally = Tally(type(server).__name__, seed)
        clock: Any = RealClock()
        self.cloud = FakeCloud(clock=clock, token="token", ticket_life_s=330.0)
        self.spool = Spool(folder / "spool", least_free_bytes=0)
        self.spool.prepare()
        self.stopped = threading.Event()
        client = self.cloud.client()
        self.lens = Lens(
            LensConfig("0", "Lens", server.address), Opener(time.monotonic, self.stopped.wait), client.clock,
            self.spool, AlarmSender(client), Wishes(), self.stopped,
        )  # fmt: skip
        self.lens.main.backoff.jitter = lambda: 1.0
        self.sender = Sender(client, self.spool, ["0"], self._on_plan)
        self.server.start(films[0])

    def _on_plan(self, plan: Any, code: str) -> None:
        self.lens.recorder.plan = plan

    def run(self, seconds: float, calm_s: tuple[float, float]) -> None:
        """Calm and one fault in turn, each kind before any comes again; the last is calm."""
        feed = threading.Thread(target=self.lens.main.run)
        feed.start()
        began, order = time.monotonic(), list[Callable[[], float]]()
        try:
            self._wait_until(lambda: self.lens.main.is_connected, 60)
            while True:
                self._wait(self.random.uniform(*calm_s))
                if time.monotonic() - began > seconds - BACK_WITHIN_S - calm_s[1]:
                    break
                order = order or self.random.sample(self._faults(), len(self._faults()))
                fault = order.pop()
                name = fault.__name__.strip("_")
                self.tally.faults[name] = self.tally.faults.get(name, 0) + 1
                self.tally.lost_at_most_s += fault()
            self._wait(max(BACK_WITHIN_S, seconds - (time.monotonic() - began)))
        finally:
            self.stopped.set()
            feed.join(40)
        assert not feed.is_alive()
        self.tally.lasted_s = time.monotonic() - began
        self._wait_until(lambda: not self.spool.waiting(), 30)

    def _wait(self, seconds: float) -> None:
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            self.sender.look()
            time.sleep(0.5)

    def _wait_until(self, holds: Callable[[], bool], seconds: float) -> None:
        end = time.monotonic() + seconds
        while not holds():
            assert time.monotonic() < end, self.lens.main.state
            self._wait(0.5)

    # What fails; each says for how long nothing may have been kept

    def _faults(self) -> list[Callable[[], float]]:
        return [
            self._server_restarts, self._camera_gone, self._stalls, self._changes_picture, self._cloud_gone,
            self._privacy, self._tickets_die, self._disk_full,
        ]  # fmt: skip

    def _server_restarts(self) -> float:
        return self._away(0.0, self.films[0])

    def _camera_gone(self) -> float:
        return self._away(8.0, self.films[0])

    def _changes_picture(self) -> float:
        return self._away(0.0, self.films[1])

    def _away(self, seconds: float, film: Path) -> float:
        self.server.kill()
        self._wait(seconds)
        self.server.start(film)
        return seconds + BACK_WITHIN_S

    def _stalls(self) -> float:
        self.server.hold()
        self._wait(16.0)
        self.server.go_on()
        return 16.0 + BACK_WITHIN_S

    def _cloud_gone(self) -> float:
        self.cloud.is_gone = True
        self._wait(15.0)
        self.cloud.is_gone = False
        return 0.0

    def _privacy(self) -> float:
        """Nothing that is filmed now may come up."""
        self.cloud.refusals = [(409, "PrivacyModeOn")]
        self.sender.forget()
        self._wait_until(lambda: self.lens.recorder.plan is None, 30)
        self._wait_until(lambda: self.lens.recorder.plan is not None, 30)
        return 14.0 + 12.0

    def _tickets_die(self) -> float:
        """Storage takes none any more that were given until now."""
        living, self.cloud.ticket_life_s = self.cloud.ticket_life_s, -1.0
        self.sender.forget()
        self._wait(1.0)
        self.cloud.ticket_life_s = living
        return 0.0

    def _disk_full(self) -> float:
        begin = self.spool.begin

        def full(*_: Any) -> Any:
            raise OSError(28, "No space left on device")

        self.spool.begin = full  # type: ignore[method-assign, assignment]
        self._wait(5.0)
        self.spool.begin = begin  # type: ignore[method-assign]
        # What is open goes on, and one segment may be lost at its end.
        return 5.0 + 3.0

    # What has come of it

    def judge(self) -> Tally:
        """Each object plays by itself behind its init, is as long as its name says, and none comes before another."""
        tally, end_s = self.tally, 0.0
        names = [name for name in self.cloud.names() if name.endswith(".m4s")]
        assert names == sorted(names) and len(set(names)) == len(names)
        inits: dict[str, bytes] = {}
        behind: dict[str, bytes] = {}
        for key, content in self.cloud.objects.items():
            prefix, _, name = key.partition("/")
            if name.endswith(".mp4"):
                behind[prefix] = content
                assert inits.setdefault(name, content) == content
                continue
            start_s, duration_s = _spoken(name)
            assert start_s > end_s - 0.1, name
            end_s = start_s + duration_s
            frames = _frames_in(behind[prefix] + content)
            assert abs(frames - duration_s * RATE) <= max(3.0, 0.04 * duration_s * RATE), (name, frames)
            tally.frames += frames
            tally.kept_s += duration_s
            tally.objects += 1
        tally.inits, tally.dropped = len(inits), self.spool.dropped
        assert time.time() - 120 < end_s < time.time() + 1
        assert tally.kept_s >= tally.lasted_s - tally.lost_at_most_s - BACK_WITHIN_S, tally
        return tally


def _spoken(name: str) -> tuple[float, float]:
    stamp, duration_ms, _ = name.partition("/")[2].split("-")
    start = datetime.strptime(stamp, "%Y%m%dT%H%M%S.%fZ").replace(tzinfo=UTC)
    return start.timestamp(), int(duration_ms) / 1000


def _frames_in(content: bytes) -> int:
    with av.open(io.BytesIO(content), "r") as played:
        packets = [packet for packet in played.demux(video=0) if packet.size]
        first = packets[0].decode() or played.streams.video[0].codec_context.decode(None)
    assert packets[0].is_keyframe and first
    return len(packets)


def run(name: str, folder: Path, seconds: float, calm_s: tuple[float, float], seed: int) -> Tally:
    films = [film(folder, "h264", "320x180", 1800), film(folder, "h265", "640x360", 1800)]
    server = SERVERS[name]()
    scene = Scene(server, folder, films, seed)
    before = _resident_mb()
    try:
        scene.run(seconds, calm_s)
    finally:
        server.go_on()
        server.kill()
    scene.tally.grown_mb = _resident_mb() - before - sum(map(len, scene.cloud.objects.values())) / 1024**2
    return scene.judge()


def _resident_mb() -> float:
    return int(Path("/proc/self/status").read_text().partition("VmRSS:")[2].split()[0]) / 1024


HEAD = """# The agent with real RTSP servers, for as long as a night allows

Written by `python -m tests.outside.long_run` (`make night`): a film of 25 frames a second is served by GStreamer's RTSP
server over TCP and by VLC's over UDP, both at the same time. In turn the server restarts, is gone, stands still, or
shows another codec and size; the cloud is gone, in privacy mode, or takes no ticket; the disk is full. Each object that
was kept was played behind its init, in order, and is as long as its name says.

| server | minutes | faults | seconds kept | frames kept | least that had to be | objects | inits | dropped | MB grown |
|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|
"""


def main() -> None:
    names = [name for name in SERVERS if is_installed(name)]
    if len(sys.argv) == 1:
        with tempfile.TemporaryDirectory() as folder:
            rows = _both(names, Path(folder))
        TABLE.write_text(HEAD + "".join(f"{row}\n" for row in rows))
        print(TABLE.read_text())
        return
    tally = run(sys.argv[1], Path(sys.argv[2]), MINUTES * 60, (10.0, 30.0), seed=int(time.time()))
    print(f"seed {tally.seed}: {tally.faults}", file=sys.stderr)
    print(tally.row())


def _both(names: list[str], folder: Path) -> list[str]:
    """Each in a process of its own, or one's memory would be the other's."""
    running = []
    for name in names:
        (folder / name).mkdir()
        command = [sys.executable, "-m", "tests.outside.long_run", name, str(folder / name)]
        running.append(subprocess.Popen(command, stdout=subprocess.PIPE, text=True))  # noqa: S603  # ours
    rows = [process.communicate()[0].strip() for process in running]
    assert not any(process.returncode for process in running)
    return rows


if __name__ == "__main__":
    main()
