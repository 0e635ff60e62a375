"""Removing a device (B10): at once nobody reads anything of it, and the next owner begins with nothing."""

from __future__ import annotations

from typing import Any

import pytest

from infra.local import dump
from infra.local.cloud import LocalCloud
from infra.local.gateway import Response
from tests.conftest import Home
from tests.scene import Person, jpeg, just_before, new_camera, rows

KEY = {"Idempotency-Key": "removing-0123456789"}


def remove_device(person: Person, device_id: str, **headers: str) -> Response:
    return person.call("DELETE", f"/devices/{device_id}", headers=headers)


def objects(world: LocalCloud) -> list[str]:
    return [one["key"] for bucket in world.dump()["buckets"].values() for one in bucket]


def state_of(world: LocalCloud, erasure_id: str) -> str:
    return str(world.call("GET", f"/erasures/{erasure_id}").json["state"])


def test_removing_answers_with_the_erasure_to_ask_for(home: Home) -> None:
    answer = remove_device(home.owner, home.camera.device_id)
    assert answer.status == 202
    assert set(answer.json) == {"erasure_id", "receipt_url"}
    assert answer.json["receipt_url"].endswith(f"/erasures/{answer.json['erasure_id']}")
    assert state_of(home.world, answer.json["erasure_id"]) in ("erasing", "done")
    home.world.advance(15 * 60)
    assert state_of(home.world, answer.json["erasure_id"]) == "done"


def test_at_once_the_old_id_opens_nothing(home: Home) -> None:
    device_id = home.camera.device_id
    assert [one["device_id"] for one in home.owner.call("GET", "/devices").json["items"]] == [device_id]
    assert remove_device(home.owner, device_id).status == 202
    asked: list[tuple[str, str, Any]] = [
        ("GET", "", None),
        ("PATCH", "", {"name": "x"}),
        ("DELETE", "", None),
        ("GET", "/alarms", None),
        ("GET", f"/alarms/{home.alarm_id}", None),
        ("DELETE", f"/alarms/{home.alarm_id}", None),
        ("POST", f"/alarms/{home.alarm_id}/read", None),
        ("GET", "/plan", None),
    ]
    for method, rest, body in asked:
        answer = home.owner.call(method, f"/devices/{device_id}{rest}", body)
        assert (answer.status, answer.json["code"]) == (404, "NotFound"), (method, rest)
    assert home.owner.call("GET", "/devices").json["items"] == []


def test_the_key_dies_with_the_commit_and_not_with_the_erasure(home: Home) -> None:
    def keys() -> set[str]:
        # As it lies there, before any event is delivered.
        return {row["pk"] for row in dump.dump()["tables"]["sowa-local-Keys"]}

    before = keys()
    remove_device(home.owner, home.camera.device_id)
    assert before - keys() == {f"key#{home.camera.device_id}"}


def test_all_of_it_is_gone_within_a_quarter_of_an_hour(home: Home) -> None:
    device_id = home.camera.device_id
    assert objects(home.world)
    remove_device(home.owner, device_id)
    home.world.advance(15 * 60)
    tables = home.world.dump()["tables"]
    left = [row for name, table in tables.items() for row in table if device_id in row["pk"]]
    assert left == []
    assert objects(home.world) == []
    (account,) = [row for row in rows(home.world, "account/account") if home.owner.account_id in row["pk"]]
    assert account["devices"] == 0
    assert rows(home.world, "account/device-owned") == []


