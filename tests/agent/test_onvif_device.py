"""What ONVIF tells becomes alarms, streams and reboots of a camera that the cloud knows."""

from __future__ import annotations

import logging
import threading
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from sowa_agent.camera import Camera
from sowa_agent.config import config_of
from sowa_agent.lens import LensConfig
from sowa_agent.onvif import device as devices
from sowa_agent.onvif.checking import as_described
from sowa_agent.onvif.device import OnvifConfig, OnvifDevice, OnvifOpener, source_of
from sowa_agent.settings import Settings
from sowa_agent.source import Session, SourceAddress, SourceProblem, Why
from sowa_agent.spool import Spool
from tests.agent.fakes import NOON_S, FakeCloud
from tests.agent.footage import film
from tests.agent.test_camera import Scene
from tests.agent.test_onvif_events import ODD_ADDRESSES

CONFIG = OnvifConfig("http://192.0.2.7/onvif/device_service", "192.0.2.7", "viewer", "geheim")
MAIN, SUB = (source_of("0", which, "viewer", "geheim", "udp") for which in ("main", "sub"))
DESCRIBED: dict[str, Any] = {
    "what": "described", "sources": [{"main": "rtsp://10.0.0.1:8554/1", "sub": None}], "ahead_s": 0.2,
    "has_events": True,
}  # fmt: skip


@pytest.fixture
def device(monkeypatch: pytest.MonkeyPatch) -> OnvifDevice:
    monkeypatch.setattr(devices, "DESCRIBED_WITHIN_S", 0.01)
    return OnvifDevice("SN1", CONFIG)


def _problem(why: Why) -> dict[str, str]:
    return {"what": "problem", "why": why.name, "detail": "ONVIF"}


def test_a_stream_is_opened_where_the_camera_says_with_the_password_that_is_configured(device: OnvifDevice) -> None:
    sources: list[SourceAddress] = []

    def opener(source: SourceAddress) -> Session:
        sources.append(source)
        raise SourceProblem(Why.ENDED)

    device.report(DESCRIBED)
    for source in (MAIN, SourceAddress("film.mp4")):
        with pytest.raises(SourceProblem):
            OnvifOpener(device, opener)(source)
    assert sources == [
        SourceAddress("rtsp://192.0.2.7:8554/1", "viewer", "geheim", "udp"), SourceAddress("film.mp4"),
    ]  # fmt: skip


@pytest.mark.parametrize("source", [SUB, replace(MAIN, address="onvif:1/main")])
def test_a_stream_that_the_camera_has_not_is_not_found(device: OnvifDevice, source: SourceAddress) -> None:
    device.report(DESCRIBED)
    with pytest.raises(SourceProblem) as raised:
        device.stream(source)
    assert raised.value.why is Why.NOT_FOUND


@pytest.mark.parametrize("address", ODD_ADDRESSES)
def test_an_address_that_cannot_be_read_is_a_stream_that_is_not_found(device: OnvifDevice, address: str) -> None:
    device.report({**DESCRIBED, "sources": [{"main": address, "sub": None}]})
    with pytest.raises(SourceProblem) as raised:
        device.stream(MAIN)
    assert raised.value.why is Why.NOT_FOUND and address not in str(raised.value)


def test_a_device_that_has_fewer_streams_from_one_moment_to_the_next_is_no_fault(device: OnvifDevice) -> None:
    class Shrinking(list[Any]):
        def __len__(self) -> int:
            device.report({**DESCRIBED, "sources": []})
            return 1

    device.report(DESCRIBED)
    device._sources = Shrinking(DESCRIBED["sources"])
    assert device.stream(MAIN).address == "rtsp://192.0.2.7:8554/1"


