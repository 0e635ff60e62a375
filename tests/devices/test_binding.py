"""Becoming the owner (B3): by serial number and printed code, one at a time, twenty-eight at most."""

from __future__ import annotations

from typing import Any

import pytest

from chalicelib.settings import settings
from chalicelib.store import crypto
from infra.local.cloud import LocalCloud
from infra.local.gateway import Response
from infra.strict_moto.faults import DIES_AFTER
from tests.conftest import Home
from tests.scene import (
    CODE,
    SECRET,
    Camera,
    Person,
    at_once,
    everything_stored,
    just_before,
    new_camera,
    new_person,
    rows,
)

KEY = {"Idempotency-Key": "binding-0123456789abc"}


@pytest.fixture
def ola(world: LocalCloud) -> Person:
    return new_person(world)


@pytest.fixture
def camera(ola: Person) -> Camera:
    return new_camera(ola.world)


def body(camera: Camera, **other: Any) -> dict[str, Any]:
    return {"sn": camera.sn, "code": camera.code, "name": "Garden", "time_zone": "Europe/Warsaw", "dst": True, **other}


def bind(person: Person, camera: Camera, **other: Any) -> Response:
    return person.call("POST", "/devices", body(camera, **other))


def refusal(answer: Response) -> tuple[int, str]:
    return answer.status, answer.json["code"]


def devices_of(person: Person) -> list[str]:
    return [device["device_id"] for device in person.call("GET", "/devices").json["items"]]


def test_the_device_is_described_as_its_owner_wants_it(ola: Person, camera: Camera) -> None:
    answer = bind(ola, camera, name="Back door", time_zone="America/New_York", dst=False)
    assert answer.status == 201
    device = answer.json
    assert (device["sn"], device["model"], device["name"]) == ("SN0001", "Sowa One", "Back door")
    assert (device["time_zone"], device["dst"]) == ("America/New_York", False)
    assert device["rights"] == ["owner", "live", "playback", "alarms", "settings"]
    assert device["plan"]["state"] == "none"
    assert ola.call("GET", f"/devices/{device['device_id']}").json == device
    listed = device | {"refused_uploads": None, "streams": None}
    assert ola.call("GET", "/devices").json == {"items": [listed], "cursor": None}


def test_serial_number_and_code_may_be_typed_any_way(ola: Person, camera: Camera) -> None:
    assert bind(ola, camera, sn="sn0001", code=" abcd 2345").status == 201


def test_an_unknown_serial_number_and_a_wrong_code_are_alike(ola: Person, camera: Camera) -> None:
    answers = [bind(ola, camera, sn="SN9999"), bind(ola, camera, code="WRNG-0000"), bind(ola, camera, code="")]
    assert {refusal(answer) for answer in answers} == {(404, "DeviceNotFound")}
    assert len({str(answer.json | {"request_id": ""}) for answer in answers}) == 1
    assert devices_of(ola) == []
    assert bind(ola, camera).json["device_id"] in devices_of(ola)


def test_wi_fi_and_password_are_taken_and_never_stored_in_plain(ola: Person, camera: Camera) -> None:
    wifi = {"ssid": "Canary Net", "signal_dbm": -61}
    assert bind(ola, camera, name="Canary Door", wifi=wifi, password="canary device password").status == 201
    stored = everything_stored(ola.world)
    for plain in ("Canary", "canary", camera.sn, CODE, "ABCD2345", "Europe/Warsaw", SECRET):
        assert plain not in stored
    (device,) = rows(ola.world, "device/device")
    assert {"wifi", "password"} <= set(device)


# Guessing


def test_ten_wrong_codes_lock_for_half_an_hour_exactly(ola: Person, camera: Camera) -> None:
    for _ in range(10):
        assert refusal(bind(ola, camera, code="WRNG-0000")) == (404, "DeviceNotFound")
    answer = bind(ola, camera)
    assert (*refusal(answer), answer.headers["Retry-After"]) == (429, "DeviceLocked", "1800")
    ola.world.advance(1799)
    ola.sign_in()
    assert bind(ola, camera).headers["Retry-After"] == "1"
    ola.world.advance(1)
    assert bind(ola, camera).status == 201


