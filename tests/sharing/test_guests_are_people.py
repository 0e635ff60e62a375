"""A guest is a person and not an address: the owner sees what is true now, and nothing of who has gone (B9, AUDIT)."""

from __future__ import annotations

import json
from typing import Any

import pytest

from chalicelib.store import keys
from infra.local.gateway import Response
from tests.conftest import Home
from tests.privacy.exports import archive
from tests.scene import Caller, Person, just_before, new_camera, new_person, rows
from tests.worlds.invariants import Stored

NEW = "kestrel@example.com"


def share(home: Home, person: Person, **how: Any) -> str:
    answer = home.owner.share(home.camera.device_id, email=person.email, **how)
    assert answer.status == 201, answer.body
    return str(answer.json["share_id"])


def accept(person: Person, share_id: str) -> Response:
    return person.call("POST", f"/shares/{share_id}/accept")


def guest(home: Home, person: Person, **how: Any) -> str:
    share_id = share(home, person, **how)
    assert accept(person, share_id).status == 200
    home.world.settle()
    return share_id


def shares_shown(home: Home) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = home.owner.call("GET", f"/devices/{home.camera.device_id}/shares").json["items"]
    return items


def known_as(home: Home) -> list[tuple[str | None, str | None, str | None, str]]:
    return [(one["name"], one["email"], one["phone"], one["state"]) for one in shares_shown(home)]


def acts(home: Home, *wanted: str) -> list[tuple[str, str | None, str | None]]:
    items = home.owner.call("GET", "/privacy/activity", query={"limit": "100"}).json["items"]
    return sorted((one["act"], one["who"], one["about"]) for one in items if one["act"] in wanted)


def moves(person: Person, email: str) -> None:
    person.step_up()
    change_id = person.change_address(email=email)
    code = Person(person.world, email).newest_code()
    answer = person.call("POST", "/me/address/confirm", {"change_id": change_id, "code": code})
    assert answer.status == 200, answer.body
    person.email = email


def gets_a_phone(person: Person, number: str) -> None:
    person.step_up()
    change_id = person.change_address(phone=number)
    code = Caller(person.world, number).newest_code()
    assert person.call("POST", "/me/address/confirm", {"change_id": change_id, "code": code}).status == 200


def closes(person: Person) -> None:
    person.step_up()
    assert person.close().status == 202


def lying_with_the_owner(home: Home) -> str:
    """All rows of the owner and of the device, and all that their keys open."""
    stored = Stored(home.world.dump())
    mine = {home.owner.account_id, home.camera.device_id}
    opened = [stored.decrypted(row, name) for _, row, name in stored.sealed if keys.id_of(row["pk"]) in mine]
    return json.dumps([opened, rows(home.world, "device/activity"), rows(home.world, "device/share")])


# ── The owner sees what is true ──────────────────────────────────────────────────────────────────────────────────────


def test_who_accepts_has_a_name_and_who_is_only_invited_has_none(home: Home) -> None:
    share_id = share(home, home.stranger)
    assert known_as(home) == [(None, "stranger@example.com", None, "waiting")]
    accept(home.stranger, share_id)
    assert known_as(home) == [("Zed", "stranger@example.com", None, "accepted")]
    home.stranger.call("PATCH", "/me", {"nickname": "Zenon"})
    assert known_as(home) == [("Zenon", "stranger@example.com", None, "accepted")]
    changed = home.owner.call("PATCH", f"/devices/{home.camera.device_id}/shares/{share_id}", {"rights": ["live"]})
    assert shares_shown(home) == [changed.json]


def test_who_changes_the_address_stays_one_guest_whose_new_address_the_owner_is_not_told(home: Home) -> None:
    share_id = guest(home, home.stranger)
    moves(home.stranger, NEW)
    assert known_as(home) == [("Zed", None, None, "accepted")]
    changed = home.owner.call("PATCH", f"/devices/{home.camera.device_id}/shares/{share_id}", {"rights": ["live"]})
    assert (changed.json["name"], changed.json["email"]) == ("Zed", None)
    assert home.stranger.call("GET", f"/devices/{home.camera.device_id}").json["rights"] == ["live"]
    moves(home.stranger, "stranger@example.com")  # what is true again is shown again
    assert known_as(home) == [("Zed", "stranger@example.com", None, "accepted")]


