"""The agent's whole recording with a real RTSP server and all that can fail: `python -m tests.outside.long_run`.

Runs for as long as it is told with each server, both at once, and writes tests/agent-long.md.
"""

from __future__ import annotations

import errno
import io
import os
import random
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import av
import pytest

from sowa_agent.alarms import AlarmSender
from sowa_agent.clocks import Clock
from sowa_agent.cloud import Ticket, TokenReplaced
from sowa_agent.demuxed import OPEN_S
from sowa_agent.feed import FIRST_WAIT_S, LONGEST_WAIT_S, LONGEST_WAIT_UNAUTHORIZED_S, Backoff
from sowa_agent.lens import Lens, LensConfig, Wishes
from sowa_agent.opening import Opener
from sowa_agent.packets import Init
from sowa_agent.sending import Sender
from sowa_agent.source import SourceAddress, Why
from sowa_agent.spool import OpenSegment, Spool
from tests.agent.fakes import FakeCloud
from tests.outside.counted import Counted
from tests.outside.rtsp_servers import SERVERS, Server, film, folder_for_all, is_installed

MINUTES = float(os.environ.get("LONG_RUN_MINUTES", "21"))
TABLE = Path(__file__).parents[1] / "agent-long.md"
RATE = 25
# From when a source is there again: to open it, on a busy machine, its key frame, and what is buffered.
OPENING_S = 15.0
# After a wrong password the agent waits for minutes, which would be the whole run.
HASTE = 30.0
# Of what was filmed so much lies in a piece that is open when privacy mode begins, or is seen to.
SEEN_S = 1.5


class RealClock(Clock):
    """The host's, which tells a cloud the truth."""

    @property
    def true_s(self) -> float:
        return time.time()

    def advance(self, seconds: float) -> None:
        time.sleep(min(seconds, 0.2))


class HastyBackoff(Backoff):
    def seconds(self, why: Why) -> float:
        return super().seconds(why) / (HASTE if why is Why.UNAUTHORIZED else 1.0)


class Cloud(FakeCloud):
    """Its storage takes nothing on tickets that were given until `dead`, counted from the first."""

    dead = 0

    def upload(self, ticket: Ticket, name: str, content: bytes | Path, more: Mapping[str, str] | None = None) -> int:
        return 403 if int(ticket.key_prefix.strip("/")) <= self.dead else super().upload(ticket, name, content, more)


class Disk(Spool):
    """Of a disk that may be full."""

    is_full = False

    def begin(self, channel: str, init: Init) -> OpenSegment:
        self.check()
        segment = super().begin(channel, init)
        return _Segment(self, segment.path, segment.file)

    def check(self) -> None:
        if self.is_full:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


class _Segment(OpenSegment):
    def _write(self, content: bytes) -> None:
        assert isinstance(self.spool, Disk)
        self.spool.check()
        super()._write(content)


@dataclass
class Tally:
    """What a run has come to: `given` is what the source gave, `least` how much of it had to be kept, and `kept` what
    came up, in frames; `longest_away_s` is the longest time in which a server was there again and gave nothing."""

    server: str
    seed: int
    lasted_s: float = 0.0
    faults: dict[str, int] = field(default_factory=dict)
    longest_away_s: float = 0.0
    given: int = 0
    least: int = 0
    kept: int = 0
    objects: int = 0
    inits: int = 0
    dropped: int = 0
    grown_mb: float = 0.0

    def row(self) -> str:
        faults = sum(self.faults.values())
        return (
            f"| {self.server} | {self.lasted_s / 60:.1f} | {faults} | {self.longest_away_s:.1f} | {self.given} "
            f"| {self.least} | {self.kept} | {self.objects} | {self.inits} | {self.dropped} | {self.grown_mb:+.1f} |"
        )


class Agent:
    """A recording channel and its spool, as an agent has them that is activated anew."""

    def __init__(self, address: SourceAddress, source: Counted, cloud: FakeCloud, folder: Path) -> None:
        self.clock, self.stopped = source.clock, threading.Event()
        client = cloud.client()
        self.spool = Disk(folder, least_free_bytes=0)
        self.spool.prepare()
        self.lens = Lens(
            LensConfig("0", "Lens", address), source, source.clock, self.spool, AlarmSender(client), Wishes(),
            self.stopped,
        )  # fmt: skip
        self.lens.main.backoff = HastyBackoff(lambda: 1.0)
        self.sender = Sender(client, self.spool, ["0"], self._on_plan)
        self._feed = threading.Thread(target=self.lens.main.run)
        self._feed.start()

    def _on_plan(self, plan: Any, code: str) -> None:
        self.lens.recorder.plan = plan

    def stop(self) -> None:
        self.stopped.set()
        self._feed.join(40)
        assert not self._feed.is_alive()


