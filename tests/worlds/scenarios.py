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
from tests.factors import ROOT, App, Key, asked, recovery_codes
from tests.identities.people import enter, link, maja
from tests.identities.platforms import google_picture, google_token
from tests.neighbour import COUNTRY, neighbour
from tests.privacy.backups import brought_back
from tests.scene import (
    CODE,
    DEVICE_PASSWORD,
    NEW_PASSWORD,
    PASSWORD,
    SECRET,
    Camera,
    Person,
    ask_for_reset,
    elsewhere,
    jpeg,
    lay_down,
    new_camera,
    pay,
)
from tests.worlds.invariants import Stored
from tests.worlds.sweep import Scenario, leap

HOUR = 3_600
_CLOSED = "Your Sowa account is closed"
_PASSWORD_CHANGED = "The password of your Sowa account was changed"
_ADDRESS_CHANGED = "The address of your Sowa account was changed"
_NEW_SIGN_IN = "A new sign-in to your Sowa account"
_HANDED_OVER, _NOT_TAKEN = "Your camera was handed over", "Your camera was not taken over"
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


def _unknown_at_google(home: Home) -> str:
    return google_token(home.world)


def _known_at_google(home: Home) -> str:
    maja(home.world)
    return google_token(home.world)


def _enter(home: Home, id_token: str, key: str) -> Response:
    return enter(home.world, id_token, key=key)


def _made_for_a_newcomer(home: Home, id_token: str, stored: Stored) -> int:
    wanted = Contact("email", "maja@example.com").hashed
    made = sum(account["address_hash"] == wanted for account in stored.first_ids("Account").values())
    assert made == len(stored.of("Identity"))
    return made


def _sign_ins_again(home: Home, id_token: str, stored: Stored) -> int:
    (account_id,) = (row["account_id"] for row in stored.first_ids("Identity").values())
    return sum(where[0] == account_id for where in stored.of("Session")) - 1


def _about_to_link(home: Home) -> str:
    home.owner.step_up()
    return google_token(home.world)


def _link(home: Home, id_token: str, key: str) -> Response:
    return link(home.owner, id_token, **once(key))


def _links(home: Home, state: str, stored: Stored) -> int:
    return len(stored.of("Identity"))


def _linked(home: Home) -> str:
    return str(link(home.owner, _about_to_link(home)).json["identity_id"])


def _unlink(home: Home, identity_id: str, key: str) -> Response:
    return home.owner.call("DELETE", f"/me/identities/{identity_id}", headers=once(key))


def _unlinkings(home: Home, state: str, stored: Stored) -> int:
    return 1 - len(stored.of("Identity"))


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


# Second factors


def _begin_app(home: Home, state: Any, key: str) -> Response:
    return home.owner.call("POST", f"{ROOT}/totp", headers=once(key))


def _apps_begun(home: Home, state: Any, stored: Stored) -> int:
    return len(stored.of("PendingTotp"))


def _app_begun(home: Home) -> str:
    home.owner.step_up()
    return App.begun(home.owner).code()


def _confirm_app(home: Home, code: str, key: str) -> Response:
    return home.owner.call("POST", f"{ROOT}/totp/confirm", {"code": code}, headers=once(key))


def _apps(home: Home, state: Any, stored: Stored) -> int:
    return len(stored.of("Totp"))


def _app_added(home: Home) -> App:
    app = App.added(home.owner)
    home.world.settle()
    return app


def _remove_app(home: Home, state: Any, key: str) -> Response:
    return home.owner.call("DELETE", f"{ROOT}/totp", headers=once(key))


def _apps_removed(home: Home, state: Any, stored: Stored) -> int:
    return 1 - _apps(home, state, stored)


def _make_codes(home: Home, state: Any, key: str) -> Response:
    return home.owner.call("POST", f"{ROOT}/recovery-codes", headers=once(key))


def _codes_made(home: Home, state: Any, stored: Stored) -> int:
    return len(stored.of("RecoveryCodes"))


