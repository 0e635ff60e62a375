"""The agent by ONVIF, through its library and in its own process: with ipycam, and with a camera that does it wrong."""

from __future__ import annotations

import json
import logging
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from werkzeug.wrappers import Response

from sowa_agent.agent import run_agent
from sowa_agent.clocks import Clock
from sowa_agent.config import read_config
from sowa_agent.feed import Feed
from sowa_agent.onvif.checking import check_onvif
from sowa_agent.onvif.device import OnvifConfig, OnvifDevice, OnvifOpener, source_of
from sowa_agent.onvif.discovery import discover
from sowa_agent.onvif.process import OnvifProcess
from sowa_agent.opening import Opener
from sowa_agent.packets import Piece
from sowa_agent.source import Why
from tests.outside.agent_cost import a_cloud
from tests.outside.onvif_camera import PASSWORD, TAMPER, USER, VISITOR, OnvifCamera, notification, serving
from tests.outside.onvif_environment import ROOT, onvif_python, worker_command

WITHIN_S = 40.0
AT_REST = [notification(state="false", operation="Initialized")]


@pytest.fixture(scope="module", autouse=True)
def _environment() -> None:
    if not onvif_python():
        pytest.skip("the library for ONVIF and ipycam cannot be installed")


def _until(holds: Callable[[], Any], within_s: float = WITHIN_S) -> None:
    end = time.monotonic() + within_s
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.05)


@dataclass
class Running:
    """A device whose process runs, and what it has told: channel, kind and moment."""

    device: OnvifDevice
    process: OnvifProcess
    events: list[tuple[int, str, float]] = field(default_factory=list)

    def kinds(self) -> list[str]:
        return [kind for _, kind, _ in self.events]


@contextmanager
def _running(address: str, password: str = PASSWORD, **more: Any) -> Iterator[Running]:
    config = OnvifConfig(address, "127.0.0.1", USER, password, "doorbell")
    device, stopped = OnvifDevice("SN1", config), threading.Event()
    running = Running(device, OnvifProcess((device,), stopped, worker_command(), first_wait_s=0.1, **more))
    device.on_event = lambda channel, kind: running.events.append((channel, kind, time.monotonic()))
    thread = threading.Thread(target=running.process.run, daemon=True)
    thread.start()
    try:
        yield running
    finally:
        stopped.set()
        thread.join(30)
    assert not thread.is_alive()


@contextmanager
def _with(camera: OnvifCamera, **more: Any) -> Iterator[Running]:
    with serving(camera) as port, _running(f"http://127.0.0.1:{port}{camera.path}", **more) as running:
        _until(running.device.is_settled)
        yield running


@contextmanager
def _listening(camera: OnvifCamera) -> Iterator[Running]:
    """One that has told that nothing moves."""
    camera.states = AT_REST
    with _with(camera) as running:
        _until(lambda: running.device.watches(0, "motion"))
        yield running


def test_events_come_at_once_each_as_often_as_it_begins() -> None:
    camera = OnvifCamera()
    with _listening(camera) as running:
        assert [source["sub"] for source in running.device.sources()] == ["rtsp://192.0.2.9:8554/sub"]
        began = time.monotonic()
        camera.happens(notification(), notification(), notification(operation=""))
        _until(lambda: running.events)
        assert running.events[0][2] - began < 2
        camera.happens(notification(TAMPER, name="IsTamper"), notification(VISITOR, name="State", operation=""))
        camera.happens(notification("tns1:Device/Trigger/DigitalInput", name="LogicalState", source="x"))
        _until(lambda: len(running.events) == 3)
        time.sleep(1.1)
        camera.happens(notification(state="false"), notification())
        _until(lambda: len(running.events) == 4)
    # The doorbell's button and its input are one doorbell within a second.
    assert running.kinds() == ["motion", "tamper", "doorbell", "motion"]
    assert "Unsubscribe" in camera.calls


def test_a_camera_whose_clock_is_an_hour_ahead_is_believed_by_its_own_clock() -> None:
    camera = OnvifCamera(ahead_s=3600)
    with _listening(camera) as running:
        assert running.device.ahead_s == pytest.approx(3600, abs=5) and not camera.refused


def test_a_wrong_password_is_told_and_not_repeated() -> None:
    camera = OnvifCamera()
    with _with(camera, password="geheim") as running:
        assert running.device.problem is not None and running.device.problem.why is Why.UNAUTHORIZED
        time.sleep(3)
    assert camera.refused <= 2  # services, and capabilities where there are none


