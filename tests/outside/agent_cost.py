"""What the agent costs its host, beside `ffmpeg -c copy` in the same run: `python -m tests.outside.agent_cost`.

A camera of 1080p25 at 4 Mbit/s with a sub stream of 640x360 at 5 fps, by GStreamer's RTSP server; the agent records,
looks for motion, sends a picture every ten seconds and a live view. Writes tests/agent.md.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from websockets.sync.server import ServerConnection, serve
from werkzeug.wrappers import Request, Response

from tests.loopback import served

ROOT = Path(__file__).parents[2]
SERVER = ROOT / "tests" / "outside" / "rtsp_server.py"
TABLE = ROOT / "tests" / "agent.md"
SECONDS = int(os.environ.get("MEASURED_SECONDS", "120"))
WARM_UP_S = 20
FOOTAGE_S = 400
TICKS = os.sysconf("SC_CLK_TCK")
PLAYED = "( filesrc location={} ! qtdemux ! h264parse ! rtph264pay name=pay0 pt=96 config-interval=-1 )"
SOUNDING = (
    "( filesrc location={} ! qtdemux name=film film. ! queue ! h264parse ! rtph264pay name=pay0 pt=96 "
    "config-interval=-1 film. ! queue ! rtppcmapay name=pay1 pt=8 )"
)

HEAD = """# What the agent costs its host

