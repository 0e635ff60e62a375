"""Every operation that changes anything, as a scenario of the crash sweep."""

from __future__ import annotations

import json
from typing import Any

from werkzeug.datastructures import Headers

from chalicelib.accounts.actions.addresses import Contact
from chalicelib.aws.clients import client
from chalicelib.orders import sandbox
from infra.local.cloud import LocalCloud, Plugged
from infra.local.gateway import Response
from tests.conftest import Home
from tests.privacy.backups import brought_back
from tests.scene import NEW_PASSWORD, PASSWORD, Camera, Person, ask_for_reset, elsewhere, jpeg, new_camera, pay
from tests.worlds.invariants import Stored
from tests.worlds.sweep import Scenario, leap

HOUR = 3_600
_ELSEWHERE = {"os": "Debian 12", "model": "a laptop", "unique_id": "t2"}


def once(key: str) -> dict[str, str]:
    return {"Idempotency-Key": key}


def _settled(home: Home) -> None:
    home.world.settle()


def _settle(home: Home, state: Any, key: str) -> None:
    home.world.settle()


# People


def _newcomer(home: Home) -> Person:
    return Person(home.world, "new@example.com", nickname="Iza")


def _register(home: Home, person: Person, key: str) -> Response:
    return home.world.call("POST", "/accounts", person.registration(), headers=once(key))


def _registrations(home: Home, person: Person, stored: Stored) -> int:
    wanted = Contact("email", person.email).hashed
    return sum(row["address_hash"] == wanted for row in stored.of("Registration").values())


def _registered(home: Home) -> tuple[Person, str, str]:
    person = _newcomer(home)
    registration_id = person.register()
    return person, registration_id, person.newest_code()


def _registered_a_minute_ago(home: Home) -> tuple[Person, str, str]:
    state = _registered(home)
    home.world.advance(60)
    return state


def _ask_for_new_code(home: Home, state: Any, key: str) -> Response:
    return home.world.call("POST", "/accounts/code", {"registration_id": state[1]}, headers=once(key))


def _codes_sent_again(home: Home, state: Any, stored: Stored) -> int:
    return int(stored.first_ids("Code")[state[1]]["sends"]) - 1


def _confirm(home: Home, state: Any, key: str) -> Response:
    person, registration_id, code = state
    body = {"registration_id": registration_id, "code": code, "terminal": person.terminal}
    return home.world.call("POST", "/accounts/confirm", body, headers=once(key))


def _accounts_made(home: Home, state: Any, stored: Stored) -> int:
    return int(state[1] in stored.first_ids("Account"))


def _sign_in(home: Home, state: None, key: str) -> Response:
    body = {"email": home.stranger.email, "password": PASSWORD, "terminal": home.stranger.terminal}
    return home.world.call("POST", "/sessions", body, headers=once(key))


def _sign_in_elsewhere(home: Home, state: None, key: str) -> Response:
    body = {"email": home.stranger.email, "password": PASSWORD, "terminal": _ELSEWHERE}
    return home.world.call("POST", "/sessions", body, headers=once(key))


def _sign_ins(home: Home, state: None, stored: Stored) -> int:
    return sum(account_id == home.stranger.account_id for account_id, _ in stored.of("Session")) - 1


def _refresh(home: Home, state: None, key: str) -> Response:
    return home.world.call("POST", "/sessions/refresh", {"refresh_token": home.owner.refresh_token}, headers=once(key))


def _own_session(home: Home, stored: Stored) -> Any:
    return next((row for where, row in stored.of("Session").items() if where[0] == home.owner.account_id), None)


def _refreshes(home: Home, state: None, stored: Stored) -> int:
    return int(_own_session(home, stored)["generation"]) - 1


def _family_ended(home: Home) -> None:
    """A token that was spent long ago came back, so the session is gone; its terminal is still pushed to."""
    tokens = [home.owner.refresh_token]
    for _ in range(2):
        answer = home.world.call("POST", "/sessions/refresh", {"refresh_token": tokens[-1]})
        tokens.append(answer.json["refresh_token"])
    leap(home.world, 60)
    assert home.world.call("POST", "/sessions/refresh", {"refresh_token": tokens[0]}).status == 401


