"""Who may come through which door: every route × every kind of caller × own, other's and absent things."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from chalicelib.entry.callers import Who
from chalicelib.entry.http import Route
from tests.conftest import Home
from tests.routes import Request, all_routes, clip_for, named, request_for, route_names
from tests.scene import Person, new_camera, new_person, rows
from tests.worlds.sweep import leap

ABSENT = "a" * 26
REFUSED_WITHOUT_SESSION = 401
NOT_YOURS = 404
NOT_GRANTED = 403


def test_the_matrix_has_a_row_for_every_route(home: Home) -> None:
    assert sorted(route_names()) == sorted(route.name for route in all_routes())


@pytest.mark.parametrize("name", route_names())
def test_whom_it_is_for_comes_in(home: Home, name: str) -> None:
    route = named(name)
    answer = request_for(route, home).send(home)
    assert answer.status == route.status, answer.body


@pytest.mark.parametrize("name", route_names())
def test_nobody_and_strange_tokens_stay_outside(home: Home, name: str) -> None:
    route = named(name)
    request = request_for(route, home)
    others_camera = new_camera(home.world, "SN0077", owner=home.stranger)
    person_tokens = {home.owner.access_token, home.stranger.access_token}
    wrong = {
        Who.PERSON: [None, "", "nonsense", home.owner.refresh_token, home.camera.token, others_camera.token],
        Who.CAMERA: [None, "", "nonsense", home.owner.refresh_token, *person_tokens],
    }.get(route.who, [])
    for token in wrong:
        assert request.by(token).send(home).status == REFUSED_WITHOUT_SESSION, token


@pytest.mark.parametrize("name", route_names(of="person"))
def test_an_expired_session_stays_outside(home: Home, name: str) -> None:
    route = named(name)
    request = request_for(route, home)
    leap(home.world, 15 * 60)
    assert request.send(home).status == REFUSED_WITHOUT_SESSION


def is_stepped_up(person: Person) -> bool:
    (row,) = [row for row in rows(person.world, "account/session") if person.account_id in row["pk"]]
    return "stepped_up_until" in row


# What names in paths stand for that is nobody's: each person has something of their own there, or all have the same.
OF_EVERYBODY = ("{purpose}", "{version}", "{campaign_id}")


@pytest.mark.parametrize(
    "name", [one for one in route_names(of="person", containing="{") if not any(name in one for name in OF_EVERYBODY)]
)
def test_what_is_another_persons_or_nobodys_is_not_there(home: Home, name: str) -> None:
    route = named(name)
    request = request_for(route, home)
    if route.stepped_up and not is_stepped_up(home.stranger):
        home.stranger.step_up()
    not_yours = request.by(home.stranger.access_token).send(home)
    parts, request.path = request.path.split("/"), re.sub(r"/[^/]{20,}", f"/{ABSENT}", request.path)
    absent = request.send(home)
    # What is below a device is nothing that a stranger may know of.
    kind = "device" if "{device_id}" in route.path else route.names_last
    for answer in (not_yours, absent):
        assert (answer.status, answer.json["code"], answer.json["kind"]) == (NOT_YOURS, "NotFound", kind)
    assert not_yours.json["message"] == absent.json["message"]
    if kind != route.names_last:
        parts[max(nth for nth, part in enumerate(route.path.split("/")) if part[:1] == "{")] = ABSENT
        request.path = "/".join(parts)
        below = request.send(home)
        assert (below.status, below.json["kind"]) == (NOT_YOURS, route.names_last)


@pytest.mark.parametrize("name", route_names(of="person", containing="{device_id}"))
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


# What guests may ask for, written down once more beside what the routes declare, so that no slip of a word opens one:
# the right that each needs, None for whoever has any share. Every other route about a device is its owner's.
OF_GUESTS: dict[str, str | None] = {
    "GET /devices/{device_id}": None,
    "GET /devices/{device_id}/settings": "settings",
    "PUT /devices/{device_id}/settings": "settings",
    "POST /devices/{device_id}/live": "live",
    "POST /devices/{device_id}/live/{live_id}": "live",
    "DELETE /devices/{device_id}/live/{live_id}": "live",
    "POST /devices/{device_id}/recordings/clips": "playback",
    "GET /devices/{device_id}/recordings/clips/{clip_id}": "playback",
    "GET /devices/{device_id}/alarms": "alarms",
    "GET /devices/{device_id}/alarms/{alarm_id}": "alarms",
    "POST /devices/{device_id}/alarms/{alarm_id}/read": "alarms",
    "GET /devices/{device_id}/recordings": "playback",
    "GET /devices/{device_id}/recordings/days": "playback",
    "GET /devices/{device_id}/recordings/timeline": "playback",
    "GET /devices/{device_id}/recordings/{recording_id}": "playback",
    "POST /devices/{device_id}/recordings/playlists": "playback",
}
RIGHTS = ("live", "playback", "alarms", "settings")


def right_of(route: Route) -> str | None:
    """The right that the route's need asks for; `owner` where no guest has it."""
    right: str | None = route.needs.right  # type: ignore[union-attr]  # a route about a device without one fails here
    return right


