"""A day of an agent in seconds: a camera, a cloud and a disk that fail by a seeded plan, under a clock that is moved.

A frame a second bears the moment at which it was filmed, so that what has come up can be compared with what was filmed.
Muxing is left out: a fragment is the frame.
"""

from __future__ import annotations

import errno
import random
import re
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sowa_agent.camera import Camera
from sowa_agent.cloud import Answer, Ticket, TokenReplaced, Unreachable
from sowa_agent.fragments import Fragment
from sowa_agent.lens import LensConfig
from sowa_agent.packets import TICKS_PER_SECOND, Codec, Frame, Init, Packet
from sowa_agent.source import Session, SourceAddress, SourceProblem, Why
from sowa_agent.spool import OpenSegment, Spool, Waiting
from tests.agent.fakes import NOON_S, FakeCloud, MovedClock

DAY_S = 86_400.0
KEY_EVERY = 4
LOOK_EVERY_S = 5.0
# Of RTP's 33 bits of FFmpeg.
WRAP = 2**33
SPOOL_BYTES = 120_000
_FILMED = re.compile(rb"<(\d+)>")


@dataclass(frozen=True)
class Fault:
    kind: str
    start_s: float
    lasts_s: float

    def covers(self, at_s: float) -> bool:
        return self.start_s <= at_s < self.start_s + self.lasts_s


# How long each lasts; what is instant happens once.
LASTS_S = {
    "camera_gone": 900.0, "server_restarts": 0.0, "wrong_password": 1500.0, "stall": 0.0, "stamps_back": 0.0,
    "stamps_wrap": 0.0, "picture_changes": 0.0, "codec_changes": 0.0, "cloud_gone": 3600.0, "disk_full": 600.0,
    "disk_takes_part": 0.0, "ticket_expires": 0.0, "host_clock_wrong": 3600.0, "privacy": 1200.0, "no_plan": 1200.0,
    "two_agents": 0.0, "activation_lost": 120.0,
}  # fmt: skip


def plan_of(seed: int) -> list[Fault]:
    """Each kind twice, one after the other, with a quiet time between them in which the agent is well again."""
    chance = random.Random(seed)  # noqa: S311  # it is to be repeated
    kinds = list(LASTS_S) * 2
    chance.shuffle(kinds)
    faults, at_s = [], 600.0
    quiet_s = (DAY_S - 1_200.0 - sum(LASTS_S[kind] for kind in kinds)) / len(kinds)
    for kind in kinds:
        at_s += quiet_s * chance.uniform(0.7, 1.0)
        faults.append(Fault(kind, at_s, LASTS_S[kind]))
        at_s += LASTS_S[kind]
    return faults


class Restarted(Exception):
    """The agent's process is another one."""


class FrameMuxer:
    """In the place of the muxer: what goes in comes out, a frame each."""

    def __init__(self, codec: Codec, first: Frame, sound: Any = None) -> None:
        self.codec, self.sound, self._held = codec, sound, list[Frame]()
        self.init = Init(first.data[:20], codec, 64, 48, False)

    def add(self, frame: Frame) -> list[Fragment]:
        done = [self._fragment(before, frame.dts - before.dts) for before in self._held]
        self._held = [frame]
        return done

    def end(self) -> list[Fragment]:
        return [self._fragment(frame, TICKS_PER_SECOND) for frame in self._held]

    def _fragment(self, frame: Frame, ticks: int) -> Fragment:
        return Fragment(frame.data, frame.pts, ticks, frame.is_key)


@dataclass
class DayCloud(FakeCloud):
    """Says what may not come: something else by a name that was taken, or anything in privacy mode."""

    void_before_s: float = float("-inf")
    has_plan: bool = True
    loses_activations: bool = False
    order: list[str] = field(default_factory=list)
    taken: dict[str, bytes] = field(default_factory=dict)

    def ask(self, method: str, path: str, body: dict[str, Any], token: str, idempotency_key: str) -> Answer:
        answer = super().ask(method, path, body, token, idempotency_key)
        if path == "/cameras/activation" and self.loses_activations:
            raise Unreachable("No answer.")
        return answer

    def _tickets(self, body: dict[str, Any]) -> Answer:
        if body["kind"] == "recording" and (self.is_private or not self.has_plan):
            return Answer(409, b'{"code": "PrivacyModeOn"}' if self.is_private else b'{"code": "NoPlan"}')
        return super()._tickets(body)

    def upload(self, ticket: Ticket, name: str, content: bytes | Path, more: Mapping[str, str] | None = None) -> int:
        if not self.is_gone and ticket.until_s - self.ticket_life_s < self.void_before_s:
            return 403
        if (status := super().upload(ticket, name, content, more)) != 204:
            return status
        assert not self.is_private, name
        came = self.objects.pop(ticket.key_prefix + name)
        self.metadata.clear()
        self.asked.clear()
        assert self.taken.setdefault(name, came) == came, name
        if name.endswith(".m4s"):
            assert name not in self.order, name
            self.order.append(name)
        return status