def test_a_camera_that_tells_its_time_to_nobody_is_told_to_have_a_wrong_clock() -> None:
    with _with(OnvifCamera(ahead_s=-7200, tells_time_to_all=False)) as running:
        problem = str(running.device.problem)
    assert "does not take the user" in problem and "its clock is 7" in problem and "s behind" in problem


def test_a_subscription_is_told_by_what_the_camera_calls_it() -> None:
    """As Axis does: all have one address, and a number that goes back in the header."""
    camera = OnvifCamera(reference="17")
    with _listening(camera) as running:
        camera.happens(notification())
        _until(lambda: running.events)


def test_a_camera_that_names_another_host_is_asked_where_it_is() -> None:
    camera = OnvifCamera(host="192.0.2.77:99", path="/cgi/onvif")
    with _listening(camera) as running:
        camera.happens(notification())
        _until(lambda: running.events)
        named = running.device.stream(source_of("0", "main", USER, PASSWORD, "tcp"))
    assert named.address == "rtsp://127.0.0.1:8554/main"


def test_nothing_is_sent_where_a_camera_refers_to() -> None:
    other = OnvifCamera()
    with serving(other) as port:
        location = {"Location": f"http://127.0.0.1:{port}/onvif/device_service"}
        camera = OnvifCamera(instead={"GetServices": lambda: Response(status=307, headers=location)})
        camera.instead["GetCapabilities"] = camera.instead["GetServices"]
        with _with(camera) as running:
            assert "refers to another address" in str(running.device.problem)
    assert not other.calls


def test_a_subscription_that_ends_is_made_anew_and_tells_nothing_twice() -> None:
    camera = OnvifCamera()
    with _listening(camera) as running:
        camera.happens(notification())
        _until(lambda: running.events)
        camera.states = [notification(operation="Initialized")]
        for number in (2, 3):
            camera.forget_subscriptions()
            _until(lambda number=number: camera.calls.count("CreatePullPointSubscription") == number)
            _until(lambda: running.device.watches(0, "motion"))
        time.sleep(1)
        assert running.kinds() == ["motion"]
        camera.happens(notification(state="false"), notification())
        _until(lambda: len(running.events) == 2)


def test_a_camera_that_was_gone_is_found_again() -> None:
    camera = OnvifCamera(states=AT_REST)
    with serving(camera) as port, _running(f"http://127.0.0.1:{port}/onvif/device_service") as running:
        _until(lambda: running.device.watches(0, "motion"))
        address = running.device.config.address
    with _running(address) as running:
        _until(running.device.is_settled)
        assert running.device.problem is not None and running.device.problem.why is Why.UNREACHABLE
        with serving(camera, port):
            _until(lambda: running.device.watches(0, "motion"))


def test_one_without_events_has_streams_and_is_rebooted() -> None:
    camera = OnvifCamera(has_events=False)
    with _with(camera) as running:
        assert not running.device.has_events and running.device.sources()
        assert running.device.reboot() == "" and camera.reboots == 1


def test_one_that_listens_is_rebooted_and_one_that_cannot_says_so() -> None:
    camera = OnvifCamera()
    with _listening(camera) as running:
        assert running.device.reboot() == "" and camera.reboots == 1
        camera.instead["SystemReboot"] = lambda: "<s:Fault><s:Code><s:Value>s:Receiver</s:Value></s:Code></s:Fault>"
        assert running.device.reboot() == "ONVIF: Fault"


def test_a_flood_is_bounded_and_what_comes_after_it_is_told() -> None:
    camera = OnvifCamera()
    with _listening(camera) as running:
        camera.happens(*[notification(state="true" if at % 2 else "false", source="cut-source-1") for at in range(500)])
        camera.happens(*[notification(f"tns1:Monitoring/{at}", name="State") for at in range(100)])
        camera.happens(notification(VISITOR, name="State", operation=""))
        _until(lambda: "doorbell" in running.kinds())
    assert 1 <= running.kinds().count("motion") <= 8


def _attributes(count: int) -> str:
    return " ".join(f'a{number}=""' for number in range(count))