def _sign_out(home: Home, state: None, key: str) -> Response:
    return home.owner.call("DELETE", "/sessions/current", headers=once(key))


def _sign_outs(home: Home, state: None, stored: Stored) -> int:
    return int(_own_session(home, stored) is None)


def _elsewhere(home: Home) -> Person:
    """The owner is pushed to on another terminal, too."""
    other = elsewhere(home.owner)
    assert other.take_pushes("platform-token-elsewhere").status == 204
    home.world.settle()
    return other


def _end_session(home: Home, other: Person, key: str) -> Response:
    return home.owner.call("DELETE", f"/sessions/{other.session_id}", headers=once(key))


def _end_others(home: Home, other: Person, key: str) -> Response:
    return home.owner.call("DELETE", "/sessions", headers=once(key))


def _endings(home: Home, other: Person, stored: Stored) -> int:
    return int((home.owner.account_id, other.session_id) not in stored.of("Session"))


def _signed_in_elsewhere(home: Home) -> None:
    elsewhere(home.owner)


def _ask_for_step_up(home: Home, state: None, key: str) -> Response:
    return home.owner.call("POST", "/step-up", {}, headers=once(key))


def _step_up_codes(home: Home, state: None, stored: Stored) -> int:
    return sum(account_id == home.owner.account_id for account_id, _ in stored.of("Code"))


def _step_up_code(home: Home) -> str:
    assert home.owner.call("POST", "/step-up", {}).status == 202
    return home.owner.newest_code()


def _step_up(home: Home, code: str, key: str) -> Response:
    return home.owner.call("POST", "/step-up/confirm", {"code": code}, headers=once(key))


def _step_ups(home: Home, code: str, stored: Stored) -> int:
    return int("stepped_up_until" in _own_session(home, stored))


def _change_me(home: Home, state: None, key: str) -> Response:
    return home.owner.call("PATCH", "/me", {"nickname": "Aleksandra"}, headers=once(key))


def _changes_of_me(home: Home, state: None, stored: Stored) -> int:
    return int(stored.opened(stored.first_ids("Account")[home.owner.account_id], "nickname") == "Aleksandra")


def _take_pushes(home: Home, person: Person, key: str) -> Response:
    body = {"platform": "fcm", "token": "another-token-of-a-platform"}
    return person.call("PUT", "/terminals/current/push", body, headers=once(key))


def _terminals(home: Home, person: Person, stored: Stored) -> int:
    rows = [row for where, row in stored.of("Endpoint").items() if where[0] == person.account_id]
    return sum("arn" in row and stored.opened(row, "token") == "another-token-of-a-platform" for row in rows)


def _change_password(home: Home, state: None, key: str) -> Response:
    body = {"current": PASSWORD, "new": NEW_PASSWORD}
    return home.owner.call("PUT", "/me/password", body, headers=once(key))


def _new_passwords(home: Home, state: Any, stored: Stored) -> int:
    return int(stored.first_ids("Account")[home.owner.account_id]["epoch"]) - 1


def _ask_for_reset(home: Home, state: None, key: str) -> Response:
    return home.world.call("POST", "/password-resets", {"email": home.owner.email}, headers=once(key))


def _reset_codes(home: Home, state: None, stored: Stored) -> int:
    return sum(int(row["sends"]) for row in stored.first_ids("ResetCode").values())


def _reset_asked(home: Home) -> tuple[str, str]:
    return ask_for_reset(home.world, home.owner.email), home.owner.newest_code()


def _reset(home: Home, state: tuple[str, str], key: str) -> Response:
    body = {"reset_id": state[0], "code": state[1], "password": NEW_PASSWORD}
    return home.world.call("POST", "/password-resets/confirm", body, headers=once(key))


def _stepped_up(home: Home) -> None:
    home.owner.step_up()


