"""Sharing a device (B9): who is invited, who may do what, and when it ends."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from infra.local.async_events import OLDEST_S
from infra.local.cloud import LocalCloud
from infra.local.gateway import Response
from tests.conftest import Home
from tests.scene import Caller, Person, everything_stored, just_before, new_camera, new_person, rows

DAY = 86_400
ALL = ["live", "playback", "alarms", "settings"]


def refusal(answer: Response) -> tuple[int, str]:
    return answer.status, answer.json["code"]


def accept(person: Person, share_id: str) -> Response:
    return person.call("POST", f"/shares/{share_id}/accept")


def shared_with(home: Home, person: Person, **how: Any) -> str:
    """The stranger, say, is a guest now."""
    answer = home.owner.share(home.camera.device_id, email=person.email, **how)
    assert answer.status == 201, answer.body
    assert accept(person, answer.json["share_id"]).status == 200
    home.world.settle()
    return str(answer.json["share_id"])


def received(person: Person) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = person.call("GET", "/shares").json["items"]
    return items


def shares_shown(home: Home) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = home.owner.call("GET", f"/devices/{home.camera.device_id}/shares").json["items"]
    return items


# ── Inviting ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_who_is_invited_finds_it_accepts_it_and_sees_the_device(home: Home) -> None:
    answer = home.owner.share(home.camera.device_id, email="Stranger@Example.com", rights=["alarms", "live"])
    assert answer.status == 201
    share = answer.json
    assert share == {
        "share_id": share["share_id"],
        "name": None,
        "email": "stranger@example.com",
        "phone": None,
        "rights": ["live", "alarms"],
        "channels": None,
        "until": None,
        "state": "waiting",
        "invited_at": share["invited_at"],
        "waits_until": share["waits_until"],
    }
    assert shares_shown(home) == [share]
    (waiting,) = received(home.stranger)
    assert waiting == {
        "share_id": share["share_id"],
        "device_id": None,
        "name": "Garden",
        "owner": "Ola",
        "rights": ["live", "alarms"],
        "channels": None,
        "until": None,
        "state": "waiting",
        "waits_until": share["waits_until"],
    }
    assert home.stranger.call("GET", "/devices").json["items"] == []
    accepted = accept(home.stranger, share["share_id"])
    assert accepted.status == 200
    assert accepted.json == {**waiting, "state": "accepted", "waits_until": None, "device_id": home.camera.device_id}
    assert received(home.stranger) == [accepted.json]
    assert shares_shown(home) == [{**share, "name": "Zed", "state": "accepted", "waits_until": None}]
    (device,) = home.stranger.call("GET", "/devices").json["items"]
    alone = home.stranger.call("GET", f"/devices/{home.camera.device_id}").json
    assert device == {**alone, "streams": None}  # which are told of one alone
    assert device["rights"] == ["live", "alarms"]


def test_an_address_without_an_account_finds_it_when_it_gets_one(home: Home) -> None:
    share_id = home.owner.share(home.camera.device_id, email="later@example.com").json["share_id"]
    home.world.settle()
    (mail,) = home.world.outbox("later@example.com")
    assert "Sowa" in mail["subject"]
    assert not [word for word in ("Ola", "Garden", "SN0001", share_id) if word in str(mail)]
    home.world.advance(6 * DAY, every_hours=6)
    later = new_person(home.world, "later@example.com")
    assert [one["share_id"] for one in received(later)] == [share_id]
    assert accept(later, share_id).status == 200
    assert later.alarms(home.camera.device_id) != []


def test_a_phone_number_does_too(home: Home) -> None:
    caller = Caller(home.world, "+48601234567", nickname="Iza")
    assert caller.confirm(caller.register()).status == 201
    answer = home.owner.share(home.camera.device_id, phone="+48 601 234 567")
    assert (answer.json["email"], answer.json["phone"]) == (None, "+48601234567")
    home.world.settle()
    assert home.world.outbox("+48601234567")[0]["kind"] == "sms"
    assert accept(caller, answer.json["share_id"]).status == 200


def test_known_and_unknown_addresses_are_answered_alike(home: Home) -> None:
    seen = []
    for email in ("stranger@example.com", "nobody12@example.com"):
        before = home.world.snapshot()
        home.world.trace.clear()
        answer = home.owner.share(home.camera.device_id, email=email)
        calls = [(call.name, call.read_units, call.write_units) for call in home.world.trace]
        said = {**answer.json, "share_id": len(answer.json["share_id"]), "email": len(answer.json["email"])}
        headers = {name: value for name, value in answer.headers.items() if name != "X-Request-Id"}
        seen.append((answer.status, said, headers, calls))
        home.world.restore(before)
    assert seen[0] == seen[1]


def test_what_follows_later_does_not_show_either_who_is_known(home: Home) -> None:
    """What the owner can see stays the same until the other one answers."""
    for email in ("stranger@example.com", "nobody12@example.com"):
        home.owner.share(home.camera.device_id, email=email)
    home.world.settle()
    one, other = shares_shown(home)
    assert {**one, "share_id": 0, "email": 0} == {**other, "share_id": 0, "email": 0}


def test_an_invitation_waits_for_seven_days_to_the_second(home: Home) -> None:
    home.world.calendar.lag = None
    share_id = home.owner.share(home.camera.device_id, email=home.stranger.email).json["share_id"]
    home.world.advance(7 * DAY - 1, every_hours=6)
    for person in (home.owner, home.stranger):
        person.sign_in()
    assert len(received(home.stranger)) == len(shares_shown(home)) == 1
    home.world.advance(1)
    assert received(home.stranger) == shares_shown(home) == []
    assert refusal(accept(home.stranger, share_id)) == (404, "NotFound")
    assert home.owner.share(home.camera.device_id, email=home.stranger.email).status == 201


def test_the_invited_is_told_by_mail_and_push_with_ids_only(home: Home) -> None:
    home.stranger.take_pushes("platform-token-of-the-stranger")
    home.stranger.call("PATCH", "/me", {"language": "pl"})
    share_id = home.owner.share(home.camera.device_id, email=home.stranger.email).json["share_id"]
    home.world.settle()
    mail = home.world.outbox(home.stranger.email)[0]
    assert mail["subject"] == "Sowa: ktoś udostępnia Ci kamerę"
    (push,) = [one for one in home.world.outbox("platform-token-of-the-stranger") if one["kind"] == "push"]
    assert push["data"]["data"] == {"share_id": share_id}


def test_an_address_gets_three_mails_a_day_whoever_invites_it(home: Home) -> None:
    def invite(number: int) -> None:
        camera = new_camera(home.world, f"SN010{number}", owner=home.owner if number % 2 else home.stranger)
        person = home.owner if number % 2 else home.stranger
        assert person.share(camera.device_id, email="often@example.com").status == 201
        home.world.settle()

    for number in range(5):
        invite(number)
    assert len(home.world.outbox("often@example.com")) == 3
    home.world.advance(DAY)
    for person in (home.owner, home.stranger):
        person.sign_in()
    invite(6)
    assert len(home.world.outbox("often@example.com")) == 4


def test_an_account_invites_forty_times_a_day(home: Home) -> None:
    path = f"/devices/{home.camera.device_id}/shares"
    for number in range(40):
        answer = home.owner.share(home.camera.device_id, email=f"p{number}@example.com")
        assert answer.status == 201
        assert home.owner.call("DELETE", f"{path}/{answer.json['share_id']}").status == 204
    answer = home.owner.share(home.camera.device_id, email="p41@example.com")
    assert refusal(answer) == (429, "TooManyInvitations")
    wait = int(answer.headers["Retry-After"])
    assert 0 < wait <= DAY
    home.world.advance(wait)
    home.owner.sign_in()
    assert home.owner.share(home.camera.device_id, email="p41@example.com").status == 201


def test_a_device_is_shared_with_twenty_at_most(home: Home) -> None:
    for number in range(20):
        assert home.owner.share(home.camera.device_id, email=f"p{number}@example.com").status == 201
    assert refusal(home.owner.share(home.camera.device_id, email="p21@example.com")) == (409, "TooManyShares")
    (one, *_) = shares_shown(home)
    home.owner.call("DELETE", f"/devices/{home.camera.device_id}/shares/{one['share_id']}")
    assert home.owner.share(home.camera.device_id, email="p21@example.com").status == 201


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"email": "stranger@example.com", "phone": "+48601234567"}, (422, "Invalid")),
        ({}, (422, "Invalid")),
        ({"email": "ola@example.com"}, (409, "SharedWithOneself")),
        ({"email": "not an address"}, (422, "AddressInvalid")),
        ({"email": "x@example.com", "rights": []}, (422, "Invalid")),
        ({"email": "x@example.com", "rights": ["owner"]}, (422, "Invalid")),
        ({"email": "x@example.com", "channels": ["2"]}, (422, "Invalid")),
        ({"email": "x@example.com", "channels": []}, (422, "Invalid")),
        ({"email": "x@example.com", "until": "2026-01-05T07:59:59Z"}, (422, "Invalid")),
        ({"email": "x@example.com", "until": "2027-01-05T08:00:00"}, (422, "Invalid")),
        ({"email": "x@example.com", "until": "2027-01-05"}, (422, "Invalid")),
    ],
)
def test_what_cannot_be_shared_is_refused(home: Home, asked: dict[str, Any], said: tuple[int, str]) -> None:
    assert refusal(home.owner.share(home.camera.device_id, **asked)) == said
    assert shares_shown(home) == []
    assert home.owner.share(home.camera.device_id, email=home.stranger.email).status == 201
    assert len(shares_shown(home)) == 1


def test_the_same_person_is_not_invited_twice(home: Home) -> None:
    share_id = home.owner.share(home.camera.device_id, email=home.stranger.email).json["share_id"]
    again = home.owner.share(home.camera.device_id, email=home.stranger.email.upper())
    assert refusal(again) == (409, "ShareExists")
    accept(home.stranger, share_id)
    assert refusal(home.owner.share(home.camera.device_id, email=home.stranger.email)) == (409, "ShareExists")


def test_nor_does_one_person_accept_by_two_addresses(home: Home) -> None:
    stranger = home.stranger
    stranger.step_up()
    change_id = stranger.change_address(phone="+48601234567")
    code = Caller(home.world, "+48601234567").newest_code()
    assert stranger.call("POST", "/me/address/confirm", {"change_id": change_id, "code": code}).status == 200
    one = home.owner.share(home.camera.device_id, email=stranger.email).json["share_id"]
    other = home.owner.share(home.camera.device_id, phone="+48601234567").json["share_id"]
    assert len(received(stranger)) == 2
    assert accept(stranger, one).status == 200
    assert refusal(accept(stranger, other)) == (409, "ShareExists")


def test_an_invitation_is_for_who_has_the_address_and_nobody_else(home: Home) -> None:
    share_id = home.owner.share(home.camera.device_id, email="later@example.com").json["share_id"]
    for person in (home.owner, home.stranger):
        for method, path in (("POST", "/accept"), ("POST", "/decline"), ("DELETE", "")):
            assert person.call(method, f"/shares/{share_id}{path}").status == 404
    assert received(home.stranger) == []
    later = new_person(home.world, "later@example.com")
    assert [one["share_id"] for one in received(later)] == [share_id]


# ── What a guest may ─────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_guest_is_not_told_what_identifies_the_device_or_its_net(home: Home) -> None:
    shared_with(home, home.stranger, rights=ALL)
    seen = home.stranger.call("GET", f"/devices/{home.camera.device_id}")
    assert seen.json["rights"] == ALL
    for name in ("sn", "registered_at", "firmware", "mac", "country", "lan", "plan"):
        assert seen.json[name] is None
        assert home.owner.call("GET", f"/devices/{home.camera.device_id}").json[name] is not None
    for text in ("SN0001", "02:00:5E", "02:00:5e", "192.168"):
        assert text not in seen.body.decode()


def test_a_guest_sees_alarms_only_of_the_channels_that_are_shared(home: Home) -> None:
    home.camera.activate(channels=[{"id": "1", "name": "Door"}, {"id": "2", "name": "Gate"}])
    home.camera.see(2, channel="2")
    shared_with(home, home.stranger, rights=["alarms"], channels=["2"])
    device = f"/devices/{home.camera.device_id}"
    (alarm,) = home.stranger.alarms(home.camera.device_id)
    assert alarm["channel"] == "2"
    assert [one["alarm_id"] for one in home.stranger.call("GET", "/alarms").json["items"]] == [alarm["alarm_id"]]
    assert home.stranger.call("GET", device).json["channels"] == [{"id": "2", "name": "Gate"}]
    one = home.stranger.call("GET", f"{device}/alarms/{alarm['alarm_id']}")
    assert home.world.fetch(one.json["picture_url"]).status == 200
    for method, path in (("GET", ""), ("POST", "/read")):
        assert home.stranger.call(method, f"{device}/alarms/{home.alarm_id}{path}").status == 404
    assert len(home.owner.alarms(home.camera.device_id)) == 2


def test_the_right_to_alarms_is_asked_for(home: Home) -> None:
    shared_with(home, home.stranger, rights=["live", "playback", "settings"])
    device = f"/devices/{home.camera.device_id}"
    for method, path in (("GET", ""), ("GET", f"/{home.alarm_id}"), ("POST", f"/{home.alarm_id}/read")):
        assert refusal(home.stranger.call(method, f"{device}/alarms{path}")) == (403, "RightMissing")
    assert [len(one.call("GET", "/alarms").json["items"]) for one in (home.owner, home.stranger)] == [1, 0]
    assert home.stranger.call("GET", device).status == 200


def test_read_is_per_person_and_gone_with_the_guest(home: Home) -> None:
    shared_with(home, home.stranger, rights=["alarms"])
    path = f"/devices/{home.camera.device_id}/alarms/{home.alarm_id}"
    assert home.stranger.call("POST", f"{path}/read").json["read"] is True
    assert home.owner.call("GET", path).json["read"] is False
    assert [one["read"] for one in home.stranger.alarms(home.camera.device_id)] == [True]
    assert home.stranger.account_id not in str(rows(home.world, "device/alarm"))


def test_the_right_to_settings_lets_a_guest_change_them_and_the_owner_reads_who_did(home: Home) -> None:
    device_id = home.camera.device_id
    shared_with(home, home.stranger, rights=["settings"])
    home.world.advance(1)  # what is newest is so by its time
    changed = home.stranger.change_settings(device_id, 0, night_mode="on")
    assert changed.status == 200
    assert home.owner.call("GET", f"/devices/{device_id}/settings").json == changed.json
    newest = home.owner.call("GET", "/privacy/activity").json["items"][0]
    assert (newest["act"], newest["by"], newest["who"]) == ("settings_changed", "guest", "Zed")


def test_a_guest_of_one_channel_neither_sees_nor_loses_the_names_of_the_others(home: Home) -> None:
    camera = new_camera(home.world, "SN0077", owner=home.owner)
    assert camera.activate(channels=[{"id": "1"}, {"id": "2"}]).status == 200
    named = [{"id": "1", "name": "Gate"}, {"id": "2", "name": "Bedroom"}]
    settings = {"version": 1, "settings": {"channels": named}}
    assert home.owner.change_settings(camera.device_id, 0, channels=named).status == 200
    assert camera.report(settings=settings).status == 200
    share = home.owner.share(camera.device_id, email=home.stranger.email, rights=["settings"], channels=["1"])
    assert accept(home.stranger, share.json["share_id"]).status == 200
    path = f"/devices/{camera.device_id}"
    for answer in (home.stranger.call("GET", path), home.stranger.call("GET", f"{path}/settings")):
        assert answer.status == 200
        assert b"Gate" in answer.body and b"Bedroom" not in answer.body
    assert refusal(home.stranger.change_settings(camera.device_id, 1, channels=named)) == (422, "Invalid")
    changed = home.stranger.change_settings(camera.device_id, 1, channels=[{"id": "1", "name": "Door"}])
    assert changed.json["desired"]["settings"]["channels"] == [{"id": "1", "name": "Door"}]
    shown = home.owner.call("GET", f"{path}/settings").json["desired"]["settings"]["channels"]
    assert shown == [{"id": "1", "name": "Door"}, {"id": "2", "name": "Bedroom"}]


def test_settings_of_a_guest_who_is_just_being_refused_are_not_taken(home: Home) -> None:
    share_id = shared_with(home, home.stranger, rights=["settings"])
    revoked = f"/devices/{home.camera.device_id}/shares/{share_id}"
    with just_before(home.world, 2, lambda: home.owner.call("DELETE", revoked)):
        answer = home.stranger.change_settings(home.camera.device_id, 0, night_mode="on")
    assert refusal(answer) == (409, "SettingsChanged")
    assert home.owner.call("GET", f"/devices/{home.camera.device_id}/settings").json["desired"]["version"] == 0


def test_a_guest_sees_the_cover_and_that_the_device_is_private(home: Home) -> None:
    home.owner.cover(home.camera.device_id)
    home.owner.set_privacy(home.camera.device_id, on=True)
    shared_with(home, home.stranger, rights=["live"])
    seen = home.stranger.call("GET", f"/devices/{home.camera.device_id}").json
    assert seen["cover_url"] is not None and seen["privacy_mode"] is True


def test_a_guest_cannot_share_on_change_or_delete(home: Home) -> None:
    share_id = shared_with(home, home.stranger, rights=ALL)
    device = f"/devices/{home.camera.device_id}"
    asked: list[tuple[str, str, Any]] = [
        ("PATCH", device, {"name": "Mine"}),
        ("DELETE", device, None),
        ("GET", f"{device}/plan", None),
        ("DELETE", f"{device}/alarms", None),
        ("DELETE", f"{device}/alarms/{home.alarm_id}", None),
        ("GET", f"{device}/shares", None),
        ("POST", f"{device}/shares", {"email": "x@example.com", "rights": ["live"]}),
        ("PATCH", f"{device}/shares/{share_id}", {"rights": ALL}),
        ("DELETE", f"{device}/shares/{share_id}", None),
    ]
    before = everything_stored(home.world)
    for method, path, body in asked:
        assert refusal(home.stranger.call(method, path, body)) == (403, "RightMissing"), path
    assert rows(home.world, "device/device") == [
        one for one in rows(home.world, "device/device") if str(one["pk"]) in before
    ]
    assert home.stranger.order(home.camera.device_id).status == 404


# ── Changing and ending ──────────────────────────────────────────────────────────────────────────────────────────────


def test_a_change_acts_on_the_next_request(home: Home) -> None:
    share_id = shared_with(home, home.stranger, rights=["live"])
    path = f"/devices/{home.camera.device_id}/shares/{share_id}"
    assert home.stranger.call("GET", f"/devices/{home.camera.device_id}/alarms").status == 403
    answer = home.owner.call("PATCH", path, {"rights": ["alarms"], "until": "2026-01-06T08:00:00Z"})
    assert (answer.status, answer.json["rights"], answer.json["until"]) == (200, ["alarms"], "2026-01-06T08:00:00Z")
    assert len(home.stranger.alarms(home.camera.device_id)) == 1
    assert shares_shown(home) == [answer.json]
    answer = home.owner.call("PATCH", path, {"until": None})
    assert answer.json["until"] is None
    assert home.owner.call("PATCH", path, {}).json == answer.json
    assert refusal(home.owner.call("PATCH", path, {"channels": ["7"]})) == (422, "Invalid")


def _revoke(home: Home, share_id: str) -> Response:
    return home.owner.call("DELETE", f"/devices/{home.camera.device_id}/shares/{share_id}")


def _leave(home: Home, share_id: str) -> Response:
    return home.stranger.call("DELETE", f"/shares/{share_id}")


@pytest.mark.parametrize("end", [_revoke, _leave])
def test_a_share_that_ended_is_over_with_the_next_request(home: Home, end: Any) -> None:
    share_id = shared_with(home, home.stranger, rights=ALL)
    device = f"/devices/{home.camera.device_id}"
    assert len(shares_shown(home)) == len(received(home.stranger)) == 1
    assert len(home.stranger.call("GET", "/devices").json["items"]) == 1
    assert len(rows(home.world, "device/share")) == len(rows(home.world, "account/device-received")) == 1
    with home.world.aws.lock:  # nothing follows yet
        assert end(home, share_id).status == 204
        for path in (device, f"{device}/alarms", f"{device}/alarms/{home.alarm_id}", f"{device}/shares"):
            assert home.stranger.call("GET", path).status == 404
        assert home.stranger.call("GET", "/devices").json["items"] == []
        assert received(home.stranger) == shares_shown(home) == []
    assert end(home, share_id).status == 404
    home.world.settle()
    assert rows(home.world, "device/share") == rows(home.world, "account/device-received") == []
    shared_with(home, home.stranger)  # and it can begin anew
    assert home.stranger.call("GET", device).status == 200


def test_declining_ends_an_invitation(home: Home) -> None:
    share_id = home.owner.share(home.camera.device_id, email=home.stranger.email).json["share_id"]
    assert len(received(home.stranger)) == len(shares_shown(home)) == 1
    assert refusal(home.stranger.call("DELETE", f"/shares/{share_id}")) == (409, "NotAccepted")
    assert home.stranger.call("POST", f"/shares/{share_id}/decline").status == 204
    assert received(home.stranger) == shares_shown(home) == []
    assert accept(home.stranger, share_id).status == 404
    share_id = shared_with(home, home.stranger)
    assert refusal(home.stranger.call("POST", f"/shares/{share_id}/decline")) == (409, "AlreadyAccepted")
    assert accept(home.stranger, share_id).status == 200


def test_an_invitation_that_is_taken_back_is_not_there(home: Home) -> None:
    share_id = home.owner.share(home.camera.device_id, email=home.stranger.email).json["share_id"]
    assert len(received(home.stranger)) == len(rows(home.world, "address/invitation")) == 1
    assert _revoke(home, share_id).status == 204
    assert received(home.stranger) == []
    assert accept(home.stranger, share_id).status == 404
    assert rows(home.world, "address/invitation") == []


@pytest.mark.parametrize("lag", [0, 48 * 3600, None])
def test_a_share_is_over_on_time_whatever_the_reaper_does(home: Home, lag: int | None) -> None:
    home.world.calendar.lag = lag
    home.stranger.take_pushes("platform-token-of-the-stranger")
    until = (home.world.now() + timedelta(hours=2)).replace(microsecond=0)
    shared_with(home, home.stranger, rights=ALL, until=f"{until:%Y-%m-%dT%H:%M:%SZ}")
    assert len(shares_shown(home)) == len(received(home.stranger)) == 1
    home.world.advance((until - home.world.now()).total_seconds() - 1)
    home.stranger.refresh()
    home.camera.see(5)
    pushed = len(home.world.outbox("platform-token-of-the-stranger"))
    assert pushed == 1
    assert home.stranger.call("GET", f"/devices/{home.camera.device_id}").status == 200
    home.world.advance(2)
    home.camera.see(6)
    assert home.stranger.call("GET", f"/devices/{home.camera.device_id}").status == 404
    assert received(home.stranger) == []
    home.owner.refresh()
    assert shares_shown(home) == []
    assert len(home.world.outbox("platform-token-of-the-stranger")) == pushed


def test_the_owner_ends_it_by_removing_the_device(home: Home) -> None:
    shared_with(home, home.stranger)
    home.owner.share(home.camera.device_id, email="later@example.com")
    old, kinds = home.camera.device_id, ("account/device-received", "account/account", "device/share")
    assert old in str([rows(home.world, kind) for kind in kinds])
    assert len(rows(home.world, "address/invitation")) == 1
    assert len(received(home.stranger)) == len(home.stranger.call("GET", "/devices").json["items"]) == 1
    with home.world.aws.lock:
        assert home.owner.call("DELETE", f"/devices/{old}").status == 202
        assert home.stranger.call("GET", f"/devices/{old}").status == 404
        assert received(home.stranger) == home.stranger.call("GET", "/devices").json["items"] == []
    home.world.advance(15 * 60)
    assert old not in str([rows(home.world, kind) for kind in kinds])
    assert rows(home.world, "address/invitation") == []


def test_a_guest_who_closes_the_account_leaves_the_owners_data_alone(home: Home) -> None:
    home.stranger.take_pushes("platform-token-of-the-stranger")
    shared_with(home, home.stranger, rights=ALL)
    assert len(shares_shown(home)) == 1
    path = f"/devices/{home.camera.device_id}/alarms/{home.alarm_id}"
    assert home.stranger.call("POST", f"{path}/read").status == 200
    home.stranger.step_up()
    assert home.stranger.close().status == 202
    assert home.stranger.call("GET", path).status == 401
    home.world.advance(14 * 60)
    assert shares_shown(home) == []
    assert home.stranger.account_id not in str(rows(home.world, "device/device") + rows(home.world, "device/alarm"))
    assert home.owner.call("GET", path).status == 200
    home.camera.see(7)
    assert len(home.owner.alarms(home.camera.device_id)) == 2


def test_a_new_owner_knows_nothing_of_the_old_ones_guests(home: Home) -> None:
    shared_with(home, home.stranger)
    home.owner.call("DELETE", f"/devices/{home.camera.device_id}")
    other = new_person(home.world, "other@example.com")
    assert other.bind(home.camera).status == 201
    assert other.call("GET", f"/devices/{home.camera.device_id}/shares").json["items"] == []
    other.share(home.camera.device_id, email="later@example.com")
    assert len(other.call("GET", f"/devices/{home.camera.device_id}/shares").json["items"]) == 1
    assert home.stranger.call("GET", f"/devices/{home.camera.device_id}").status == 404


# ── Pushes ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def _pushed(world: LocalCloud, token: str) -> int:
    return sum(one["kind"] == "push" and "alarm_id" in str(one["data"]) for one in world.outbox(token))


def test_alarms_are_pushed_to_guests_with_the_right_for_their_channels(home: Home) -> None:
    home.camera.activate(channels=[{"id": "1", "name": "Door"}, {"id": "2", "name": "Gate"}])
    home.stranger.take_pushes("platform-token-of-the-stranger")
    share_id = shared_with(home, home.stranger, rights=["alarms"], channels=["2"])
    home.camera.see(2, channel="2")
    home.camera.see(3, channel="1")
    assert _pushed(home.world, "platform-token-of-the-stranger") == 1
    home.owner.call("PATCH", f"/devices/{home.camera.device_id}/shares/{share_id}", {"rights": ["live"]})
    home.camera.see(4, channel="2")
    assert _pushed(home.world, "platform-token-of-the-stranger") == 1
    assert _pushed(home.world, "platform-token-of-the-owner") == 4


def test_a_guests_terminals_come_and_go(home: Home) -> None:
    shared_with(home, home.stranger, rights=["alarms"])
    home.stranger.take_pushes("platform-token-one")
    home.world.settle()
    home.camera.see(2)
    assert _pushed(home.world, "platform-token-one") == 1
    home.stranger.take_pushes("platform-token-two")
    home.world.settle()
    home.camera.see(3)
    assert (_pushed(home.world, "platform-token-one"), _pushed(home.world, "platform-token-two")) == (1, 1)
    home.stranger.call("DELETE", "/sessions/current")
    home.world.settle()
    home.camera.see(4)
    assert _pushed(home.world, "platform-token-two") == 1
    assert home.stranger.session_id not in str(rows(home.world, "account/audience"))


def test_an_unshared_device_is_not_heard_of_even_before_anything_was_tidied_up(home: Home) -> None:
    home.stranger.take_pushes("platform-token-of-the-stranger")
    share_id = shared_with(home, home.stranger, rights=["alarms"])
    with just_before(home.world, 1, lambda: _revoke(home, share_id)):
        home.camera.see(2)
    assert _pushed(home.world, "platform-token-of-the-stranger") == 0


def test_an_alarm_is_one_read_more_where_there_are_guests_and_one_publication_for_each_terminal_that_may_hear(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("chalicelib.alarms.rules.COUNTED_ONE_IN", 2**33)  # or one in eight is one write more
    home.camera.equip("1", "2")
    home.stranger.take_pushes("platform-token-of-the-stranger")
    shared_with(home, home.stranger, rights=["alarms"], channels=["2"])
    for channel, reads, pushes in (("1", [3], 1), ("2", [3, 2], 2)):
        assert home.camera.upload(2, channel=channel).status == 204
        home.world.trace.clear()
        home.world.settle()
        calls = [one for one in home.world.trace if not one.name.startswith(("sqs.", "dynamodbstreams."))]
        others = ["dynamodb.PutItem", "s3.GetObject", *["sns.Publish"] * pushes]
        assert sorted(one.name for one in calls) == ["dynamodb.BatchGetItem"] * len(reads) + others
        assert [_keys_read(one) for one in calls if one.name == "dynamodb.BatchGetItem"] == reads


def test_a_batch_of_pictures_reads_each_account_once(home: Home) -> None:
    """Of two devices with the same owner and the same guest; a batch is what Lambda could not run for six hours."""
    other = new_camera(home.world, "SN0002", owner=home.owner)
    home.stranger.take_pushes("platform-token-of-the-stranger")
    for camera in (home.camera, other):
        share_id = home.owner.share(camera.device_id, email=home.stranger.email, rights=["alarms"]).json["share_id"]
        assert accept(home.stranger, share_id).status == 200
    home.world.settle()
    home.world.functions.throttled.add("on_picture_uploaded")
    for camera in (home.camera, other):
        for number in range(3):
            assert camera.upload(number + 10).status == 204
    home.world.advance(OLDEST_S + 300)
    home.world.functions.throttled.clear()
    home.world.trace.clear()
    home.world.advance(361)
    reads = [_keys_read(one) for one in home.world.trace if one.name == "dynamodb.BatchGetItem"]
    assert reads == [4, 2]  # two devices, the owner's key and audience; the guest's
    assert _pushed(home.world, "platform-token-of-the-stranger") == 6


def _keys_read(call: Any) -> int:
    return sum(len(wanted["Keys"]) for wanted in call.params["RequestItems"].values())


def test_a_guest_whose_account_was_closed_is_pushed_to_no_more_from_that_moment_on(home: Home) -> None:
    home.stranger.take_pushes("platform-token-of-the-stranger")
    shared_with(home, home.stranger, rights=["alarms"])
    home.stranger.step_up()
    with just_before(home.world, 1, lambda: home.stranger.close()):
        home.camera.see(2)
    assert _pushed(home.world, "platform-token-of-the-stranger") == 0
    assert _pushed(home.world, "platform-token-of-the-owner") == 2


# ── Costs ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_list_of_twenty_devices_own_and_shared_takes_four_calls(home: Home) -> None:
    for number in range(9):
        home.stranger.bind(new_camera(home.world, f"SN02{number:02}"))
    shared_with(home, home.stranger)
    for number in range(10):
        camera = new_camera(home.world, f"SN03{number:02}", owner=home.owner)
        share = home.owner.share(camera.device_id, email=home.stranger.email).json["share_id"]
        assert accept(home.stranger, share).status == 200
    home.world.settle()
    home.world.trace.clear()
    assert len(home.stranger.call("GET", "/devices").json["items"]) == 20
    assert len(home.world.trace) == 4  # who asks, what is shared, the devices, and whether their cameras are there
    home.world.trace.clear()
    assert home.stranger.call("GET", f"/devices/{home.camera.device_id}").status == 200
    assert len(home.world.trace) == 2
    home.world.trace.clear()
    assert len(received(home.stranger)) == 11
    assert len(home.world.trace) == 5


def test_more_devices_than_one_call_reads_are_listed_all(home: Home) -> None:
    other = new_person(home.world, "other@example.com")
    for number in range(20):
        home.stranger.bind(new_camera(home.world, f"SN04{number:02}"))
    for number in range(20):
        owner = home.owner if number < 10 else other
        camera = new_camera(home.world, f"SN05{number:02}", owner=owner)
        share = owner.share(camera.device_id, email=home.stranger.email).json["share_id"]
        assert accept(home.stranger, share).status == 200
    assert len(home.stranger.call("GET", "/devices").json["items"]) == 40


def test_the_address_is_never_stored_in_plain(home: Home) -> None:
    home.owner.share(home.camera.device_id, email="kingfisher@example.com")
    home.world.settle()
    assert "kingfisher" not in everything_stored(home.world)