def test_twenty_wrong_codes_lock_for_a_day_whoever_tried(home: Home) -> None:
    camera = new_camera(home.world, "SN0002")
    for _ in range(10):
        bind(home.owner, camera, code="WRNG-0000")
    home.world.advance(1800)
    home.owner.sign_in()
    home.stranger.sign_in()
    for _ in range(10):
        assert refusal(bind(home.stranger, camera, code="WRNG-0000")) == (404, "DeviceNotFound")
    answer = bind(home.owner, camera)
    assert (*refusal(answer), answer.headers["Retry-After"]) == (429, "DeviceLocked", "86400")
    home.world.advance(86_400)
    home.owner.sign_in()
    assert bind(home.owner, camera).status == 201


def test_one_cameras_lock_is_not_anothers(home: Home) -> None:
    camera, other = new_camera(home.world, "SN0002"), new_camera(home.world, "SN0003")
    for _ in range(10):
        bind(home.stranger, camera, code="WRNG-0000")
    assert refusal(bind(home.owner, camera)) == (429, "DeviceLocked")
    assert bind(home.owner, other).status == 201


def test_ten_wrong_codes_lock_a_person_for_all_cameras_and_nobody_else(home: Home) -> None:
    cameras = [new_camera(home.world, f"SN01{number:02d}") for number in range(11)]
    for camera in cameras[:10]:
        assert refusal(bind(home.stranger, camera, code="WRNG-0000")) == (404, "DeviceNotFound")
    answer = bind(home.stranger, cameras[10])
    assert (*refusal(answer), answer.headers["Retry-After"]) == (429, "TooManyTries", "1800")
    assert bind(home.owner, cameras[10]).status == 201
    home.world.advance(1800)
    home.stranger.sign_in()
    assert bind(home.stranger, cameras[0]).status == 201


def test_serial_numbers_that_do_not_exist_are_tries_too(ola: Person, camera: Camera) -> None:
    for number in range(10):
        assert refusal(bind(ola, Camera(ola.world, f"NONE{number:04d}"))) == (404, "DeviceNotFound")
    assert refusal(bind(ola, camera)) == (429, "TooManyTries")


def test_twenty_wrong_codes_lock_a_person_for_a_day(ola: Person, camera: Camera) -> None:
    for number in range(20):
        if number == 10:
            ola.world.advance(1800)
            ola.sign_in()
        bind(ola, Camera(ola.world, f"NONE{number:04d}"))
    assert bind(ola, camera).headers["Retry-After"] == "86400"


def test_a_device_of_ones_own_gives_no_tries_back(ola: Person, camera: Camera) -> None:
    for number in range(9):
        bind(ola, Camera(ola.world, f"NONE{number:04d}"))
    assert bind(ola, camera).status == 201
    ola.call("DELETE", f"/devices/{devices_of(ola)[0]}")
    assert bind(ola, camera).status == 201
    assert refusal(bind(ola, Camera(ola.world, "NONE0099"))) == (404, "DeviceNotFound")
    assert refusal(bind(ola, new_camera(ola.world, "SN0002"))) == (429, "TooManyTries")


def test_binding_forgets_the_cameras_wrong_codes(home: Home) -> None:
    camera = new_camera(home.world, "SN0002")
    for _ in range(9):
        bind(home.owner, camera, code="WRNG-0000")
    device_id = bind(home.owner, camera).json["device_id"]
    home.owner.call("DELETE", f"/devices/{device_id}")
    for _ in range(9):
        assert bind(home.stranger, camera, code="WRNG-0000").status == 404
    assert bind(home.stranger, camera).status == 201


def test_many_tries_at_once_are_still_ten(ola: Person, camera: Camera, monkeypatch: pytest.MonkeyPatch) -> None:
    (stock,) = rows(ola.world, "stock/stock")
    compared = []
    same = crypto.same

    def watched(one: str, other: str) -> bool:
        compared.extend([other] if one == stock["code_hash"] else [])
        return same(one, other)

    monkeypatch.setattr(crypto, "same", watched)
    for _ in range(4):
        answers = at_once(*[lambda: bind(ola, camera, code="WRNG-0000")] * 8)
        assert {refusal(answer) for answer in answers} <= {
            (404, "DeviceNotFound"),
            (409, "DeviceBusy"),
            (429, "DeviceLocked"),
        }
    assert 1 <= len(compared) <= 10


