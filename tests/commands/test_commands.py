"""A command reaches the camera of who gave it: at once, or when it wakes; once more if it was not answered; or not at
all, once it is too late or the camera is somebody else's."""

from __future__ import annotations

from typing import Any

import pytest

from chalicelib.aws.clients import client
from chalicelib.commands import rules
from infra.local.channel import MANAGEMENT_URL
from infra.strict_moto.trace import Call
from tests.conftest import Home
from tests.scene import lines_of, new_camera, rows


def state(home: Home, command_id: str) -> Any:
    home.owner.sign_in()  # time has passed
    answer = home.owner.call("GET", f"/devices/{home.camera.device_id}/commands/{command_id}")
    assert answer.status == 200, answer.body
    return answer.json


def give(home: Home, word: str = "restart", **said: Any) -> str:
    answer = home.owner.command(home.camera.device_id, word, **said)
    assert answer.status == 202, answer.body
    home.world.settle()
    return str(answer.json["command_id"])


def test_a_command_comes_down_and_its_answer_goes_up(home: Home) -> None:
    channel = home.camera.connect()
    command_id = give(home)
    assert channel.messages == [
        {"id": command_id, "command": "restart", "now": f"{home.world.now():%Y-%m-%dT%H:%M:%SZ}"}
    ]
    assert state(home, command_id)["state"] == "sent"
    channel.say({"id": command_id, "ok": True})
    said = state(home, command_id)
    assert (said["state"], said["error"], said["answered_at"]) == ("done", None, said["given_at"])


def test_a_camera_says_why_it_could_not(home: Home) -> None:
    channel = home.camera.connect()
    command_id = give(home, "snapshot")
    channel.say({"id": command_id, "ok": False, "error": "lens_covered"})
    assert (state(home, command_id)["state"], state(home, command_id)["error"]) == ("failed", "lens_covered")


def test_the_first_answer_counts(home: Home) -> None:
    channel = home.camera.connect()
    command_id = give(home)
    for ok in (True, False):
        channel.say({"id": command_id, "ok": ok})
    assert state(home, command_id)["state"] == "done"


def test_what_was_given_to_a_sleeping_camera_is_there_when_it_wakes(home: Home) -> None:
    ids = [give(home), give(home, "snapshot")]
    assert state(home, ids[0])["state"] == "waiting"
    home.world.advance(3600)
    channel = home.camera.connect()
    home.world.settle()
    assert sorted(message["id"] for message in channel.messages) == sorted(ids)


def test_what_was_not_answered_comes_again_and_not_for_ever(home: Home) -> None:
    command_id = give(home)
    seen = 0
    for _ in range(rules.MOST_TRIES + 2):
        channel = home.camera.connect()
        home.world.settle()
        seen += len(channel.messages)
        channel.close()
    assert seen == rules.MOST_TRIES
    assert state(home, command_id)["state"] == "expired"


def test_what_was_answered_does_not_come_again(home: Home) -> None:
    channel = home.camera.connect()
    command_id = give(home)
    channel.say({"id": command_id, "ok": True})
    channel.close()
    again = home.camera.connect()
    home.world.settle()
    assert again.messages == []


def test_a_command_that_is_too_late_is_not_sent(home: Home) -> None:
    command_id = give(home, within_seconds=600)
    home.world.advance(600)
    channel = home.camera.connect()
    home.world.settle()
    assert channel.messages == []
    assert state(home, command_id)["state"] == "expired"
    home.world.advance(3600)
    home.owner.sign_in()
    path = f"/devices/{home.camera.device_id}/commands/{command_id}"
    assert home.owner.call("GET", path).status == 404


def test_a_mailbox_is_full_one_day_and_empty_the_next(home: Home) -> None:
    for _ in range(rules.MOST_WAITING):
        give(home)
    answer = home.owner.command(home.camera.device_id)
    assert (answer.status, answer.json["code"]) == (429, "MailboxFull")
    home.world.advance(86_400)
    home.owner.sign_in()
    assert home.owner.command(home.camera.device_id).status == 202


def test_a_command_of_a_former_owner_is_never_brought(home: Home) -> None:
    give(home)
    assert home.owner.call("DELETE", f"/devices/{home.camera.device_id}").status == 202
    assert home.stranger.bind(home.camera).status == 201
    channel = home.camera.connect()
    home.world.settle()
    assert channel.messages == []


def test_a_connection_that_is_gone_is_noticed_by_the_first_command(home: Home) -> None:
    channel = home.camera.connect()
    home.world.advance(60)
    home.world.channel.connections.pop(channel.id)
    command_id = give(home)
    assert home.owner.device(home.camera.device_id)["online"] is False
    again = home.camera.connect()
    home.world.settle()
    assert [message["id"] for message in again.messages] == [command_id]