ABSURD: dict[str, Callable[[], Any]] = {
    "an answer without an end": lambda: "<a>" + "x" * 8_000_000,
    "one that goes deep": lambda: "<a>" * 200_000 + "</a>" * 200_000,
    "one of ever more attributes": lambda: f"<tev:PullMessagesResponse {_attributes(150_000)}/>",
    "the same within no XML": lambda: f"<tev:PullMessagesResponse><b & {_attributes(150_000)}/>",
    "one of ever more elements": lambda: f"<tev:PullMessagesResponse>{'<b/>' * 300_000}</tev:PullMessagesResponse>",
    "one within itself": lambda: Response(
        '<!DOCTYPE a [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">'
        '<!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;&b;&b;"><!ENTITY d "&c;&c;&c;&c;&c;&c;&c;&c;&c;&c;">]><a>&d;</a>'
    ),
    "no XML": lambda: Response(b"\x00\xff" * 500),
    "nothing": lambda: Response(b""),
    "a page": lambda: Response("<html><body>Log in</body></html>", content_type="text/html"),
    "another answer": lambda: "<tds:SystemRebootResponse/>",
    "times that do not exist": lambda: (
        "<tev:PullMessagesResponse><tev:CurrentTime>2026-13-45T99:99:99Z</tev:CurrentTime><tev:TerminationTime>soon"
        "</tev:TerminationTime></tev:PullMessagesResponse>"
    ),
    "messages without content": lambda: (
        "<tev:PullMessagesResponse><tev:CurrentTime>2026-11-30T00:00:00Z</tev:CurrentTime><tev:TerminationTime>"
        "2026-11-30T00:00:00Z</tev:TerminationTime><wsnt:NotificationMessage/><wsnt:NotificationMessage><wsnt:Topic/>"
        "<wsnt:Message><b/></wsnt:Message></wsnt:NotificationMessage></tev:PullMessagesResponse>"
    ),
    "an error of the server": lambda: Response("oh", 500),
}


@contextmanager
def _running_all(cameras: dict[str, OnvifCamera]) -> Iterator[tuple[OnvifProcess, dict[str, OnvifDevice], list[str]]]:
    """One process for all of them; of whose motion it told."""
    moved: list[str] = []
    with ExitStack() as stack:
        devices = {}
        for what, camera in cameras.items():
            port = stack.enter_context(serving(camera))
            config = OnvifConfig(f"http://127.0.0.1:{port}/onvif/device_service", "127.0.0.1", USER, PASSWORD)
            devices[what] = OnvifDevice(what, config, lambda channel, kind, what=what: moved.append(what))
        stopped = threading.Event()
        process = OnvifProcess(tuple(devices.values()), stopped, worker_command())
        thread = threading.Thread(target=process.run, daemon=True)
        thread.start()
        try:
            yield process, devices, moved
        finally:
            stopped.set()
            thread.join(30)


def test_an_absurd_answer_ends_a_subscription_at_most_and_no_other_cameras() -> None:
    cameras = {what: OnvifCamera(states=AT_REST) for what in ABSURD}
    with _running_all(cameras) as (process, devices, moved):
        _until(lambda: all(device.watches(0, "motion") for device in devices.values()))
        for what, camera in cameras.items():
            camera.instead["PullMessages"] = ABSURD[what]
        calls = {what: camera.calls.count("PullMessages") for what, camera in cameras.items()}
        _until(lambda: all(camera.calls.count("PullMessages") > calls[what] + 1 for what, camera in cameras.items()))
        for camera in cameras.values():
            del camera.instead["PullMessages"]
            # Of a subscription that is made anew the states come again, so that this is new in any case.
            camera.happens(notification(state="false"), notification())
        _until(lambda: set(moved) == set(ABSURD))
        assert process.starts == 1


def test_an_absurd_answer_about_streams_is_told_of_its_camera() -> None:
    cameras = {what: OnvifCamera(instead={"GetProfiles": answer}) for what, answer in ABSURD.items()}
    with _running_all({**cameras, "a good one": OnvifCamera(states=AT_REST)}) as (process, devices, _):
        _until(lambda: all(device.is_settled() for device in devices.values()))
        assert devices["a good one"].sources() and process.starts == 1
        for what in ABSURD:
            problem = devices[what].problem
            # What is another answer holds no profiles, for a library that takes cameras as they are.
            assert problem is None or problem.why is Why.NOT_FOUND, what
            assert not devices[what].sources(), what


def test_a_stream_address_that_cannot_be_read_is_told_of_its_camera() -> None:
    odd = ("rtsp://192.0.2.9:554:554/{}", "rtsp://192.0.2.9:99999/{}", "rtsp://[bad/{}")
    with _running_all({stream: OnvifCamera(stream=stream) for stream in odd}) as (process, devices, _):
        _until(lambda: all(device.is_settled() for device in devices.values()))
        problems = [device.problem for device in devices.values()]
    assert all(problem and problem.why is Why.NOT_FOUND and "cannot be read" in str(problem) for problem in problems)
    assert process.starts == 1


