"""What an owner sees and changes (B7), and what a stranger does not."""

from __future__ import annotations

from typing import Any

import pytest

from infra.local.cloud import LocalCloud
from infra.local.gateway import Response
from tests.conftest import Home
from tests.scene import everything_stored, just_before, new_camera, new_person, rows

ABSENT = "a" * 26


def refusal(answer: Response) -> tuple[int, str]:
    return answer.status, answer.json["code"]


def test_the_list_is_oldest_first_and_ones_own(world: LocalCloud) -> None:
    ola, zed = new_person(world), new_person(world, "zed@example.com")
    names = []
    for number, person in enumerate([ola, zed, ola, ola]):
        world.advance(60)
        camera = new_camera(world, f"SN000{number}")
        assert person.bind(camera, name=f"Camera {number}").status == 201
        names.append(camera.device_id)
    listed = ola.call("GET", "/devices").json
    assert [device["device_id"] for device in listed["items"]] == [names[0], names[2], names[3]]
    assert listed["cursor"] is None
    assert [device["name"] for device in zed.call("GET", "/devices").json["items"]] == ["Camera 1"]


def test_who_has_no_device_has_an_empty_list(home: Home) -> None:
    assert home.stranger.call("GET", "/devices").json == {"items": [], "cursor": None}
    assert len(home.owner.call("GET", "/devices").json["items"]) == 1


def test_the_list_takes_four_calls(home: Home) -> None:
    home.world.trace.clear()
    home.owner.call("GET", "/devices")
    assert len(home.world.trace) == 4


@pytest.mark.parametrize(
    "change",
    [{"name": "Back door"}, {"time_zone": "Asia/Tokyo"}, {"dst": False}, {"name": "Żółw 🐢", "time_zone": "UTC"}, {}],
)
def test_only_what_is_named_changes(home: Home, change: dict[str, Any]) -> None:
    path = f"/devices/{home.camera.device_id}"
    before = home.owner.call("GET", path).json
    answer = home.owner.call("PATCH", path, change)
    assert (answer.status, answer.json) == (200, before | change)
    assert home.owner.call("GET", path).json == before | change
    listed = before | change | {"refused_uploads": None, "streams": None}
    assert home.owner.call("GET", "/devices").json["items"] == [listed]


def test_old_and_new_names_are_never_stored_in_plain(home: Home) -> None:
    for name in ("Nightingale", "Kingfisher"):
        assert home.owner.call("PATCH", f"/devices/{home.camera.device_id}", {"name": name}).status == 200
    stored = everything_stored(home.world)
    assert "Nightingale" not in stored
    assert "Kingfisher" not in stored
    assert home.camera.sn not in stored


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"name": ""}, "name"),
        ({"name": "\n"}, "name"),
        ({"name": "x" * 65}, "name"),
        ({"name": None}, "name"),
        ({"name": 10**400}, "name"),
        ({"time_zone": "Mars/Olympus"}, "time_zone"),
        ({"time_zone": None}, "time_zone"),
        ({"dst": None}, "dst"),
        ({"dst": "true"}, "dst"),
        ({"sn": "SN0002"}, "sn"),
        ({"account_id": "another"}, "account_id"),
        ({"name": "Good", "time_zone": ""}, "time_zone"),
        ([], "body"),
    ],
)
def test_a_wrong_change_is_named_and_nothing_of_it_stored(home: Home, wrong: Any, field: str) -> None:
    before = home.world.dump()["tables"]
    answer = home.owner.call("PATCH", f"/devices/{home.camera.device_id}", wrong)
    assert (answer.status, list(answer.json["fields"])) == (422, [field])
    assert home.world.dump()["tables"] == before


@pytest.mark.parametrize(("method", "body"), [("GET", None), ("PATCH", {"name": "Mine"}), ("DELETE", None)])
def test_anothers_device_is_as_absent_as_no_device(home: Home, method: str, body: Any) -> None:
    before = home.world.dump()["tables"]
    paths = (home.camera.device_id, ABSENT, "x", "%00", "..", "account%23" + home.owner.account_id)
    answers = [home.stranger.call(method, f"/devices/{path}", body) for path in paths]
    assert {refusal(answer) for answer in answers} == {(404, "NotFound")}
    assert len({str(answer.json | {"request_id": ""}) for answer in answers}) == 1
    assert home.world.dump()["tables"] == before


@pytest.mark.parametrize(
    "path", ["/devices/" + "a" * 3000, "/devices/{}/alarms/" + "a" * 1100, "/orders/" + "ż" * 600]
)
def test_an_id_that_no_key_can_hold_is_not_looked_up(home: Home, path: str) -> None:
    home.world.trace.clear()
    answer = home.owner.call("GET", path.format(home.camera.device_id))
    assert refusal(answer) == (404, "NotFound")
    asked = [tables for call in home.world.trace for tables in call.params["RequestItems"].values()]
    keys = [key for tables in asked for key in tables["Keys"]]
    # DynamoDB would call a longer key an error of ours.
    assert all(len(key["pk"]["S"].encode()) <= 2048 for key in keys)
    assert all(len(key["sk"]["S"].encode()) <= 1024 for key in keys if "sk" in key)


def test_a_device_removed_while_it_is_renamed_is_gone(home: Home) -> None:
    path = f"/devices/{home.camera.device_id}"
    with just_before(home.world, 2, lambda: home.owner.call("DELETE", path)):
        answer = home.owner.call("PATCH", path, {"name": "Too late"})
    assert refusal(answer) == (404, "NotFound")
    assert rows(home.world, "device/device") == []


def test_a_repeated_change_is_answered_again_and_done_once(home: Home) -> None:
    path, key = f"/devices/{home.camera.device_id}", {"Idempotency-Key": "renaming-0123456789"}
    first = home.owner.call("PATCH", path, {"name": "One"}, headers=key)
    home.owner.call("PATCH", path, {"name": "Two"})
    again = home.owner.call("PATCH", path, {"name": "One"}, headers=key)
    assert (again.status, again.body) == (first.status, first.body)
    assert home.owner.call("GET", path).json["name"] == "Two"
