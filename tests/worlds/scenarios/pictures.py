"""Pictures of people and covers of cameras arrive, and go."""

from __future__ import annotations

from typing import Any

from chalicelib.aws.clients import client
from infra.local.gateway import Response
from tests.conftest import Home
from tests.identities.people import maja
from tests.identities.platforms import google_picture
from tests.scene import (
    jpeg,
)
from tests.worlds.invariants import Stored
from tests.worlds.scenarios.steps import HOUR, job, once, settle, settled
from tests.worlds.sweep import Scenario, leap


def _ask_avatar_ticket(home: Home, state: Any, key: str) -> Response:
    return home.owner.call("POST", "/me/avatar", {"content_type": "image/png"}, headers=once(key))


def _avatar_uploaded(home: Home) -> None:
    assert home.owner.upload_avatar().status == 204


def _another_avatar_uploaded(home: Home) -> None:
    home.owner.show_face()
    home.world.advance(1)
    assert home.owner.upload_avatar(jpeg(901)).status == 204


def _avatar(home: Home) -> None:
    home.owner.show_face()
    home.world.advance(1)


def delete_avatar(home: Home, state: Any, key: str) -> Response:
    return home.owner.call("DELETE", "/me/avatar", headers=once(key))


def _avatars_deleted(home: Home, state: Any, stored: Stored) -> int:
    return int("picture" not in stored.first_ids("Avatar")[home.owner.account_id])


def _avatar_just_deleted(home: Home) -> None:
    _avatar(home)
    assert delete_avatar(home, None, "the-key-of-deleting").status == 204


def _upload_of_yesterday(home: Home) -> None:
    """S3's event was lost."""
    assert home.owner.upload_avatar().status == 204
    client("sqs").purge_queue(QueueUrl=home.world.stack.physical("ImageUploads"))
    leap(home.world, 86_400 + 60)


def _sweep_uploads(home: Home, state: Any, key: str) -> None:
    job(home.world, "sweep_expired_uploads")


def _picture_offered(home: Home) -> None:
    """Google keeps one of a newcomer, and nobody has fetched it yet."""
    maja(home.world, picture=google_picture())


def _first_pictures(home: Home, state: Any, stored: Stored) -> int:
    return sum("picture" in row for row in stored.first_ids("Avatar").values())


def _ask_cover_ticket(home: Home, state: Any, key: str) -> Response:
    path = f"/devices/{home.camera.device_id}/cover"
    return home.owner.call("POST", path, {"content_type": "image/png"}, headers=once(key))


def _cover_uploaded(home: Home) -> None:
    assert home.owner.upload_cover(home.camera.device_id).status == 204


def another_cover_uploaded(home: Home) -> None:
    _cover(home)
    assert home.owner.upload_cover(home.camera.device_id, jpeg(911)).status == 204


def _cover(home: Home) -> None:
    home.owner.cover(home.camera.device_id)
    home.world.advance(1)


def delete_cover(home: Home, state: Any, key: str) -> Response:
    return home.owner.call("DELETE", f"/devices/{home.camera.device_id}/cover", headers=once(key))


def _covers_deleted(home: Home, state: Any, stored: Stored) -> int:
    return int("cover" not in stored.first_ids("Device")[home.camera.device_id])


def _cover_just_deleted(home: Home) -> None:
    _cover(home)
    assert delete_cover(home, None, "the-key-of-deleting").status == 204


def _cover_upload_of_yesterday(home: Home) -> None:
    """S3's event was lost."""
    _cover_uploaded(home)
    client("sqs").purge_queue(QueueUrl=home.world.stack.physical("ImageUploads"))
    leap(home.world, 86_400 + 60)


def _sweep_cover_uploads(home: Home, state: Any, key: str) -> None:
    job(home.world, "sweep_expired_cover_uploads")


SCENARIOS = (
    Scenario("get an avatar's ticket", "POST /me/avatar", settled, _ask_avatar_ticket),
    Scenario("delete one's avatar", "DELETE /me/avatar", _avatar, delete_avatar, _avatars_deleted, keeps_answer=True),
    Scenario("get a cover's ticket", "POST /devices/{device_id}/cover", settled, _ask_cover_ticket),
    Scenario(
        "delete a cover",
        "DELETE /devices/{device_id}/cover",
        _cover,
        delete_cover,
        _covers_deleted,
        keeps_answer=True,
    ),
    Scenario("an avatar arrives", "on_avatar_uploaded", _avatar_uploaded, settle, is_asked=False),
    Scenario("another avatar arrives", "on_avatar_uploaded", _another_avatar_uploaded, settle, is_asked=False),
    Scenario(
        "a picture is taken over", "on_picture_offered", _picture_offered, settle, _first_pictures, is_asked=False
    ),
    Scenario("an avatar goes", "on_avatar_removed", _avatar_just_deleted, settle, is_asked=False),
    Scenario(
        "unseen uploads go",
        "sweep_expired_uploads",
        _upload_of_yesterday,
        _sweep_uploads,
        is_asked=False,
        within_seconds=HOUR,
    ),
    Scenario("a cover arrives", "on_cover_uploaded", _cover_uploaded, settle, is_asked=False),
    Scenario("another cover arrives", "on_cover_uploaded", another_cover_uploaded, settle, is_asked=False),
    Scenario(
        "a cover goes", ("forward_item_changes", "on_cover_removed"), _cover_just_deleted, settle, is_asked=False
    ),
    Scenario(
        "unseen uploads of covers go",
        "sweep_expired_cover_uploads",
        _cover_upload_of_yesterday,
        _sweep_cover_uploads,
        is_asked=False,
        within_seconds=HOUR,
    ),
)