def test_a_subscription_is_renewed_before_it_ends() -> None:
    camera = OnvifCamera(subscribed_s=10)
    with _listening(camera) as running:
        _until(lambda: camera.calls.count("Renew") >= 3)
        camera.happens(notification())
        _until(lambda: running.events)
    assert camera.calls.count("CreatePullPointSubscription") == 1


def test_a_process_that_is_killed_or_stands_still_is_replaced() -> None:
    camera = OnvifCamera(states=AT_REST)
    with serving(camera) as port, _running(f"http://127.0.0.1:{port}/onvif/device_service", silent_s=6.0) as running:
        for number, sent in enumerate((signal.SIGKILL, signal.SIGSTOP), 1):
            _until(lambda: running.device.watches(0, "motion"))
            running.process._running.send_signal(sent)
            _until(lambda number=number: running.process.starts > number)
        _until(lambda: running.device.watches(0, "motion"))


def test_no_password_is_among_arguments_environment_and_what_is_said(
    caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG)
    with _listening(OnvifCamera()) as running:
        folder = Path(f"/proc/{running.process._running.pid}")
        seen = (folder / "cmdline").read_bytes() + (folder / "environ").read_bytes()
    assert b"onvif" in seen and f"ONVIF, {running.device.config.host}" in caplog.text
    assert PASSWORD.encode() not in seen and PASSWORD not in caplog.text + "".join(capfd.readouterr())


def test_the_check_finds_what_is_there(monkeypatch: pytest.MonkeyPatch) -> None:
    lines: list[str] = []
    made: Callable[..., None] = OnvifProcess.__init__
    monkeypatch.setattr(OnvifProcess, "__init__", lambda self, *more: made(self, *more, worker_command()))
    with serving(OnvifCamera(states=AT_REST, ahead_s=600)) as port:
        address = f"http://127.0.0.1:{port}/onvif/device_service"
        check_onvif({"SN1": OnvifConfig(address, "127.0.0.1", USER, PASSWORD)}, lines.append)
    assert "1 video source(s), 1 with a sub stream; events: motion." in lines[0]
    assert "clock is 600 s ahead" in lines[1] or "clock is 599 s ahead" in lines[1]


# ipycam


@dataclass
class Ipycam:
    onvif_port: int
    rtsp_port: int


def _port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return int(taken.getsockname()[1])


@contextmanager
def _ipycam(folder: Path, *before: str, **more: Any) -> Iterator[Ipycam]:
    camera = Ipycam(_port(), _port())
    wanted = {"onvif_port": camera.onvif_port, "rtsp_port": camera.rtsp_port, "local_ip": "127.0.0.1", **more}
    script = str(Path(__file__).with_name("ipycam_camera.py"))
    command = [*before, onvif_python(), script, json.dumps(wanted)]
    with (folder / "ipycam.log").open("w") as log:
        running = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log, text=True, cwd=folder)  # noqa: S603  # ours
    assert running.stdout is not None
    try:
        while (line := running.stdout.readline()) and line.strip() != "ready":
            pass
        if not line:
            pytest.skip(f"ipycam does not start: {(folder / 'ipycam.log').read_text()[-200:]}")
        drained = threading.Thread(target=running.stdout.read, daemon=True)
        drained.start()
        yield camera
    finally:
        running.terminate()
        running.wait(20)


needs_ffmpeg = pytest.mark.skipif(not shutil.which("ffmpeg"), reason="no ffmpeg")


@needs_ffmpeg
def test_of_ipycam_both_streams_are_found_and_its_pictures_come(tmp_path: Path) -> None:
    with _ipycam(tmp_path, username=USER, password=PASSWORD) as camera:
        with _running(f"http://127.0.0.1:{camera.onvif_port}/onvif/device_service") as running:
            _until(running.device.is_settled)
            (source,) = running.device.sources()
            assert (source["main"][-11:], source["sub"][-10:]) == ("/video_main", "/video_sub")
            assert not running.device.has_events
            pieces = _watched(running.device)
        with _running(f"http://127.0.0.1:{camera.onvif_port}/onvif/device_service", password="geheim") as refused:
            _until(refused.device.is_settled)
            assert refused.device.problem is not None and refused.device.problem.why is Why.UNAUTHORIZED
    assert pieces[0].begins_with_key and (pieces[0].init.width, pieces[0].init.height) == (640, 360)


