"""A picture that somebody asked for answers the command: it is kept as an alarm's, and nobody is pushed."""

from __future__ import annotations

from typing import Any

import pytest

from tests.alarms.snapshots import pushes
from tests.conftest import Home
from tests.scene import jpeg, new_camera


def ask(home: Home) -> str:
    answer = home.owner.command(home.camera.device_id, "snapshot")
    assert answer.status == 202, answer.body
    return str(answer.json["command_id"])


def bring(home: Home, mark: str, data: bytes | None = None) -> int:
    """The camera answers with a picture; with what status S3 takes it."""
    status = home.camera.answer_with_picture(mark, data).status
    home.world.settle()
    return int(status)


def command(home: Home, command_id: str) -> Any:
    return home.owner.call("GET", f"/devices/{home.camera.device_id}/commands/{command_id}").json


def test_the_command_says_where_its_picture_is(home: Home) -> None:
    before = len(pushes(home.world))
    channel = home.camera.connect()
    command_id = ask(home)
    assert command(home, command_id)["alarm_id"] is None
    home.world.settle()
    assert bring(home, channel.messages[0]["id"]) == 204
    channel.say({"id": command_id, "ok": True})
    said = command(home, command_id)
    assert said["state"] == "done"
    path = f"/devices/{home.camera.device_id}/alarms/{said['alarm_id']}"
    alarm = home.owner.call("GET", path).json
    assert (alarm["type"], alarm["until"]) == ("snapshot", "2026-01-12T08:00:00Z")
    assert home.world.fetch(alarm["picture_url"]).body == jpeg(5)
    assert len(pushes(home.world)) == before
    assert [one["alarm_id"] for one in home.owner.alarms(home.camera.device_id, type="snapshot")] == [said["alarm_id"]]


def test_told_twice_it_is_one_picture(home: Home) -> None:
    command_id = ask(home)
    ticket = home.camera.ask_ticket("snapshot").json
    shown = []
    for _ in range(2):
        home.world.upload(ticket, f"1/20260105T080000Z-snapshot-{command_id}.jpg", jpeg(5))
        home.world.settle()
        shown.append(command(home, command_id)["alarm_id"])
    assert shown[0] == shown[1] is not None
    assert len(home.owner.alarms(home.camera.device_id, type="snapshot")) == 1


@pytest.mark.parametrize("mark", ["x7f", "1767600000-abc", "a restart"])
def test_a_picture_that_answers_nothing_is_kept_all_the_same(home: Home, mark: str) -> None:
    if mark == "a restart":
        mark = home.owner.command(home.camera.device_id, "restart").json["command_id"]
    assert bring(home, mark) == 204
    assert len(home.owner.alarms(home.camera.device_id, type="snapshot")) == 1
    if "-" in mark and mark != "1767600000-abc":
        assert command(home, mark)["alarm_id"] is None


def test_it_answers_the_commands_of_its_own_device_only(home: Home) -> None:
    command_id = ask(home)
    others = new_camera(home.world, "SN0002", owner=home.stranger)
    assert others.answer_with_picture(command_id).status == 204
    home.world.settle()
    assert command(home, command_id)["alarm_id"] is None


def test_what_is_no_picture_answers_nothing(home: Home) -> None:
    command_id = ask(home)
    bring(home, command_id, b"no picture" * 200)
    assert command(home, command_id)["alarm_id"] is None


def test_in_privacy_mode_it_is_neither_asked_for_nor_let_in(home: Home) -> None:
    command_id = ask(home)
    home.owner.set_privacy(home.camera.device_id, on=True)
    refused = home.owner.command(home.camera.device_id, "snapshot")
    assert (refused.status, refused.json["code"]) == (409, "PrivacyModeOn")
    assert home.camera.ask_ticket("snapshot").status == 409
    assert home.owner.command(home.camera.device_id, "restart").status == 202
    assert command(home, command_id)["alarm_id"] is None


def test_a_guest_who_may_see_alarms_sees_it_and_others_do_not(home: Home) -> None:
    command_id = ask(home)
    bring(home, command_id)
    path = f"/devices/{home.camera.device_id}/alarms/{command(home, command_id)['alarm_id']}"
    for rights, status in ((["live"], 403), (["alarms"], 200)):
        share_id = home.owner.share(home.camera.device_id, email=home.stranger.email, rights=rights).json["share_id"]
        home.stranger.call("POST", f"/shares/{share_id}/accept")
        assert home.stranger.call("GET", path).status == status
        home.owner.call("DELETE", f"/devices/{home.camera.device_id}/shares/{share_id}")


def test_deleted_it_is_nowhere_though_the_command_names_it(home: Home) -> None:
    command_id = ask(home)
    bring(home, command_id)
    path = f"/devices/{home.camera.device_id}/alarms/{command(home, command_id)['alarm_id']}"
    url = home.owner.call("GET", path).json["picture_url"]
    assert home.owner.call("DELETE", path).status == 204
    home.world.settle()
    assert home.owner.call("GET", path).status == 404
    assert home.world.fetch(url).status == 404
