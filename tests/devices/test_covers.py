"""The cover of a device (B7): given by its owner, redrawn, shown by a short link, and gone with the ownership."""

from __future__ import annotations

import io
from typing import Any

import pytest
from PIL import Image

from chalicelib.aws import s3
from infra.local.gateway import Response
from tests.avatars.hostile import exif, picture
from tests.conftest import Home
from tests.privacy.exports import archive
from tests.scene import jpeg, rows


def refusal(answer: Response) -> tuple[int, str]:
    return answer.status, answer.json["code"]


def shown(home: Home) -> Any:
    return home.owner.call("GET", f"/devices/{home.camera.device_id}").json["cover_url"]


def stored() -> list[str]:
    return [one.key for one in s3.below("covers")]


def delete(home: Home) -> Response:
    return home.owner.call("DELETE", f"/devices/{home.camera.device_id}/cover")


def test_a_ticket_is_for_one_key_of_the_devices_own(home: Home) -> None:
    given = home.owner.call("POST", f"/devices/{home.camera.device_id}/cover", {"content_type": "image/png"})
    assert given.status == 200
    assert given.json["key_prefix"] == given.json["fields"]["key"]
    assert given.json["key_prefix"].startswith(f"covers-in/20260105/{home.camera.device_id}/")


def test_a_cover_is_shown_small_redrawn_and_without_what_lay_beside_its_pixels(home: Home) -> None:
    assert shown(home) is None
    data = io.BytesIO()
    picture("RGB", (2000, 1000)).save(data, "JPEG", exif=exif())
    home.owner.cover(home.camera.device_id, data.getvalue())
    got = home.owner.cover_of(home.camera.device_id)
    assert got is not None
    assert Image.open(io.BytesIO(got)).size == (512, 256)
    assert b"Exif" not in got
    (key,) = stored()
    assert key.startswith(f"covers/kept/{home.camera.device_id}/")
    (device,) = home.owner.call("GET", "/devices").json["items"]
    assert device["cover_url"].partition("?")[0] == shown(home).partition("?")[0]


def test_a_link_to_it_is_good_for_five_minutes(home: Home) -> None:
    home.owner.cover(home.camera.device_id)
    url = shown(home)
    home.world.advance(299)
    assert home.world.fetch(url).status == 200
    home.world.advance(1)
    assert home.world.fetch(url).status == 403


def test_the_newest_takes_the_place_of_the_one_before(home: Home) -> None:
    home.owner.cover(home.camera.device_id, jpeg(1))
    before = stored()
    home.world.advance(1)
    home.owner.cover(home.camera.device_id, jpeg(2))
    assert len(stored()) == 1
    assert stored() != before


@pytest.mark.parametrize("data", [b"<svg></svg>" * 200, b"\xff\xd8\xff" + b"x" * 4000])
def test_what_is_no_picture_leaves_the_cover_as_it_was(home: Home, data: bytes) -> None:
    home.owner.cover(home.camera.device_id)
    before = stored()
    home.world.advance(1)
    home.owner.cover(home.camera.device_id, data)
    assert stored() == before


def test_deleted_it_is_gone_and_an_upload_of_before_makes_no_other(home: Home) -> None:
    home.owner.cover(home.camera.device_id)
    home.world.advance(1)
    assert home.owner.upload_cover(home.camera.device_id, jpeg(2)).status == 204
    home.world.clock.move_to(home.world.now().timestamp() + 1)
    assert delete(home).status == 204
    assert shown(home) is None
    home.world.settle()
    assert (shown(home), stored()) == (None, [])
    assert delete(home).status == 204


def test_a_cover_does_not_make_the_camera_private_nor_touch_its_name(home: Home) -> None:
    path = f"/devices/{home.camera.device_id}"
    before = home.owner.call("GET", path).json
    home.owner.cover(home.camera.device_id)
    after = home.owner.call("GET", path).json
    assert {name for name in before if before[name] != after[name]} == {"cover_url"}


def test_strangers_neither_give_nor_delete_one(home: Home) -> None:
    home.owner.cover(home.camera.device_id)
    path = f"/devices/{home.camera.device_id}/cover"
    assert refusal(home.stranger.call("POST", path, {"content_type": "image/jpeg"})) == (404, "NotFound")
    assert refusal(home.stranger.call("DELETE", path)) == (404, "NotFound")
    assert len(stored()) == 1


def test_it_goes_with_the_ownership_and_the_next_owner_sees_none(home: Home) -> None:
    for number in (1, 2):  # the second leaves the first to be removed
        home.owner.cover(home.camera.device_id, jpeg(number))
        home.world.advance(1)
    assert home.owner.call("GET", f"/devices/{home.camera.device_id}").json["cover_url"] is not None
    assert len(stored()) == 1
    ticket = home.owner.call("POST", f"/devices/{home.camera.device_id}/cover", {"content_type": "image/jpeg"}).json
    home.owner.call("DELETE", f"/devices/{home.camera.device_id}")
    assert home.stranger.bind(home.camera).status == 201
    assert home.stranger.call("GET", f"/devices/{home.camera.device_id}").json["cover_url"] is None
    assert home.world.upload(ticket, "", jpeg(3)).status == 204
    home.world.settle()
    assert stored() == []
    assert rows(home.world, "device/cover-removal") == []


def test_a_copy_of_ones_data_has_it(home: Home) -> None:
    home.owner.cover(home.camera.device_id)
    seen = home.owner.cover_of(home.camera.device_id)
    copy = archive(home.owner)
    assert [name for name in copy.namelist() if copy.read(name) == seen]