def _begin_passkey(home: Home, state: Any, key: str) -> Response:
    return home.owner.call("POST", f"{ROOT}/passkeys", headers=once(key))


def _challenged(home: Home, state: Any, stored: Stored) -> int:
    """One challenge more is over in five minutes and opens nothing."""
    return int(bool(stored.of("Challenge")))


def _passkey_made(home: Home) -> dict[str, Any]:
    home.owner.step_up()
    return Key().made_for(home.owner)


def _confirm_passkey(home: Home, made: dict[str, Any], key: str) -> Response:
    body = {"name": "My phone", "credential": made}
    return home.owner.call("POST", f"{ROOT}/passkeys/confirm", body, headers=once(key))


def _passkeys(home: Home, state: Any, stored: Stored) -> int:
    return len(stored.of("Passkey"))


def _passkey_added(home: Home) -> str:
    passkey_id = Key().add_to(home.owner)["passkey_id"]
    home.world.settle()
    return str(passkey_id)


def _rename_passkey(home: Home, passkey_id: str, key: str) -> Response:
    return home.owner.call("PATCH", f"{ROOT}/passkeys/{passkey_id}", {"name": "Old phone"}, headers=once(key))


def _passkeys_renamed(home: Home, passkey_id: str, stored: Stored) -> int:
    return int(stored.opened(stored.of("Passkey")[home.owner.account_id, passkey_id], "name") == "Old phone")


def _remove_passkey(home: Home, passkey_id: str, key: str) -> Response:
    return home.owner.call("DELETE", f"{ROOT}/passkeys/{passkey_id}", headers=once(key))


def _passkeys_removed(home: Home, state: Any, stored: Stored) -> int:
    return 1 - _passkeys(home, state, stored)


def _strangers_app(home: Home) -> dict[str, Any]:
    factor = App.added(home.stranger).next_code()
    home.world.settle()
    return factor


def _strangers_passkey(home: Home) -> dict[str, Any]:
    key = Key()
    key.add_to(home.stranger)
    factor = key.sign(asked(home.stranger)["passkey"])
    home.world.settle()
    return factor


def _strangers_recovery_code(home: Home) -> dict[str, Any]:
    App.added(home.stranger)
    code = recovery_codes(home.stranger)[0]
    home.world.settle()
    return {"recovery_code": code}


def _sign_in_with(home: Home, factor: dict[str, Any], key: str) -> Response:
    body = {"email": home.stranger.email, "password": PASSWORD, "terminal": _ELSEWHERE, "second_factor": factor}
    return home.world.call("POST", "/sessions", body, headers=once(key))


def _all_factors(home: Home) -> None:
    App.added(home.owner)
    Key().add_to(home.owner)
    recovery_codes(home.owner)
    home.world.settle()


def _remove_second_factors(home: Home, state: Any, key: str) -> Response:
    """An operator gets the exception, and orders again."""
    try:
        answer = home.world.invoke("remove_second_factors", {"email": home.owner.email})
    except Exception as fault:
        return Response(503, Headers(), repr(fault).encode())
    return Response(200, Headers(), json.dumps(answer).encode())


def _factors_removed(home: Home, state: Any, stored: Stored) -> int:
    return int("second_factors" not in stored.first_ids("Account")[home.owner.account_id])


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


def _three_watched(home: Home) -> None:
    for _ in range(3):
        home.owner.watch(home.camera.device_id)


def _fourth_views(home: Home, state: Any, stored: Stored) -> int:
    assert len(stored.of("Live")) in (0, 3)  # at most five minutes long
    return _views(home, state, stored) - 3


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


def _settings_just_changed(home: Home) -> None:
    assert _change_settings(home, None, "the-key-of-a-change").status == 200


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


def _picture_offered(home: Home) -> None:
    """Google keeps one of a newcomer, and nobody has fetched it yet."""
    maja(home.world, picture=google_picture())


