"""The process for ONVIF may die, hang or say nonsense: it is started anew, and the agent goes on."""

from __future__ import annotations

import json
import logging
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from sowa_agent.onvif import process as processes
from sowa_agent.onvif.checking import check_onvif
from sowa_agent.onvif.device import OnvifConfig, OnvifDevice
from sowa_agent.onvif.process import OnvifProcess
from sowa_agent.onvif.worker import MISSING
from sowa_agent.source import Why
from tests.scene import until

CONFIG = OnvifConfig("http://127.0.0.1:1/onvif/device_service", "127.0.0.1", "viewer", "geheim")
# What each process begins with: it reads of its cameras, and says that one of them tells of motion.
BEGIN = """
import json, os, sys, time
def say(**line):
    print(json.dumps({"id": "SN1", **line}), flush=True)
cameras = json.loads(sys.stdin.readline())["cameras"]
say(what="watching", kind="motion", channel=0)
"""
WAITS = "\nsys.stdin.read()"


@contextmanager
def _running(script: str, device: OnvifDevice, **more: Any) -> Iterator[OnvifProcess]:
    stopped = threading.Event()
    process = OnvifProcess((device,), stopped, (sys.executable, "-c", script), first_wait_s=0.01, **more)
    thread = threading.Thread(target=process.run)
    thread.start()
    try:
        yield process
    finally:
        stopped.set()
        thread.join(30)
    assert not thread.is_alive()


@pytest.fixture
def device(monkeypatch: pytest.MonkeyPatch) -> OnvifDevice:
    monkeypatch.setattr(processes, "ENDS_WITHIN_S", 0.5)
    return OnvifDevice("SN1", CONFIG)