def test_who_was_invited_by_one_of_two_addresses_is_shown_by_that_one(home: Home) -> None:
    gets_a_phone(home.stranger, "+48601234567")
    share_id = home.owner.share(home.camera.device_id, phone="+48601234567").json["share_id"]
    assert accept(home.stranger, share_id).status == 200
    assert known_as(home) == [("Zed", None, "+48601234567", "accepted")]


def test_the_former_address_is_free_for_whoever_has_it_now(home: Home) -> None:
    first = home.stranger.email
    guest(home, home.stranger)
    moves(home.stranger, NEW)
    home.world.advance(1)  # they are listed as they were invited
    other = new_person(home.world, first, nickname="Iza")
    guest(home, other)
    assert known_as(home) == [("Zed", None, None, "accepted"), ("Iza", first, None, "accepted")]
    for person in (home.stranger, other):
        assert person.call("GET", f"/devices/{home.camera.device_id}").status == 200
    again = home.owner.share(home.camera.device_id, email=first)
    assert (again.status, again.json["code"]) == (409, "ShareExists")


def test_a_guest_who_is_invited_by_another_address_is_a_guest_already(home: Home) -> None:
    guest(home, home.stranger)
    moves(home.stranger, NEW)
    invited = home.owner.share(home.camera.device_id, email=NEW)
    assert invited.status == 201  # nobody is looked up by an address
    answer = accept(home.stranger, invited.json["share_id"])
    assert (answer.status, answer.json["code"]) == (409, "ShareExists")


def test_a_guest_who_has_closed_the_account_is_not_listed_before_anything_was_tidied_up(home: Home) -> None:
    share_id = guest(home, home.stranger)
    guest(home, new_person(home.world, "iza@example.com", nickname="Iza"))
    home.stranger.step_up()
    with home.world.aws.lock:  # nothing follows yet
        assert home.stranger.close().status == 202
        assert [one[0] for one in known_as(home)] == ["Iza"]
        assert home.owner.share(home.camera.device_id, email=home.stranger.email).status == 201
        path = f"/devices/{home.camera.device_id}/shares/{share_id}"
        assert home.owner.call("PATCH", path, {"rights": ["live"]}).status == 404
        assert home.owner.call("DELETE", path).status == 204


def test_a_list_of_guests_and_invitations_takes_two_calls(home: Home) -> None:
    guest(home, home.stranger)
    guest(home, new_person(home.world, "iza@example.com"))
    share(home, new_person(home.world, "jan@example.com"))
    home.world.trace.clear()
    assert len(shares_shown(home)) == 3
    assert home.world.trace.names() == ["dynamodb.BatchGetItem"] * 2


# ── What is recorded of them ─────────────────────────────────────────────────────────────────────────────────────────


def test_what_guests_do_is_shown_by_the_names_that_they_have_now(home: Home) -> None:
    guest(home, home.stranger, rights=["live", "settings"])
    home.stranger.change_settings(home.camera.device_id, 0, night_mode="on")
    home.stranger.watch(home.camera.device_id)
    home.stranger.call("PATCH", "/me", {"nickname": "Zenon"})
    done = acts(home, "settings_changed", "share_accepted", "watched")
    assert [who for _, who, _ in done] == ["Zenon"] * 3
    assert acts(home, "shared") == [("shared", "Pixel 9, Android 16", "Zenon")]


