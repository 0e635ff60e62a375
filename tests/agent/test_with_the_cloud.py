"""The agent with the local cloud, over loopback: it is online, sends alarms, obeys, is watched, and records."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import av
import pytest
from PIL import Image, ImageDraw

from chalicelib.settings import settings
from infra.local.server import HOST
from sowa_agent import sending
from sowa_agent.agent import camera_of
from sowa_agent.camera import Camera
from sowa_agent.cloud import Identity
from sowa_agent.config import CameraConfig, Config
from sowa_agent.lens import LensConfig
from sowa_agent.source import SourceAddress
from tests import loopback
from tests.conftest import Home
from tests.scene import SECRET, pay, until


@pytest.fixture
def address(home: Home, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    ports = loopback.Ports()
    monkeypatch.setitem(vars(settings), "media_url", f"{ports.s3_url}/{settings.media_bucket}")
    monkeypatch.setitem(vars(settings), "channel_url", f"ws://{HOST}:{ports.port}/channel")
    home.world.clock.move_to(home.world.now().timestamp(), tick=True)
    with ports.serving(home.world):
        yield ports.url


def _photographs(folder: Path) -> Path:
    folder.mkdir(parents=True)
    for number in range(4):
        picture = Image.new("RGB", (320, 180), (30, 30, 30))
        ImageDraw.Draw(picture).rectangle((number * 60, 20, number * 60 + 90, 160), fill=(240, 240, 240))
        picture.save(folder / f"{number}.jpg")
    return folder


@pytest.fixture
def camera(home: Home, address: str, tmp_path: Path) -> Camera:
    return _camera(home, address, tmp_path)


def _camera(home: Home, address: str, tmp_path: Path) -> Camera:
    folder = tmp_path / "photographs"
    lens = LensConfig("1", "Lens", SourceAddress(str(folder if folder.exists() else _photographs(folder))))
    identity = Identity(home.camera.sn, SECRET, "02:00:5e:10:00:42", "Sowa Agent", "sowa-agent 0.1.0", (("1", "Lens"),))
    config = Config(address, (CameraConfig(identity, (lens,)),), tmp_path / "spool", back_within_s=0.1)
    return camera_of(config, config.cameras[0], threading.Event())


@pytest.fixture
def running(home: Home, camera: Camera) -> Iterator[Camera]:
    thread = threading.Thread(target=camera.run, daemon=True)
    thread.start()
    yield camera
    camera.stopped.set()
    thread.join(20)
    assert not thread.is_alive() and not camera.has_failed
    _until(home, lambda: not home.world.channel.connections)


def _until(home: Home, holds: Callable[[], Any]) -> None:
    def holds_once_settled() -> bool:
        home.world.settle()
        return bool(holds())

    until(holds_once_settled)


def _state_of(home: Home, path: str) -> str:
    return str(home.owner.call("GET", path).json["state"])


def test_it_is_online_sends_alarms_answers_and_is_watched(home: Home, running: Camera, address: str) -> None:
    device_id = home.camera.device_id
    _until(home, lambda: home.owner.device(device_id)["online"])
    _until(home, lambda: len(home.owner.alarms(device_id)) >= 2)  # one was there before
    asked = home.owner.command(device_id, "snapshot").json
    path = f"/devices/{device_id}/commands/{asked['command_id']}"
    _until(home, lambda: home.owner.call("GET", path).json["alarm_id"])

    live = home.owner.watch(device_id)
    playlist = urlsplit(live["playlist_url"]).path
    _until(home, lambda: home.world.call("GET", playlist).body.count(b"#EXTINF") >= 3)
    with av.open(f"{address}{playlist}", options={"live_start_index": "0"}, timeout=20) as played:
        frame = next(played.decode(video=0))
    assert (frame.width, frame.height) == (320, 180)
    assert b"DISCONTINUITY\n" not in home.world.call("GET", playlist).body
    assert home.owner.call("DELETE", f"/devices/{device_id}/live/{live['live_id']}").status == 204
    _until(home, lambda: running.views.piece_s("1") is None)

    restart = home.owner.command(device_id).json
    _until(home, lambda: _state_of(home, f"/devices/{device_id}/commands/{restart['command_id']}") == "done")


def test_it_becomes_as_its_owner_wants_it(home: Home, running: Camera) -> None:
    device_id = home.camera.device_id
    motion = {"enabled": False, "sensitivity": 5}
    assert home.owner.change_settings(device_id, 0, motion=motion, night_mode="on").status == 200
    _until(home, lambda: (home.owner.settings(device_id)["reported"] or {}).get("version") == 1)
    reported = home.owner.settings(device_id)["reported"]["settings"]
    assert reported["motion"]["sensitivity"] == 5
    assert reported["night_mode"] == "auto"  # what an agent cannot do it does not say
    assert not running.wishes.settings.motion_enabled


def test_it_records_once_there_is_a_plan_and_nothing_in_privacy_mode(
    home: Home, running: Camera, monkeypatch: pytest.MonkeyPatch
) -> None:
    device_id = home.camera.device_id
    monkeypatch.setattr(sending, "ASK_AGAIN_S", 0.1)
    cutter = running.lenses[0].recorder._always
    cutter.first_s, cutter.longest_s = 2.0, 2.0
    order = home.owner.order(device_id, "continuous-7-month").json
    pay(home.world, order["order_id"])
    _until(home, lambda: running.sender.sent >= 2)
    plan = home.owner.call("GET", f"/devices/{device_id}/plan").json
    assert plan["used_bytes"] > 0 and plan["oldest"]
    day = plan["oldest"][:10]
    listed = f"/devices/{device_id}/recordings?channel=1&day={day}"
    _until(home, lambda: home.owner.call("GET", listed).json["items"][0]["duration_ms"] >= 4000)
    assert len(home.owner.call("GET", listed).json["items"]) == 1

    assert home.owner.set_privacy(device_id, on=True).status == 200
    _until(home, lambda: running.wishes.is_private and not running.lenses[0].ring.after(-1))
    sent = running.sender.sent
    assert home.owner.set_privacy(device_id, on=False).status == 200
    _until(home, lambda: running.sender.sent > sent + 1)


def test_of_two_agents_for_one_camera_the_older_says_so_and_stops(
    home: Home, running: Camera, address: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    _until(home, lambda: home.owner.device(home.camera.device_id)["online"])
    newer = _camera(home, address, tmp_path / "newer")
    thread = threading.Thread(target=newer.run, daemon=True)
    thread.start()
    try:
        assert running.stopped.wait(30)
        assert running.is_replaced and not newer.stopped.is_set()
        assert "this one stops" in caplog.text
    finally:
        newer.stopped.set()
        thread.join(20)
