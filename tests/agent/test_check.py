"""`sowa-agent check` says in words what is wrong."""

from __future__ import annotations

import threading
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from werkzeug.wrappers import Request, Response

from sowa_agent import check as checks
from sowa_agent.check import check, check_lens
from sowa_agent.config import Config, config_of
from sowa_agent.lens import LensConfig
from sowa_agent.onvif.device import OnvifConfig, OnvifDevice, source_of
from sowa_agent.source import SourceAddress, SourceProblem, Why
from tests.agent.fakes import MovedClock, Script, ScriptedSession
from tests.agent.footage import film
from tests.loopback import served

LENS = LensConfig("0", "Porch", SourceAddress("rtsp://10.0.0.9/1", "viewer", "geheim"), SourceAddress("rtsp://10.0.0.9/2"))


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> MovedClock:
    clock = MovedClock()
    monkeypatch.setattr(checks.time, "monotonic", clock.monotonic)
    return clock


def _said(clock: MovedClock, *events: ScriptedSession | Why) -> tuple[bool, str]:
    lines: list[str] = []
    is_well = check_lens("SN1", LENS, Script(list(events), threading.Event()), lines.append)
    return is_well, "\n".join(lines)


def _session(clock: MovedClock, seconds: int = 8, **more: Any) -> ScriptedSession:
    return ScriptedSession(film(seconds * 10, **more), clock, heard="")


def test_a_camera_that_is_well_is_described(clock: MovedClock) -> None:
    is_well, said = _said(clock, _session(clock), _session(clock, codec="h264"))
    assert is_well and "SN1, channel 0 (rtsp://10.0.0.9/1): h264, 10 frames a second" in said
    assert "sub stream" in said and "rare" not in said


@pytest.mark.parametrize("why", list(Why))
def test_what_is_wrong_is_said_in_words_without_the_password(clock: MovedClock, why: Why) -> None:
    is_well, said = _said(clock, why, _session(clock))
    assert not is_well and f"WRONG: {why.value}" in said and "geheim" not in said


def test_rare_key_frames_and_sound_that_is_left_out_are_warned_of(clock: MovedClock) -> None:
    rare = ScriptedSession(film(100, key_every=50), clock, heard="pcm_alaw")
    is_well, said = _said(clock, rare, _session(clock))
    assert is_well and "key frames are rare" in said and "pcm_alaw) is left out" in said


@pytest.mark.parametrize("is_described", [True, False])
def test_of_a_camera_with_onvif_the_streams_that_it_names_are_looked_at(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, is_described: bool
) -> None:
    onvif = OnvifConfig("http://10.0.0.9/onvif/device_service", "10.0.0.9")
    device = OnvifDevice("SN1", onvif)
    named = {"main": str(tmp_path / "no film"), "sub": None}
    if is_described:
        device.report({"what": "described", "sources": [named], "ahead_s": 0, "has_events": False})
    else:
        device.report({"what": "problem", "why": "UNREACHABLE", "detail": "ONVIF"})
    lens = LensConfig("0", "Porch", source_of("0", "main", "", "", "tcp"), source_of("0", "sub", "", "", "tcp"))
    camera = replace(config_of("http://127.0.0.1:9", "SN1", "s" * 16, "none", tmp_path).cameras[0], lenses=(lens,))
    monkeypatch.setattr(checks, "check_onvif", lambda configs, say: dict.fromkeys(configs, device))
    monkeypatch.setattr(device, "stream", lambda source: _stream(source, named["main"], device))
    lines: list[str] = []
    assert check(Config("http://127.0.0.1:9", (replace(camera, onvif=onvif),), tmp_path), lines.append) == 1
    assert any("no such file" in line for line in lines) is is_described
    assert not any("sub stream (" in line for line in lines)


def _stream(source: SourceAddress, main: str, device: OnvifDevice) -> SourceAddress:
    """A file, in the place of an address at the camera's host."""
    if device.problem:
        raise device.problem
    if source.address.endswith("sub"):
        raise SourceProblem(Why.NOT_FOUND)
    return SourceAddress(main)


@pytest.mark.parametrize(
    ("status", "host_ahead_s", "said"),
    [(200, 86_400, "s ahead: is NTP on?"), (200, -86_400, "s behind"), (404, 0, "WRONG: it answers 404")],
)
def test_the_cloud_and_the_hosts_clock_are_looked_at(
    tmp_path: Path, status: int, host_ahead_s: int, said: str
) -> None:
    @Request.application
    def cloud(request: Request) -> Response:
        assert request.path == "/openapi.json"
        return Response("{}", status)

    lines: list[str] = []
    with served(cloud) as port:
        config = config_of(f"http://127.0.0.1:{port}", "SN1", "secret-0123456789", str(tmp_path / "none"), tmp_path)
        assert check(config, lines.append, lambda: time.time() + host_ahead_s) == 1
    assert any(said in line for line in lines) and any("no such file" in line for line in lines)
