"""A camera proves itself with its factory secret, and says what it is (B6)."""

from __future__ import annotations

from typing import Any

import pytest

from infra.local.cloud import LocalCloud
from infra.local.gateway import Response
from tests.conftest import Home
from tests.scene import Camera, Person, everything_stored, just_before, new_camera, new_person, rows


@pytest.fixture
def camera(world: LocalCloud) -> Camera:
    camera = Camera(world)
    camera.load()
    return camera


def refusal(answer: Response) -> tuple[int, str]:
    return answer.status, answer.json["code"]


def test_a_camera_gets_its_token_and_the_address_of_its_channel(camera: Camera) -> None:
    answer = camera.activate()
    assert answer.status == 200
    assert set(answer.json) == {"camera_token", "channel_url", "ping_seconds", "reconnect_after_seconds", "now"}
    assert answer.json["channel_url"] == "ws://127.0.0.1:8000/channel"
    assert refusal(camera.ask_ticket()) == (409, "NobodyOwns")  # known, but nobody's


def test_a_wrong_secret_and_an_unknown_serial_number_are_alike(camera: Camera) -> None:
    before = camera.world.dump()["tables"]
    answers = [camera.activate(secret="wrong"), camera.activate(sn="SN9999"), camera.activate(secret="")]
    assert {refusal(answer) for answer in answers} == {(401, "CameraUnknown")}
    assert len({str(answer.json | {"request_id": ""}) for answer in answers}) == 1
    assert camera.world.dump()["tables"] == before


def test_one_cameras_secret_is_not_anothers(camera: Camera) -> None:
    other = {"sn": "SN0002", "model": "Sowa One", "code": camera.code, "secret": "another-secret-0123456789"}
    camera.world.invoke("load_devices", {"devices": [other]})
    assert refusal(camera.activate(sn="SN0002")) == (401, "CameraUnknown")


def test_a_new_activation_replaces_the_token(home: Home) -> None:
    old = home.camera.token
    assert home.camera.activate().status == 200
    assert home.camera.token != old
    assert home.camera.ask_ticket().status == 200
    answer = home.world.call("POST", "/cameras/tickets", {"kind": "alarm"}, token=old)
    assert refusal(answer) == (401, "NotSignedIn")


def test_a_refused_activation_leaves_the_token_alone(home: Home) -> None:
    home.camera.activate(secret="wrong")
    assert home.camera.ask_ticket().status == 200


def test_a_serial_number_is_known_in_any_case(camera: Camera) -> None:
    assert camera.activate(sn="sn0001").status == 200


def test_what_the_camera_said_appears_when_it_is_bound(camera: Camera) -> None:
    camera.activate(mac="02:00:5E:10:00:99", firmware="2.1", lan={"ip": "10.0.0.7", "port": 554},
                    channels=[{"id": "1", "name": "Door"}, {"id": "2"}])  # fmt: skip
    camera.world.advance(3600)
    device = new_person(camera.world).bind(camera).json
    assert device["mac"] == "02:00:5E:10:00:99"
    assert device["firmware"] == "2.1"
    assert device["lan"] == {"ip": "10.0.0.7", "port": 554}
    assert device["channels"] == [{"id": "1", "name": "Door"}, {"id": "2", "name": ""}]
    assert device["country"] == "PL"
    assert device["last_seen"] == "2026-01-05T08:00:00Z"
    assert device["registered_at"] == "2026-01-05T09:00:00Z"
    assert rows(camera.world, "stock/report") == []


def test_what_a_bound_camera_says_appears_at_once(home: Home) -> None:
    home.world.advance(60)
    body = home.camera.activation(firmware="2.2", lan=None, channels=[{"id": "7", "name": "Yard"}])
    answer = home.world.call("POST", "/cameras/activation", body, headers={"CloudFront-Viewer-Country": "DE"})
    assert answer.status == 200
    device = home.owner.call("GET", f"/devices/{home.camera.device_id}").json
    assert (device["firmware"], device["country"], device["channels"]) == ("2.2", "DE", [{"id": "7", "name": "Yard"}])
    assert device["last_seen"] == "2026-01-05T08:01:00Z"
    assert device["lan"] == {"ip": "192.168.1.20", "port": 8554}  # what is not said stays
    assert device["name"] == "Garden"


def test_a_camera_that_never_spoke_can_be_bound(camera: Camera) -> None:
    ola = new_person(camera.world)
    device = ola.bind(camera).json
    assert device["model"] == "Sowa One"
    assert device["channels"] == []
    assert {device[name] for name in ("last_seen", "firmware", "mac", "lan", "country")} == {None}
    camera.activate()
    device = ola.device(camera.device_id)
    assert device["channels"] != []
    assert None not in [device[name] for name in ("last_seen", "firmware", "mac", "lan", "country")]


def test_what_an_unbound_camera_said_is_forgotten_after_a_month(camera: Camera) -> None:
    camera.activate()
    (report,), (key,) = rows(camera.world, "stock/report"), rows(camera.world, "key", "Keys")
    month = int(camera.world.now().timestamp()) + 30 * 24 * 3600
    assert report["expires_at"] == key["expires_at"] == month


