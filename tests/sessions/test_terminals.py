"""Terminals that are signed in: listed, signed out, never too many, and told of when they are new (B2)."""

from __future__ import annotations

from typing import Any

import pytest

from chalicelib.sessions.rules import MOST_SESSIONS
from infra.local.cloud import LocalCloud
from infra.strict_moto import DIES_AFTER
from tests.scene import Person, elsewhere, just_before, new_camera, new_person, rows

KEY = {"Idempotency-Key": "signing-others-out-0123456789"}
ABSENT = "a" * 26


@pytest.fixture
def ola(world: LocalCloud) -> Person:
    return new_person(world)


def listed(person: Person) -> list[dict[str, Any]]:
    answer = person.call("GET", "/sessions")
    assert answer.status == 200, answer.body
    items: list[dict[str, Any]] = answer.json["items"]
    return items


def ids_of(person: Person) -> list[str]:
    return [one["session_id"] for one in listed(person)]


def told(person: Person) -> list[dict[str, Any]]:
    words = ("A new sign-in", "Nowe logowanie")
    return [one for one in person.world.outbox(person.email) if one.get("subject", "").startswith(words)]


# ── Listed ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_every_terminal_is_listed_as_it_described_itself_the_one_used_last_first(world: LocalCloud) -> None:
    gps = {"latitude": 52.2297, "longitude": 21.0122}
    ola = new_person(world, terminal={"os": "iOS 19", "model": "iPhone", "unique_id": "mine", "gps": gps})
    world.advance(60)
    other = elsewhere(ola)
    world.advance(60)
    assert world.call("POST", "/sessions/refresh", {"refresh_token": ola.refresh_token}).status == 201
    answer = other.call("GET", "/sessions").json
    assert answer == {
        "items": [
            {
                "session_id": ola.session_id,
                "terminal": {"os": "iOS 19", "model": "iPhone", "unique_id": "mine", "gps": gps},
                "opened_at": "2026-01-05T08:00:00Z",
                "last_used_at": "2026-01-05T08:02:00Z",
                "is_current": False,
            },
            {
                "session_id": other.session_id,
                "terminal": {"os": "iOS 19", "model": "iPhone", "unique_id": "t2", "gps": gps},
                "opened_at": "2026-01-05T08:01:00Z",
                "last_used_at": "2026-01-05T08:01:00Z",
                "is_current": True,
            },
        ],
        "cursor": None,
    }


def test_a_terminal_that_sends_no_place_has_none(ola: Person) -> None:
    assert listed(ola)[0]["terminal"]["gps"] is None


def test_what_has_ended_is_not_listed(ola: Person) -> None:
    signed_out, unused = elsewhere(ola), elsewhere(ola, "t3")
    signed_out.call("DELETE", "/sessions/current")
    assert sorted(ids_of(ola)) == sorted([ola.session_id, unused.session_id])
    ola.world.clock.move_to(ola.world.now().timestamp() + 90 * 86_400)  # and nothing was reaped
    assert ola.sign_in().status == 201
    assert ids_of(ola) == [ola.session_id]


def test_a_session_of_before_all_were_ended_is_neither_listed_nor_there(ola: Person) -> None:
    from chalicelib.accounts.records import Account
    from chalicelib.store.commit import commit, merge

    old = ola.session_id
    with ola.world.aws.outside():
        commit(merge(Account.new(ola.account_id), Account.session_generation.set(2)))
    assert ola.call("GET", "/sessions").status == 401
    assert ola.sign_in().status == 201
    assert ids_of(ola) == [ola.session_id]
    assert ola.call("DELETE", f"/sessions/{old}").status == 404


def test_nobody_sees_anybody_elses(ola: Person) -> None:
    zed = new_person(ola.world, "zed@example.com")
    assert ids_of(zed) == [zed.session_id]
    assert ids_of(ola) == [ola.session_id]


# ── Signed out ───────────────────────────────────────────────────────────────────────────────────────────────────────


def is_out(person: Person) -> bool:
    refreshed = person.world.call("POST", "/sessions/refresh", {"refresh_token": person.refresh_token}).status
    return (person.call("GET", "/me").status, refreshed) == (401, 401)