class Scene:
    """An agent and its cloud, beside a server that fails."""

    def __init__(self, server: Server, folder: Path, films: list[Path], seed: int) -> None:
        self.server, self.films, self.random = server, films, random.Random(seed)  # noqa: S311  # it is to be repeated
        self.folder = folder
        self.tally = Tally(type(server).__name__, seed)
        clock: Any = RealClock()
        self.clock: RealClock = clock
        self.cloud = Cloud(clock=clock, token="token", ticket_life_s=330.0)
        self.stopped = threading.Event()
        self.source = Counted(Opener(time.monotonic, self.stopped.wait), self.clock)
        self.private: list[tuple[float, float]] = []
        self.dropped = 0
        self.server.start(films[0])
        self.agent = self._new_agent()

    def _new_agent(self) -> Agent:
        folder = self.folder / f"spool-{self.cloud.token}"
        return Agent(self.server.address, self.source, self.cloud, folder)

    def run(self, seconds: float, calm_s: tuple[float, float]) -> None:
        """Calm and one fault in turn, each kind before any comes again; the last is calm."""
        began, order = time.monotonic(), list[Callable[[], float]]()
        try:
            self._wait_until_back(began, OPENING_S)
            while True:
                self._wait(self.random.uniform(*calm_s))
                if time.monotonic() - began > seconds:
                    break
                order = order or self.random.sample(self._faults(), len(self._faults()))
                self._fail(order.pop())
        finally:
            self.agent.stop()
        self.tally.lasted_s = time.monotonic() - began
        self._wait_until(lambda: not self.agent.spool.waiting(), 30)

    def _fail(self, fault: Callable[[], float]) -> None:
        name = fault.__name__.strip("_")
        self.tally.faults[name] = self.tally.faults.get(name, 0) + 1
        within_s = fault()
        self._wait_until_back(time.monotonic(), within_s)

    def _wait_until_back(self, since: float, within_s: float) -> None:
        """Something is filmed again, by a server that has been there since then, and it is to be kept."""
        self._wait_until(lambda: self.source.came_since(since) > RATE and self._is_recording(), within_s)
        self.tally.longest_away_s = max(self.tally.longest_away_s, time.monotonic() - since)

    def _is_recording(self) -> bool:
        return self.agent.lens.recorder.plan is not None and self.agent.lens.main.is_connected

    def _wait(self, seconds: float) -> None:
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            self.agent.sender.look()
            time.sleep(0.2)

    def _wait_until(self, holds: Callable[[], bool], seconds: float) -> None:
        end = time.monotonic() + seconds
        while not holds():
            assert time.monotonic() < end, (self.agent.lens.main.state, self.tally)
            self._wait(0.2)

    # What fails; each says how soon the agent has to be back after it

    def _faults(self) -> list[Callable[[], float]]:
        faults = [
            self._server_restarts, self._camera_gone, self._stalls, self._changes_picture, self._cloud_gone,
            self._privacy, self._tickets_die, self._disk_full, self._second_agent,
        ]  # fmt: skip
        faults += [self._password_changes] if self.server.user else []
        return [*faults, self._stamps_jump] if self.server.jumps else faults

    def _server_restarts(self) -> float:
        return self._away(0.0, self.films[0])

    def _camera_gone(self) -> float:
        return self._away(8.0, self.films[0])

    def _changes_picture(self) -> float:
        return self._away(0.0, self.films[1])

    def _away(self, seconds: float, film: Path) -> float:
        gone = time.monotonic()
        self.server.kill()
        self._wait(seconds)
        self.server.start(film)
        return self._back_within_s(gone)

    def _back_within_s(self, gone: float) -> float:
        """Each wait is as long as those before it together."""
        return OPENING_S + FIRST_WAIT_S + min(time.monotonic() - gone, LONGEST_WAIT_S)

    def _stalls(self) -> float:
        """What it was asked last before it goes on may still fail."""
        gone = time.monotonic()
        self.server.hold()
        self._wait(16.0)
        self.server.go_on()
        return OPEN_S + self._back_within_s(gone)

    def _password_changes(self) -> float:
        """A camera locks an account that is tried again and again."""
        refused = self._refused()
        self.server.kill()
        self.server.start(self.films[0], "another")
        self._wait_until(lambda: self._refused() > refused, OPENING_S)
        self._wait(1.0)
        assert self._refused() == refused + 1
        self.server.kill()
        self.server.start(self.films[0])
        return OPENING_S + LONGEST_WAIT_UNAUTHORIZED_S / HASTE

    def _stamps_jump(self) -> float:
        """It begins anew with the next key frame."""
        began = time.monotonic()
        self.server.jump()
        self._wait_until(lambda: self.source.jumps_since(began) > 0, OPENING_S)
        self.source.excuse(began)
        return OPENING_S

    def _refused(self) -> int:
        return self.source.refusals.count(Why.UNAUTHORIZED)

    def _cloud_gone(self) -> float:
        self.cloud.is_gone = True
        self._wait(15.0)
        self.cloud.is_gone = False
        return OPENING_S

    def _privacy(self) -> float:
        """Nothing that is filmed now may come up."""
        self.cloud.refusals = [(409, "PrivacyModeOn")]
        self.agent.sender.forget()
        self._wait_until(lambda: self.agent.lens.recorder.plan is None, 30)
        began = time.monotonic()
        self._wait_until(lambda: self.agent.lens.recorder.plan is not None, 30)
        self.source.excuse(began)
        self.private.append((began + SEEN_S, time.monotonic() - SEEN_S))
        return OPENING_S

    def _tickets_die(self) -> float:
        """Which are replaced with the first segment that is not taken."""
        self.cloud.dead = self.cloud.tickets
        return OPENING_S

    def _disk_full(self) -> float:
        """What lies there goes first when there is no room, so nothing must."""
        self._wait_until(lambda: not self.agent.spool.waiting(), OPENING_S)
        began = time.monotonic()
        self.agent.spool.is_full = True
        self._wait(5.0)
        self.agent.spool.is_full = False
        self.source.excuse(began)
        return OPENING_S

    def _second_agent(self) -> float:
        """It takes over, on the same server; the first learns it from the cloud, and stops with what it still has."""
        kept_until = max((end_s for _, end_s in map(_times, self._segments())), default=0.0) - self.clock.at(0.0)
        self.cloud.client().activate()
        self.agent.sender.forget()
        with pytest.raises(TokenReplaced):
            self._wait(30.0)
        self.agent.stop()
        self.source.excuse(kept_until)
        self.dropped += self.agent.spool.dropped
        self.agent = self._new_agent()
        return OPENING_S

    # What has come of it

    def _segments(self) -> list[str]:
        return [name for name in self.cloud.names() if name.endswith(".m4s")]

    def judge(self) -> Tally:
        """Each object plays by itself behind its init, is as long as its name says, and none comes before another."""
        tally, last_s = self.tally, 0.0
        names = self._segments()
        assert names == sorted(names) and len(set(names)) == len(names)
        inits: dict[str, bytes] = {}
        behind: dict[str, bytes] = {}
        for key, content in self.cloud.objects.items():
            prefix, _, name = key.partition("/")
            if name.endswith(".mp4"):
                behind[prefix] = content
                assert inits.setdefault(name, content) == content
                continue
            start_s, end_s = _times(name)
            assert start_s > last_s - 0.1 and not self._is_private(start_s, end_s), name
            last_s = end_s
            frames, expected = _frames_in(behind[prefix] + content), (end_s - start_s) * RATE
            assert abs(frames - expected) <= max(3.0, 0.04 * expected), (name, frames)
            tally.kept += frames
            tally.objects += 1
        tally.inits, tally.dropped = len(inits), self.dropped + self.agent.spool.dropped
        assert time.time() - 120 < last_s < time.time() + 1
        tally.given, tally.least = self.source.given(), self.source.least_kept(RATE)
        assert tally.given >= tally.kept >= tally.least, tally
        return tally

    def _is_private(self, start_s: float, end_s: float) -> bool:
        private = [(self.clock.at(begin), self.clock.at(end)) for begin, end in self.private]
        return any(start_s < end and end_s > begin for begin, end in private)


