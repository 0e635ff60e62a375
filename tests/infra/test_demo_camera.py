"""The camera speaks to storage as S3 wants it, and does not give up at the first failure."""

import email
import email.policy
import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from infra.demo.camera import Camera, NotBound, form
from infra.demo.client import Answer, Refused, Unreachable, Wire

NOON = datetime(2026, 11, 1, 12, tzinfo=UTC)
JPEG = b"\xff\xd8\r\n--not-the-boundary\r\n\x00\xff" * 60


def test_the_multipart_body_is_well_formed_and_the_file_comes_last() -> None:
    body, content_type = form({"key": "alarms/x.jpg", "policy": "abc=="}, "x.jpg", JPEG)
    whole = f"Content-Type: {content_type}\r\n\r\n".encode() + body
    parts = list(email.message_from_bytes(whole, policy=email.policy.HTTP).iter_parts())  # type: ignore[attr-defined]
    assert [part.get_param("name", header="content-disposition") for part in parts] == ["key", "policy", "file"]
    assert [part.get_payload(decode=True) for part in parts] == [b"alarms/x.jpg", b"abc==", JPEG]
    assert parts[-1].get_content_type() == "image/jpeg"


class World(Wire):
    """Answers by a script; what is not in it goes well."""

    def __init__(self, **script: list[int | None]) -> None:
        super().__init__("http://nowhere")
        self.script = script
        self.now = NOON
        self.asked: list[tuple[str, Mapping[str, str], bytes]] = []

    def send(
        self, method: str, url: str, body: bytes | None = None, headers: Mapping[str, str] | None = None
    ) -> Answer:
        self.asked.append((url, headers or {}, body or b""))
        name = url.rsplit("/", 1)[-1]
        status = script.pop(0) if (script := self.script.get(name)) else {"storage": 204}.get(name, 201)
        if status is None:
            raise Unreachable("the line is cut")
        return Answer(status, {}, json.dumps(self._answer(name)).encode() if status == 201 else b'{"code": "No"}')

    def _answer(self, name: str) -> Any:
        if name == "activation":
            return {"camera_token": f"token {len(self.asked)}"}
        until = (self.now + timedelta(minutes=60)).isoformat()
        return {
            "url": "http://storage.nowhere/storage",
            "fields": {"policy": "p"},
            "key_prefix": "alarms/d/",
            "until": until,
        }

    def urls(self) -> list[str]:
        return [url.rsplit("/", 1)[-1] for url, _, _ in self.asked]


def _camera(world: World) -> Camera:
    channels = [{"id": "1", "name": "Street"}]
    camera = Camera(world, "SN", "secret", "9C:14:63:AA:BB:CC", "C22", "1.0", channels, {"ip": "10.0.0.2", "port": 1})
    camera.now = lambda: world.now
    camera.pause = lambda _: None
    return camera


def test_one_ticket_serves_until_it_nears_its_end() -> None:
    world = World()
    camera = _camera(world)
    for minutes in (0, 30, 54):
        world.now = NOON + timedelta(minutes=minutes)
        camera.snapshot(JPEG)
    assert camera.tickets_taken == 1
    world.now = NOON + timedelta(minutes=56)
    camera.snapshot(JPEG)
    assert camera.tickets_taken == 2


def test_a_picture_is_named_by_channel_time_and_kind() -> None:
    sent = _camera(World()).snapshot(JPEG, at=NOON)
    prefix, channel, name = sent.key.rsplit("/", 2)
    assert (prefix, channel) == ("alarms/d", "1")
    assert name.startswith("20261101T120000Z-motion-") and name.endswith(".jpg")


def test_a_lost_reply_is_tried_again_under_the_same_name_and_key() -> None:
    world = World(storage=[None, 503], tickets=[None])
    _camera(world).snapshot(JPEG)
    uploads = [body for url, _, body in world.asked if url.endswith("storage")]
    keys = {headers["Idempotency-Key"] for url, headers, _ in world.asked if url.endswith("tickets")}
    names = {body.partition(b'name="key"\r\n\r\n')[2].partition(b"\r\n")[0] for body in uploads}
    assert len(uploads) == 3 and len(names) == 1 and len(keys) == 1


def test_a_ticket_that_storage_refuses_is_replaced_once() -> None:
    world = World(storage=[403])
    _camera(world).snapshot(JPEG)
    assert world.urls() == ["tickets", "storage", "tickets", "storage"]
    with pytest.raises(Refused):
        _camera(World(storage=[403, 403])).snapshot(JPEG)


def test_a_camera_whose_token_was_replaced_activates_again() -> None:
    world = World(tickets=[401])
    camera = _camera(world)
    camera.snapshot(JPEG)
    assert world.urls() == ["tickets", "activation", "tickets", "storage"]
    assert camera.token == "token 2"


def test_a_camera_that_nobody_owns_says_so() -> None:
    with pytest.raises(NotBound):
        _camera(World(tickets=[409])).snapshot(JPEG)


def test_a_camera_gives_up_after_some_tries() -> None:
    with pytest.raises(Unreachable):
        _camera(World(tickets=[None] * 9)).snapshot(JPEG)


def test_secrets_of_a_camera_do_not_show_when_it_is_printed() -> None:
    assert "secret" not in repr(_camera(World())).replace("secret=", "")