def _first_pictures(home: Home, state: Any, stored: Stored) -> int:
    return sum("picture" in row for row in stored.first_ids("Avatar").values())


# Covers


def _ask_cover_ticket(home: Home, state: Any, key: str) -> Response:
    path = f"/devices/{home.camera.device_id}/cover"
    return home.owner.call("POST", path, {"content_type": "image/png"}, headers=once(key))


def _cover_uploaded(home: Home) -> None:
    assert home.owner.upload_cover(home.camera.device_id).status == 204


def _another_cover_uploaded(home: Home) -> None:
    _cover(home)
    assert home.owner.upload_cover(home.camera.device_id, jpeg(911)).status == 204


def _cover(home: Home) -> None:
    home.owner.cover(home.camera.device_id)
    home.world.advance(1)


def _delete_cover(home: Home, state: Any, key: str) -> Response:
    return home.owner.call("DELETE", f"/devices/{home.camera.device_id}/cover", headers=once(key))


def _covers_deleted(home: Home, state: Any, stored: Stored) -> int:
    return int("cover" not in stored.first_ids("Device")[home.camera.device_id])


def _cover_just_deleted(home: Home) -> None:
    _cover(home)
    assert _delete_cover(home, None, "the-key-of-deleting").status == 204


def _cover_upload_of_yesterday(home: Home) -> None:
    """S3's event was lost."""
    _cover_uploaded(home)
    client("sqs").purge_queue(QueueUrl=home.world.stack.physical("CoverUploads"))
    leap(home.world, 86_400 + 60)


def _sweep_cover_uploads(home: Home, state: Any, key: str) -> None:
    _job(home.world, "sweep_expired_cover_uploads")


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


def _change_settings(home: Home, state: Any, key: str) -> Response:
    body = {"version": 0, "settings": {"microphone": False, "channels": [{"id": "1", "name": "Gate"}]}}
    return home.owner.call("PUT", f"/devices/{home.camera.device_id}/settings", body, headers=once(key))


def _settings_changed(home: Home, state: Any, stored: Stored) -> int:
    return int(stored.first_ids("Device")[home.camera.device_id].get("settings_version", 0))


def _report(home: Home, state: Any, key: str) -> Response:
    return home.camera.report(firmware="9.9.9", settings={"version": 0, "settings": {"status_light": False}})


def _reports(home: Home, state: Any, stored: Stored) -> int:
    return int("state_as_of_ms" in stored.first_ids("Device")[home.camera.device_id])


def _set_privacy(home: Home, state: Any, key: str) -> Response:
    return home.owner.set_privacy(home.camera.device_id, on=True, **once(key))


def _privacies(home: Home, state: Any, stored: Stored) -> int:
    return int("private_since" in stored.first_ids("Device")[home.camera.device_id])


def _uploaded_in_privacy(home: Home) -> None:
    _uploaded(home)
    assert home.owner.set_privacy(home.camera.device_id, on=True).status == 200


def _device_password(home: Home) -> None:
    assert home.owner.set_device_password(home.camera.device_id, "before").status == 204


def _set_device_password(home: Home, state: Any, key: str) -> Response:
    body = {"password": DEVICE_PASSWORD, "current": "before"}
    return home.owner.call("PUT", f"/devices/{home.camera.device_id}/password", body, headers=once(key))


def _device_passwords(home: Home, state: Any, stored: Stored) -> int:
    return int(stored.opened(stored.first_ids("Device")[home.camera.device_id], "password") == DEVICE_PASSWORD)


def _check_device_password(home: Home, state: Any, key: str) -> Response:
    path = f"/devices/{home.camera.device_id}/password/check"
    return home.owner.call("POST", path, {"password": "before"}, headers=once(key))


def _ask_device_reset(home: Home, state: Any, key: str) -> Response:
    return home.owner.call("POST", f"/devices/{home.camera.device_id}/password/reset", headers=once(key))