def test_a_connection_that_is_just_opened_is_waited_for_and_not_taken_for_gone(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    channel = home.camera.connect()
    home.world.settle()
    connection, waited = home.world.channel.connections[channel.id], []
    connection.is_open = False

    def sleep(seconds: float) -> None:
        waited.append(seconds)
        connection.is_open = sum(waited) >= 2

    monkeypatch.setattr("chalicelib.clock.sleep", sleep)
    command_id = give(home)
    assert 2 <= sum(waited) < 4
    assert [message["id"] for message in channel.messages] == [command_id]
    assert home.owner.device(home.camera.device_id)["online"] is True


def test_what_is_given_before_a_connection_is_open_is_neither_lost_nor_spent(home: Home) -> None:
    """Longer than anybody waits for it: whoever takes it in looks into the mailbox, or has died."""
    channel = home.camera.connect()
    home.world.settle()
    home.world.channel.connections[channel.id].is_open = False
    command_id = give(home)
    assert state(home, command_id)["state"] == "waiting"
    assert home.owner.device(home.camera.device_id)["online"] is True
    again = home.camera.connect()
    home.world.settle()
    assert [message["id"] for message in again.messages] == [command_id]


def test_a_camera_answers_for_itself_alone(home: Home) -> None:
    other = new_camera(home.world, "SN0088", owner=home.stranger).connect()
    home.camera.connect()
    command_id = give(home)
    other.say({"id": command_id, "ok": True})
    assert state(home, command_id)["state"] == "sent"


def test_a_superseded_connection_is_not_listened_to_and_ended(home: Home) -> None:
    older, newer = home.camera.connect(), home.camera.connect()
    command_id = give(home)
    assert older.say({"id": command_id, "ok": True}) == 404  # which the log says of an answer that is lost
    home.world.settle()
    assert (older.is_open, newer.is_open) == (False, True)
    assert state(home, command_id)["state"] == "sent"


@pytest.mark.parametrize("more", [{"took_ms": 12}, {"error": "No space left."}, {"error": "x" * 5000}, {"error": 28}])
def test_what_a_camera_says_beyond_its_answer_is_not_kept_and_does_not_spoil_it(home: Home, more: Any) -> None:
    channel = home.camera.connect()
    command_id = give(home)
    channel.say({"id": command_id, "ok": False, **more})
    assert (state(home, command_id)["state"], state(home, command_id)["error"]) == ("failed", None)


@pytest.mark.parametrize(
    "said", ["no json", "[]", "{}", '{"id": "x"}', '{"id": "x", "ok": 1}', '{"id": "x", "ok": true, "more": 1}',
             '{"id": "", "ok": true}', '{"id": "never given", "ok": true}', '{"id": 1e999, "ok": true}',
             '{"id": "x", "ok": false, "error": "A Sentence."}', "[" * 5000, "{" + " " * 40_000],
)  # fmt: skip
def test_nonsense_from_a_camera_does_no_harm(home: Home, said: str) -> None:
    channel = home.camera.connect()
    channel.say(said)
    home.world.settle()
    assert not home.world.failures
    last = "".join(lines_of(home.world)[-3:])
    assert '"door":"camera_' in last
    assert "fault" not in last


def test_api_gateway_takes_messages_of_128_kb(home: Home) -> None:
    channel = home.camera.connect()
    management = client("apigatewaymanagementapi", MANAGEMENT_URL)
    with pytest.raises(management.exceptions.PayloadTooLargeException):
        management.post_to_connection(ConnectionId=channel.id, Data=b"x" * (128 * 1024 + 1))
    assert management.get_connection(ConnectionId=channel.id)["Identity"]["SourceIp"] == "127.0.0.1"
    management.delete_connection(ConnectionId=channel.id)
    with pytest.raises(management.exceptions.GoneException):
        management.post_to_connection(ConnectionId=channel.id, Data=b"x")


def test_the_camera_hears_of_settings_and_of_privacy_mode_once_for_each_change(home: Home) -> None:
    channel = home.camera.connect()
    assert home.owner.change_settings(home.camera.device_id, 0, night_mode="on").status == 200
    home.world.settle()
    assert [message["command"] for message in channel.messages] == ["settings"]
    for on in (True, True, False):
        assert home.owner.set_privacy(home.camera.device_id, on=on).status == 200
        home.world.settle()
    assert [message["command"] for message in channel.messages] == ["settings"] * 3
    assert rows(home.world, "device/setting-change") == []


def test_a_change_that_was_carried_out_is_not_told_again(home: Home) -> None:
    from chalicelib.commands import listeners
    from chalicelib.entry.queues import Message

    channel = home.camera.connect()
    listeners.on_settings_changed(Message({"partition_id": home.camera.device_id, "sort_id": "a" * 26}, 1))
    home.world.settle()
    assert channel.messages == []


def test_who_binds_a_camera_while_it_connects_reaches_it(home: Home) -> None:
    """His mailbox is looked into, and not that of whoever had it when the camera was recognised."""
    camera, found_away = new_camera(home.world, "SN0042"), []

    def bind_and_command(client: str, call: Call) -> None:
        if call.operation == "UpdateItem" and not found_away:
            found_away.append(True)
            assert home.stranger.bind(camera).status == 201
            assert home.stranger.command(camera.device_id).status == 202
            home.world.settle()

    home.world.aws.order_by(bind_and_command)
    channel = camera.connect()
    home.world.aws.order_by(None)
    home.world.settle()
    assert [message["command"] for message in channel.messages] == ["restart"]


def test_nothing_is_told_to_a_camera_that_has_another_owner(home: Home) -> None:
    channel = home.camera.connect()
    assert home.owner.change_settings(home.camera.device_id, 0, night_mode="on").status == 200
    assert home.owner.call("DELETE", f"/devices/{home.camera.device_id}").status == 202
    assert home.stranger.bind(home.camera).status == 201
    home.world.settle()
    assert channel.messages == []


def test_a_guest_gives_no_commands(home: Home) -> None:
    share = home.owner.share(home.camera.device_id, email=home.stranger.email, rights=["settings", "live"])
    assert home.stranger.call("POST", f"/shares/{share.json['share_id']}/accept").status == 200
    assert home.stranger.command(home.camera.device_id).status == 403