def test_an_invitation_is_recorded_by_its_address_until_somebody_accepts_it(home: Home) -> None:
    share_id, path = share(home, home.stranger), f"/devices/{home.camera.device_id}/shares"
    home.owner.call("PATCH", f"{path}/{share_id}", {"rights": ["live"]})
    assert {about for _, _, about in acts(home, "shared", "share_changed")} == {home.stranger.email}
    accept(home.stranger, share_id)
    home.owner.call("PATCH", f"{path}/{share_id}", {"rights": ["alarms"]})
    home.owner.call("DELETE", f"{path}/{share_id}")
    done = acts(home, "shared", "share_changed", "share_revoked")
    assert [(act, about) for act, _, about in done] == [
        ("share_changed", "Zed"), ("share_changed", "Zed"), ("share_revoked", "Zed"), ("shared", "Zed"),
    ]  # fmt: skip


def test_what_nobody_answered_stays_as_the_owner_typed_it(home: Home) -> None:
    share_id = home.owner.share(home.camera.device_id, email="nobody12@example.com").json["share_id"]
    home.owner.call("DELETE", f"/devices/{home.camera.device_id}/shares/{share_id}")
    assert [about for *_, about in acts(home, "shared", "share_revoked")] == ["nobody12@example.com"] * 2


def test_an_invitation_that_is_changed_often_can_be_accepted(home: Home) -> None:
    share_id, path = share(home, home.stranger), f"/devices/{home.camera.device_id}/shares"
    for number in range(25):
        answer = home.owner.call("PATCH", f"{path}/{share_id}", {"rights": [("live", "alarms")[number % 2]]})
        assert answer.status == 200
    (stored,) = rows(home.world, "device/share")
    assert len(stored["recorded_in"]) == 20  # each is one write more of who accepts
    assert accept(home.stranger, share_id).status == 200
    assert home.stranger.email not in lying_with_the_owner(home)


def test_who_declines_tells_no_name_and_no_address_that_the_owner_did_not_have(home: Home) -> None:
    home.stranger.call("POST", f"/shares/{share(home, home.stranger)}/decline")
    answered = ("share_declined", "shared")
    assert [one[1:] for one in acts(home, *answered)] == [
        ("stranger@example.com", None), ("Pixel 9, Android 16", "stranger@example.com"),
    ]  # fmt: skip
    assert home.stranger.email not in lying_with_the_owner(home)
    moves(home.stranger, NEW)
    assert [one[1:] for one in acts(home, *answered)] == [(None, None), ("Pixel 9, Android 16", None)]
    closes(home.stranger)
    assert [one[1:] for one in acts(home, *answered)] == [
        ("a former guest", None), ("Pixel 9, Android 16", "a former guest"),
    ]  # fmt: skip


@pytest.mark.parametrize(("language", "said"), [("en", "a former guest"), ("pl", "były gość")])
def test_of_who_closed_the_account_nothing_is_said_but_that_there_was_somebody(
    home: Home, language: str, said: str
) -> None:
    kestrel = new_person(home.world, NEW, nickname="Turnstone")
    share_id = guest(home, kestrel, rights=["alarms", "live", "settings"])
    device = f"/devices/{home.camera.device_id}"
    home.owner.call("PATCH", f"{device}/shares/{share_id}", {"rights": ["live", "alarms", "settings"]})
    kestrel.change_settings(home.camera.device_id, 0, night_mode="on")
    assert kestrel.call("GET", f"{device}/alarms/{home.alarm_id}").status == 200
    kestrel.watch(home.camera.device_id)
    guests = ("looked", "settings_changed", "share_accepted", "watched")
    assert [who for _, who, _ in acts(home, *guests)] == ["Turnstone"] * 4
    assert [about for *_, about in acts(home, "shared", "share_changed")] == ["Turnstone"] * 2
    assert known_as(home) == [("Turnstone", NEW, None, "accepted")]
    closes(kestrel)
    shown = home.owner.call("GET", "/privacy/activity", query={"limit": "100"}, headers={"Accept-Language": language})
    told = [one["who"] if one["by"] == "guest" else one["about"] for one in shown.json["items"]]
    assert told.count(said) == 6
    for text in (shown.body.decode(), lying_with_the_owner(home)):
        assert NEW not in text and "Turnstone" not in text
    home.world.advance(15 * 60)
    assert NEW not in lying_with_the_owner(home) and "Turnstone" not in lying_with_the_owner(home)