def _device_codes(home: Home, state: Any, stored: Stored) -> int:
    return sum(place.startswith("device-password") for _, place in stored.of("Code"))


def _device_reset_asked(home: Home) -> str:
    _device_password(home)
    assert _ask_device_reset(home, None, "the-key-of-asking").status == 202
    return home.owner.newest_code()


def _reset_device_password(home: Home, code: str, key: str) -> Response:
    body = {"code": code, "password": DEVICE_PASSWORD}
    return home.owner.call("POST", f"/devices/{home.camera.device_id}/password/reset/confirm", body, headers=once(key))


def _offer(home: Home, state: Any, key: str) -> Response:
    path = f"/devices/{home.camera.device_id}/transfer"
    return home.owner.call("POST", path, {"email": home.stranger.email}, headers=once(key))


def _offers(home: Home, state: Any, stored: Stored) -> int:
    return len(stored.of("Offer"))


def _offered(home: Home) -> str:
    """By the owner, to the stranger; both have proved who they are."""
    _paid(home)
    home.owner.step_up()
    home.stranger.step_up()
    transfer_id = home.owner.offer(home.camera.device_id, email=home.stranger.email)
    home.world.settle()
    return transfer_id


def _just_offered(home: Home) -> None:
    home.owner.step_up()
    home.owner.offer(home.camera.device_id, email=home.stranger.email)


def _withdraw(home: Home, state: Any, key: str) -> Response:
    return home.owner.call("DELETE", f"/devices/{home.camera.device_id}/transfer", headers=once(key))


def _offers_ended(home: Home, state: Any, stored: Stored) -> int:
    return int(not stored.of("Offer"))


def _accept(home: Home, transfer_id: str, key: str) -> Response:
    return home.stranger.accept(transfer_id, **once(key))


def _handed_over(home: Home, state: Any, stored: Stored) -> int:
    return sum(row["account_id"] == home.stranger.account_id for row in stored.of("Device").values())


def _decline(home: Home, transfer_id: str, key: str) -> Response:
    return home.stranger.call("POST", f"/transfers/{transfer_id}/decline", headers=once(key))


def _laid_down(home: Home) -> str:
    rows = [f"SN00{number},One,{CODE},{SECRET}" for number in (10, 11)]
    return lay_down(home.world, "batch.csv", "\n".join(["sn,model,code,secret", *rows, "SN0012,One,short,short"]))


def _load_file(home: Home, address: str, key: str) -> Response:
    """An operator gets the exception, and orders again."""
    try:
        answer = home.world.invoke("load_devices", {"s3": address})
    except Exception as fault:
        return Response(503, Headers(), repr(fault).encode())
    return Response(200, Headers(), json.dumps(answer).encode())


def _files_loaded(home: Home, state: Any, stored: Stored) -> int:
    (load,) = stored.of("Load").values() or [{"lines": 0}]
    return int(len(stored.of("Stock")) == 3 and load["lines"] == 4)


# Sharing


def _shares_path(home: Home) -> str:
    return f"/devices/{home.camera.device_id}/shares"


def _invite(home: Home, state: Any, key: str) -> Response:
    body = {"email": home.stranger.email, "rights": ["live", "alarms"]}
    return home.owner.call("POST", _shares_path(home), body, headers=once(key))


def _invitations(home: Home, state: Any, stored: Stored) -> int:
    return len(stored.of("Share"))


def _invited(home: Home) -> str:
    """The stranger, who takes pushes."""
    assert home.stranger.take_pushes("platform-token-of-the-stranger").status == 204
    share_id = _invite(home, None, "the-key-of-an-invitation").json["share_id"]
    home.world.settle()
    return str(share_id)


def _just_invited(home: Home) -> None:
    home.stranger.take_pushes("platform-token-of-the-stranger")
    home.world.settle()
    assert _invite(home, None, "the-key-of-an-invitation").status == 201


def _accept_share(home: Home, share_id: str, key: str) -> Response:
    return home.stranger.call("POST", f"/shares/{share_id}/accept", headers=once(key))


