"""The demo's camera lives: it opens its channel, sends alarms when something moves, does what it is told, and is
watched."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import av
import pytest
from PIL import Image, ImageDraw

from chalicelib.settings import settings
from infra.demo.client import Wire
from infra.demo.living import Living, factory_new
from infra.local.server import HOST
from tests import loopback
from tests.conftest import Home
from tests.scene import SECRET, pay, until


@pytest.fixture
def address(home: Home, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    ports = loopback.Ports()
    monkeypatch.setitem(vars(settings), "media_url", f"{ports.s3_url}/{settings.media_bucket}")
    monkeypatch.setitem(vars(settings), "channel_url", f"ws://{HOST}:{ports.port}/channel")
    with ports.serving(home.world):
        yield ports.url


@pytest.fixture
def living(home: Home, address: str, tmp_path: Path) -> Iterator[Living]:
    for number in range(4):
        picture = Image.new("RGB", (320, 180), (30, 30, 30))
        ImageDraw.Draw(picture).rectangle((number * 60, 20, number * 60 + 90, 160), fill=(240, 240, 240))
        picture.save(tmp_path / f"{number}.jpg")
    home.world.clock.move_to(home.world.now().timestamp(), tick=True)
    living = Living(factory_new(Wire(address), home.camera.sn, SECRET), tmp_path, loopback.ignore, _breathe)
    thread = threading.Thread(target=living.run, daemon=True)
    thread.start()
    yield living
    living.stopped.set()
    thread.join(10)
    assert not thread.is_alive()
    _until(home, lambda: not home.world.channel.connections)


def _breathe(seconds: float) -> None:
    """A camera's pace would be a test's."""
    threading.Event().wait(0.005)


def _until(home: Home, holds: Any) -> None:
    def holds_once_settled() -> bool:
        home.world.settle()
        return bool(holds())

    until(holds_once_settled)


def test_it_is_online_sends_alarms_answers_and_is_watched(home: Home, living: Living, address: str) -> None:
    device_id = home.camera.device_id
    _until(home, lambda: home.owner.device(device_id)["online"])
    _until(home, lambda: len(home.owner.alarms(device_id)) >= 2)  # one was there before
    command = home.owner.command(device_id).json
    path = f"/devices/{device_id}/commands/{command['command_id']}"
    _until(home, lambda: home.owner.call("GET", path).json["state"] == "done")

    asked = home.owner.command(device_id, "snapshot").json
    path = f"/devices/{device_id}/commands/{asked['command_id']}"
    _until(home, lambda: home.owner.call("GET", path).json["alarm_id"])

    live = home.owner.watch(device_id)
    playlist = urlsplit(live["playlist_url"]).path
    _until(home, lambda: home.world.call("GET", playlist).body.count(b"#EXTINF") >= 3)
    with av.open(f"{address}{playlist}", options={"live_start_index": "0"}, timeout=20) as played:
        frame = next(played.decode(video=0))
    assert (frame.width, frame.height) == (320, 180)
    assert home.owner.call("DELETE", f"/devices/{device_id}/live/{live['live_id']}").status == 204
    _until(home, lambda: not living._views)
    path = f"/devices/{device_id}/settings"
    assert home.owner.change_settings(device_id, 0, night_mode="on").status == 200
    _until(home, lambda: (home.owner.call("GET", path).json["reported"] or {}).get("version") == 1)
    assert home.owner.set_privacy(device_id, on=True).status == 200
    _until(home, lambda: living.is_private)
    assert home.owner.set_privacy(device_id, on=False).status == 200
    _until(home, lambda: not living.is_private)


def test_it_records_once_there_is_a_plan_and_stops_in_privacy_mode(
    home: Home, living: Living, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    device_id = home.camera.device_id
    monkeypatch.setattr("infra.demo.recording.ASK_AGAIN_SECONDS", 0.1)
    assert not living.recorder.is_wanted
    order = home.owner.order(device_id, "continuous-7-month").json
    pay(home.world, order["order_id"])
    _until(home, lambda: living.recorder.segments_sent >= 2)
    plan = home.owner.call("GET", f"/devices/{device_id}/plan").json
    assert plan["used_bytes"] > 0 and plan["oldest"]

    assert home.owner.set_privacy(device_id, on=True).status == 200
    _until(home, lambda: living.is_private and living._encoder is None)


def test_it_says_what_it_does_not_know_and_remembers_what_was_stopped(home: Home, tmp_path: Path) -> None:
    living = Living(factory_new(Wire("http://127.0.0.1:9"), "SN0001", SECRET), tmp_path, loopback.ignore)
    assert living.do({"id": "1", "command": "dance"}) == {"id": "1", "ok": False, "error": "unknown_command"}
    assert living.do({"id": "2", "command": "stop_live", "live_id": "a", "channel": "1"})["ok"]
    late = {"id": "3", "command": "live", "live_id": "a", "channel": "1", "until": "2026-01-05T08:05:00Z"}
    assert living.do(late) == {"id": "3", "ok": True}
    assert living._views == {}
    assert json.dumps(living.do({"id": "4", "command": "restart"}))