@dataclass
class DayClock(MovedClock):
    """What is waited for passes in steps, in each of which something may fail or be due."""

    on_step: Callable[[], None] = lambda: None

    def wait(self, stopped: threading.Event, seconds: float) -> bool:
        while seconds > 0 and not stopped.is_set():
            step = min(seconds, LOOK_EVERY_S)
            self.advance(step)
            seconds -= step
            self.on_step()
        return stopped.is_set()


class DaySpool(Spool):
    """On a disk that may be full, or full in the midst of a write; notes what is dropped, and how much lies there."""

    is_full = takes_part = False
    lost: list[int]
    fullest_bytes = 0

    def begin(self, channel: str, init: Init) -> OpenSegment:
        self._refuse()
        segment = super().begin(channel, init)
        segment.file = _Disk(self, segment.file)  # type: ignore[assignment]
        return segment

    def _refuse(self) -> None:
        if self.is_full:
            raise OSError(errno.ENOSPC, "No space left on device")

    def drop(self, waiting: Waiting) -> None:
        self.lost += filmed_in(waiting.path.read_bytes())
        super().drop(waiting)

    def weigh(self) -> None:
        self.fullest_bytes = max(self.fullest_bytes, sum(one.size_bytes for one in self.waiting()))


class _Disk:
    def __init__(self, spool: DaySpool, file: Any) -> None:
        self._spool, self._file = spool, file

    def write(self, content: bytes) -> int:
        self._spool._refuse()
        if self._spool.takes_part:
            self._spool.takes_part = False
            content = content[:5]
        return int(self._file.write(content))

    def __getattr__(self, name: str) -> Any:
        return getattr(self._file, name)


def filmed_in(content: bytes) -> list[int]:
    """The seconds of the day at which the frames were filmed."""
    return [int(found) for found in _FILMED.findall(content)]