def _ask_to_move(home: Home, state: Any, key: str) -> Response:
    return home.owner.call("POST", "/me/address", {"email": "moved@example.com"}, headers=once(key))


def _moves_asked(home: Home, state: Any, stored: Stored) -> int:
    return len(stored.of("AddressChange"))


def _about_to_move(home: Home) -> tuple[str, str]:
    home.owner.step_up()
    return home.owner.change_address(email="moved@example.com"), Person(home.world, "moved@example.com").newest_code()


def _move(home: Home, state: tuple[str, str], key: str) -> Response:
    body = {"change_id": state[0], "code": state[1]}
    return home.owner.call("POST", "/me/address/confirm", body, headers=once(key))


def _moves(home: Home, state: Any, stored: Stored) -> int:
    moved = Contact("email", "moved@example.com").hashed
    return int(stored.first_ids("Account")[home.owner.account_id]["address_hash"] == moved)


def _remove_child(home: Home, state: Any, key: str) -> Response:
    """An operator gets the exception, and orders again."""
    try:
        answer = home.world.invoke("remove_child", {"email": home.owner.email})
    except Exception as fault:
        return Response(503, Headers(), repr(fault).encode())
    return Response(200, Headers(), json.dumps(answer).encode())


# The camera channel


def _is_connected(home: Home, stored: Stored) -> int:
    (stock,) = (one for one in stored.first_ids("Stock").values() if one.get("device_id") == home.camera.device_id)
    return int("connection_id" in stock)


def _connect(home: Home, state: Any, key: str) -> Response:
    connected = home.world.connect(home.camera.token)
    return Response(connected if isinstance(connected, int) else 200, Headers(), b"")


def _connections(home: Home, state: Any, stored: Stored) -> int:
    return _is_connected(home, stored)


def _disconnect(home: Home, channel: Plugged, key: str) -> None:
    channel.close()


def _disconnections(home: Home, state: Any, stored: Stored) -> int:
    return 1 - _is_connected(home, stored)


def _give_command(home: Home, state: Any, key: str) -> Response:
    return home.owner.call(
        "POST", f"/devices/{home.camera.device_id}/commands", {"command": "restart"}, headers=once(key)
    )


def _commands(home: Home, state: Any, stored: Stored) -> int:
    return len(stored.of("Command"))


def _command_given(home: Home) -> Plugged:
    """And nobody has been told yet."""
    channel = home.camera.connect()
    home.world.settle()
    assert _give_command(home, None, "the-key-of-a-command").status == 202
    return channel


def _sleeping_camera_wakes(home: Home) -> Plugged:
    assert _give_command(home, None, "the-key-of-a-command").status == 202
    home.world.settle()
    return home.camera.connect()


def _commands_sent(home: Home, channel: Plugged, stored: Stored) -> int:
    return sum(row["tries"] > 0 for row in stored.of("Command").values())


def _command_sent(home: Home) -> Plugged:
    channel = _command_given(home)
    home.world.settle()
    return channel


def _answer_command(home: Home, channel: Plugged, key: str) -> Response:
    return Response(channel.say({"id": channel.messages[0]["id"], "ok": True}), Headers(), b"")


def _commands_answered(home: Home, channel: Plugged, stored: Stored) -> int:
    return sum("answered_at" in row for row in stored.of("Command").values())


def _watch(home: Home, state: Any, key: str) -> Response:
    path = f"/devices/{home.camera.device_id}/live"
    return home.owner.call("POST", path, {"channel": "1"}, headers=once(key))


def _views(home: Home, state: Any, stored: Stored) -> int:
    return sum(command["word"] == "live" for command in stored.of("Command").values())


def _watched(home: Home) -> Any:
    """A minute ago, and pieces have come."""
    live = home.owner.watch(home.camera.device_id)
    home.camera.stream(init="a")
    home.camera.stream()
    leap(home.world, 60)
    home.camera.stream()
    return live


def _go_on(home: Home, live: Any, key: str) -> Response:
    return home.owner.call("POST", f"/devices/{home.camera.device_id}/live/{live['live_id']}", headers=once(key))