def test_of_two_tries_at_the_same_moment_one_is_not_compared(ola: Person, camera: Camera) -> None:
    with just_before(ola.world, 3, lambda: bind(ola, camera, code="WRNG-0000")):
        answer = bind(ola, camera)
    assert (*refusal(answer), answer.headers["Retry-After"]) == (409, "DeviceBusy", "1")
    assert rows(ola.world, "stock/stock")[0]["wrong_codes"] == 1
    assert bind(ola, camera).status == 201


# One owner


def test_a_device_that_belongs_to_somebody_is_taken(home: Home) -> None:
    assert refusal(bind(home.stranger, home.camera)) == (409, "DeviceTaken")
    again = bind(home.owner, home.camera)
    assert refusal(again) == (409, "AlreadyYours")
    assert again.json["device_id"] == home.camera.device_id
    assert devices_of(home.owner) == [home.camera.device_id]
    assert devices_of(home.stranger) == []


def test_who_is_refused_hears_nothing_of_whose_it_is(home: Home) -> None:
    assert set(bind(home.stranger, home.camera).json) == {"code", "message", "request_id"}


def test_only_who_knows_the_code_hears_that_it_is_taken(home: Home) -> None:
    assert refusal(bind(home.stranger, home.camera, code="WRNG-0000")) == (404, "DeviceNotFound")


def test_right_codes_for_a_taken_device_lock_nobody_out(home: Home) -> None:
    for _ in range(11):
        assert refusal(bind(home.stranger, home.camera)) == (409, "DeviceTaken")
    home.owner.call("DELETE", f"/devices/{home.camera.device_id}")
    assert bind(home.stranger, home.camera).status == 201


@pytest.mark.parametrize("nth", range(1, 6))
def test_when_two_people_race_exactly_one_owns(ola: Person, camera: Camera, nth: int) -> None:
    zed = new_person(ola.world, "zed@example.com")
    others: list[Response] = []
    with just_before(ola.world, nth, lambda: others.append(bind(zed, camera))):
        answer = bind(ola, camera)
    assert others[0].status == 201
    assert refusal(answer) in {(409, "DeviceTaken"), (409, "DeviceBusy")}
    assert devices_of(zed) == [others[0].json["device_id"]]
    assert devices_of(ola) == []
    assert len(rows(ola.world, "device/device")) == 1
    assert rows(ola.world, "stock/stock")[0]["device_id"] == others[0].json["device_id"]


def test_when_many_race_exactly_one_owns(ola: Person, camera: Camera) -> None:
    people = [ola, *(new_person(ola.world, f"p{number}@example.com") for number in range(3))]
    answers = at_once(*[lambda person=person: bind(person, camera) for person in people])
    assert [answer.status for answer in answers].count(201) == 1
    assert {answer.status for answer in answers} <= {201, 409}
    assert sum(len(devices_of(person)) for person in people) == len(rows(ola.world, "device/device")) == 1


def test_one_device_too_many_is_refused_whatever_the_race(ola: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settings, "most_devices", 3)
    cameras = [Camera(ola.world, f"SN{number:04}") for number in range(4)]
    devices = [{"sn": one.sn, "model": "Sowa One", "code": one.code, "secret": one.secret} for one in cameras]
    ola.world.invoke("load_devices", {"devices": devices})
    for one in cameras[:-2]:
        assert bind(ola, one).status == 201
    others: list[Response] = []
    with just_before(ola.world, 5, lambda: others.append(bind(ola, cameras[-2]))):
        answer = bind(ola, cameras[-1])
    assert others[0].status == 201
    assert refusal(answer) == refusal(bind(ola, cameras[-1])) == (403, "TooManyDevices")
    assert len(devices_of(ola)) == len(rows(ola.world, "device/device")) == 3
    # With one less there is room again.
    ola.call("DELETE", f"/devices/{others[0].json['device_id']}")
    assert bind(ola, cameras[-1]).status == 201


