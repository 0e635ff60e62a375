"""Cameras are made, bound, set, handed on and unbound."""

from __future__ import annotations

import json
from typing import Any

from werkzeug.datastructures import Headers

from chalicelib import ids
from infra.local.gateway import Response
from tests.conftest import Home
from tests.scene import (
    CODE,
    DEVICE_PASSWORD,
    SECRET,
    Camera,
    lay_down,
    new_camera,
)
from tests.worlds.invariants import Stored
from tests.worlds.scenarios.alarms import uploaded
from tests.worlds.scenarios.money import paid
from tests.worlds.scenarios.people import stepped_up
from tests.worlds.scenarios.steps import HANDED_OVER, NOT_TAKEN, once, settle, settled
from tests.worlds.sweep import Scenario


def unbound(home: Home) -> Camera:
    return new_camera(home.world, "SN0002")


def activate(home: Home, camera: Camera, key: str) -> Response:
    body = camera.activation(firmware="2.0.0")
    return home.world.call("POST", "/cameras/activation", body, headers=once(key))


def _bind(home: Home, camera: Camera, key: str) -> Response:
    return home.owner.bind(camera, **once(key))


def bindings(home: Home, camera: Camera, stored: Stored) -> int:
    return len(stored.of("Device")) - 1


def _rename(home: Home, state: Any, key: str) -> Response:
    return home.owner.call("PATCH", f"/devices/{home.camera.device_id}", {"name": "Back door"}, headers=once(key))


def _renamings(home: Home, state: Any, stored: Stored) -> int:
    return int(stored.decrypted(stored.first_ids("Device")[home.camera.device_id], "name") == "Back door")


def remove_device(home: Home, state: Any, key: str) -> Response:
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


def change_settings(home: Home, state: Any, key: str) -> Response:
    body = {"version": 0, "settings": {"microphone": False, "channels": [{"id": "1", "name": "Gate"}]}}
    return home.owner.call("PUT", f"/devices/{home.camera.device_id}/settings", body, headers=once(key))


def _settings_changed(home: Home, state: Any, stored: Stored) -> int:
    return int(stored.first_ids("Device")[home.camera.device_id].get("settings_version", 0))


def _report(home: Home, state: Any, key: str) -> Response:
    return home.camera.report(firmware="9.9.9", settings={"version": 0, "settings": {"status_light": False}})


def _reports(home: Home, state: Any, stored: Stored) -> int:
    return int("state_times" in stored.first_ids("Device")[home.camera.device_id])


def set_privacy(home: Home, state: Any, key: str) -> Response:
    return home.owner.set_privacy(home.camera.device_id, on=True, **once(key))


def _privacies(home: Home, state: Any, stored: Stored) -> int:
    return int("private_since" in stored.first_ids("Device")[home.camera.device_id])


def _uploaded_in_privacy(home: Home) -> None:
    uploaded(home)
    assert home.owner.set_privacy(home.camera.device_id, on=True).status == 200


def _device_password(home: Home) -> None:
    assert home.owner.set_device_password(home.camera.device_id, "before").status == 204


def _set_device_password(home: Home, state: Any, key: str) -> Response:
    body = {"password": DEVICE_PASSWORD, "current": "before"}
    return home.owner.call("PUT", f"/devices/{home.camera.device_id}/password", body, headers=once(key))


def _device_passwords(home: Home, state: Any, stored: Stored) -> int:
    return int(stored.decrypted(stored.first_ids("Device")[home.camera.device_id], "password") == DEVICE_PASSWORD)


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


def offered(home: Home) -> str:
    """By the owner, to the stranger; both have proved who they are."""
    paid(home)
    home.owner.step_up()
    home.stranger.step_up()
    transfer_id = home.owner.offer(home.camera.device_id, email=home.stranger.email)
    home.world.settle()
    return transfer_id


def _just_offered(home: Home) -> None:
    home.owner.step_up()
    home.owner.offer(home.camera.device_id, email=home.stranger.email)


def withdraw(home: Home, state: Any, key: str) -> Response:
    return home.owner.call("DELETE", f"/devices/{home.camera.device_id}/transfer", headers=once(key))


def _offers_ended(home: Home, state: Any, stored: Stored) -> int:
    return int(not stored.of("Offer"))


def accept(home: Home, transfer_id: str, key: str) -> Response:
    return home.stranger.accept(transfer_id, **once(key))


def _handed_over(home: Home, state: Any, stored: Stored) -> int:
    return sum(ids.parent_of(device_id) == home.stranger.account_id for device_id in stored.first_ids("Device"))


def decline(home: Home, transfer_id: str, key: str) -> Response:
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


def unload(home: Home, camera: Camera, key: str) -> Response:
    """An operator gets the exception, and orders again."""
    try:
        answer = home.world.invoke("unload_devices", {"devices": [{"sn": camera.sn}]})
    except Exception as fault:
        return Response(503, Headers(), repr(fault).encode())
    return Response(200, Headers(), json.dumps(answer).encode())


def _unloads(home: Home, camera: Camera, stored: Stored) -> int:
    assert stored.of("Report").keys() <= stored.of("Stock").keys() | {(one, "") for one in stored.first_ids("Stock")}
    return 2 - len(stored.of("Stock"))


SCENARIOS = (
    # The three that matter most come first.
    Scenario("bind a device", "POST /devices", unbound, _bind, bindings, may_say=(409,), keeps_answer=True),
    Scenario("activate a camera", "POST /cameras/activation", unbound, activate),
    Scenario("activate one's camera", "POST /cameras/activation", lambda home: home.camera, activate),
    Scenario("rename a device", "PATCH /devices/{device_id}", settled, _rename, _renamings, keeps_answer=True),
    Scenario(
        "remove a device",
        "DELETE /devices/{device_id}",
        paid,
        remove_device,
        _removals,
        may_say=(404,),
        keeps_answer=True,
    ),
    Scenario(
        "change settings",
        "PUT /devices/{device_id}/settings",
        settled,
        change_settings,
        _settings_changed,
        may_say=(409,),
        keeps_answer=True,
    ),
    Scenario("a camera says how it is", "PUT /cameras/state", settled, _report, _reports),
    Scenario(
        "switch privacy mode on",
        "PUT /devices/{device_id}/privacy-mode",
        settled,
        set_privacy,
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
        stepped_up,
        _offer,
        _offers,
        keeps_answer=True,
    ),
    Scenario(
        "withdraw an offer",
        "DELETE /devices/{device_id}/transfer",
        offered,
        withdraw,
        _offers_ended,
        keeps_answer=True,
    ),
    Scenario(
        "take a device over",
        "POST /transfers/{transfer_id}/accept",
        offered,
        accept,
        _handed_over,
        may_say=(404,),
        keeps_answer=True,
        told=HANDED_OVER,
    ),
    Scenario(
        "decline a device",
        "POST /transfers/{transfer_id}/decline",
        offered,
        decline,
        _offers_ended,
        may_say=(404,),
        keeps_answer=True,
        told=NOT_TAKEN,
    ),
    Scenario("load cameras", "load_devices", settled, _load, _loads),
    Scenario("unload cameras", "unload_devices", unbound, unload, _unloads),
    Scenario("load cameras from a file", "load_devices", _laid_down, _load_file, _files_loaded),
    Scenario(
        "an offer is told",
        ("forward_item_changes", "on_transfer_offered"),
        _just_offered,
        settle,
        is_asked=False,
    ),
    Scenario(
        "a picture arrives in privacy mode", "on_picture_uploaded", _uploaded_in_privacy, settle, is_asked=False
    ),
)