def test_the_next_owner_binds_at_once_and_sees_nothing_of_before(home: Home) -> None:
    old = home.camera.device_id
    home.owner.call("PATCH", f"/devices/{old}", {"name": "Secret place"})
    assert len(home.owner.alarms(old)) == len(home.owner.call("GET", "/devices").json["items"]) == 1
    remove_device(home.owner, old)
    answer = home.stranger.bind(home.camera, name="Mine")
    assert answer.status == 201
    assert home.camera.device_id != old
    assert answer.json["name"] == "Mine"
    # What the camera said belonged to the ownership that ended.
    assert {answer.json[name] for name in ("mac", "firmware", "country", "lan", "last_seen")} == {None}
    assert home.stranger.alarms(home.camera.device_id) == []
    assert home.stranger.call("GET", f"/devices/{old}").status == 404
    assert home.owner.call("GET", f"/devices/{home.camera.device_id}").status == 404
    assert home.owner.call("GET", "/devices").json["items"] == []


def test_pushes_go_to_the_new_owner_only(home: Home) -> None:
    remove_device(home.owner, home.camera.device_id)
    home.stranger.bind(home.camera)
    home.stranger.take_pushes("platform-token-of-the-stranger")
    before = len(home.world.outbox("platform-token-of-the-owner"))
    home.camera.see(2)
    assert len(home.world.outbox("platform-token-of-the-owner")) == before
    assert len(home.world.outbox("platform-token-of-the-stranger")) == 1


@pytest.mark.parametrize("rebound", [False, True])
def test_what_comes_on_an_old_ticket_is_deleted_on_arrival(home: Home, rebound: bool) -> None:
    ticket = home.camera.ask_ticket().json
    assert len(home.owner.alarms(home.camera.device_id)) == 1
    remove_device(home.owner, home.camera.device_id)
    if rebound:
        home.stranger.bind(home.camera)
    home.world.settle()
    before = objects(home.world)
    assert home.world.upload(ticket, "1/20260105T080000Z-motion-000009.jpg", jpeg(9)).status == 204
    assert objects(home.world) == before
    assert [row for row in rows(home.world, "device/alarm") if "000009" in str(row)] == []
    assert not rebound or home.stranger.alarms(home.camera.device_id) == []


def test_the_owner_may_bind_it_again_as_something_new(home: Home) -> None:
    old = home.camera.device_id
    remove_device(home.owner, old)
    assert home.owner.bind(home.camera).status == 201
    assert home.camera.device_id != old
    assert home.owner.alarms(home.camera.device_id) == []
    home.world.advance(15 * 60)  # the erasure of the old touches nothing of the new
    home.owner.sign_in()
    assert home.owner.call("GET", f"/devices/{home.camera.device_id}").json["name"] == "Garden"
    home.camera.see(3)
    assert len(home.owner.alarms(home.camera.device_id)) == 1


def test_a_repeated_removal_is_answered_again_and_done_once(home: Home) -> None:
    first, again = (remove_device(home.owner, home.camera.device_id, **KEY) for _ in range(2))
    assert (first.status, first.body) == (again.status, again.body) == (202, first.body)
    assert len(rows(home.world, "erasure/erasure", "Ledger")) == 1
    assert remove_device(home.owner, home.camera.device_id).status == 404


def test_two_removals_at_once_are_one(home: Home) -> None:
    others: list[Response] = []
    device_id = home.camera.device_id
    with just_before(home.world, 2, lambda: others.append(remove_device(home.owner, device_id))):
        answer = remove_device(home.owner, device_id)
    assert (others[0].status, answer.status) == (202, 404)
    assert len(rows(home.world, "erasure/erasure", "Ledger")) == 1


def test_other_devices_stay_as_they_are(home: Home) -> None:
    other = new_camera(home.world, "SN0002", owner=home.owner)
    other.see(5)
    remove_device(home.owner, home.camera.device_id)
    home.world.advance(600)
    assert [one["device_id"] for one in home.owner.call("GET", "/devices").json["items"]] == [other.device_id]
    assert len(home.owner.alarms(other.device_id)) == 1


def test_removing_takes_no_body(home: Home) -> None:
    answer = home.owner.call("DELETE", f"/devices/{home.camera.device_id}", {"sn": "SN0001"})
    assert answer.status == 400
    assert home.owner.call("GET", f"/devices/{home.camera.device_id}").status == 200
