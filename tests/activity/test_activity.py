"""What an owner can read of what happened (AUDIT)."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from tests.conftest import Home
from tests.factors import App, Key
from tests.identities.people import link
from tests.identities.platforms import google_token
from tests.scene import NEW_PASSWORD, PASSWORD, Person, elsewhere, everything_stored, new_camera, rows

DAY = 86_400
TERMINAL = "Pixel 9, Android 16"


def acts(person: Person, **query: Any) -> list[dict[str, Any]]:
    answer = person.call("GET", "/privacy/activity", query=query)
    assert answer.status == 200, answer.body
    items: list[dict[str, Any]] = answer.json["items"]
    return items


def _guest(home: Home, **how: Any) -> str:
    share_id = home.owner.share(home.camera.device_id, email=home.stranger.email, **how).json["share_id"]
    assert home.stranger.call("POST", f"/shares/{share_id}/accept").status == 200
    return str(share_id)


def test_it_begins_with_the_first_sign_in_and_the_first_device(home: Home) -> None:
    added, first = sorted(acts(home.owner), key=lambda one: str(one["act"]))  # of one instant here
    assert (added["act"], added["by"], added["who"], added["about"]) == ("device_added", "owner", TERMINAL, "Garden")
    assert (first["act"], first["by"], first["who"], first["device_id"]) == ("signed_in", "owner", TERMINAL, None)


def test_each_thing_that_matters_is_recorded_once(home: Home) -> None:
    world, device = home.world, f"/devices/{home.camera.device_id}"

    def did(*wanted: str) -> None:
        nonlocal seen
        now = [one["act"] for one in acts(home.owner, limit="100")]
        assert sorted(now) == sorted([*seen, *wanted])
        seen = now

    seen = [one["act"] for one in acts(home.owner)]
    elsewhere(home.owner)
    did("signed_in")
    home.owner.call("PATCH", device, {"name": "Back"})
    did("device_changed")
    share_id = _guest(home, rights=["alarms"])
    did("shared", "share_accepted")
    home.owner.call("PATCH", f"{device}/shares/{share_id}", {"rights": ["live", "alarms"]})
    did("share_changed")
    home.owner.call("DELETE", f"{device}/shares/{share_id}")
    did("share_revoked")
    home.stranger.call("DELETE", f"/shares/{_guest(home)}")
    did("shared", "share_accepted", "share_left")
    share_id = home.owner.share(home.camera.device_id, email=home.stranger.email).json["share_id"]
    home.stranger.call("POST", f"/shares/{share_id}/decline")
    did("shared", "share_declined")
    home.owner.call("DELETE", f"{device}/alarms/{home.alarm_id}")
    did("alarms_deleted")
    home.owner.step_up()
    home.owner.call("POST", "/privacy/exports")
    did("copy_asked_for")
    asked = {"from": "2026-01-05T08:00:00Z", "to": "2026-01-05T09:00:00Z", "reason": "case 2026-17"}
    world.invoke("read_api_log", {**asked, "account_id": home.owner.account_id})
    did("log_looked_into")
    home.owner.call("PUT", "/me/password", {"current": PASSWORD, "new": NEW_PASSWORD})
    did("password_changed")
    assert home.owner.bind(new_camera(world, "SN0002"), "Attic").status == 201
    did("device_added")


def test_so_is_what_an_owner_does_with_a_device(home: Home) -> None:
    device_id, owner = home.camera.device_id, home.owner
    seen = {one["act"] for one in acts(owner)}
    owner.change_settings(device_id, 0, night_mode="on")
    for on in (True, True, False):
        owner.set_privacy(device_id, on=on)
    owner.set_device_password(device_id, "a password")
    owner.cover(device_id)
    owner.call("DELETE", f"/devices/{device_id}/cover")
    owner.step_up()
    owner.offer(device_id, email=home.stranger.email)
    owner.call("DELETE", f"/devices/{device_id}/transfer")
    transfer_id = owner.offer(device_id, email=home.stranger.email)
    home.stranger.call("POST", f"/transfers/{transfer_id}/decline")
    news = [one for one in acts(owner, limit="100") if one["act"] not in seen]  # of one instant here
    assert sorted(one["act"] for one in news) == [
        "cover_changed",
        "cover_deleted",
        "device_password_changed",
        "privacy_mode_off",
        "privacy_mode_on",
        "settings_changed",
        "transfer_declined",
        "transfer_offered",
        "transfer_offered",
        "transfer_withdrawn",
    ]
    by_act = {one["act"]: one for one in news}
    offered, declined = by_act["transfer_offered"], by_act["transfer_declined"]
    assert (offered["who"], offered["about"]) == (TERMINAL, home.stranger.email)
    assert (declined["by"], declined["who"]) == ("heir", home.stranger.email)


def test_second_factors_and_platforms_are_told_of_by_name(home: Home) -> None:
    owner = home.owner
    App.added(owner)
    passkey = Key().add_to(owner)
    path = f"/me/second-factors/passkeys/{passkey['passkey_id']}"
    owner.call("PATCH", path, {"name": "Blue key"})
    owner.call("POST", "/me/second-factors/recovery-codes")
    owner.call("DELETE", path)
    owner.call("DELETE", "/me/second-factors/totp")
    linked = link(owner, google_token(home.world)).json
    owner.call("DELETE", f"/me/identities/{linked['identity_id']}")
    told = [(one["act"], one["who"], one["about"]) for one in acts(owner, limit="100") if one["device_id"] is None]
    assert Counter(one for one in told if one[0] not in ("signed_in", "device_added")) == Counter(
        [
            ("second_factor_added", TERMINAL, "TOTP"),
            ("second_factor_added", TERMINAL, passkey["name"]),
            ("second_factor_renamed", TERMINAL, "Blue key"),
            ("recovery_codes_made", TERMINAL, None),
            ("second_factor_removed", TERMINAL, "Blue key"),
            ("second_factor_removed", TERMINAL, "TOTP"),
            ("platform_linked", TERMINAL, "Google"),
            ("platform_unlinked", TERMINAL, "Google"),
        ]
    )


def test_who_gives_a_command_or_watches_is_told_of_by_terminal_or_name(home: Home) -> None:
    device_id = home.camera.device_id
    _guest(home, rights=["live"])
    home.owner.command(device_id, "restart")
    home.owner.watch(device_id)
    home.stranger.watch(device_id)
    news = [one for one in acts(home.owner) if one["act"] in ("command_given", "watched")]
    assert sorted((one["act"], one["by"], one["who"], one["about"]) for one in news) == [
        ("command_given", "owner", TERMINAL, "restart"),
        ("watched", "guest", "Zed", "1"),
        ("watched", "owner", TERMINAL, "1"),
    ]


def test_signing_others_out_says_which_terminal_did_it(home: Home) -> None:
    other = elsewhere(home.owner)
    home.owner.call("DELETE", f"/sessions/{other.session_id}")
    home.owner.call("DELETE", "/sessions")
    elsewhere(home.owner, "t3")
    home.owner.call("DELETE", "/sessions")
    ends = [one for one in acts(home.owner) if one["act"].startswith("signed_out")]
    assert sorted((one["act"], one["who"], one["about"]) for one in ends) == [
        ("signed_out", TERMINAL, TERMINAL),
        ("signed_out_others", TERMINAL, None),
    ]


def test_a_copy_that_was_downloaded_is_told_of_once_for_each_link(home: Home) -> None:
    home.owner.step_up()
    home.owner.call("POST", "/privacy/exports")
    home.world.settle()
    url = home.owner.call("GET", "/privacy/exports").json["items"][0]["download_url"]
    path = "/" + url.split("/", 3)[3]
    assert [home.world.call("GET", path).status for _ in range(2)] == [302, 404]
    assert [one["act"] for one in acts(home.owner)].count("copy_downloaded") == 1


def test_who_takes_a_device_over_is_named_as_the_owner_named_him(home: Home) -> None:
    home.owner.step_up()
    home.stranger.step_up()
    home.stranger.accept(home.owner.offer(home.camera.device_id, email=home.stranger.email))
    (gone,) = [one for one in acts(home.owner) if one["act"] == "device_handed_over"]
    assert (gone["by"], gone["who"], gone["about"]) == ("heir", home.stranger.email, "Garden")


def test_operators_are_seen_with_their_reason(home: Home) -> None:
    asked = {"from": "2026-01-05T08:00:00Z", "to": "2026-01-05T09:00:00Z", "reason": "case 2026-17"}
    home.world.invoke("read_api_log", {**asked, "account_id": home.owner.account_id})
    (looked,) = [one for one in acts(home.owner) if one["act"] == "log_looked_into"]
    assert (looked["by"], looked["about"]) == ("operator", "case 2026-17")
    home.world.invoke("read_api_log", {**asked, "account_id": "nobody"})
    home.world.invoke("read_api_log", asked)
    assert len([one for one in acts(home.owner) if one["act"] == "log_looked_into"]) == 1


def test_a_guests_looks_are_recorded_by_the_hour_and_by_who_he_is(home: Home) -> None:
    _guest(home, rights=["alarms"])
    home.camera.see(2)
    for alarm in home.stranger.alarms(home.camera.device_id):
        path = f"/devices/{home.camera.device_id}/alarms/{alarm['alarm_id']}"
        assert home.stranger.call("GET", path).status == 200
        assert home.stranger.call("POST", f"{path}/read").status == 200
    looks = [one for one in acts(home.owner) if one["act"] == "looked"]
    assert [(one["by"], one["who"], one["device_id"]) for one in looks] == [
        ("guest", "Zed", home.camera.device_id)
    ]
    home.world.advance(3600)
    home.stranger.sign_in()
    home.owner.sign_in()
    assert home.stranger.call("GET", path).status == 200
    assert len([one for one in acts(home.owner) if one["act"] == "looked"]) == 2


def test_a_link_is_not_given_unless_the_look_can_be_recorded(home: Home) -> None:
    from infra.strict_moto import FAILING_FROM

    _guest(home, rights=["alarms"])
    home.world.settle()
    home.world.faults.fail(2, FAILING_FROM)  # after the caller and the device were read
    answer = home.stranger.call("GET", f"/devices/{home.camera.device_id}/alarms/{home.alarm_id}")
    home.world.faults.clear()
    assert answer.status == 503
    assert "picture_url" not in answer.json
    answer = home.stranger.call("GET", f"/devices/{home.camera.device_id}/alarms/{home.alarm_id}")
    assert (answer.status, answer.json["picture_url"] is None) == (200, False)


def test_the_owners_own_looks_cost_and_leave_nothing(home: Home) -> None:
    before = len(acts(home.owner))
    home.world.trace.clear()
    home.owner.call("GET", f"/devices/{home.camera.device_id}/alarms/{home.alarm_id}")
    # What there is to know, and whether the picture is still the alarm's own.
    assert home.world.trace.names() == ["dynamodb.BatchGetItem", "s3.HeadObject"]
    assert len(acts(home.owner)) == before


def test_it_is_paged_newest_first_over_account_and_devices(home: Home) -> None:
    for number in range(7):
        home.world.advance(60)
        home.owner.call("PATCH", f"/devices/{home.camera.device_id}", {"name": f"Name {number}"})
        elsewhere(home.owner, f"other{number}")
    _guest(home, rights=["alarms"])
    home.world.advance(3600)
    home.stranger.sign_in()
    home.owner.sign_in()
    home.stranger.call("GET", f"/devices/{home.camera.device_id}/alarms/{home.alarm_id}")
    everything = acts(home.owner, limit="100")
    assert everything[0]["act"] == "signed_in" and "looked" in {one["act"] for one in everything}
    assert [one["at"] for one in everything] == sorted((one["at"] for one in everything), reverse=True)
    assert len(everything) == 20
    paged: list[dict[str, Any]] = []
    cursor: str | None = ""
    while cursor is not None:
        query = {"limit": "1", **({"cursor": cursor} if cursor else {})}
        page = home.owner.call("GET", "/privacy/activity", query=query).json
        paged += page["items"]
        cursor = page["cursor"]
    assert paged == everything


def test_nobody_reads_anothers(home: Home) -> None:
    _guest(home, rights=["live", "playback", "alarms", "settings"])
    assert {one["act"] for one in acts(home.stranger)} == {"signed_in"}


def test_it_is_kept_for_a_year_and_is_never_in_the_clear(home: Home) -> None:
    home.owner.share(home.camera.device_id, email="kingfisher@example.com")
    (row, *_) = rows(home.world, "device/activity")
    assert row["expires_at"] - row["at"] == 365 * DAY
    assert "kingfisher" not in everything_stored(home.world)


@pytest.mark.parametrize("name", ["Back door"])
def test_what_concerned_a_device_goes_with_it_and_that_it_went_stays(home: Home, name: str) -> None:
    device = f"/devices/{home.camera.device_id}"
    home.world.advance(1)  # what is newest is so by its time
    home.owner.call("PATCH", device, {"name": name})
    home.owner.call("DELETE", device)
    home.world.advance(60)
    newest = acts(home.owner)[0]
    assert (newest["act"], newest["about"]) == ("device_removed", name)
    assert "device_changed" not in {one["act"] for one in acts(home.owner)}
    assert rows(home.world, "device/activity") == []
