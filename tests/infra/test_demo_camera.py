"""The demo's camera is the agent: it films for as long as it is told to, and the world's clock goes along."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from PIL import Image

from infra.demo.camera import DemoCamera, Upload
from infra.demo.client import Answer, Backstage, Unreachable, Wire
from sowa_agent import cloud
from tests.infra.fake_cloud import FakeCloud
from tests.infra.fake_recordings import film

NOON = datetime(2026, 11, 1, 12, tzinfo=UTC)
IDENTITY = cloud.Identity("SN", "secret", "9C:14:63:AA:BB:CC", "C22", "1.0", (("0", "Street"),))
HALF_A_MINUTE = timedelta(seconds=30)


@dataclass
class Scene:
    """A camera that is owned, and what it looks at; `seconds` is this machine's clock."""

    folder: Path
    cloud: FakeCloud = field(default_factory=FakeCloud)
    seconds: float = 0.0

    def __post_init__(self) -> None:
        self.cloud.device = {"device_id": "d"}
        self.cloud.account = {"push": "token"}
        self.backstage = Backstage(self.cloud, lambda: self.seconds)

    def camera(self, source: Path) -> DemoCamera:
        camera = DemoCamera(self.cloud, self.backstage, IDENTITY, source, self.folder / "spool", lambda _: None)
        camera.cloud.activate()
        return camera


@pytest.fixture
def scene(tmp_path: Path) -> Scene:
    return Scene(tmp_path)


@pytest.fixture
def moving(tmp_path: Path) -> Path:
    path = tmp_path / "film.mp4"
    path.write_bytes(film(30))
    return path


@pytest.fixture
def still(tmp_path: Path) -> Path:
    path = tmp_path / "photographs"
    path.mkdir()
    Image.new("RGB", (64, 48), "grey").save(path / "only.jpg")
    return path


def _kinds(camera: DemoCamera) -> list[str]:
    return [picture.name.split("-")[1] for picture in camera.wire.pictures()]


def test_the_world_goes_along_with_what_it_films(scene: Scene, moving: Path) -> None:
    before = scene.backstage.now()
    camera = scene.camera(moving)
    camera.film(HALF_A_MINUTE)
    assert (scene.backstage.now() - before).total_seconds() == pytest.approx(30, abs=1)
    assert all(before < picture.start < scene.backstage.now() for picture in camera.wire.pictures())


def test_what_moves_makes_an_alarm_each_ten_seconds(scene: Scene, moving: Path) -> None:
    camera = scene.camera(moving)
    camera.film(HALF_A_MINUTE)
    assert _kinds(camera) == ["motion"] * 3 and len(scene.cloud.alarms) == 3
    assert {picture.key: picture.content for picture in camera.wire.pictures()} == scene.cloud.pictures


def test_where_nothing_moves_somebody_rings(scene: Scene, still: Path) -> None:
    camera = scene.camera(still)
    for times in (1, 2):
        camera.film(HALF_A_MINUTE)
        assert _kinds(camera) == ["doorbell"] * times


def test_a_picture_whose_answer_was_lost_is_one_alarm(scene: Scene, moving: Path) -> None:
    camera = scene.camera(moving)
    camera.wire.loses_an_answer = True
    camera.film(timedelta(seconds=10))
    assert scene.cloud.uploads == 2 and len(camera.wire.pictures()) == len(scene.cloud.alarms) == 1


def test_without_a_plan_nothing_is_recorded_and_with_one_all_of_it(scene: Scene, moving: Path) -> None:
    camera = scene.camera(moving)
    camera.film(HALF_A_MINUTE)
    assert not camera.wire.segments()
    scene.cloud.order, scene.cloud.lies_on = {"state": "paid"}, scene.cloud.device["device_id"]
    scene.backstage.advance(60)
    since = scene.backstage.now()
    camera.film(HALF_A_MINUTE)
    first, second = camera.wire.segments()
    assert abs(first.start - since) < timedelta(seconds=2) and first.end == second.start
    assert first.seconds + second.seconds == pytest.approx(30, abs=2)
    assert first.init == second.init and first.init[4:8] == b"ftyp"


def test_an_hour_later_it_takes_another_ticket(scene: Scene, moving: Path) -> None:
    camera = scene.camera(moving)
    for tickets in (1, 2):
        camera.film(HALF_A_MINUTE)
        assert camera.wire.alarm_tickets == tickets
        scene.backstage.advance(3600)


def test_the_world_stands_still_while_it_is_moved_on(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    send = scene.cloud.send

    def slowly(
        method: str, url: str, body: bytes | None = None, headers: Mapping[str, str] | None = None
    ) -> Answer:
        scene.seconds += 5
        return send(method, url, body, headers)

    monkeypatch.setattr(scene.cloud, "send", slowly)
    scene.backstage.advance(60)
    assert (scene.seconds, scene.backstage.seconds()) == (5, 60)


def test_a_name_says_when_and_how_long() -> None:
    segment = Upload("recordings/7/20261101/d/0-1200ab/0/20261101T120000.250Z-3000-16.11.m4s", b"")
    assert (segment.start, segment.end) == (NOON + timedelta(seconds=0.25), NOON + timedelta(seconds=3.25))
    assert Upload("alarms/d/0/20261101T120000Z-motion-1f.jpg", b"").start == NOON


def test_a_cloud_that_is_gone_is_gone_for_the_camera_as_well(scene: Scene, moving: Path) -> None:
    class Gone(Wire):
        def send(self, *_: object) -> Answer:
            raise Unreachable("the line is cut")

    camera = scene.camera(moving)
    camera.wire._wire = Gone("http://gone")
    with pytest.raises(cloud.Unreachable, match="the line is cut"):
        camera.cloud.ticket("alarm")