def _goings_on(home: Home, live: Any, stored: Stored) -> int:
    return _views(home, live, stored) - 1


def _stop(home: Home, live: Any, key: str) -> Response:
    return home.owner.call("DELETE", f"/devices/{home.camera.device_id}/live/{live['live_id']}", headers=once(key))


def _stops(home: Home, live: Any, stored: Stored) -> int:
    return sum(command["word"] == "stop_live" for command in stored.of("Command").values())


def _ask_live_ticket(home: Home, state: Any, key: str) -> Response:
    return home.camera.ask_ticket("live")


def _video_of_an_hour_ago(home: Home) -> None:
    for number in range(3):
        home.camera.stream(init=f"a{number}")
    leap(home.world, HOUR)


def _sweep_video(home: Home, state: Any, key: str) -> None:
    _job(home.world, "sweep_live_video")


def _settings_changed(home: Home) -> None:
    client("sqs").send_message(
        QueueUrl=home.world.stack.physical("SettingChanges"),
        MessageBody=json.dumps({"partition_id": home.camera.device_id, "place_id": ""}),
    )


# Avatars


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


def _delete_avatar(home: Home, state: Any, key: str) -> Response:
    return home.owner.call("DELETE", "/me/avatar", headers=once(key))


def _avatars_deleted(home: Home, state: Any, stored: Stored) -> int:
    return int("picture" not in stored.first_ids("Avatar")[home.owner.account_id])


def _avatar_just_deleted(home: Home) -> None:
    _avatar(home)
    assert _delete_avatar(home, None, "the-key-of-deleting").status == 204


def _upload_of_yesterday(home: Home) -> None:
    """S3's event was lost."""
    assert home.owner.upload_avatar().status == 204
    client("sqs").purge_queue(QueueUrl=home.world.stack.physical("AvatarUploads"))
    leap(home.world, 86_400 + 60)


def _sweep_uploads(home: Home, state: Any, key: str) -> None:
    _job(home.world, "sweep_expired_uploads")


# Cameras


def _unbound(home: Home) -> Camera:
    return new_camera(home.world, "SN0002")


def _activate(home: Home, camera: Camera, key: str) -> Response:
    body = camera.activation(firmware="2.0.0")
    return home.world.call("POST", "/cameras/activation", body, headers=once(key))


def _bind(home: Home, camera: Camera, key: str) -> Response:
    return home.owner.bind(camera, **once(key))


def _bindings(home: Home, camera: Camera, stored: Stored) -> int:
    return len(stored.of("Device")) - 1


def _rename(home: Home, state: Any, key: str) -> Response:
    return home.owner.call("PATCH", f"/devices/{home.camera.device_id}", {"name": "Back door"}, headers=once(key))


def _renamings(home: Home, state: Any, stored: Stored) -> int:
    return int(stored.opened(stored.first_ids("Device")[home.camera.device_id], "name") == "Back door")


def _remove_device(home: Home, state: Any, key: str) -> Response:
    return home.owner.call("DELETE", f"/devices/{home.camera.device_id}", headers=once(key))


def _removals(home: Home, state: Any, stored: Stored) -> int:
    return int(home.camera.device_id not in stored.first_ids("Device"))


def _load(home: Home, state: Any, key: str) -> Response:
    """An operator gets the exception, and orders again."""
    try:
        answer = Camera(home.world, "SN0009").load()
    except Exception as fault:
        return Response(503, Headers(), repr(fault).encode())
    return Response(200, Headers(), json.dumps(answer).encode())


def _loads(home: Home, state: Any, stored: Stored) -> int:
    return len(stored.of("Stock")) - 1


# Alarms


def _ask_ticket(home: Home, state: Any, key: str) -> Response:
    return home.world.call("POST", "/cameras/tickets", {"kind": "alarm"}, token=home.camera.token, headers=once(key))


def _uploaded(home: Home) -> None:
    for number in (7, 8):
        assert home.camera.upload(number).status == 204