def test_the_address_of_an_invitation_lies_with_the_owner_until_it_is_accepted(home: Home) -> None:
    share_id = share(home, home.stranger)
    assert lying_with_the_owner(home).count(home.stranger.email) == 2  # the share, and that it was given
    accept(home.stranger, share_id)
    assert home.stranger.email not in lying_with_the_owner(home)


def test_a_copy_of_the_owners_data_tells_guests_apart_and_says_nothing_of_them(home: Home) -> None:
    guest(home, home.stranger, rights=["live"])
    home.stranger.watch(home.camera.device_id)
    told = archive(home.owner)
    files = {name: told.read(name).decode() for name in told.namelist() if name.endswith((".json", ".html"))}
    assert [name for name, text in files.items() if home.owner.email in text]
    assert not [name for name, text in files.items() if home.stranger.email in text or "Zed" in text]
    (given,) = json.loads(files[f"device-{home.camera.device_id}/share.json"])
    acted = [one for one in json.loads(files[f"device-{home.camera.device_id}/activity.json"]) if one["by"] == "guest"]
    assert {one["act"] for one in acted} == {"share_accepted", "watched"}
    assert {one["who_id"] for one in acted} == {given["guest_id"]}


def test_a_page_of_activity_reads_its_people_once(home: Home) -> None:
    def calls() -> int:
        home.world.trace.clear()
        home.owner.call("GET", "/privacy/activity", query={"limit": "100"})
        return len(home.world.trace)

    alone = calls()
    for number in range(3):
        guest(home, new_person(home.world, f"p{number}@example.com"))
    assert calls() == alone + 1


def test_an_act_of_a_guest_is_recorded_without_asking_who_it_is(home: Home) -> None:
    guest(home, home.stranger, rights=["alarms"])
    home.world.trace.clear()
    home.stranger.call("GET", f"/devices/{home.camera.device_id}/alarms/{home.alarm_id}")
    assert home.world.trace.names() == ["dynamodb.BatchGetItem", "dynamodb.PutItem", "s3.HeadObject"]


# ── Between reading and writing ──────────────────────────────────────────────────────────────────────────────────────


def test_who_gives_the_address_up_while_accepting_is_not_who_was_invited(home: Home) -> None:
    share_id = share(home, home.stranger)
    home.stranger.step_up()
    change_id = home.stranger.change_address(email=NEW)
    body = {"change_id": change_id, "code": Person(home.world, NEW).newest_code()}
    with just_before(home.world, 4, lambda: home.stranger.call("POST", "/me/address/confirm", body)):
        assert accept(home.stranger, share_id).status == 404
    assert known_as(home) == [(None, "stranger@example.com", None, "waiting")]


def test_no_more_devices_are_shared_with_somebody_than_may_be_even_at_once(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("chalicelib.sharing.rules.MOST_RECEIVED", 2)
    guest(home, home.stranger)
    cameras = [new_camera(home.world, f"SN06{number}", owner=home.owner) for number in range(2)]
    one, other = (home.owner.share(camera.device_id, email=home.stranger.email).json["share_id"] for camera in cameras)
    with just_before(home.world, 4, lambda: accept(home.stranger, other)):
        answer = accept(home.stranger, one)
    assert (answer.status, answer.json["code"]) == (409, "TooManyReceived")
    assert len(home.stranger.call("GET", "/devices").json["items"]) == 2


def test_nothing_is_shared_or_accepted_once_the_owner_has_closed_the_account(home: Home) -> None:
    share_id = share(home, home.stranger)
    home.owner.step_up()
    before = home.world.snapshot()
    with just_before(home.world, 4, home.owner.close):
        assert accept(home.stranger, share_id).status == 404
    home.world.restore(before)
    with just_before(home.world, 3, home.owner.close):
        assert home.owner.share(home.camera.device_id, email="iza@example.com").status == 404