A camera of 1080p25 at 4 Mbit/s with a sub stream of 640x360 at 5 frames a second, by GStreamer's RTSP server. The agent
records, looks for motion, sends a picture every ten seconds and a live view: `make agent-cost`. Something always moves
in that film. Where events are recorded, each frame of the sub stream is decoded; else none in the ten seconds after an
alarm, when no other would be sent. Without movement all are decoded as well, and no picture is sent.
"""
COLUMNS = "| what | % of a core | MB | MB grown in the second half |\n|---|---:|---:|---:|"


@dataclass
class Cost:
    """Of one process: share of a core in percent, resident memory in MB at the end, and by how much that has grown
    since half of the time."""

    what: str
    percent: float
    megabytes: float
    grown: float

    def row(self) -> str:
        return f"| {self.what} | {self.percent:.2f} | {self.megabytes:.0f} | {self.grown:+.1f} |"


@dataclass(frozen=True)
class Measured:
    """An agent that is measured; `more` are further lines of each of its channels."""

    what: str
    sn: str
    channels: int = 1
    main: str = "main"
    more: str = ""


AGENTS = (
    Measured("one camera", "SN1"),
    Measured("the same, whose events are recorded", "EVENTS"),
    Measured("the same, whose G.711 is made AAC", "SOUND", main="sounding", more='sound = "aac"\n'),
    Measured("4 cameras", "SN4", channels=4),
)


def cpu_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def resident_mb(pid: int) -> float:
    status = Path(f"/proc/{pid}/status").read_text()
    return int(status.partition("VmRSS:")[2].split()[0]) / 1024


def measure(processes: dict[str, int]) -> list[Cost]:
    time.sleep(WARM_UP_S)
    before = {what: cpu_seconds(pid) for what, pid in processes.items()}
    began = time.monotonic()
    time.sleep(SECONDS / 2)
    half = {what: resident_mb(pid) for what, pid in processes.items()}
    time.sleep(SECONDS / 2)
    lasted = time.monotonic() - began
    return [
        Cost(what, 100 * (cpu_seconds(pid) - before[what]) / lasted, resident_mb(pid), resident_mb(pid) - half[what])
        for what, pid in processes.items()
    ]


class Cloud:
    """As much of a cloud as costs the agent its work: tickets for all, uploads into nothing, a view that lasts. A token
    is the serial number."""

    def __init__(self) -> None:
        self.uploads: list[str] = []
        self.url = self.channel_url = ""

    def __call__(self, environ: Any, start: Any) -> Any:
        return Response.__call__(self._answer(Request(environ)), environ, start)

    def _answer(self, request: Request) -> Response:
        if request.path == "/s3":
            self.uploads.append(request.form["key"].partition("/")[2])
            return Response(status=204)
        asked, now = json.loads(request.get_data() or b"{}"), datetime.now(UTC)
        until = (now + timedelta(hours=1)).isoformat()
        ticket = {"url": f"{self.url}/s3", "fields": {}, "key_prefix": "prefix/", "until": until}
        said: dict[str, Any] = {"now": now.isoformat()}
        if request.path == "/cameras/activation":
            said |= {"camera_token": asked["sn"], "channel_url": self.channel_url, "ping_seconds": 570}
            said |= {"reconnect_after_seconds": 5}
        elif request.path == "/cameras/state":
            said |= {"desired": {"version": 0, "settings": {}}, "privacy_mode": False}
        elif asked["kind"] == "recording":
            tickets = [{"channel": channel, **ticket} for channel in asked["channels"]]
            is_by_events = "EVENTS" in request.headers["Authorization"]
            plan = {"kind": "event", "event_ms_left": 7_200_000} if is_by_events else {"kind": "continuous"}
            said |= {"plan": {**plan, "keep_days": 7}, "tickets": tickets}
        else:
            said |= ticket
        return Response(json.dumps(said))


def _watch_all(connection: ServerConnection) -> None:
    """Somebody watches each channel, for as long as is measured."""
    until = (datetime.now(UTC) + timedelta(hours=1)).isoformat()
    for channel in range(4):
        named = {"id": str(channel), "live_id": str(channel), "channel": str(channel)}
        connection.send(json.dumps({**named, "command": "live", "until": until}))
    for _ in connection:
        pass


@contextmanager
def a_cloud() -> Iterator[Cloud]:
    cloud = Cloud()
    with served(cloud) as port, serve(_watch_all, "127.0.0.1", 0) as channel:
        cloud.url = f"http://127.0.0.1:{port}"
        cloud.channel_url = f"ws://127.0.0.1:{channel.socket.getsockname()[1]}"
        thread = threading.Thread(target=channel.serve_forever, daemon=True)
        thread.start()
        yield cloud
        channel.shutdown()


def footage(folder: Path) -> dict[str, str]:
    """By their mounts. Something always moves; encoded once, so that the server has nothing to encode."""
    main, sub = folder / "main.mp4", folder / "sub.mp4"
    for path, size, rate, bits, key in ((main, "1920x1080", 25, "4M", 50), (sub, "640x360", 5, "400k", 10)):
        source = f"testsrc2=size={size}:rate={rate}:duration=20"
        encoded = folder / f"once-{path.name}"
        _ffmpeg(
            "-f", "lavfi", "-i", source, "-vf", "noise=alls=12:allf=t", "-c:v", "libx264", "-preset", "veryfast",
            "-g", str(key), "-sc_threshold", "0", "-bf", "0", "-b:v", bits, "-maxrate", bits, "-bufsize", bits,
            "-pix_fmt", "yuv420p", str(encoded),
        )  # fmt: skip
        _ffmpeg("-stream_loop", str(FOOTAGE_S // 20), "-i", str(encoded), "-c", "copy", str(path))
    sounding = folder / "sounding.mov"
    _ffmpeg(
        "-i", str(main), "-f", "lavfi", "-i", "sine=440:sample_rate=8000", "-c:v", "copy", "-c:a", "pcm_alaw",
        "-shortest", str(sounding),
    )  # fmt: skip
    return {"/main": PLAYED.format(main), "/sub": PLAYED.format(sub), "/sounding": SOUNDING.format(sounding)}


def _ffmpeg(*arguments: str) -> None:
    command = ["ffmpeg", "-v", "error", "-y", *arguments]
    subprocess.run(command, check=True)  # noqa: S603  # ours


@contextmanager
def process(*command: str, **more: Any) -> Iterator[subprocess.Popen[str]]:
    running = subprocess.Popen(command, text=True, **more)  # noqa: S603  # ours
    try:
        yield running
    finally:
        running.terminate()
        running.wait()


def configuration(folder: Path, url: str, port: str, agent: Measured) -> Path:
    path, there = folder / f"{agent.sn}.toml", f"rtsp://127.0.0.1:{port}"
    lens = f'[[camera.channel]]\nsource = "{there}/{agent.main}"\nsub_source = "{there}/sub"\n{agent.more}'
    head = f'[cloud]\nurl = "{url}"\n[spool]\nfolder = "spool-{agent.sn}"\n[[camera]]\nsn = "{agent.sn}"\n'
    path.write_text(head + 'secret_env = "SECRET"\n' + lens * agent.channels)
    return path


def main() -> None:
    with tempfile.TemporaryDirectory() as name, ExitStack() as stack:
        folder = Path(name)
        served_there = json.dumps({"port": 0, "mounts": footage(folder)})
        server = stack.enter_context(
            process("/usr/bin/python3", str(SERVER), served_there, stdout=subprocess.PIPE)
        )
        assert server.stdout is not None
        port = server.stdout.readline().split()[1]
        cloud = stack.enter_context(a_cloud())
        environment = {**os.environ, "SECRET": "s" * 20, "PYTHONPATH": str(ROOT / "infra/agent")}
        environment["MALLOC_ARENA_MAX"] = "2"  # as the examples have it
        processes = {}
        for agent in AGENTS:
            config = configuration(folder, cloud.url, port, agent)
            running = stack.enter_context(
                process(
                    sys.executable, "-m", "sowa_agent", "--config", str(config),
                    env=environment, stdout=(folder / f"{agent.sn}.log").open("w"),
                )
            )  # fmt: skip
            processes[agent.what] = running.pid
        copy = stack.enter_context(
            process(
                "ffmpeg", "-v", "error", "-rtsp_transport", "tcp", "-i", f"rtsp://127.0.0.1:{port}/main", "-c", "copy",
                "-f", "hls", "-hls_time", "4", "-hls_segment_type", "fmp4", "-hls_flags", "delete_segments",
                str(folder / "copy.m3u8"),
            )
        )  # fmt: skip
        processes["`ffmpeg -c copy` of the one camera's main stream into fMP4 HLS"] = copy.pid
        costs = measure(processes)
        said = "".join((folder / f"{agent.sn}.log").read_text() for agent in AGENTS)
    kinds = {end: sum(name.endswith(end) for name in cloud.uploads) for end in (".jpg", ".m4s", ".mp4")}
    print(said, kinds)
    assert kinds[".jpg"] and kinds[".m4s"] > 10 and "is made AAC" in said
    TABLE.write_text(_table(costs))
    print(TABLE.read_text())


def _table(costs: list[Cost]) -> str:
    rows = "\n".join(cost.row() for cost in costs)
    return f"{HEAD}\nMeasured for {SECONDS} s, all at the same time.\n\n{COLUMNS}\n{rows}\n"


if __name__ == "__main__":
    main()
