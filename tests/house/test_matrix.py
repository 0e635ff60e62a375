"""Who may come through which door: every route × every kind of caller × own, other's and absent things."""

from __future__ import annotations

import re

import pytest

from chalicelib.entry.gate import Who
from tests.conftest import Home
from tests.doors import all_doors, door_names, named, request_for
from tests.scene import Person, new_camera, rows

ABSENT = "a" * 26
REFUSED_WITHOUT_SESSION = 401
NOT_YOURS = 404


def test_the_matrix_has_a_row_for_every_route(home: Home) -> None:
    assert sorted(door_names()) == sorted(door.name for door in all_doors())


@pytest.mark.parametrize("name", door_names())
def test_whom_it_is_for_comes_in(home: Home, name: str) -> None:
    door = named(name)
    answer = request_for(door, home).send(home)
    assert answer.status == door.status, answer.body


@pytest.mark.parametrize("name", door_names())
def test_nobody_and_strange_tokens_stay_outside(home: Home, name: str) -> None:
    door = named(name)
    request = request_for(door, home)
    others_camera = new_camera(home.world, "SN0077", owner=home.stranger)
    person_tokens = {home.owner.access_token, home.stranger.access_token}
    wrong = {
        Who.PERSON: [None, "", "nonsense", home.owner.refresh_token, home.camera.token, others_camera.token],
        Who.CAMERA: [None, "", "nonsense", home.owner.refresh_token, *person_tokens],
    }.get(door.who, [])
    for token in wrong:
        assert request.by(token).send(home).status == REFUSED_WITHOUT_SESSION, token


@pytest.mark.parametrize("name", door_names(of="person"))
def test_an_expired_session_stays_outside(home: Home, name: str) -> None:
    door = named(name)
    request = request_for(door, home)
    home.world.advance(15 * 60)
    assert request.send(home).status == REFUSED_WITHOUT_SESSION


def is_stepped_up(person: Person) -> bool:
    (row,) = [row for row in rows(person.world, "account/session") if person.account_id in row["pk"]]
    return "stepped_up_until" in row


@pytest.mark.parametrize("name", door_names(of="person", containing="{"))
def test_what_is_another_persons_or_nobodys_is_not_there(home: Home, name: str) -> None:
    door = named(name)
    request = request_for(door, home)
    if door.stepped_up and not is_stepped_up(home.stranger):
        home.stranger.step_up()
    assert request.by(home.stranger.access_token).send(home).status == NOT_YOURS
    request.path = re.sub(r"/[^/]{20,}", f"/{ABSENT}", request.path)
    assert request.send(home).status == NOT_YOURS


@pytest.mark.parametrize("name", door_names(of="person", containing="{device_id}"))
def test_a_former_owner_is_a_stranger(home: Home, name: str) -> None:
    request = request_for(named(name), home)
    assert home.owner.call("DELETE", f"/devices/{home.camera.device_id}").status == 202
    assert home.stranger.bind(home.camera).status == 201
    assert request.send(home).status == NOT_YOURS  # by the path of the ownership that ended
    old, new = request.path.split("/")[2], home.camera.device_id
    assert request.path.replace(old, new) != request.path
    request.path = request.path.replace(old, new)
    request.headers = {}
    assert request.send(home).status == NOT_YOURS


def test_raised_trust_is_asked_for_where_it_is_declared(home: Home) -> None:
    doors = [door for door in all_doors() if door.stepped_up]
    assert doors
    beginning = home.world.snapshot()
    for door in doors:
        home.world.restore(beginning)
        request = request_for(door, home)
        home.world.advance(10 * 60)
        answer = request.send(home)
        assert (answer.status, answer.json["code"]) == (403, "StepUpRequired"), door.name