def _alarm_path(home: Home) -> str:
    return f"/devices/{home.camera.device_id}/alarms"


def _mark_read(home: Home, state: Any, key: str) -> Response:
    return home.owner.call("POST", f"{_alarm_path(home)}/{home.alarm_id}/read", headers=once(key))


def _markings(home: Home, state: Any, stored: Stored) -> int:
    return len(stored.of("Alarm")[home.camera.device_id, home.alarm_id].get("read_by", []))


def _delete_alarm(home: Home, state: Any, key: str) -> Response:
    return home.owner.call("DELETE", f"{_alarm_path(home)}/{home.alarm_id}", headers=once(key))


def _alarms_deleted(home: Home, state: Any, stored: Stored) -> int:
    alarm = stored.of("Alarm").get((home.camera.device_id, home.alarm_id))
    return int(alarm is None or "removed" in alarm)


def _more_alarms(home: Home) -> list[str]:
    for number in (7, 8):
        home.camera.see(number)
    return [alarm["alarm_id"] for alarm in home.owner.alarms(home.camera.device_id)]


def _delete_some(home: Home, alarm_ids: list[str], key: str) -> Response:
    return home.owner.call("DELETE", _alarm_path(home), {"alarm_ids": alarm_ids}, headers=once(key))


def _delete_all(home: Home, state: Any, key: str) -> Response:
    return home.owner.call("DELETE", _alarm_path(home), headers=once(key))


def _all_deleted(home: Home, state: Any, stored: Stored) -> int:
    return int("alarms_after" in stored.first_ids("Device")[home.camera.device_id])


def _all_just_deleted(home: Home) -> None:
    _more_alarms(home)
    assert _delete_all(home, None, "the-key-of-deleting").status == 204


def _picture_of_last_week(home: Home) -> None:
    """Its seven days are over, and neither clock nor lifecycle has come yet."""
    leap(home.world, 7 * 86_400 + 60)


def _sweep(home: Home, state: Any, key: str) -> None:
    _job(home.world, "sweep_expired_pictures")


# Money


def _ordered(home: Home) -> tuple[str, dict[str, str], bytes]:
    order_id = home.owner.order(home.camera.device_id).json["order_id"]
    home.world.settle()
    return order_id, *sandbox.event(order_id, "paid")


def _place_order(home: Home, state: Any, key: str) -> Response:
    return home.owner.order(home.camera.device_id, key=key)


def _orders(home: Home, state: Any, stored: Stored) -> int:
    return len(stored.of("Order"))


def _take_payment(home: Home, state: Any, key: str) -> Response:
    _, headers, body = state
    return home.world.call("POST", "/payments/sandbox", raw=body, headers=headers)


def _payments(home: Home, state: Any, stored: Stored) -> int:
    return sum(order["state"] == "paid" for order in stored.of("Order").values())


def _second_period(home: Home) -> tuple[str, dict[str, str], bytes]:
    """The device has a plan already, and the year's first invoice is out."""
    _paid(home)
    home.world.settle()
    order_id = home.owner.order(home.camera.device_id, key="the-key-of-a-second-order").json["order_id"]
    home.world.settle()
    return order_id, *sandbox.event(order_id, "paid")


def _second_payments(home: Home, state: Any, stored: Stored) -> int:
    return _payments(home, state, stored) - 1


def _paid(home: Home) -> None:
    order_id = home.owner.order(home.camera.device_id).json["order_id"]
    assert pay(home.world, order_id).json == {"changed": True}


# Closing


def _about_to_close(home: Home) -> None:
    _paid(home)
    home.owner.bind(_unbound(home), "Attic")
    home.owner.step_up()


def _close(home: Home, state: Any, key: str) -> Response:
    return home.owner.close(**once(key))


def _closings(home: Home, state: Any, stored: Stored) -> int:
    return int(home.owner.account_id not in stored.first_ids("Account"))


def _closed(home: Home) -> None:
    _paid(home)
    home.owner.step_up()
    assert home.owner.close().status == 202


