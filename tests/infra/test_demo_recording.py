"""The demo's camera records what a plan allows, and loses as little as it can."""

from __future__ import annotations

import email
import email.policy
import io
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import av
from PIL import Image, ImageDraw

from infra.demo.camera import Camera
from infra.demo.client import Answer, Unreachable, Wire
from infra.demo.recording import record
from infra.demo.segments import Cutter, Film, Init, Segment

NOON = datetime(2026, 11, 1, 12, tzinfo=UTC)
INIT = Init(b"init", "a")


def _after(seconds: float) -> datetime:
    return NOON + timedelta(seconds=seconds)


def _cut(cutter: Cutter, seconds: int, first: int = 0, init: Init = INIT) -> list[Segment]:
    return [done for at in range(first, first + seconds) for done in cutter.add(init, b"piece", _after(at))]


def test_the_first_segment_is_closed_soon_and_the_others_after_a_minute() -> None:
    segments = _cut(Cutter(), 14 + 60 + 59)
    assert [len(segment.pieces) for segment in segments] == [14, 60]
    assert [segment.start for segment in segments] == [NOON, _after(14)]


def test_a_name_says_when_how_long_and_where_each_fragment_of_two_seconds_begins() -> None:
    segment = Segment(INIT, _after(0.25), (b"x" * 30, b"x" * 12, b"x" * 37))
    assert segment.name == "20261101T120000.250Z-3000-16.11.m4s"
    assert len(segment.content) == 79


def test_what_comes_uneven_still_goes_on_where_the_last_segment_ended() -> None:
    cutter = Cutter(2, 2)
    closed = [done for at in (0, 1.1, 2.3, 3.2, 3.9, 5.1) for done in cutter.add(INIT, b"piece", _after(at))]
    assert [segment.start for segment in closed] == [NOON, _after(2), _after(4)]


def test_a_gap_a_clock_that_is_moved_and_another_encoder_begin_a_new_segment() -> None:
    for first, init in ((10, INIT), (-90_000, INIT), (3, Init(b"init"))):
        cutter = Cutter()
        _cut(cutter, 3)
        (before,) = _cut(cutter, 1, first, init)
        (after,) = cutter.cut()
        assert (before.start, len(before.pieces), after.start, after.init) == (NOON, 3, _after(first), init)


def _film(seconds: int = 20) -> Film:
    pictures = []
    for number in range(seconds * 5):
        picture = Image.new("RGB", (64, 48))
        ImageDraw.Draw(picture).rectangle((number % 60, 0, number % 60 + 4, 48), fill=(255, 255, 255))
        pictures.append(picture)
    return Film.of(pictures, (64, 48), 5)


def test_every_fragment_of_a_film_can_be_played_alone_behind_its_init() -> None:
    film = _film(6)
    (segment,) = film.segments(NOON, _after(6))
    assert len(film.pieces) == 6
    sizes, at = segment.sizes(), 0
    assert len(sizes) == 3
    for size in sizes:
        with av.open(io.BytesIO(film.init + segment.content[at : at + size])) as played:
            assert len(list(played.decode(video=0))) == 10
        at += size


def test_a_source_is_filmed_over_and_over(tmp_path: Path) -> None:
    for number in range(3):
        Image.new("RGB", (1280, 720), (80 * number,) * 3).save(tmp_path / f"{number}.jpg")
    film = Film.out_of(tmp_path, 2, 5)
    assert (len(film.pieces), film.frames_per_second) == (2, 5)
    with av.open(io.BytesIO(film.init + b"".join(film.pieces))) as played:
        frames = list(played.decode(video=0))
    assert [frame.width for frame in frames] == [640] * 10
    shades = [frame.to_image().convert("L").getpixel((300, 200)) // 60 for frame in frames]
    assert shades == [0, 1, 2, 0, 1, 2, 0, 1, 2, 0]


def test_a_film_that_is_too_short_begins_anew_under_another_name() -> None:
    segments = list(Film(b"init", [b"piece"] * 4).segments(NOON, _after(10)))
    assert [(segment.start, len(segment.pieces)) for segment in segments] == [(NOON, 4), (_after(4), 4), (_after(8), 2)]
    assert len({segment.init.name for segment in segments}) == 3


# Against a cloud


@dataclass
class Cloud(Wire):
    """Gives tickets and takes what comes, unless the script says otherwise."""

    url: str = ""
    plan: dict[str, Any] = field(default_factory=lambda: {"kind": "continuous", "keep_days": 7})
    refusals: list[tuple[int, str]] = field(default_factory=list)
    storage: list[int | None] = field(default_factory=list)
    now: datetime = NOON
    asked: int = 0
    taken: dict[str, bytes] = field(default_factory=dict)

    def send(
        self, method: str, url: str, body: bytes | None = None, headers: Mapping[str, str] | None = None
    ) -> Answer:
        if url == "/storage":
            return Answer(self._upload(body or b"", headers or {}), {}, b"")
        self.asked += 1
        if self.refusals:
            status, code = self.refusals.pop(0)
            return Answer(status, {}, json.dumps({"code": code}).encode())
        return Answer(200, {}, json.dumps(self._tickets()).encode())

    def _tickets(self) -> Any:
        ticket = {"url": "/storage", "fields": {}, "until": (self.now + timedelta(hours=1)).isoformat()}
        tickets = [{**ticket, "channel": "1", "key_prefix": f"{self.asked}/"}]
        return {"now": self.now.isoformat(), "plan": self.plan, "tickets": tickets}

    def _upload(self, body: bytes, headers: Mapping[str, str]) -> int:
        status = self.storage.pop(0) if self.storage else 204
        if status is None:
            raise Unreachable("the line is cut")
        whole = f"Content-Type: {headers['Content-Type']}\r\n\r\n".encode() + body
        message: Any = email.message_from_bytes(whole, policy=email.policy.HTTP)
        key, content = (part.get_payload(decode=True) for part in message.iter_parts())
        if status == 204:
            self.taken[key.decode()] = content
        return status


def _camera(cloud: Cloud) -> Camera:
    channels = [{"id": "1", "name": "Street"}]
    camera = Camera(cloud, "SN", "secret", "9C:14:63:AA:BB:CC", "C22", "1.0", channels, {"ip": "10.0.0.2", "port": 1})
    camera.now = lambda: cloud.now
    camera.pause = lambda _: None
    return camera


def test_a_past_can_be_made_quickly() -> None:
    cloud = Cloud("")
    segments = record(_camera(cloud), Film(b"init", [b"piece"] * 100), NOON, _after(90))
    assert [len(segment.pieces) for segment in segments] == [14, 60, 16]
    assert len(cloud.taken) == 4


def test_a_camera_whose_token_was_replaced_activates_again() -> None:
    cloud = Cloud("", refusals=[(401, "NotSignedIn")])
    camera = _camera(cloud)
    camera.activate = dict  # type: ignore[method-assign]
    assert camera.ask_recording_tickets()["plan"]["kind"] == "continuous"
