"""Seeing and changing one's profile (B1b)."""

from __future__ import annotations

from typing import Any

import pytest

from tests.conftest import Home
from tests.scene import POLICY, everything_stored, rows

KEY = {"Idempotency-Key": "changing-0123456789"}


def test_a_person_sees_what_they_said(home: Home) -> None:
    answer = home.owner.call("GET", "/me")
    assert (answer.status, answer.headers["Cache-Control"]) == (200, "no-store")
    assert answer.json == {
        "account_id": home.owner.account_id,
        "email": "ola@example.com",
        "phone": None,
        "nickname": "Ola",
        "country": "PL",
        "language": "en",
        "policy_version": POLICY,
        "registered_at": "2026-01-05T08:00:00Z",
        "avatar_url": None,
    }


@pytest.mark.parametrize("change", [{"nickname": "Aleksandra"}, {"country": "DE"}, {"language": "pl"}, {}])
def test_only_what_is_named_changes(home: Home, change: dict[str, str]) -> None:
    before = home.owner.call("GET", "/me").json
    stranger = home.stranger.call("GET", "/me").json
    answer = home.owner.call("PATCH", "/me", change)
    assert (answer.status, answer.json) == (200, before | change)
    assert home.owner.call("GET", "/me").json == before | change
    assert home.stranger.call("GET", "/me").json == stranger


def test_neither_the_old_nor_the_new_name_is_ever_stored_in_plain(home: Home) -> None:
    for name in ("Nightingale", "Kingfisher"):
        assert home.owner.call("PATCH", "/me", {"nickname": name}).status == 200
    stored = everything_stored(home.world)
    assert "Nightingale" not in stored
    assert "Kingfisher" not in stored


def test_the_old_name_leaves_its_row(home: Home) -> None:
    def sealed() -> set[str]:
        return {row["nickname"] for row in rows(home.world, "account/account")}

    before = sealed()
    home.owner.call("PATCH", "/me", {"nickname": "Kingfisher"})
    assert len(before & sealed()) == 1  # the stranger's


def test_mails_follow_the_changed_language(home: Home) -> None:
    home.owner.call("PATCH", "/me", {"language": "pl"})
    assert home.owner.call("POST", "/step-up", {}).status == 202
    assert home.world.outbox(home.owner.email)[0]["subject"].startswith("Twój kod Sowa: ")


def test_a_repeated_change_is_answered_again_and_done_once(home: Home) -> None:
    first = home.owner.call("PATCH", "/me", {"nickname": "One"}, headers=KEY)
    home.owner.call("PATCH", "/me", {"nickname": "Two"})
    again = home.owner.call("PATCH", "/me", {"nickname": "One"}, headers=KEY)
    assert (again.status, again.body) == (first.status, first.body)
    assert home.owner.call("GET", "/me").json["nickname"] == "Two"


def test_a_key_used_for_another_change_is_refused(home: Home) -> None:
    home.owner.call("PATCH", "/me", {"nickname": "One"}, headers=KEY)
    answer = home.owner.call("PATCH", "/me", {"nickname": "Two"}, headers=KEY)
    assert (answer.status, answer.json["code"]) == (422, "KeyReused")
    # Another person's key is another key.
    assert home.stranger.call("PATCH", "/me", {"nickname": "Two"}, headers=KEY).json["nickname"] == "Two"


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"nickname": ""}, "nickname"),
        ({"nickname": "   "}, "nickname"),
        ({"nickname": "x" * 65}, "nickname"),
        ({"nickname": None}, "nickname"),
        ({"nickname": 10**400}, "nickname"),
        ({"country": "Poland"}, "country"),
        ({"country": "P"}, "country"),
        ({"country": "D\nE"}, "country"),
        ({"language": "de"}, "language"),
        ({"language": None}, "language"),
        ({"email": "new@example.com"}, "email"),
        ({"session_generation": 7}, "session_generation"),
        ({"nickname": "Good", "country": ""}, "country"),
        ([], "body"),
        ("text", "body"),
        (7, "body"),
    ],
)
def test_a_wrong_change_is_named_and_nothing_of_it_stored(home: Home, wrong: Any, field: str) -> None:
    before = home.world.dump()["tables"]
    answer = home.owner.call("PATCH", "/me", wrong)
    assert (answer.status, list(answer.json["fields"])) == (422, [field])
    assert home.world.dump()["tables"] == before


@pytest.mark.parametrize(
    "raw", [b"{", b"\xff", b'{"nickname": NaN}', b'{"nickname": "a", "nickname": "b"}', b'"\\ud800"', b"[" * 100]
)
def test_what_is_no_json_is_malformed(home: Home, raw: bytes) -> None:
    answer = home.owner.call("PATCH", "/me", raw=raw)
    assert (answer.status, answer.json["code"]) == (400, "Malformed")


def test_reading_has_no_body(home: Home) -> None:
    assert home.owner.call("GET", "/me", {"nickname": "x"}).status == 400