def _closed_a_minute_ago(home: Home) -> None:
    """The first pass is made; the next one is the clock's."""
    _closed(home)
    home.world.settle()
    leap(home.world, 61)


def _resume_erasures(home: Home, state: Any, key: str) -> None:
    _job(home.world, "resume_erasures")


# A copy of one's data


def _proved(home: Home) -> None:
    _paid(home)
    home.owner.step_up()
    home.world.settle()


def _ask_for_export(home: Home, state: Any, key: str) -> Response:
    return home.owner.call("POST", "/privacy/exports", headers=once(key))


def _exports(home: Home, state: Any, stored: Stored) -> int:
    return len(stored.of("Export"))


def _export_asked(home: Home) -> None:
    _proved(home)
    assert _ask_for_export(home, None, "the-key-of-an-export").status == 202


def _export_of_yesterday(home: Home) -> None:
    _export_asked(home)
    home.world.settle()
    leap(home.world, 86_400 + 60)


def _sweep_archives(home: Home, state: Any, key: str) -> None:
    _job(home.world, "sweep_expired_archives")


def _a_stranger_left_and_came_back(home: Home) -> None:
    home.stranger.bind(_unbound(home))
    home.stranger.step_up()
    with brought_back(home.world):
        assert home.stranger.close().status == 202


def _replay(home: Home, state: Any, key: str) -> Response:
    """An operator gets the exception, and orders again."""
    try:
        answer = home.world.invoke("replay_erasures", {"restored_to": "2026-01-05T08:00:00Z"})
    except Exception as fault:
        return Response(503, Headers(), repr(fault).encode())
    return Response(200, Headers(), json.dumps(answer).encode())


def _look_into_the_log(home: Home, state: Any, key: str) -> Response:
    """An operator gets the exception, and orders again; then two looks are recorded."""
    asked = {"from": "2026-01-05T08:00:00Z", "to": "2026-01-05T09:00:00Z", "reason": "case 2026-17"}
    try:
        answer = home.world.invoke("read_api_log", asked)
    except Exception as fault:
        return Response(503, Headers(), repr(fault).encode())
    return Response(200, Headers(), json.dumps(answer).encode())


def _job(world: LocalCloud, name: str) -> None:
    """As EventBridge does it, which tries again."""
    world.calendar.fire(world.calendar.schedules[name])