def test_one_terminal_is_signed_out_from_its_next_request_on_and_no_other(ola: Person) -> None:
    other, third = elsewhere(ola), elsewhere(ola, "t3")
    answer = ola.call("DELETE", f"/sessions/{other.session_id}")
    assert (answer.status, answer.body) == (204, b"")
    assert is_out(other)
    assert (ola.call("GET", "/me").status, third.call("GET", "/me").status) == (200, 200)
    assert ola.call("DELETE", f"/sessions/{other.session_id}").status == 404


def test_ones_own_session_can_be_ended_by_its_id(ola: Person) -> None:
    assert ola.call("DELETE", f"/sessions/{ola.session_id}", headers=KEY).status == 204
    assert ola.call("DELETE", f"/sessions/{ola.session_id}", headers=KEY).status == 204
    assert is_out(ola)


def test_another_persons_terminal_is_not_there(ola: Person) -> None:
    zed = new_person(ola.world, "zed@example.com")
    for session_id in (zed.session_id, ABSENT, "x", f"{zed.account_id}%23{zed.session_id}"):
        assert ola.call("DELETE", f"/sessions/{session_id}").status == 404
    assert zed.call("GET", "/me").status == 200


def test_all_others_are_signed_out_and_nobody_elses(ola: Person) -> None:
    others, zed = [elsewhere(ola, f"t{number}") for number in range(2, 6)], new_person(ola.world, "zed@example.com")
    assert ola.call("DELETE", "/sessions", headers=KEY).status == 204
    assert ola.call("DELETE", "/sessions", headers=KEY).status == 204
    assert all(is_out(other) for other in others)
    assert ids_of(ola) == [ola.session_id]
    assert zed.call("GET", "/me").status == 200


def test_signing_all_others_out_is_one_transaction_however_many_there_are(ola: Person) -> None:
    for number in range(MOST_SESSIONS + 3):
        elsewhere(ola, f"many-{number}")
    assert ola.sign_in().status == 201
    ola.world.trace.clear()
    assert ola.call("DELETE", "/sessions", headers=KEY).status == 204
    assert ola.world.trace.names() == ["dynamodb.BatchGetItem", "dynamodb.Query", "dynamodb.TransactWriteItems"]
    assert ids_of(ola) == [ola.session_id]


def test_more_than_there_can_be_end_all_the_same(ola: Person) -> None:
    """Sign-ins in one instant do not see each other."""
    from chalicelib.sessions.records import Session

    with ola.world.aws.outside():
        (mine,) = Session.list_of(ola.account_id).items
        for number in range(205):
            mine.sk = f"session#{number:026d}"
            mine.save()
    assert len(rows(ola.world, "account/session")) == 206
    assert ola.call("DELETE", "/sessions").status == 204
    assert ids_of(ola) == [ola.session_id]


@pytest.mark.parametrize("path", ["/sessions", "/sessions/{}"])
def test_a_terminal_that_is_signed_out_hears_nothing_more(ola: Person, path: str) -> None:
    other = elsewhere(ola)
    camera = new_camera(ola.world, owner=ola)
    ola.take_pushes("platform-token-1")
    other.take_pushes("platform-token-2")
    camera.see(1)
    heard = {one["to"] for one in ola.world.outbox() if one["kind"] == "push"}
    assert heard == {"platform-token-1", "platform-token-2"}
    ola.call("DELETE", path.format(other.session_id))
    ola.world.settle()
    before = len(ola.world.outbox())
    camera.see(2)
    assert {one["to"] for one in ola.world.outbox()[:-before]} == {"platform-token-1"}
    assert len(rows(ola.world, "account/endpoint")) == 1


@pytest.mark.parametrize("path", ["/sessions", "/sessions/{}"])
def test_who_was_signed_out_in_the_meantime_ends_nobody_any_more(ola: Person, path: str) -> None:
    other = elsewhere(ola)
    with just_before(ola.world, 2, lambda: ola.call("DELETE", f"/sessions/{other.session_id}")):
        assert other.call("DELETE", path.format(ola.session_id)).status == 401
    assert ola.call("GET", "/me").status == 200


# ── Never too many ───────────────────────────────────────────────────────────────────────────────────────────────────


