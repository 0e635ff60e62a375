"""What a camera may upload, and what S3 refuses on its own."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from infra.local.cloud import LocalCloud
from infra.local.gateway import Response
from tests.alarms.snapshots import name_of, objects, post
from tests.conftest import Home
from tests.scene import jpeg, new_camera

KB = 1024


def ask(home: Home, token: str | None, kind: str = "alarm") -> Response:
    return home.world.call("POST", "/cameras/tickets", {"kind": kind}, token=token)


def upload(home: Home, data: bytes | None = None, **overrides: str | None) -> Response:
    return post(home.camera, name_of(home.world.now(), number=7), data, **overrides)


def refusal(answer: Response) -> tuple[int, str]:
    return answer.status, answer.json["code"]


def test_a_ticket_says_where_what_and_until_when(home: Home) -> None:
    ticket = home.camera.ask_ticket().json
    below = ticket["key_prefix"].removeprefix(f"alarms/2026010508/{home.camera.device_id}/")
    assert re.fullmatch(r"[a-z2-7]{26}/", below)
    assert home.camera.ask_ticket().json["key_prefix"] != ticket["key_prefix"]
    assert ticket["fields"]["Content-Type"] == "image/jpeg"
    assert (ticket["now"], ticket["until"]) == ("2026-01-05T08:00:00Z", "2026-01-05T09:00:00Z")
    assert ticket["url"].endswith(home.world.stack.physical("Media"))
    assert not [told for told in ("SN0001", home.owner.email, home.owner.nickname) if told in str(ticket)]


@pytest.mark.parametrize("who", ["nobody", "nonsense", "a person", "another camera's secret", "a cut token"])
def test_only_a_cameras_own_token_gets_a_ticket(home: Home, who: str) -> None:
    other = new_camera(home.world, "SN0002")
    mine, secret = home.camera.token.rsplit(".", 1)
    token = {
        "nobody": None,
        "nonsense": "c.nonsense",
        "a person": home.owner.access_token,
        "another camera's secret": f"{mine}.{other.token.rsplit('.', 1)[1]}",
        "a cut token": f"{mine}.{secret[:-1]}",
    }[who]
    assert refusal(ask(home, token)) == (401, "NotSignedIn")


def test_a_new_activation_ends_the_token_of_before(home: Home) -> None:
    before = home.camera.token
    assert home.camera.activate().status == 200
    assert refusal(ask(home, before)) == (401, "NotSignedIn")
    assert ask(home, home.camera.token).status == 200


@pytest.mark.parametrize("kind", ["", "Snapshot", "Alarm"])
def test_a_ticket_of_another_kind_is_refused(home: Home, kind: str) -> None:
    answer = ask(home, home.camera.token, kind)
    assert answer.status == 422
    assert "kind" in answer.json["fields"]


def test_a_ticket_of_no_kind_is_refused(home: Home) -> None:
    answer = home.world.call("POST", "/cameras/tickets", {}, token=home.camera.token)
    assert (answer.status, "kind" in answer.json["fields"]) == (422, True)


def test_a_camera_of_nobody_gets_no_ticket(home: Home) -> None:
    assert refusal(new_camera(home.world, "SN0002").ask_ticket()) == (409, "NobodyOwns")


def test_a_camera_gets_no_ticket_from_the_moment_it_is_removed(home: Home) -> None:
    assert home.owner.call("DELETE", f"/devices/{home.camera.device_id}").status == 202
    assert refusal(home.camera.ask_ticket()) == (409, "NobodyOwns")


def test_a_ticket_costs_a_read_of_the_camera_one_of_whether_it_may_look_and_a_note_of_the_hour(home: Home) -> None:
    """It may while its device lives, and so the owner: both are read at once."""
    home.world.trace.clear()
    assert home.camera.ask_ticket().status == 200
    assert home.world.trace.names() == ["dynamodb.GetItem", "dynamodb.BatchGetItem", "dynamodb.UpdateItem"]


def test_one_ticket_is_good_for_many_snapshots(home: Home) -> None:
    ticket = home.camera.ask_ticket().json
    for number in range(3):
        name = name_of(home.world.now(), number=number + 10)
        assert home.world.upload(ticket, name, jpeg(number)).status == 204
    home.world.settle()
    assert len(home.owner.alarms(home.camera.device_id)) == 4


# ── S3's own refusals ────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("size", [100, KB, 4096 * KB])
def test_a_picture_has_100_bytes_to_4_megabytes_and_the_ticket_says_so(home: Home, size: int) -> None:
    ticket = home.camera.ask_ticket().json
    assert (ticket["least_bytes"], ticket["most_bytes"]) == (100, 4096 * KB)
    assert upload(home, jpeg()[:size].ljust(size, b"\0")).status == 204


@pytest.mark.parametrize(
    ("size", "code"), [(0, "EntityTooSmall"), (99, "EntityTooSmall"), (4096 * KB + 1, "EntityTooLarge")]
)
def test_what_is_smaller_or_larger_is_refused(home: Home, size: int, code: str) -> None:
    before = objects(home.world)
    answer = upload(home, b"x" * size)
    assert answer.status == 400 and code.encode() in answer.body
    assert objects(home.world) == before


def keys_elsewhere(home: Home) -> dict[str, str]:
    other = new_camera(home.world, "SN0002", owner=home.stranger)
    mine, name = home.camera.device_id, name_of(home.world.now())
    return {
        "no ticket": f"alarms/2026010508/{mine}/{name}",
        "another ticket": home.camera.ask_ticket().json["key_prefix"] + name,
        "another device": f"alarms/2026010508/{other.device_id}/{name}",
        "another day": f"alarms/2026010608/{mine}/{name}",
        "another hour": f"alarms/2026010509/{mine}/{name}",
        "the top": name,
        "another kind": f"recordings/2026010508/{mine}/{name}",
        "a longer id": f"alarms/2026010508/{mine}x/{name}",
        "a shorter id": f"alarms/2026010508/{mine[:-1]}/{name}",
        "": "",
    }


@pytest.mark.parametrize(
    "where",
    [
        "no ticket", "another ticket", "another device", "another day", "another hour", "the top", "another kind",
        "a longer id", "a shorter id", "",
    ],
)  # fmt: skip
def test_nothing_goes_outside_the_tickets_own_prefix(home: Home, where: str) -> None:
    key = keys_elsewhere(home)[where]
    before = objects(home.world)
    assert upload(home, key=key).status in (400, 403)
    assert objects(home.world) == before


@pytest.mark.parametrize(
    "overrides",
    [
        {"Content-Type": "text/html"},
        {"Content-Type": "image/png"},
        {"Content-Type": None},
        {"x-amz-meta-note": "a field that nobody signed"},
        {"success_action_redirect": "https://elsewhere.example"},
        {"x-amz-signature": "0" * 64},
        {"policy": None},
        {"x-amz-credential": None},
    ],
    ids=str,
)
def test_a_form_that_differs_from_what_was_signed_is_refused(home: Home, overrides: dict[str, Any]) -> None:
    before = objects(home.world)
    assert upload(home, **overrides).status in (400, 403)
    assert objects(home.world) == before


@pytest.mark.parametrize(("seconds", "status"), [(0, 204), (3599, 204), (3600, 403), (3601, 403), (86_400, 403)])
def test_a_ticket_lives_sixty_minutes(home: Home, seconds: int, status: int) -> None:
    ticket = home.camera.ask_ticket().json
    home.world.clock.move_to(home.world.now().timestamp() + seconds)
    assert home.world.upload(ticket, name_of(home.world.now(), number=7), jpeg()).status == status


def test_a_ticket_of_before_midnight_is_good_after_it(home: Home) -> None:
    evening = datetime(2026, 1, 5, 23, 30, tzinfo=UTC)
    home.world.clock.move_to(evening.timestamp())
    ticket = home.camera.ask_ticket().json
    home.world.clock.move_to((evening + timedelta(minutes=45)).timestamp())
    assert home.world.upload(ticket, name_of(home.world.now(), "person"), jpeg()).status == 204
    home.world.settle()
    home.owner.sign_in()
    (alarm,) = home.owner.alarms(home.camera.device_id, type="person")
    assert alarm["at"] == "2026-01-06T00:15:00Z"


def test_a_ticket_opens_nothing_for_reading(home: Home) -> None:
    ticket = home.camera.ask_ticket().json
    (key,) = objects(home.world)
    for url in (f"{ticket['url']}/{key}", f"{ticket['url']}?prefix=alarms/", ticket["url"]):
        assert home.world.fetch(url).status == 403


def test_a_ticket_does_not_outlive_the_ownership(home: Home) -> None:
    """It cannot be revoked; so what comes on it is deleted on arrival."""
    ticket = home.camera.ask_ticket().json
    assert len(objects(home.world)) == 1
    assert home.owner.call("DELETE", f"/devices/{home.camera.device_id}").status == 202
    assert home.world.upload(ticket, name_of(home.world.now(), number=7), jpeg()).status == 204
    assert objects(home.world) == []


def test_the_language_of_a_refusal_is_the_askers(world: LocalCloud) -> None:
    camera = new_camera(world)
    asked = {"kind": "alarm"}
    answer = world.call("POST", "/cameras/tickets", asked, token=camera.token, headers={"Accept-Language": "pl"})
    assert answer.json["message"] == "Ta kamera nie ma jeszcze właściciela."
