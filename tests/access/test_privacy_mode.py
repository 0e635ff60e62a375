"""Privacy mode (B6): nothing is taken of a camera while its owner wants so."""

from __future__ import annotations

from typing import Any

import pytest

from infra.local.gateway import Response
from tests.conftest import Home
from tests.scene import jpeg, pay, rows


def refusal(answer: Response) -> tuple[int, str]:
    return answer.status, answer.json["code"]


def device(home: Home) -> Any:
    return home.owner.call("GET", f"/devices/{home.camera.device_id}").json


def private(home: Home, on: bool = True) -> Any:
    answer = home.owner.set_privacy(home.camera.device_id, on=on)
    assert answer.status == 200, answer.body
    return answer.json


def test_in_privacy_mode_a_camera_gets_no_tickets_and_is_told_why(home: Home) -> None:
    assert private(home)["privacy_mode"] is True
    assert device(home)["privacy_mode"] is True
    assert refusal(home.camera.ask_ticket()) == (409, "PrivacyModeOn")
    assert home.camera.report().json["privacy_mode"] is True
    assert private(home, on=False)["privacy_mode"] is False
    assert home.camera.ask_ticket().status == 200


def test_what_arrives_in_privacy_mode_on_a_ticket_of_before_is_dropped(home: Home) -> None:
    ticket, before = home.camera.ask_ticket().json, len(home.owner.alarms(home.camera.device_id))
    home.world.advance(5)
    private(home)
    home.world.advance(5)
    name = f"1/{home.world.now():%Y%m%dT%H%M%SZ}-motion-000009.jpg"
    assert home.world.upload(ticket, name, jpeg(9)).status == 204
    home.world.settle()
    pushed = [one for one in home.world.outbox("platform-token-of-the-owner") if one["kind"] == "push"]
    assert len(home.owner.alarms(home.camera.device_id)) == before == len(pushed)
    assert not [one for objects in home.world.dump()["buckets"].values() for one in objects if name in one["key"]]


def test_what_arrived_in_privacy_mode_is_dropped_though_it_is_over_when_it_is_looked_at(home: Home) -> None:
    ticket, before = home.camera.ask_ticket().json, len(home.owner.alarms(home.camera.device_id))
    private(home)
    home.world.clock.move_to(home.world.now().timestamp() + 5)
    assert home.world.upload(ticket, "1/20260105T080000Z-motion-000009.jpg", jpeg(9)).status == 204
    home.world.clock.move_to(home.world.now().timestamp() + 5)
    private(home, on=False)
    home.world.settle()
    assert len(home.owner.alarms(home.camera.device_id)) == before
    home.world.advance(1)
    home.camera.see(10)
    assert len(home.owner.alarms(home.camera.device_id)) == before + 1


def test_what_was_seen_before_privacy_mode_stays(home: Home) -> None:
    before = home.owner.alarms(home.camera.device_id)
    private(home)
    assert home.owner.alarms(home.camera.device_id) == before != []


@pytest.mark.parametrize("has_plan", [False, True])
def test_privacy_mode_is_refused_for_no_plan(home: Home, has_plan: bool) -> None:
    if has_plan:
        pay(home.world, home.owner.order(home.camera.device_id).json["order_id"])
    assert private(home)["privacy_mode"] is True
    home.world.clock.move_to(home.world.now().timestamp() + 400 * 86_400)
    home.owner.sign_in()
    assert private(home, on=False)["privacy_mode"] is False


def test_switching_on_twice_is_switching_on_once(home: Home) -> None:
    private(home)
    (row,) = rows(home.world, "device/device")
    home.world.advance(60)
    private(home)
    assert rows(home.world, "device/device")[0]["private_since"] == row["private_since"]


def test_another_ones_camera_is_not_switched(home: Home) -> None:
    answer = home.stranger.set_privacy(home.camera.device_id, on=True)
    assert refusal(answer) == (404, "NotFound")
    assert device(home)["privacy_mode"] is False
