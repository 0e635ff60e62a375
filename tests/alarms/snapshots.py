"""What cameras upload, well and badly, and where it ends."""

from __future__ import annotations

import json
import struct
from datetime import datetime
from typing import Any

from chalicelib.aws.clients import client
from infra.local import dump
from infra.local.cloud import LocalCloud
from infra.local.gateway import Response
from tests.conftest import Home
from tests.scene import Camera, jpeg


def name_of(at: datetime, kind: str = "motion", channel: str = "1", number: int = 0) -> str:
    return f"{channel}/{at:%Y%m%dT%H%M%SZ}-{kind}-{number:06d}.jpg"


def post(camera: Camera, name: str, data: bytes | None = None, **overrides: str | None) -> Response:
    """An upload on a fresh ticket, under any name."""
    return camera.world.upload(camera.ask_ticket().json, name, jpeg() if data is None else data, **overrides)


def arrives(
    camera: Camera, at: datetime | None = None, number: int = 0, *, data: bytes | None = None, **how: str
) -> str:
    """A snapshot stamped so, all the way to its alarm; its name."""
    name = name_of(at or camera.world.now(), number=number, **how)
    assert post(camera, name, data).status == 204
    camera.world.settle()
    return name


def objects(world: LocalCloud) -> list[str]:
    return [one["key"] for found in world.dump()["buckets"].values() for one in found]


def keys_now(world: LocalCloud) -> list[str]:
    """Those of the bucket, without letting anything settle."""
    with world.aws.outside():
        found = client("s3").list_objects_v2(Bucket=world.stack.physical("Media")).get("Contents", [])
    return [one["Key"] for one in found]


def pushes(world: LocalCloud) -> list[dict[str, Any]]:
    return [sent for sent in world.outbox() if sent["kind"] == "push"]


def ids_of(home: Home, **query: Any) -> list[str]:
    return [alarm["alarm_id"] for alarm in home.owner.alarms(home.camera.device_id, **query)]


def path_of(home: Home, alarm_id: str | None = None) -> str:
    return f"/devices/{home.camera.device_id}/alarms" + ("" if alarm_id is None else f"/{alarm_id}")


def s3_event(key: str, at: datetime) -> str:
    """What S3 tells of an object."""
    return json.dumps({"Records": [{"eventTime": at.isoformat(), "s3": {"object": {"key": key}}}]})


def tell(world: LocalCloud, *bodies: str) -> None:
    """Put messages into the queue of pictures; they are not delivered yet."""
    with world.aws.outside():
        for body in bodies:
            client("sqs").send_message(QueueUrl=world.stack.physical("AlarmPictures"), MessageBody=body)


def put_object(world: LocalCloud, key: str, data: bytes) -> None:
    """An object that came without a ticket, as an operator might put it; S3 tells of it."""
    with world.aws.outside():
        client("s3").put_object(Bucket=world.stack.physical("Media"), Key=key, Body=data)


def segment(marker: int, content: bytes) -> bytes:
    return bytes((0xFF, marker)) + struct.pack(">H", 2 + len(content)) + content


def frame(width: int, height: int, marker: int = 0xC0) -> bytes:
    """A JPEG's frame header of one component."""
    return segment(marker, struct.pack(">BHHB", 8, height, width, 1) + b"\x01\x11\x00")


def drawn(*segments: bytes, size: int = 2048) -> bytes:
    """What begins like a JPEG, filled up with nothing."""
    return (b"\xff\xd8" + b"".join(segments)).ljust(size, b"\0")


def rows_now_of(table: str) -> list[dict[str, Any]]:
    """As they lie there, without letting anything settle. A table without any is no proof of what is not in it."""
    found: list[dict[str, Any]] = dump.dump()["tables"][f"sowa-local-{table}"]
    assert found
    return found