def test_it_is_told_of_its_cameras_by_its_input_and_of_no_password_otherwise(
    device: OnvifDevice, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CAMERA_PASSWORD", "geheim")
    path = tmp_path / "told.json"
    script = BEGIN + f"""
seen = {{"cameras": cameras, "arguments": sys.argv, "environment": dict(os.environ)}}
with open({str(path)!r}, "w") as file:
    json.dump(seen, file)
""" + WAITS  # fmt: skip
    with _running(script, device):
        until(lambda: path.exists() and path.read_text().endswith("}"))
    seen = json.loads(path.read_text())
    assert seen["cameras"] == [
        {"id": "SN1", "address": CONFIG.address, "user": "viewer", "password": "geheim", "digital_input": None}
    ]
    assert "geheim" not in str((seen["arguments"], seen["environment"]))


@pytest.mark.parametrize(
    "then",
    [
        "sys.exit(0)",
        "os.abort()",
        "print('no JSON', flush=True)" + WAITS,
        "print('[]', flush=True)" + WAITS,
        "print(json.dumps({'id': 'SN9', 'what': 'watching'}), flush=True)" + WAITS,
        "say(what='event')" + WAITS,
        "say(what='problem', why='NO SUCH', detail='')" + WAITS,
        "sys.stdout.write('x' * 300_000); sys.stdout.flush()" + WAITS,
        "time.sleep(600)",
    ],
    ids=["ends", "crashes", "nonsense", "a list", "a stranger", "half an event", "a strange reason", "no end", "hangs"],
)
def test_one_that_dies_hangs_or_says_nonsense_is_started_anew(
    device: OnvifDevice, then: str, caplog: pytest.LogCaptureFixture
) -> None:
    ends: list[bool] = []
    lost = device.lost
    device.lost = lambda: (ends.append(device.watches(0, "motion")), lost())[1]  # type: ignore[method-assign]
    hours = count()

    def clock() -> float:
        """Only who hangs is given up for its silence: from its first word on an hour passes with each look."""
        is_silent = "sleep" in then and device.watches(0, "motion")
        return time.monotonic() + 3600 * (next(hours) if is_silent else 0)

    with _running(BEGIN + then, device, monotonic=clock) as process:
        until(lambda: process.starts >= 3)
    assert ends[0] and not device.watches(0, "motion")
    assert "is started anew" in caplog.text and "geheim" not in caplog.text


def test_one_that_cannot_be_started_is_tried_again(device: OnvifDevice, caplog: pytest.LogCaptureFixture) -> None:
    stopped = threading.Event()
    process = OnvifProcess((device,), stopped, ("/nowhere/at-all",), first_wait_s=0.01)
    thread = threading.Thread(target=process.run)
    thread.start()
    until(lambda: caplog.text.count("cannot be started (FileNotFoundError)") >= 2)
    stopped.set()
    thread.join(30)
    assert not thread.is_alive() and not device.send({})


def test_it_is_waited_for_longer_each_time_it_fails(device: OnvifDevice, monkeypatch: pytest.MonkeyPatch) -> None:
    now_s, waits = [0.0], list[float]()
    stopped = threading.Event()
    process = OnvifProcess((device,), stopped, monotonic=lambda: now_s[0])

    def run_one() -> str:
        if len(waits) == 3:
            now_s[0] += 600.0  # this one ran well
        return "has ended"

    def wait(seconds: float) -> bool:
        waits.append(seconds)
        if len(waits) == 6:
            stopped.set()
        return False

    monkeypatch.setattr(process, "_run_one", run_one)
    monkeypatch.setattr(stopped, "wait", wait)
    process.run()
    assert waits == [1, 2, 4, 1, 2, 4]


def test_a_fault_of_ours_ends_it_for_no_camera(
    device: OnvifDevice, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(line: Any) -> None:
        device._watched.add((0, "motion"))
        raise RuntimeError("a fault of ours")

    monkeypatch.setattr(device, "report", fail)
    with _running(BEGIN + WAITS, device) as process:
        until(lambda: process.starts >= 2)
    assert not device.watches(0, "motion") and "a fault of ours" in caplog.text


def test_one_that_reads_nothing_is_waited_for_within_a_bound(
    device: OnvifDevice, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(processes, "TAKES_WITHIN_S", 0.1)
    with _running(BEGIN + "time.sleep(600)", device) as process:
        until(lambda: device.watches(0, "motion"))
        sent: list[bool] = []
        sender = threading.Thread(target=lambda: sent.append(process.send({"do": "x" * 300_000})), daemon=True)
        sender.start()
        sender.join(10)
        assert sent == [False]


def test_a_long_line_is_written_whole(device: OnvifDevice) -> None:
    script = BEGIN + """
for line in sys.stdin:
    say(what="answer", number=0, error=str(len(json.loads(line)["do"])))
"""
    with _running(script, device) as process:
        until(lambda: process.send({"do": "x" * 300_000}))
        until(lambda: device._answers)
    assert device._answers == {0: "300000"}


def test_it_ends_with_the_agent_and_is_killed_where_it_does_not(device: OnvifDevice) -> None:
    for then in (WAITS, "\nimport signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); time.sleep(600)"):
        with _running(BEGIN + then, device) as process:
            until(lambda: device.watches(0, "motion"))
            child = process._running
        assert child.poll() is not None
        device.lost()


def test_events_and_answers_pass_through_it(device: OnvifDevice) -> None:
    events: list[tuple[int, str]] = []
    device.on_event = lambda channel, kind: events.append((channel, kind))
    script = BEGIN + """
say(what="event", kind="doorbell", channel=0)
for line in sys.stdin:
    command = json.loads(line)
    say(what="answer", number=command["number"], error="")
"""  # fmt: skip
    with _running(script, device):
        until(lambda: events)
        assert device.reboot() == ""
    assert events == [(0, "doorbell")]


def test_without_its_library_it_says_what_to_install(device: OnvifDevice, caplog: pytest.LogCaptureFixture) -> None:
    """The process as it is, in which the library cannot be imported."""
    caplog.set_level(logging.INFO)
    run = "runpy.run_module('sowa_agent.onvif.worker', run_name='__main__')"
    script = f"import sys, runpy; sys.modules['onvif'] = None; {run}"
    with _running(script, device) as process:
        until(device.is_settled)
        assert process.starts == 1
    assert device.problem is not None and MISSING in str(device.problem) and "[onvif]" in caplog.text


def _checked(monkeypatch: pytest.MonkeyPatch, script: str) -> tuple[OnvifDevice, str]:
    lines: list[str] = []
    made: Callable[..., None] = OnvifProcess.__init__

    def with_script(self: OnvifProcess, devices: tuple[OnvifDevice, ...], stopped: threading.Event) -> None:
        made(self, devices, stopped, (sys.executable, "-c", script))

    monkeypatch.setattr(OnvifProcess, "__init__", with_script)
    devices = check_onvif({"SN1": CONFIG}, lines.append)
    return devices["SN1"], "\n".join(lines)


SOURCES = "[{'main': 'rtsp://a/1', 'sub': 'rtsp://a/2'}, {'main': 'rtsp://a/3', 'sub': None}]"
DESCRIBED = BEGIN + f"say(what='described', sources={SOURCES}, ahead_s=AHEAD, has_events=EVENTS)" + WAITS


def test_the_check_says_what_there_is(monkeypatch: pytest.MonkeyPatch) -> None:
    device, said = _checked(monkeypatch, DESCRIBED.replace("AHEAD", "0.4").replace("EVENTS", "True"))
    assert said == f"SN1, ONVIF ({CONFIG.address}): 2 video source(s), 1 with a sub stream; events: motion."
    assert device.problem is None


def test_the_check_says_that_a_clock_is_wrong_and_that_there_are_no_events(monkeypatch: pytest.MonkeyPatch) -> None:
    _, said = _checked(monkeypatch, DESCRIBED.replace("AHEAD", "-3600.2").replace("EVENTS", "False"))
    assert "no events: motion is looked for in the picture." in said
    assert "its clock is 3600 s behind this host's" in said


@pytest.mark.parametrize("why", [Why.UNREACHABLE, Why.UNAUTHORIZED, Why.NOT_FOUND])
def test_the_check_says_what_is_wrong(monkeypatch: pytest.MonkeyPatch, why: Why) -> None:
    device, said = _checked(monkeypatch, BEGIN + f"say(what='problem', why={why.name!r}, detail='ONVIF')" + WAITS)
    assert f"WRONG: {why.value} (ONVIF)" in said and "geheim" not in said and device.problem is not None