def _watched(device: OnvifDevice) -> list[Piece]:
    """The main stream, as a feed of the agent opens it, until three seconds have come."""
    clock, pieces = Clock(), list[Piece]()
    opener = OnvifOpener(device, Opener(clock.monotonic))
    source = source_of("0", "main", USER, PASSWORD, "tcp")
    feed = Feed("Channel 0", source, opener, clock, lambda *_: None, pieces.append, lambda: None)
    thread = threading.Thread(target=feed.run)
    thread.start()
    try:
        _until(lambda: sum(piece.duration_s for piece in pieces) > 3)
    finally:
        feed.stopped.set()
        thread.join(30)
    return pieces


CONFIGURATION = """
[cloud]
url = "{url}"
[spool]
folder = "{folder}"
[[camera]]
sn = "SN1"
secret_env = "SECRET"
onvif = "http://127.0.0.1:{port}/onvif/device_service"
user = "{user}"
password_env = "PASSWORD"
"""


@needs_ffmpeg
def test_a_doorbell_is_an_alarm_with_a_picture_and_what_moves_is_the_cameras_to_tell(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The whole agent, with a cloud that takes all. ipycam films a bar that moves, another camera has its events."""
    made: Callable[..., None] = OnvifProcess.__init__
    monkeypatch.setattr(OnvifProcess, "__init__", lambda self, *more: made(self, *more, worker_command()))
    stopped = threading.Event()
    with _ipycam(tmp_path) as films, a_cloud() as cloud:
        camera = OnvifCamera(states=AT_REST, stream=f"rtsp://192.0.2.9:{films.rtsp_port}/video_{{}}")
        with serving(camera) as port:
            path = tmp_path / "agent.toml"
            path.write_text(CONFIGURATION.format(url=cloud.url, folder=tmp_path / "spool", port=port, user=USER))
            config = read_config(path, {"SECRET": "s" * 20, "PASSWORD": PASSWORD})
            statuses: list[int] = []
            agent = threading.Thread(target=lambda: statuses.append(run_agent(config, stopped)))
            agent.start()
            try:
                _until(lambda: camera.calls.count("PullMessages") > 1)
                _until(lambda: any(name.endswith(".m4s") for name in cloud.uploads))
                before = _pictures(cloud.uploads)
                time.sleep(12)
                # Until the camera had told of its first state, the agent looked for motion itself.
                assert len(_pictures(cloud.uploads)) - len(before) <= 1
                camera.happens(notification(VISITOR, name="State", operation=""))
                _until(lambda: any("-doorbell-" in name for name in cloud.uploads))
            finally:
                stopped.set()
                agent.join(60)
    assert statuses == [0]


def _pictures(uploads: list[str]) -> list[str]:
    return [name for name in uploads if name.endswith(".jpg")]


@needs_ffmpeg
def test_ipycam_is_found_by_a_probe_of_its_host(tmp_path: Path) -> None:
    with _ipycam(tmp_path) as camera:
        _until(lambda: discover("127.0.0.1", answers_s=1.0))
        (found,) = discover("127.0.0.1", answers_s=1.0)
    assert found.address == f"http://127.0.0.1:{camera.onvif_port}/onvif/device_service"
    assert found.name.startswith("Front")


NAMESPACE = """
ip link set lo up multicast on && ip addr add 10.99.0.1/24 dev lo && ip route add 239.0.0.0/8 dev lo
"$0" "$1" "$2" >/dev/null 2>&1 &
for attempt in 1 2 3 4 5 6 7 8; do
    "$3" -c "from sowa_agent.__main__ import main; import sys; sys.argv[1:] = ['discover']; sys.exit(main())" && break
done
kill %1
"""


@needs_ffmpeg
def test_ipycam_is_found_by_multicast(tmp_path: Path) -> None:
    """In a network namespace of its own, which needs root or user namespaces."""
    enter = ["unshare", "--net"] if os.geteuid() == 0 else ["unshare", "--map-root-user", "--net"]
    if not shutil.which("ip") or subprocess.run([*enter, "true"], capture_output=True, check=False).returncode:  # noqa: S603  # ours
        pytest.skip("no network namespace can be made here")
    wanted = json.dumps({"onvif_port": 8080, "local_ip": "10.99.0.1", "rtsp_port": 8554})
    script = str(Path(__file__).with_name("ipycam_camera.py"))
    command = [*enter, "bash", "-c", NAMESPACE, onvif_python(), script, wanted, sys.executable]
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "infra" / "agent")}
    done = subprocess.run(  # noqa: S603  # ours
        command, capture_output=True, text=True, timeout=120, check=False, cwd=tmp_path, env=environment
    )
    assert "http://10.99.0.1:8080/onvif/device_service  Front" in done.stdout, done.stdout + done.stderr