def test_of_too_many_terminals_the_longest_unused_is_signed_out(ola: Person) -> None:
    others = []
    for number in range(MOST_SESSIONS - 1):
        ola.world.clock.move_to(ola.world.now().timestamp() + 1)
        others.append(elsewhere(ola, f"many-{number}"))
    ola.world.clock.move_to(ola.world.now().timestamp() + 1)
    answer = ola.world.call("POST", "/sessions/refresh", {"refresh_token": ola.refresh_token})
    ola.access_token, ola.refresh_token = answer.json["access_token"], answer.json["refresh_token"]
    assert len(listed(ola)) == MOST_SESSIONS
    one_more = elsewhere(ola, "one-more")
    assert len(listed(ola)) == MOST_SESSIONS
    assert is_out(others[0])
    assert [ola.call("GET", "/me").status, one_more.call("GET", "/me").status] == [200, 200]
    assert others[1].call("GET", "/me").status == 200


def test_a_sign_in_that_is_repeated_ends_no_second_terminal(ola: Person) -> None:
    for number in range(MOST_SESSIONS - 1):
        ola.world.clock.move_to(ola.world.now().timestamp() + 1)
        elsewhere(ola, f"many-{number}")
    for _ in range(3):
        assert ola.sign_in(**KEY).status == 201
    assert len(listed(ola)) == MOST_SESSIONS
    assert len([one for one in listed(ola) if one["terminal"]["unique_id"].startswith("many")]) == MOST_SESSIONS - 1


# ── Told of ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_person_is_told_once_of_a_terminal_that_never_signed_in_before(ola: Person) -> None:
    assert told(ola) == []  # not of the one that registered
    ola.sign_in()
    assert told(ola) == []
    ola.world.advance(90)
    other = elsewhere(ola)
    other.sign_in()
    (mail,) = told(ola)
    assert (mail["kind"], mail["to"]) == ("email", ola.email)
    for word in ("Pixel 9", "Android 16", "2026-01-05 08:01 UTC"):
        assert word in mail["text"]
    assert "127.0.0.1" not in mail["text"]
    assert rows(ola.world, "account/letter") == []


def test_a_pole_is_told_in_polish(world: LocalCloud) -> None:
    iza = new_person(world, "iza@example.com", language="pl")
    elsewhere(iza)
    (mail,) = told(iza)
    assert mail["subject"] == "Nowe logowanie do Twojego konta Sowa"
    assert "wyloguj ten terminal" in mail["text"]


def test_a_thief_who_signs_out_at_once_is_told_of_all_the_same(ola: Person) -> None:
    elsewhere(ola).call("DELETE", "/sessions/current")
    assert len(told(ola)) == 1


def test_a_sign_in_whose_answer_was_lost_is_told_of_once(ola: Person) -> None:
    other = Person(**{**vars(ola), "terminal": {**ola.terminal, "unique_id": "t2"}})
    ola.world.faults.fail(4, DIES_AFTER)
    assert other.sign_in(**KEY).status != 201
    ola.world.faults.clear()
    assert other.sign_in(**KEY).status == 201
    assert len(told(ola)) == 1


def test_a_guess_is_told_of_to_nobody(ola: Person) -> None:
    other = Person(**{**vars(ola), "terminal": {**ola.terminal, "unique_id": "t2"}})
    assert other.sign_in("not the password").status == 401
    assert told(ola) == []
    assert other.sign_in().status == 201
    assert len(told(ola)) == 1


def test_who_has_closed_the_account_is_told_of_nothing_more(ola: Person) -> None:
    ola.step_up()
    elsewhere(ola)
    assert ola.close().status == 202
    assert told(ola) == []
    ola.world.advance(20 * 60)
    assert rows(ola.world, "account/letter") == []


def test_a_terminal_that_is_signed_out_while_it_asks_for_pushes_hears_nothing(ola: Person) -> None:
    other = elsewhere(ola)

    def end_and_tell() -> None:
        assert ola.call("DELETE", "/sessions").status == 204
        ola.world.settle()

    with just_before(ola.world, 3, end_and_tell):
        assert other.take_pushes("platform-token-2").status == 401
    assert rows(ola.world, "account/endpoint") == []
    assert ola.world.dump()["endpoints"] == []
    assert elsewhere(ola).take_pushes("platform-token-2").status == 204
    assert len(rows(ola.world, "account/endpoint")) == len(ola.world.dump()["endpoints"]) == 1