def test_the_routes_declare_what_guests_may_ask_for() -> None:
    routes = [route for route in all_routes() if route.who is Who.PERSON and "{device_id}" in route.path]
    assert {route.name: right_of(route) for route in routes if right_of(route) != "owner"} == OF_GUESTS
    assert {right_of(route) for route in routes} <= {None, "owner", *RIGHTS}


# Bodies that are wrong in every way there is: no JSON, the wrong kind, an unknown field, nested too deep, too large.
HOPELESS = (b"{", b"[]", b'{"nobody": 1}', b"[" * 40 + b"]" * 40, b'"' + b"x" * 300_000 + b'"')


@pytest.mark.one_in(2)
@pytest.mark.parametrize("name", route_names(of="person", containing="{device_id}"))
def test_whatever_a_stranger_or_a_guest_says_it_is_looked_at_last(home: Home, name: str) -> None:
    route = named(name)
    request = request_for(route, home)
    request.body = None
    if route.stepped_up:
        home.stranger.step_up()
    for raw in HOPELESS if route.method != "GET" else ():
        assert replace(request, raw=raw, headers={}).by(home.stranger.access_token).send(home).status == NOT_YOURS
    if right_of(route) is None:
        return
    _guest(home, rights=[right for right in RIGHTS if right != right_of(route)])
    for raw in HOPELESS if route.method != "GET" else ():
        assert replace(request, raw=raw, headers={}).by(home.stranger.access_token).send(home).status == NOT_GRANTED


def _guest(home: Home, **how: Any) -> str:
    """The stranger, with this share and no other."""
    for share in home.owner.call("GET", f"/devices/{home.camera.device_id}/shares").json["items"]:
        assert home.owner.call("DELETE", f"/devices/{home.camera.device_id}/shares/{share['share_id']}").status == 204
    share_id = str(home.owner.share(home.camera.device_id, email=home.stranger.email, **how).json["share_id"])
    assert home.stranger.call("POST", f"/shares/{share_id}/accept").status == 200
    return share_id


def _as_guest(request: Request, home: Home) -> int:
    """A key of one's own: whose answer is kept is not asked again."""
    request.headers = {}
    if request.route.stepped_up:
        home.stranger.step_up()
    return request.by(home.stranger.access_token).send(home).status


@pytest.mark.one_in(2)
@pytest.mark.parametrize("right", RIGHTS)
@pytest.mark.parametrize("name", route_names(of="person", containing="{device_id}"))
def test_a_guest_may_do_what_was_granted_and_is_told_where_not(home: Home, name: str, right: str) -> None:
    route = named(name)
    request = request_for(route, home)
    _guest(home, rights=[right])
    is_open = right_of(route) in (None, right)
    if is_open and "{live_id}" in name:  # each has a view of his own
        request.path = f"/devices/{home.camera.device_id}/live/{home.stranger.watch(home.camera.device_id)['live_id']}"
    if is_open and "{clip_id}" in name:  # and a clip
        path = f"/devices/{home.camera.device_id}/recordings/clips"
        request.path = f"{path}/{clip_for(home, home.stranger)}"
    assert _as_guest(request, home) == (route.status if is_open else NOT_GRANTED)


@pytest.mark.one_in(2)
@pytest.mark.parametrize("name", route_names(of="person", containing="{device_id}"))
def test_a_former_guest_is_a_stranger(home: Home, name: str) -> None:
    request = request_for(named(name), home)
    share_id = _guest(home, rights=list(RIGHTS))
    assert home.owner.call("DELETE", f"/devices/{home.camera.device_id}/shares/{share_id}").status == 204
    assert _as_guest(request, home) == NOT_YOURS


@pytest.mark.one_in(2)
@pytest.mark.parametrize("name", route_names(of="person", containing="{device_id}"))
def test_a_guest_whose_time_is_over_is_a_stranger(home: Home, name: str) -> None:
    home.world.calendar.lag = None
    request = request_for(named(name), home)
    _guest(home, rights=list(RIGHTS), until=f"{home.world.now() + timedelta(minutes=10):%Y-%m-%dT%H:%M:%SZ}")
    leap(home.world, 10 * 60)
    assert _as_guest(request, home) == NOT_YOURS


@pytest.mark.parametrize("name", route_names(of="person", containing="/shares/{share_id}"))
def test_another_guest_of_the_same_device_is_a_stranger_to_a_share(home: Home, name: str) -> None:
    route = named(name)
    request = request_for(route, home)
    request.headers = {}
    other = new_person(home.world, "other@example.com")
    assert request.by(other.access_token).send(home).status == NOT_YOURS


def test_raised_trust_is_asked_for_where_it_is_declared(home: Home) -> None:
    routes = [route for route in all_routes() if route.stepped_up]
    assert routes
    beginning = home.world.snapshot()
    for route in routes:
        home.world.restore(beginning)
        request = request_for(route, home)
        leap(home.world, 10 * 60)
        answer = request.send(home)
        assert (answer.status, answer.json["code"]) == (403, "StepUpRequired"), route.name