def _acceptances(home: Home, share_id: str, stored: Stored) -> int:
    return len(stored.of("Received"))


def _just_accepted(home: Home) -> str:
    share_id = _invited(home)
    assert _accept_share(home, share_id, "the-key-of-accepting").status == 200
    return share_id


def _accepted(home: Home) -> str:
    share_id = _just_accepted(home)
    home.world.settle()
    return share_id


def _decline_share(home: Home, share_id: str, key: str) -> Response:
    return home.stranger.call("POST", f"/shares/{share_id}/decline", headers=once(key))


def _leave_share(home: Home, share_id: str, key: str) -> Response:
    return home.stranger.call("DELETE", f"/shares/{share_id}", headers=once(key))


def _revoke(home: Home, share_id: str, key: str) -> Response:
    return home.owner.call("DELETE", f"{_shares_path(home)}/{share_id}", headers=once(key))


def _shares_ended(home: Home, share_id: str, stored: Stored) -> int:
    return int(not stored.of("Share"))


def _change_share(home: Home, share_id: str, key: str) -> Response:
    body = {"rights": ["settings"], "until": "2027-01-05T08:00:00Z"}
    return home.owner.call("PATCH", f"{_shares_path(home)}/{share_id}", body, headers=once(key))


def _share_changes(home: Home, share_id: str, stored: Stored) -> int:
    (share,) = stored.of("Share").values()
    return int(share["rights"] == ["settings"])


def _just_revoked(home: Home) -> None:
    assert _revoke(home, _accepted(home), "the-key-of-revoking").status == 204


def _guest_just_closed(home: Home) -> None:
    _accepted(home)
    home.stranger.step_up()
    assert home.stranger.close().status == 202


def _guest_just_took_pushes(home: Home) -> None:
    _accepted(home)
    assert home.stranger.take_pushes("another-token-of-a-platform").status == 204


# Alarms


def _ask_ticket(home: Home, state: Any, key: str) -> Response:
    return home.world.call("POST", "/cameras/tickets", {"kind": "alarm"}, token=home.camera.token, headers=once(key))


def _uploaded(home: Home) -> None:
    for number in (7, 8):
        assert home.camera.upload(number).status == 204


def _snapshot_uploaded(home: Home) -> str:
    command_id = str(home.owner.command(home.camera.device_id, "snapshot").json["command_id"])
    assert home.camera.answer_with_picture(command_id).status == 204
    return command_id


def _commands_shown(home: Home, command_id: str, stored: Stored) -> int:
    shown_by = stored.of("Command")[home.camera.device_id, command_id].get("alarm_id")
    pictures = [place for (_, place), row in stored.of("Alarm").items() if row["type"] == "snapshot"]
    assert pictures == ([] if shown_by is None else [shown_by])
    return len(pictures)


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


# Another region


def _leave(home: Home, state: Any, key: str) -> Response:
    return home.owner.call("POST", "/me/move", {"country": COUNTRY}, headers=once(key))


def _relocations(home: Home, state: Any, stored: Stored) -> int:
    return len(stored.of("Relocation"))


def _vouched_for(home: Home) -> str:
    return neighbour().ticket()


def _arrive(home: Home, ticket: str, key: str) -> Response:
    body = {"ticket": ticket, "password": PASSWORD, "terminal": _ELSEWHERE}
    return home.world.call("POST", "/accounts/arrivals", body, headers=once(key))


def _arrivals(home: Home, ticket: str, stored: Stored) -> int:
    return len(stored.of("Account")) - 2


def _arrived_elsewhere(home: Home) -> str:
    _about_to_close(home)
    return neighbour().arrival(_leave(home, None, "the-key-of-leaving").json["ticket"])