def test_nothing_that_a_camera_says_is_stored_in_plain(camera: Camera) -> None:
    said = {"mac": "02:ca:4a:77:ca:4a", "firmware": "canary-firmware", "lan": {"ip": "172.16.77.78", "port": 8554},
            "channels": [{"id": "77", "name": "canary-name"}]}  # fmt: skip
    camera.activate(**said)
    new_person(camera.world).bind(camera)
    camera.activate(**said)
    stored = everything_stored(camera.world).casefold()
    for plain in ("02:ca:4a", "canary", "172.16.77.78", camera.sn.casefold()):
        assert plain not in stored


def test_a_camera_bound_while_it_activates_ends_up_with_one_truth(camera: Camera) -> None:
    ola = new_person(camera.world)
    bound: list[Response] = []
    with just_before(camera.world, 2, lambda: bound.append(ola.bind(camera))):
        answer = camera.activate()
    assert bound[0].status == 201
    assert answer.status == 200
    assert camera.ask_ticket().status == 200
    assert rows(camera.world, "stock/report") == []
    assert ola.call("GET", f"/devices/{camera.device_id}").json["mac"] == "02:00:5e:10:00:01"
    new_camera(camera.world, "SN0002")  # which nobody binds
    assert len(rows(camera.world, "stock/report")) == 1


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"sn": ""}, "sn"),
        ({"sn": None}, "sn"),
        ({"sn": "SN0001/../SN0002"}, "sn"),
        ({"secret": "x" * 257}, "secret"),
        ({"secret": 7}, "secret"),
        ({"mac": "02:00:5e:10:00"}, "mac"),
        ({"mac": "02:00:5e:10:00:01\nx"}, "mac"),
        ({"mac": "zz:00:5e:10:00:01"}, "mac"),
        ({"model": "x" * 65}, "model"),
        ({"firmware": None}, "firmware"),
        ({"firmware": "1" * 65}, "firmware"),
        ({"channels": []}, "channels"),
        ({"channels": [{"id": str(number)} for number in range(65)]}, "channels"),
        ({"channels": [{"name": "Door"}]}, "channels.id"),
        ({"channels": [{"id": "1/2"}]}, "channels.id"),
        ({"channels": [{"id": ""}]}, "channels.id"),
        ({"channels": [{"id": "1\n"}]}, "channels.id"),
        ({"channels": {"id": "1"}}, "channels"),
        ({"lan": {"ip": "192.168.1.20"}}, "lan.port"),
        ({"lan": {"ip": "example.com", "port": 1}}, "lan.ip"),
        ({"lan": {"ip": "10.0.0.1\n", "port": 1}}, "lan.ip"),
        ({"lan": {"ip": "10.0.0.1", "port": 0}}, "lan.port"),
        ({"lan": {"ip": "10.0.0.1", "port": 65_536}}, "lan.port"),
        ({"lan": {"ip": "10.0.0.1", "port": 10**300}}, "lan.port"),
        ({"owner": "ola"}, "owner"),
    ],
)
def test_what_is_wrong_is_named_and_nothing_of_it_stored(camera: Camera, wrong: dict[str, Any], field: str) -> None:
    before = camera.world.dump()["tables"]
    answer = camera.activate(**wrong)
    assert (answer.status, list(answer.json["fields"])) == (422, [field])
    assert camera.world.dump()["tables"] == before


def test_a_missing_field_is_named(camera: Camera) -> None:
    for name in ("sn", "secret", "mac", "model", "firmware", "channels"):
        body = {key: value for key, value in camera.activation().items() if key != name}
        answer = camera.world.call("POST", "/cameras/activation", body)
        assert (answer.status, list(answer.json["fields"])) == (422, [name])


@pytest.mark.parametrize(
    "token", ["c", "c.a", "c.a.b.c", "c.a.b", "a.a.b", "c..b", "c.a#b.c", "c." + "a" * 65 + ".b", "c.ż.b"]
)
def test_garbage_is_no_camera(world: LocalCloud, token: str) -> None:
    answer = world.call("POST", "/cameras/tickets", {"kind": "alarm"}, token=token)
    assert refusal(answer) == (401, "NotSignedIn")


def test_a_loaded_camera_without_a_token_is_not_let_in(camera: Camera) -> None:
    (stock,) = rows(camera.world, "stock/stock")
    camera.token = f"c.{stock['pk'].partition('#')[2]}.None"
    assert refusal(camera.ask_ticket()) == (401, "NotSignedIn")


def test_a_cameras_token_survives_its_owners(home: Home) -> None:
    assert home.owner.call("DELETE", f"/devices/{home.camera.device_id}").status == 202
    assert refusal(home.camera.ask_ticket()) == (409, "NobodyOwns")
    assert Person.bind(home.stranger, home.camera).status == 201
    assert home.camera.ask_ticket().status == 200


def test_two_cameras_have_two_tokens(world: LocalCloud) -> None:
    assert new_camera(world, "SN0001").token != new_camera(world, "SN0002").token
