"""The cloud is told what the channels send: when codec or size changes, and once an hour."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from sowa_agent.packets import Init
from sowa_agent.stream_state import MEASURED_S, REPORT_EVERY_S, TRY_AGAIN_S, StreamMeter
from tests.agent.fakes import INIT, piece
from tests.agent.footage import film
from tests.agent.test_camera import Scene

PIECES = round(MEASURED_S / 0.5)
MEASURED = {
    "channel": "0", "codec": "h264", "width": 64, "height": 48, "bitrate_bps": 1600, "frames_per_second": 10.0,
    "dropped_frames": 0,
}  # fmt: skip


@pytest.fixture
def scene(tmp_path: Path) -> Scene:
    scene = Scene(tmp_path / "spool")
    scene.lens.main.frames_per_second = 10.0
    return scene


def _send(scene: Scene, init: Init = INIT) -> None:
    for number in range(PIECES):
        scene.lens.main.on_piece(piece(number, init=init))


def _reported(scene: Scene) -> list[Any]:
    return [report["streams"] for report in scene.cloud.reports if "streams" in report]


def test_before_enough_was_measured_nothing_is_said() -> None:
    meter = StreamMeter("0")
    for number in range(PIECES):
        assert meter.state(10.0, 0) is None
        meter.see(piece(number))
    assert meter.state(10.0, 0) == MEASURED


def test_another_connection_is_the_same_stream_and_another_size_is_another() -> None:
    meter = StreamMeter("0")
    for number in range(PIECES):
        meter.see(piece(number))
    meter.see(piece(0, init=replace(INIT, name="init-b.mp4")))
    assert meter.state(10.0, 0) == MEASURED
    meter.see(piece(0, init=replace(INIT, width=128)))
    assert meter.state(10.0, 0) is None


def test_codec_and_size_are_reported_when_they_change_and_all_of_it_once_an_hour(scene: Scene) -> None:
    _send(scene)
    for _ in range(5):
        scene.look()
    assert _reported(scene) == [[MEASURED]]
    _send(scene, replace(INIT, codec="hevc", width=128))
    scene.look(TRY_AGAIN_S)
    changed = MEASURED | {"codec": "h265", "width": 128}
    assert _reported(scene)[1:] == [[changed]]
    scene.look(REPORT_EVERY_S - 20)
    assert len(_reported(scene)) == 2
    scene.look(20)
    scene.look()
    assert _reported(scene)[2:] == [[changed]]


def test_what_could_not_be_said_is_tried_again(scene: Scene) -> None:
    scene.look()
    _send(scene)
    scene.cloud.is_gone = True
    scene.look()
    scene.cloud.is_gone = False
    scene.look(TRY_AGAIN_S - 1)
    assert _reported(scene) == []
    scene.look(1)
    assert _reported(scene) == [[MEASURED]]


def test_whoever_owns_it_next_is_told_as_well(scene: Scene) -> None:
    _send(scene)
    scene.look()
    scene.camera.sender.forget()
    scene.cloud.refusals = [(409, "NobodyOwns")]
    scene.look()
    for _ in range(4):
        scene.look(TRY_AGAIN_S)
    assert _reported(scene) == [[MEASURED], [MEASURED]]


def test_frames_that_could_not_be_used_are_counted_over_all_connections(scene: Scene) -> None:
    packets = film(60)
    bare = replace(packets[0], data=b"\x00\x00\x00\x01" + packets[0].data.rpartition(b"\x00\x00\x01")[2])
    for _ in range(2):
        scene.film((bare, *packets[1:]))
    assert (scene.lens.main.dropped_frames, scene.lens.main.frames_per_second) == (2 * 20, 10.0)


def test_in_privacy_mode_nothing_is_measured(scene: Scene) -> None:
    scene.camera.wishes.is_private = True
    _send(scene)
    assert scene.lens.stream_state() is None