class Day:
    """The agent's feed runs in the one thread of the test; what is due each second is done between packets."""

    def __init__(self, folder: Path, seed: int) -> None:
        self.seed = seed
        self.faults = plan_of(seed)
        self._chance = random.Random(seed)  # noqa: S311  # it is to be repeated
        self.clock = DayClock(host_ahead_s=0.0, on_step=self.step)
        self.cloud = DayCloud(clock=self.clock)
        self.folder = folder
        self.filmed: list[int] = []
        self.spools: list[DaySpool] = []
        self.agents = 0
        self.ended_at: list[float] = []
        self._happened: set[Fault] = set()
        self._looked_at = -LOOK_EVERY_S
        self._parameters, self._codec, self._stamp_shift = 0, "h264", 0
        self._wanted: set[str] = set()
        self.on_hour: Callable[[int], None] = lambda hour: None
        self._hour = 0

    def run(self) -> None:
        while self.clock.moved_s < DAY_S:
            try:
                self._run_agent()
            except (TokenReplaced, Restarted):
                self.ended_at.append(self.clock.moved_s)

    def _run_agent(self) -> None:
        """As a new process: it finds what the one before left on disk."""
        self.agents += 1
        spool = DaySpool(self.folder, SPOOL_BYTES, least_free_bytes=0)
        spool.lost = []
        self.spools.append(spool)
        spool.prepare()
        lens = LensConfig("0", "Lens", SourceAddress("rtsp://10.0.0.9/stream1"), detects_motion=False)
        client = self.cloud.client()
        client.pause = lambda seconds: None  # in another thread than the one that films
        self.camera = Camera(client, (lens,), spool, self._open, stopped=threading.Event())
        self.camera.lenses[0].main.backoff.jitter = lambda: 1.0
        self.camera._activated()
        self.camera._report_when_due()
        self.camera.lenses[0].main.run()
        self.camera.sender.look()

    # What fails

    def _is(self, kind: str) -> bool:
        return any(fault.kind == kind and fault.covers(self.clock.moved_s) for fault in self.faults)

    def _begins(self, kind: str) -> bool:
        """Once for each fault of the kind."""
        for fault in self.faults:
            if fault.kind == kind and fault.start_s <= self.clock.moved_s and fault not in self._happened:
                self._happened.add(fault)
                return True
        return False

    def step(self) -> None:
        """The world is as the plan says, and the agent does what is due. Raises TokenReplaced and Restarted."""
        now_s = self.clock.moved_s
        spool = self.spools[-1]
        self.cloud.is_gone, self.cloud.has_plan = self._is("cloud_gone"), not self._is("no_plan")
        spool.is_full, spool.takes_part = self._is("disk_full"), spool.takes_part or self._begins("disk_takes_part")
        self.cloud.loses_activations = self._is("activation_lost")
        self.clock.host_ahead_s = DAY_S if self._is("host_clock_wrong") else 0.0
        if self._begins("ticket_expires"):
            self.cloud.void_before_s = self.clock.true_s
        if self._is("privacy") is not self.cloud.is_private:
            self.cloud.is_private = not self.cloud.is_private
            self.camera.do({"id": "c", "command": "settings"})
        if self._begins("two_agents"):
            self.cloud.token = "another"
        if self._begins("activation_lost"):
            raise Restarted
        if now_s - self._looked_at >= LOOK_EVERY_S:
            self._looked_at = now_s
            self.camera.look()
            spool.weigh()
        if now_s // 3600 > self._hour:
            self._hour = int(now_s // 3600)
            self.on_hour(self._hour)
        if now_s >= DAY_S:
            self.camera.stopped.set()

    # The camera

    def _open(self, source: SourceAddress) -> Session:
        if self._is("camera_gone"):
            raise SourceProblem(Why.UNREACHABLE)
        if self._is("wrong_password"):
            raise SourceProblem(Why.UNAUTHORIZED)
        return _Connection(self)

    def packets(self) -> Iterator[Packet]:
        """One connection; its stamps begin anywhere, and what arrives is late by up to 0.2 s."""
        stamp, number = self._chance.randrange(WRAP // 2), 0
        while True:
            filmed_s = float(int(self.clock.moved_s) + 1)
            self.clock.moved_s = max(self.clock.moved_s, filmed_s + self._chance.uniform(0.0, 0.2))
            self.step()
            if self._is("camera_gone") or self._is("wrong_password") or self._begins("server_restarts"):
                return
            if self._begins("codec_changes"):
                self._codec = "hevc" if self._codec == "h264" else "h264"
                return
            if self._begins("stall"):
                self.clock.advance(16.0)
                raise SourceProblem(Why.SILENT)
            stamp = self._stamp(stamp)
            self.filmed.append(int(filmed_s))
            yield Packet(self._frame(int(filmed_s), number), stamp, stamp, self.clock.moved_s, number % KEY_EVERY == 0)
            stamp += TICKS_PER_SECOND
            number += 1

    def _stamp(self, stamp: int) -> int:
        if self._begins("stamps_back"):
            return stamp - 3600 * TICKS_PER_SECOND
        if self._begins("stamps_wrap"):
            return stamp - WRAP
        return stamp

    def _frame(self, filmed_s: int, number: int) -> bytes:
        if number % KEY_EVERY == 0 and self._begins("picture_changes"):
            self._parameters += 1
        sets = b"\0\0\1\x67%08d" if self._codec == "h264" else b"\0\0\1\x42%08d"
        head = sets % self._parameters if number % KEY_EVERY == 0 else b""
        return (head + b"\0\0\1\x01<%d>" % filmed_s).ljust(100, b"-")

    @property
    def codec(self) -> Any:
        return self._codec


class _Connection:
    frame_ticks, reorders, sound, heard = TICKS_PER_SECOND, False, None, ""

    def __init__(self, day: Day) -> None:
        self._day, self.codec = day, day.codec

    def packets(self) -> Iterator[Packet]:
        return self._day.packets()

    def close(self) -> None:
        """Nothing is held."""


def seconds_of(name: str) -> tuple[float, float]:
    """The moment of the day at which an object begins by its name, and how long it lasts."""
    stamp, duration_ms, _ = name.partition("/")[2].split("-")
    start = datetime.strptime(stamp, "%Y%m%dT%H%M%S.%fZ").replace(tzinfo=UTC)
    return start.timestamp() - NOON_S, int(duration_ms) / 1000