@pytest.mark.parametrize("why", [Why.UNAUTHORIZED, Why.UNREACHABLE])
def test_what_is_wrong_with_the_device_is_what_is_wrong_with_its_streams(device: OnvifDevice, why: Why) -> None:
    """So that a password that ONVIF refuses is not tried on RTSP as well."""
    with pytest.raises(SourceProblem) as raised:
        device.stream(MAIN)
    assert raised.value.why is Why.SILENT
    device.report(_problem(why))
    with pytest.raises(SourceProblem) as raised:
        device.stream(MAIN)
    assert raised.value.why is why


def test_a_camera_that_is_out_of_reach_for_onvif_is_still_opened_where_it_was(device: OnvifDevice) -> None:
    device.report(DESCRIBED)
    device.report(_problem(Why.UNREACHABLE))
    assert device.stream(MAIN).address == "rtsp://192.0.2.7:8554/1"


def test_how_it_is_is_said_once_and_without_the_password(device: OnvifDevice, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    for _ in range(3):
        device.report(_problem(Why.UNAUTHORIZED))
    device.report(DESCRIBED)
    device.report(DESCRIBED)
    assert len(caplog.records) == 2 and "does not take the user" in caplog.text
    assert "geheim" not in caplog.text + repr(device) and "viewer" not in caplog.text


class Onvif:
    """A camera with two channels and a device by ONVIF, whose process is not there."""

    def __init__(self, folder: Path, **more: Any) -> None:
        self.cloud = FakeCloud()
        self.device = OnvifDevice("SN0001", CONFIG)
        self.stopped = threading.Event()
        lenses = tuple(
            LensConfig(str(number), "Lens", SourceAddress("main"), pauses_for_camera_motion=True, **more)
            for number in (0, 1)
        )
        spool = Spool(folder, least_free_bytes=0)
        spool.prepare()
        self.camera = Camera(self.cloud.client(), lenses, spool, self._open, stopped=self.stopped, onvif=self.device)
        self.camera.cloud.activate()

    def _open(self, source: SourceAddress) -> Session:
        raise SourceProblem(Why.ENDED)

    def event(self, kind: str = "motion", channel: int = 0) -> None:
        self.device.report({"what": "event", "kind": kind, "channel": channel})

    def watching(self, kind: str = "motion", channel: int = 0) -> None:
        self.device.report({"what": "watching", "kind": kind, "channel": channel})

    def alarms(self) -> list[tuple[str, str]]:
        return [(moment.channel, moment.kind) for moment in self.camera.alarms._waiting]


@pytest.fixture
def onvif(tmp_path: Path) -> Onvif:
    return Onvif(tmp_path)


def test_events_become_alarms_of_their_channel_at_the_clouds_time(onvif: Onvif) -> None:
    for kind, channel in (("motion", 0), ("doorbell", 0), ("tamper", 1), ("motion", 7)):
        onvif.event(kind, channel)
    assert onvif.alarms() == [("0", "motion"), ("0", "doorbell"), ("1", "tamper")]
    assert {moment.at_s for moment in onvif.camera.alarms._waiting} == {NOON_S}
    rings = [lens.ring for lens in onvif.camera.lenses]
    assert all(moment.ring is rings[int(moment.channel)] for moment in onvif.camera.alarms._waiting)


def test_a_flood_of_events_is_an_alarm_of_each_kind_in_ten_seconds(onvif: Onvif) -> None:
    for _ in range(1000):
        onvif.event("motion")
        onvif.event("doorbell")
    assert onvif.alarms() == [("0", "motion"), ("0", "doorbell")]


def test_an_event_is_recorded_as_motion_is(onvif: Onvif, monkeypatch: pytest.MonkeyPatch) -> None:
    moments: list[float] = []
    monkeypatch.setattr(onvif.camera.lenses[0].recorder, "moved", moments.append)
    onvif.event("doorbell")
    assert moments == [NOON_S]


def test_in_privacy_mode_no_event_becomes_an_alarm(onvif: Onvif) -> None:
    onvif.camera.wishes.is_private = True
    onvif.event()
    onvif.event("doorbell")
    assert onvif.alarms() == []


def test_an_owner_who_wants_no_motion_gets_doorbells_only(onvif: Onvif) -> None:
    onvif.camera.wishes.settings = Settings(motion_enabled=False)
    onvif.event()
    onvif.event("doorbell")
    assert onvif.alarms() == [("0", "doorbell")]


def test_a_channel_that_is_configured_without_motion_gets_none_by_its_picture_or_by_onvif(tmp_path: Path) -> None:
    onvif = Onvif(tmp_path, detects_motion=False)
    onvif.event()
    onvif.event("doorbell")
    assert onvif.alarms() == [("0", "doorbell")] and not onvif.camera.lenses[0]._is_looking()


def test_motion_is_looked_for_until_the_camera_tells_of_it_and_again_when_it_no_longer_does(onvif: Onvif) -> None:
    looks = [lens._is_looking for lens in onvif.camera.lenses]
    assert looks[0]() and looks[1]()
    onvif.watching("tamper")
    assert looks[0]()
    onvif.watching()
    assert not looks[0]() and looks[1]()
    onvif.device.lost()
    assert looks[0]()
    onvif.watching()
    onvif.device.report(_problem(Why.UNREACHABLE))
    assert looks[0]()


def test_a_lens_that_is_told_to_look_looks_in_any_case(tmp_path: Path) -> None:
    scene = Scene(tmp_path)
    scene.lens.has_motion_events = lambda: True
    scene.film(film(60))
    assert len(scene.camera.alarms._waiting) == 1


def test_the_command_to_restart_reboots_the_camera(onvif: Onvif) -> None:
    sent: list[Any] = []

    def send(command: dict[str, Any]) -> bool:
        sent.append(command)
        answer = {"what": "answer", "number": command["number"], "error": "not supported" if len(sent) == 2 else ""}
        threading.Thread(target=onvif.device.report, args=(answer,)).start()
        return True

    command = {"id": "c1", "command": "restart"}
    assert onvif.camera.do(command)["error"] == "no_reboot"  # no process runs
    onvif.device.send = send
    assert onvif.camera.do(command)["ok"]
    assert onvif.camera.do(command) == {"id": "c1", "ok": False, "error": "no_reboot"}
    assert [(one["do"], one["id"]) for one in sent] == [("reboot", "SN0001")] * 2
    assert all(feed._reopens for lens in onvif.camera.lenses for feed in lens.feeds())


def test_a_reboot_that_nobody_answers_is_not_waited_for_for_ever(
    device: OnvifDevice, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(devices, "REBOOTED_WITHIN_S", 0.01)
    device.send = lambda command: True
    assert device.reboot() == "ONVIF: no answer"


def test_while_a_command_is_sent_what_the_process_says_is_taken(device: OnvifDevice) -> None:
    def send(command: dict[str, Any]) -> bool:
        answer = {"what": "answer", "number": command["number"], "error": "said"}
        thread = threading.Thread(target=device.report, args=(answer,), daemon=True)
        thread.start()
        thread.join(5)
        return not thread.is_alive()

    device.send = send
    assert device.reboot() == "said"


def test_an_event_that_we_fail_at_is_told_and_is_no_fault_of_the_process(
    device: OnvifDevice, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(channel: int, kind: str) -> None:
        raise TypeError("a fault of ours")

    device.on_event = fail
    device.report({"what": "event", "kind": "motion", "channel": 0})
    assert "a fault of ours" in caplog.text


def test_for_the_check_a_channel_has_the_addresses_that_the_device_says(device: OnvifDevice, tmp_path: Path) -> None:
    lens = LensConfig("0", "Porch", MAIN, SUB)
    film_lens = config_of("http://cloud", "SN1", "secret", "film.mp4", tmp_path).cameras[0].lenses[0]
    device.report(_problem(Why.UNREACHABLE))
    assert as_described(lens, device) is None and as_described(film_lens, device) is film_lens
    device.report(DESCRIBED)
    described = as_described(lens, device)
    assert described is not None
    assert (described.main.address, described.sub) == ("rtsp://192.0.2.7:8554/1", None)