SCENARIOS = (
    # The three that matter most come first.
    Scenario("bind a device", "POST /devices", _unbound, _bind, _bindings, may_say=(409,), keeps_answer=True),
    Scenario("an order is paid", "POST /payments/{provider}", _ordered, _take_payment, _payments),
    Scenario(
        "close the account", "POST /me/closing", _about_to_close, _close, _closings, may_say=(401,), keeps_answer=True
    ),
    Scenario("another period is paid", "POST /payments/{provider}", _second_period, _take_payment, _second_payments),
    Scenario("register", "POST /accounts", _newcomer, _register, _registrations, at_most=2),
    Scenario(
        "ask for a new code",
        "POST /accounts/code",
        _registered_a_minute_ago,
        _ask_for_new_code,
        _codes_sent_again,
        may_say=(429,),
    ),
    Scenario("confirm a registration", "POST /accounts/confirm", _registered, _confirm, _accounts_made, may_say=(410,)),
    Scenario("sign in", "POST /sessions", _settled, _sign_in, _sign_ins, at_most=2),
    Scenario("sign in on a new terminal", "POST /sessions", _settled, _sign_in_elsewhere, _sign_ins, at_most=2),
    Scenario("refresh", "POST /sessions/refresh", _settled, _refresh, _refreshes),
    Scenario(
        "sign out", "DELETE /sessions/current", _settled, _sign_out, _sign_outs, may_say=(401,), keeps_answer=True
    ),
    Scenario(
        "sign another terminal out",
        "DELETE /sessions/{session_id}",
        _elsewhere,
        _end_session,
        _endings,
        may_say=(404,),
        keeps_answer=True,
    ),
    Scenario(
        "sign all other terminals out", "DELETE /sessions", _elsewhere, _end_others, _endings, keeps_answer=True
    ),
    Scenario(
        "ask for a step-up",
        "POST /step-up",
        _settled,
        _ask_for_step_up,
        _step_up_codes,
        may_say=(429,),
    ),
    Scenario("step up", "POST /step-up/confirm", _step_up_code, _step_up, _step_ups, may_say=(410,), keeps_answer=True),
    Scenario(
        "change one's password",
        "PUT /me/password",
        _settled,
        _change_password,
        _new_passwords,
        may_say=(422,),
        keeps_answer=True,
    ),
    Scenario("ask for a reset", "POST /password-resets", _settled, _ask_for_reset, _reset_codes, may_say=(429,)),
    Scenario(
        "reset a password", "POST /password-resets/confirm", _reset_asked, _reset, _new_passwords, may_say=(410,)
    ),
    Scenario("ask to move", "POST /me/address", _stepped_up, _ask_to_move, _moves_asked, may_say=(429,)),
    Scenario(
        "move to another address",
        "POST /me/address/confirm",
        _about_to_move,
        _move,
        _moves,
        may_say=(410,),
        keeps_answer=True,
    ),
    Scenario("remove a child", "remove_child", _paid, _remove_child, _closings),
    Scenario("change one's nickname", "PATCH /me", _settled, _change_me, _changes_of_me, keeps_answer=True),
    Scenario("get an avatar's ticket", "POST /me/avatar", _settled, _ask_avatar_ticket),
    Scenario(
        "delete one's avatar", "DELETE /me/avatar", _avatar, _delete_avatar, _avatars_deleted, keeps_answer=True
    ),
    Scenario(
        "take pushes",
        "PUT /terminals/current/push",
        lambda home: home.stranger,
        _take_pushes,
        _terminals,
        keeps_answer=True,
    ),
    Scenario(
        "take pushes elsewhere",
        "PUT /terminals/current/push",
        lambda home: home.owner,
        _take_pushes,
        _terminals,
        keeps_answer=True,
    ),
    Scenario("activate a camera", "POST /cameras/activation", _unbound, _activate),
    Scenario("activate one's camera", "POST /cameras/activation", lambda home: home.camera, _activate),
    Scenario("rename a device", "PATCH /devices/{device_id}", _settled, _rename, _renamings, keeps_answer=True),
    Scenario(
        "remove a device",
        "DELETE /devices/{device_id}",
        _paid,
        _remove_device,
        _removals,
        may_say=(404,),
        keeps_answer=True,
    ),
    Scenario("get a ticket", "POST /cameras/tickets", _settled, _ask_ticket),
    Scenario(
        "mark an alarm read",
        "POST /devices/{device_id}/alarms/{alarm_id}/read",
        _settled,
        _mark_read,
        _markings,
        keeps_answer=True,
    ),
    Scenario(
        "delete an alarm",
        "DELETE /devices/{device_id}/alarms/{alarm_id}",
        _settled,
        _delete_alarm,
        _alarms_deleted,
        may_say=(404,),
        keeps_answer=True,
    ),
    Scenario(
        "delete some alarms",
        "DELETE /devices/{device_id}/alarms",
        _more_alarms,
        _delete_some,
        _alarms_deleted,
        keeps_answer=True,
    ),
    Scenario(
        "delete all alarms",
        "DELETE /devices/{device_id}/alarms",
        _more_alarms,
        _delete_all,
        _all_deleted,
        keeps_answer=True,
    ),
    Scenario("order a plan", "POST /orders", _settled, _place_order, _orders, at_most=2, keeps_answer=True),
    Scenario(
        "ask for a copy of one's data",
        "POST /privacy/exports",
        _proved,
        _ask_for_export,
        _exports,
        keeps_answer=True,
    ),
    Scenario("load cameras", "load_devices", _settled, _load, _loads),
    Scenario("look into the log", "read_api_log", _settled, _look_into_the_log, at_most=2, is_repeated=True),
    Scenario("replay erasures", "replay_erasures", _a_stranger_left_and_came_back, _replay, is_repeated=True),
    # What nobody asks for happens by itself, and is tried again by itself.
    Scenario("a session has ended", "on_session_ended", _family_ended, _settle, is_asked=False),
    Scenario(
        "a new terminal is told of",
        ("forward_item_changes", "on_new_terminal_seen"),
        _signed_in_elsewhere,
        _settle,
        is_asked=False,
    ),
    Scenario("an avatar arrives", "on_avatar_uploaded", _avatar_uploaded, _settle, is_asked=False),
    Scenario("another avatar arrives", "on_avatar_uploaded", _another_avatar_uploaded, _settle, is_asked=False),
    Scenario("an avatar goes", "on_avatar_removed", _avatar_just_deleted, _settle, is_asked=False),
    Scenario(
        "unseen uploads go",
        "sweep_expired_uploads",
        _upload_of_yesterday,
        _sweep_uploads,
        is_asked=False,
        within_seconds=HOUR,
    ),
    Scenario("a camera connects", "camera_connected", _settled, _connect, _connections),
    Scenario(
        "a camera goes away",
        "camera_disconnected",
        lambda home: home.camera.connect(),
        _disconnect,
        _disconnections,
        is_asked=False,
    ),
    Scenario(
        "give a command",
        "POST /devices/{device_id}/commands",
        lambda home: home.camera.connect(),
        _give_command,
        _commands,
        at_most=2,
        keeps_answer=True,
    ),
    Scenario(
        "a command is brought",
        ("forward_item_changes", "on_command_given"),
        _command_given,
        _settle,
        _commands_sent,
        is_asked=False,
    ),
    Scenario(
        "a mailbox is emptied", "on_mailbox_opened", _sleeping_camera_wakes, _settle, _commands_sent, is_asked=False
    ),
    Scenario("a command is answered", "camera_said", _command_sent, _answer_command, _commands_answered),
    Scenario(
        "watch live", "POST /devices/{device_id}/live", _settled, _watch, _views, at_most=2, keeps_answer=True
    ),
    Scenario(
        "go on watching",
        "POST /devices/{device_id}/live/{live_id}",
        _watched,
        _go_on,
        _goings_on,
        at_most=2,
        keeps_answer=True,
    ),
    Scenario(
        "stop watching",
        "DELETE /devices/{device_id}/live/{live_id}",
        _watched,
        _stop,
        _stops,
        may_say=(404,),
        keeps_answer=True,
    ),
    Scenario("get a ticket for live video", "POST /cameras/tickets", _settled, _ask_live_ticket),
    Scenario(
        "live video passes",
        "sweep_live_video",
        _video_of_an_hour_ago,
        _sweep_video,
        is_asked=False,
        within_seconds=HOUR,
    ),
    Scenario("settings have changed", "on_settings_changed", _settings_changed, _settle, is_asked=False),
    Scenario("a picture arrives", "on_picture_uploaded", _uploaded, _settle, is_asked=False),
    Scenario("alarms go", ("forward_item_changes", "on_alarms_removed"), _all_just_deleted, _settle, is_asked=False),
    Scenario("the buyer is told", "on_order_changed", _paid, _settle, is_asked=False),
    Scenario("an erasure begins", ("forward_ledger_changes", "on_erasure_begun"), _closed, _settle, is_asked=False),
    Scenario("an erasure ends", "resume_erasures", _closed_a_minute_ago, _resume_erasures, is_asked=False),
    Scenario("a copy is made", "on_export_asked", _export_asked, _settle, is_asked=False),
    Scenario(
        "old copies go",
        "sweep_expired_archives",
        _export_of_yesterday,
        _sweep_archives,
        is_asked=False,
        within_seconds=HOUR,
    ),
    Scenario(
        "old pictures go", "sweep_expired_pictures", _picture_of_last_week, _sweep, is_asked=False, within_seconds=HOUR
    ),
)