def _leave_for_good(home: Home, arrival: str, key: str) -> Response:
    return home.owner.call("POST", "/me/move/confirm", {"arrival": arrival}, headers=once(key))


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
        answer = home.world.invoke("read_api_log", {**asked, "account_id": home.owner.account_id})
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
        "close the account",
        "POST /me/closing",
        _about_to_close,
        _close,
        _closings,
        may_say=(401,),
        keeps_answer=True,
        told=_CLOSED,
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
    Scenario(
        "enter with a platform",
        "POST /sessions/federated",
        _unknown_at_google,
        _enter,
        _made_for_a_newcomer,
        may_say=(401,),
    ),
    Scenario(
        "enter with a platform again",
        "POST /sessions/federated",
        _known_at_google,
        _enter,
        _sign_ins_again,
        may_say=(401,),
    ),
    Scenario(
        "link a platform", "POST /me/identities", _about_to_link, _link, _links, may_say=(422,), keeps_answer=True
    ),
    Scenario(
        "unlink a platform",
        "DELETE /me/identities/{identity_id}",
        _linked,
        _unlink,
        _unlinkings,
        may_say=(404,),
        keeps_answer=True,
    ),
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
    Scenario("sign all other terminals out", "DELETE /sessions", _elsewhere, _end_others, _endings, keeps_answer=True),
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
        told=_PASSWORD_CHANGED,
    ),
    Scenario("ask for a reset", "POST /password-resets", _settled, _ask_for_reset, _reset_codes, may_say=(429,)),
    Scenario(
        "reset a password",
        "POST /password-resets/confirm",
        _reset_asked,
        _reset,
        _new_passwords,
        may_say=(410,),
        told=_PASSWORD_CHANGED,
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
        told=_ADDRESS_CHANGED,
    ),
    Scenario("remove a child", "remove_child", _paid, _remove_child, _closings, told=_CLOSED),
    Scenario(
        "ask to leave for another region",
        "POST /me/move",
        _stepped_up,
        _leave,
        _relocations,
        at_most=2,
        keeps_answer=True,
    ),
    Scenario(
        "arrive from another region", "POST /accounts/arrivals", _vouched_for, _arrive, _arrivals, may_say=(410,)
    ),
    Scenario(
        "leave for another region",
        "POST /me/move/confirm",
        _arrived_elsewhere,
        _leave_for_good,
        _closings,
        may_say=(401,),
        keeps_answer=True,
        told=_CLOSED,
    ),
    Scenario("begin with an app", f"POST {ROOT}/totp", _stepped_up, _begin_app, _apps_begun),
    Scenario(
        "confirm an app",
        f"POST {ROOT}/totp/confirm",
        _app_begun,
        _confirm_app,
        _apps,
        may_say=(410,),
        keeps_answer=True,
    ),
    Scenario(
        "remove an app",
        f"DELETE {ROOT}/totp",
        _app_added,
        _remove_app,
        _apps_removed,
        may_say=(404,),
        keeps_answer=True,
    ),
    Scenario("make recovery codes", f"POST {ROOT}/recovery-codes", _app_added, _make_codes, _codes_made),
    Scenario("begin with a passkey", f"POST {ROOT}/passkeys", _stepped_up, _begin_passkey, _challenged),
    Scenario(
        "confirm a passkey",
        f"POST {ROOT}/passkeys/confirm",
        _passkey_made,
        _confirm_passkey,
        _passkeys,
        may_say=(410,),
        keeps_answer=True,
    ),
    Scenario(
        "rename a passkey",
        f"PATCH {ROOT}/passkeys/{{passkey_id}}",
        _passkey_added,
        _rename_passkey,
        _passkeys_renamed,
        keeps_answer=True,
    ),
    Scenario(
        "remove a passkey",
        f"DELETE {ROOT}/passkeys/{{passkey_id}}",
        _passkey_added,
        _remove_passkey,
        _passkeys_removed,
        may_say=(404,),
        keeps_answer=True,
    ),
    Scenario("sign in with an app", "POST /sessions", _strangers_app, _sign_in_with, _sign_ins, may_say=(401,)),
    Scenario("sign in with a passkey", "POST /sessions", _strangers_passkey, _sign_in_with, _sign_ins, may_say=(401,)),
    Scenario(
        "sign in with a recovery code",
        "POST /sessions",
        _strangers_recovery_code,
        _sign_in_with,
        _sign_ins,
        may_say=(401,),
    ),
    Scenario(
        "remove second factors", "remove_second_factors", _all_factors, _remove_second_factors, _factors_removed
    ),
    Scenario("change one's nickname", "PATCH /me", _settled, _change_me, _changes_of_me, keeps_answer=True),
    Scenario("get an avatar's ticket", "POST /me/avatar", _settled, _ask_avatar_ticket),
    Scenario("delete one's avatar", "DELETE /me/avatar", _avatar, _delete_avatar, _avatars_deleted, keeps_answer=True),
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
    Scenario(
        "change settings",
        "PUT /devices/{device_id}/settings",
        _settled,
        _change_settings,
        _settings_changed,
        may_say=(409,),
        keeps_answer=True,
    ),
    Scenario("a camera says how it is", "PUT /cameras/state", _settled, _report, _reports),
    Scenario(
        "switch privacy mode on",
        "PUT /devices/{device_id}/privacy-mode",
        _settled,
        _set_privacy,
        _privacies,
        keeps_answer=True,
    ),
    Scenario(
        "set a device's password",
        "PUT /devices/{device_id}/password",
        _device_password,
        _set_device_password,
        _device_passwords,
        may_say=(422,),
        keeps_answer=True,
    ),
    Scenario(
        "check a device's password",
        "POST /devices/{device_id}/password/check",
        _device_password,
        _check_device_password,
    ),
    Scenario(
        "ask to reset a device's password",
        "POST /devices/{device_id}/password/reset",
        _device_password,
        _ask_device_reset,
        _device_codes,
        may_say=(429,),
    ),
    Scenario(
        "reset a device's password",
        "POST /devices/{device_id}/password/reset/confirm",
        _device_reset_asked,
        _reset_device_password,
        _device_passwords,
        may_say=(410,),
        keeps_answer=True,
    ),
    Scenario(
        "offer a device",
        "POST /devices/{device_id}/transfer",
        _stepped_up,
        _offer,
        _offers,
        keeps_answer=True,
    ),
    Scenario(
        "withdraw an offer",
        "DELETE /devices/{device_id}/transfer",
        _offered,
        _withdraw,
        _offers_ended,
        keeps_answer=True,
    ),
    Scenario(
        "take a device over",
        "POST /transfers/{transfer_id}/accept",
        _offered,
        _accept,
        _handed_over,
        may_say=(404,),
        keeps_answer=True,
        told=_HANDED_OVER,
    ),
    Scenario(
        "decline a device",
        "POST /transfers/{transfer_id}/decline",
        _offered,
        _decline,
        _offers_ended,
        may_say=(404,),
        keeps_answer=True,
        told=_NOT_TAKEN,
    ),
    Scenario("get a cover's ticket", "POST /devices/{device_id}/cover", _settled, _ask_cover_ticket),
    Scenario(
        "delete a cover",
        "DELETE /devices/{device_id}/cover",
        _cover,
        _delete_cover,
        _covers_deleted,
        keeps_answer=True,
    ),
    Scenario(
        "share a device",
        "POST /devices/{device_id}/shares",
        _settled,
        _invite,
        _invitations,
        may_say=(409,),
        keeps_answer=True,
    ),
    Scenario(
        "change a share",
        "PATCH /devices/{device_id}/shares/{share_id}",
        _accepted,
        _change_share,
        _share_changes,
        keeps_answer=True,
    ),
    Scenario(
        "revoke a share",
        "DELETE /devices/{device_id}/shares/{share_id}",
        _accepted,
        _revoke,
        _shares_ended,
        may_say=(404,),
        keeps_answer=True,
    ),
    Scenario(
        "accept a share",
        "POST /shares/{share_id}/accept",
        _invited,
        _accept_share,
        _acceptances,
        keeps_answer=True,
    ),
    Scenario(
        "decline a share",
        "POST /shares/{share_id}/decline",
        _invited,
        _decline_share,
        _shares_ended,
        may_say=(404,),
        keeps_answer=True,
    ),
    Scenario(
        "leave a share",
        "DELETE /shares/{share_id}",
        _accepted,
        _leave_share,
        _shares_ended,
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
    Scenario("load cameras from a file", "load_devices", _laid_down, _load_file, _files_loaded),
    Scenario("look into the log", "read_api_log", _settled, _look_into_the_log, at_most=2, is_repeated=True),
    Scenario("replay erasures", "replay_erasures", _a_stranger_left_and_came_back, _replay, is_repeated=True),
    # What nobody asks for happens by itself, and is tried again by itself.
    Scenario("a session has ended", "on_session_ended", _family_ended, _settle, is_asked=False),
    Scenario(
        "a new terminal is told of",
        ("forward_item_changes", "on_letter_written"),
        _signed_in_elsewhere,
        _settle,
        is_asked=False,
        told=_NEW_SIGN_IN,
    ),
    Scenario("somebody is invited", "on_person_invited", _just_invited, _settle, is_asked=False),
    Scenario("a share begins", "on_share_received", _just_accepted, _settle, is_asked=False),
    Scenario("a share ends", "on_share_received", _just_revoked, _settle, is_asked=False),
    Scenario("a guest is gone", "on_share_received", _guest_just_closed, _settle, is_asked=False),
    Scenario("a guest takes pushes", "on_push_address_changed", _guest_just_took_pushes, _settle, is_asked=False),
    Scenario("an avatar arrives", "on_avatar_uploaded", _avatar_uploaded, _settle, is_asked=False),
    Scenario("another avatar arrives", "on_avatar_uploaded", _another_avatar_uploaded, _settle, is_asked=False),
    Scenario(
        "a picture is taken over", "on_picture_offered", _picture_offered, _settle, _first_pictures, is_asked=False
    ),
    Scenario("an avatar goes", "on_avatar_removed", _avatar_just_deleted, _settle, is_asked=False),
    Scenario(
        "unseen uploads go",
        "sweep_expired_uploads",
        _upload_of_yesterday,
        _sweep_uploads,
        is_asked=False,
        within_seconds=HOUR,
    ),
    Scenario(
        "an offer is told",
        ("forward_item_changes", "on_transfer_offered"),
        _just_offered,
        _settle,
        is_asked=False,
    ),
    Scenario("a cover arrives", "on_cover_uploaded", _cover_uploaded, _settle, is_asked=False),
    Scenario("another cover arrives", "on_cover_uploaded", _another_cover_uploaded, _settle, is_asked=False),
    Scenario(
        "a cover goes", ("forward_item_changes", "on_cover_removed"), _cover_just_deleted, _settle, is_asked=False
    ),
    Scenario(
        "unseen uploads of covers go",
        "sweep_expired_cover_uploads",
        _cover_upload_of_yesterday,
        _sweep_cover_uploads,
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
        "watch a fourth time", "POST /devices/{device_id}/live", _three_watched, _watch, _fourth_views, at_most=2,
        keeps_answer=True,
    ),
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
    Scenario(
        "the camera hears of settings",
        ("forward_item_changes", "on_settings_changed"),
        _settings_just_changed,
        _settle,
        _commands,
        is_asked=False,
    ),
    Scenario("a picture arrives", "on_picture_uploaded", _uploaded, _settle, is_asked=False),
    Scenario(
        "a snapshot arrives", "on_picture_uploaded", _snapshot_uploaded, _settle, _commands_shown,
        is_asked=False, within_seconds=15 * 60,
    ),
    Scenario(
        "a picture arrives in privacy mode", "on_picture_uploaded", _uploaded_in_privacy, _settle, is_asked=False
    ),
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