@pytest.mark.parametrize("nth", [4, 5])
def test_a_device_bound_at_the_same_moment_as_another_is_not_lost(ola: Person, camera: Camera, nth: int) -> None:
    other = new_camera(ola.world, "SN0002")
    others: list[Response] = []
    with just_before(ola.world, nth, lambda: others.append(bind(ola, other))):
        answer = bind(ola, camera)
    assert answer.status == others[0].status == 201
    assert set(devices_of(ola)) == {answer.json["device_id"], others[0].json["device_id"]}


# Once


def test_a_repeated_binding_is_answered_again_and_done_once(ola: Person, camera: Camera) -> None:
    first, again = (ola.bind(camera, **KEY) for _ in range(2))
    assert (first.status, first.body) == (again.status, again.body) == (201, first.body)
    assert devices_of(ola) == [first.json["device_id"]]


@pytest.mark.parametrize("nth", range(1, 5))
def test_a_binding_that_died_can_be_sent_again(ola: Person, camera: Camera, nth: int) -> None:
    ola.world.faults.fail(nth, DIES_AFTER)
    assert ola.bind(camera, **KEY).status == 502
    answer = ola.bind(camera, **KEY)
    assert answer.status == 201
    assert devices_of(ola) == [answer.json["device_id"]]


def test_a_key_used_for_another_binding_is_refused(ola: Person, camera: Camera) -> None:
    ola.bind(camera, **KEY)
    answer = ola.bind(camera, name="Another", **KEY)
    assert refusal(answer) == (422, "KeyReused")


def test_the_id_is_random_and_new_with_each_ownership(ola: Person, camera: Camera) -> None:
    ids = []
    for _ in range(3):
        ids.append(bind(ola, camera).json["device_id"])
        assert ola.call("DELETE", f"/devices/{ids[-1]}").status == 202
    assert len(set(ids)) == 3
    assert all(len(one) == 52 and one.startswith(ola.account_id) and "sn0001" not in one for one in ids)


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"sn": "SN"}, "sn"),
        ({"sn": "SN 01"}, "sn"),
        ({"sn": None}, "sn"),
        ({"code": None}, "code"),
        ({"code": "x" * 65}, "code"),
        ({"code": 12_345_678}, "code"),
        ({"name": ""}, "name"),
        ({"name": "  "}, "name"),
        ({"name": "x" * 65}, "name"),
        ({"time_zone": "Europe/Atlantis"}, "time_zone"),
        ({"time_zone": "../../etc/passwd"}, "time_zone"),
        ({"time_zone": "x" * 65}, "time_zone"),
        ({"time_zone": 1}, "time_zone"),
        ({"dst": "yes"}, "dst"),
        ({"dst": 1}, "dst"),
        ({"wifi": "net"}, "wifi"),
        ({"wifi": {}}, "wifi.ssid"),
        ({"wifi": {"ssid": "x" * 65}}, "wifi.ssid"),
        ({"wifi": {"ssid": "x", "signal_dbm": 10**30}}, "wifi.signal_dbm"),
        ({"wifi": {"ssid": "x", "signal_dbm": -(2**70)}}, "wifi.signal_dbm"),
        ({"wifi": {"ssid": "x", "signal_dbm": "strong"}}, "wifi.signal_dbm"),
        ({"password": ""}, "password"),
        ({"password": "x" * 129}, "password"),
        ({"device_id": "mine"}, "device_id"),
    ],
)
def test_what_is_wrong_is_named_and_neither_stored_nor_counted(
    ola: Person, camera: Camera, wrong: dict[str, Any], field: str
) -> None:
    before = ola.world.dump()["tables"]
    answer = bind(ola, camera, **wrong)
    assert (answer.status, list(answer.json["fields"])) == (422, [field])
    assert ola.world.dump()["tables"] == before


def test_a_missing_field_is_named(ola: Person, camera: Camera) -> None:
    for name in body(camera):
        answer = ola.call("POST", "/devices", {key: value for key, value in body(camera).items() if key != name})
        assert (answer.status, list(answer.json["fields"])) == (422, [name])


def test_without_a_session_nobody_binds(world: LocalCloud) -> None:
    assert refusal(world.call("POST", "/devices", body(Camera(world)))) == (401, "NotSignedIn")
