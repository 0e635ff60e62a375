"""A person's own account, and the platforms that may vouch for it."""

from __future__ import annotations

from typing import get_args

import pytest

from chalicelib.identities import rules, shapes
from tests.conftest import Home
from tests.identities.people import as_said, enter, link, maja
from tests.identities.platforms import google_token, nonce, platforms
from tests.privacy.exports import archive
from tests.scene import just_before, rows
from tests.worlds.invariants import violations


def _linked(home: Home) -> list[dict]:
    answer = home.owner.call("GET", "/me/identities")
    assert answer.status == 200, answer.body
    return answer.json["items"]


def test_a_linked_platform_opens_the_account_whatever_its_address_there(home: Home) -> None:
    home.owner.step_up()
    answer = link(home.owner, google_token(home.world, email="quite.another@example.com", email_verified=False))
    assert answer.status == 201, answer.body
    assert answer.json["provider"] == "google"
    assert _linked(home) == [answer.json]
    again = enter(home.world, google_token(home.world, email="quite.another@example.com"))
    assert again.json["account_id"] == home.owner.account_id
    assert violations(home.world.dump()) == []


def test_a_closing_has_room_for_every_platform_that_is_offered() -> None:
    offered = get_args(shapes.PlatformName)
    assert set(offered) == set(rules.PICTURE_HOSTS)
    assert len(offered) <= rules.MOST_PLATFORMS, (
        "an account may be linked to more platforms than its closing frees in its commit: give that room for more "
        "(it is to be 20 writes at most), or refuse to link more than it has room for"
    )


def test_linking_needs_a_code_of_this_very_session(home: Home) -> None:
    assert as_said(link(home.owner, google_token(home.world))) == (403, "StepUpRequired")
    assert rows(home.world, "identity/identity") == []
    home.owner.step_up()
    assert link(home.owner, google_token(home.world)).status == 201
    assert len(rows(home.world, "identity/identity")) == 1


def test_an_identity_of_somebody_else_cannot_be_linked(home: Home) -> None:
    maja(home.world)
    home.owner.step_up()
    assert as_said(link(home.owner, google_token(home.world))) == (409, "IdentityTaken")


def test_linking_what_is_linked_changes_nothing(home: Home) -> None:
    home.owner.step_up()
    first = link(home.owner, google_token(home.world))
    again = link(home.owner, google_token(home.world))
    assert (again.status, again.json) == (201, first.json)
    assert _linked(home) == [first.json]


def test_one_account_of_each_platform_is_linked(home: Home) -> None:
    home.owner.step_up()
    assert link(home.owner, google_token(home.world)).status == 201
    assert as_said(link(home.owner, google_token(home.world, "google-2"))) == (409, "PlatformLinked")
    home.world.advance(1)
    assert link(home.owner, platforms().apple.id_token(nonce(home.world)), "apple").status == 201
    assert [one["provider"] for one in _linked(home)] == ["google", "apple"]


def test_a_token_that_linked_opens_nothing(home: Home) -> None:
    home.owner.step_up()
    id_token = google_token(home.world)
    assert link(home.owner, id_token).status == 201
    assert as_said(enter(home.world, id_token)) == (401, "IdTokenRefused")


def test_a_token_that_is_wrong_or_was_used_links_nothing_and_ends_no_session(home: Home) -> None:
    home.owner.step_up()
    used = google_token(home.world)
    assert enter(home.world, used).status == 201
    for id_token in (used, "let me in"):
        answer = link(home.owner, id_token)
        assert (answer.status, answer.json["code"], list(answer.json["fields"])) == (422, "IdTokenWrong", ["id_token"])
    assert _linked(home) == []
    assert link(home.owner, google_token(home.world, "google-2")).json in _linked(home)


def test_a_repeat_of_linking_is_answered_again(home: Home) -> None:
    home.owner.step_up()
    id_token, key = google_token(home.world), {"Idempotency-Key": "the-key-of-linking"}
    first, again = (link(home.owner, id_token, **key) for _ in range(2))
    assert (again.status, again.json) == (first.status, first.json) == (201, first.json)


def test_an_unlinked_platform_opens_nothing_from_the_next_request_on(home: Home) -> None:
    home.owner.step_up()
    identity_id = link(home.owner, google_token(home.world)).json["identity_id"]
    assert len(_linked(home)) == 1
    assert home.owner.call("DELETE", f"/me/identities/{identity_id}").status == 204
    assert _linked(home) == []
    assert rows(home.world, "identity/identity") == []
    # It is unknown now, and its address is nobody's.
    assert enter(home.world, google_token(home.world)).json["account_id"] != home.owner.account_id
    assert home.owner.call("DELETE", f"/me/identities/{identity_id}").status == 404
    assert violations(home.world.dump()) == []


@pytest.mark.parametrize(("language", "linked", "unlinked"), [
    ("en", "Google can sign you in to Sowa now", "Google does not sign you in to Sowa any more"),
    ("pl", "Do Sowa zalogujesz się teraz przez Google", "Do Sowa nie zalogujesz się już przez Google"),
])  # fmt: skip
def test_the_person_is_told_what_was_linked_and_unlinked(home: Home, language: str, linked: str, unlinked: str) -> None:
    home.owner.call("PATCH", "/me", {"language": language})
    home.owner.step_up()
    before = len(home.world.outbox(home.owner.email))
    id_token, key = google_token(home.world), {"Idempotency-Key": "the-key-of-linking"}
    identity_id = link(home.owner, id_token, **key).json["identity_id"]
    link(home.owner, id_token, **key)
    for _ in range(2):
        home.owner.call("DELETE", f"/me/identities/{identity_id}")
    newest_first = [mail["subject"] for mail in home.world.outbox(home.owner.email)]
    assert newest_first[:-before] == [unlinked, linked]
    assert home.world.outbox("maja@example.com") == []


def test_nobody_unlinks_anothers(home: Home) -> None:
    home.owner.step_up()
    identity_id = link(home.owner, google_token(home.world)).json["identity_id"]
    assert home.stranger.call("DELETE", f"/me/identities/{identity_id}").status == 404
    assert len(_linked(home)) == 1


def test_a_copy_of_ones_data_tells_the_platforms(home: Home) -> None:
    home.owner.step_up()
    link(home.owner, google_token(home.world, subject="subject-0123456789"))
    page = archive(home.owner).read("index.html").decode()
    assert "Platforms you sign in with" in page
    assert "<dd>google</dd>" in page


def test_a_sign_in_that_is_under_way_stops_at_an_unlinking(home: Home) -> None:
    home.owner.step_up()
    identity_id = link(home.owner, google_token(home.world)).json["identity_id"]
    id_token = google_token(home.world)
    with just_before(home.world, 3, lambda: home.owner.call("DELETE", f"/me/identities/{identity_id}")):
        answer = enter(home.world, id_token)
    assert answer.json["account_id"] != home.owner.account_id
    assert len([row for row in rows(home.world, "account/session") if home.owner.account_id in row["pk"]]) == 1