def _times(name: str) -> tuple[float, float]:
    """When it begins and ends, by its name."""
    stamp, duration_ms, _ = name.partition("/")[2].split("-")
    start_s = datetime.strptime(stamp, "%Y%m%dT%H%M%S.%fZ").replace(tzinfo=UTC).timestamp()
    return start_s, start_s + int(duration_ms) / 1000


def _frames_in(content: bytes) -> int:
    with av.open(io.BytesIO(content), "r") as played:
        packets = [packet for packet in played.demux(video=0) if packet.size]
        first = packets[0].decode() or played.streams.video[0].codec_context.decode(None)
    assert packets[0].is_keyframe and first
    return len(packets)


def run(name: str, folder: Path, seconds: float, calm_s: tuple[float, float], seed: int) -> Tally:
    with folder_for_all() as shown:
        films = [film(shown, "h264", "320x180", 1800), film(shown, "h265", "640x360", 1800)]
        server = SERVERS[name]()
        before = _resident_mb()
        try:
            scene = Scene(server, folder, films, seed)
            scene.run(seconds, calm_s)
        finally:
            server.end()
    scene.tally.grown_mb = _resident_mb() - before - sum(map(len, scene.cloud.objects.values())) / 1024**2
    return scene.judge()


def _resident_mb() -> float:
    return int(Path("/proc/self/status").read_text().partition("VmRSS:")[2].split()[0]) / 1024


HEAD = """# The agent with real RTSP servers, for as long as a night allows

Written by `python -m tests.outside.long_run` (`make night`): a film of 25 frames a second is served by GStreamer's RTSP
server over TCP and by VLC's over UDP, both at the same time. In turn the server restarts, is gone, stands still, or
shows another codec and size, and GStreamer's has another password or lets its time stamps jump; the cloud is gone, in
privacy mode, or takes no ticket; the disk is full; a second agent takes over. Each object that was kept was played
behind its init, in order, and is as long as its name says. What had to be kept is counted in the frames that FFmpeg
gave the agent, less a second for each connection and what came while nothing may be kept. Away is the agent from when a
server answers again until a second of its film has come.

| server | minutes | faults | longest s away | frames | had to be kept | kept | objects | inits | dropped | MB grown |
|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|
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
