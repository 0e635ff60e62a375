"""Signing in with address and password (B2): wrong and unknown are alike, and guessing grows slow."""

from __future__ import annotations

from typing import Any
from unittest.mock import Mock, patch

import pytest

from chalicelib.accounts.actions import passwords
from infra.local.cloud import LocalCloud
from infra.local.gateway import Response
from tests.conftest import Home
from tests.scene import PASSWORD, Person, at_once, elsewhere, everything_stored, just_before, new_person, rows

WRONG = "wrong horse battery staple"
KEY = "signing-in-0123456789"
UNKNOWN = "nobody@example.com"
# What differs in any two answers, whoever is asked about.
_OWN = {"x-request-id", "x-amzn-requestid", "x-amz-apigw-id", "x-amzn-trace-id", "date"}


@pytest.fixture
def ola(world: LocalCloud) -> Person:
    return new_person(world)


def guess(world: LocalCloud, email: str, password: str = WRONG) -> Response:
    body = {"email": email, "password": password, "terminal": {"os": "", "model": "", "unique_id": "t"}}
    return world.call("POST", "/sessions", body)


def refusal(answer: Response) -> tuple[int, str]:
    return answer.status, answer.json["code"]


def test_address_and_password_open_a_session(ola: Person) -> None:
    answer, other = ola.sign_in(), elsewhere(ola)
    assert set(answer.json) == {"account_id", "access_token", "refresh_token", "expires_in_seconds"}
    assert answer.json["expires_in_seconds"] == 900
    assert ola.call("GET", "/me").status == 200
    assert other.call("GET", "/me").status == 200


def test_a_wrong_password_and_an_unknown_address_are_alike(home: Home) -> None:
    passwords._hash_of_nothing()
    seen: list[Any] = []
    with patch.object(passwords, "_hasher", return_value=Mock(wraps=passwords._hasher())) as used:
        for email in (home.owner.email, UNKNOWN) * 12:  # free guesses, and such as must wait
            home.world.trace.clear()
            used.return_value.reset_mock()
            answer = guess(home.world, email)
            headers = sorted((name, value) for name, value in answer.headers.items() if name.lower() not in _OWN)
            said = answer.json | {"request_id": ""}
            work = [call[0] for call in used.return_value.method_calls]
            written = [call.write_units for call in home.world.trace]
            seen.append((answer.status, headers, said, len(answer.body), home.world.trace.names(), written, work))
    assert seen[::2] == seen[1::2]
    assert [one[0] for one in seen[::2]] == [401] * 10 + [429] * 2
    assert (seen[0][-1], seen[-1][-1]) == (["verify"], [])


@pytest.mark.parametrize("email", ["ola@example.com", UNKNOWN])
def test_ten_guesses_are_free_and_then_each_waits_twice_as_long(ola: Person, email: str) -> None:
    for _ in range(10):
        assert refusal(guess(ola.world, email)) == (401, "PasswordWrong")
    for wait in (30, 60, 120):
        answer = guess(ola.world, email, PASSWORD)  # not even the right one is looked at
        assert (*refusal(answer), answer.headers["Retry-After"]) == (429, "TooMany", str(wait))
        ola.world.advance(wait - 1)
        assert guess(ola.world, email).headers["Retry-After"] == "1"
        ola.world.advance(1)
        assert refusal(guess(ola.world, email)) == (401, "PasswordWrong")


def test_waiting_costs_no_hashing(ola: Person) -> None:
    for _ in range(10):
        guess(ola.world, ola.email)
    with patch.object(passwords, "_hasher", return_value=Mock(wraps=passwords._hasher())) as used:
        assert guess(ola.world, ola.email).status == 429
        assert used.return_value.method_calls == []


@pytest.mark.parametrize(("unique_id", "kind"), [("t1", "account/guesses"), ("a-new-phone", "address/guesses")])
def test_the_right_password_forgets_the_wrong_ones(ola: Person, unique_id: str, kind: str) -> None:
    ola.terminal["unique_id"] = unique_id
    for _ in range(9):
        assert ola.sign_in(WRONG).status == 401
    assert [row["wrong"] for row in rows(ola.world, kind)] == [9]
    assert ola.sign_in().status == 201
    assert rows(ola.world, kind) == []
    for _ in range(9):
        assert ola.sign_in(WRONG).status == 401


def test_guesses_are_forgotten_after_a_day(ola: Person) -> None:
    for _ in range(9):
        guess(ola.world, UNKNOWN)
    ola.world.advance(24 * 3600)
    assert rows(ola.world, "address/guesses") == []
    for _ in range(10):
        assert guess(ola.world, UNKNOWN).status == 401


def test_one_persons_guesses_are_not_anothers(ola: Person) -> None:
    for _ in range(11):
        guess(ola.world, UNKNOWN)
    assert ola.sign_in().status == 201


@pytest.mark.parametrize("email", ["ola@example.com", UNKNOWN])
def test_of_guesses_at_the_same_moment_one_is_answered(ola: Person, email: str) -> None:
    others: list[Response] = []
    with just_before(ola.world, 3, lambda: others.append(guess(ola.world, email))):
        answer = guess(ola.world, email)
    assert refusal(others[0]) == (401, "PasswordWrong")
    assert (*refusal(answer), answer.headers["Retry-After"]) == (429, "TooMany", "1")
    assert rows(ola.world, "address/guesses")[0]["wrong"] == 1


def test_many_guesses_at_once_are_answered_ten_times_at_most(ola: Person) -> None:
    answers = [one for _ in range(4) for one in at_once(*[lambda: guess(ola.world, ola.email)] * 6)]
    statuses = [answer.status for answer in answers]
    assert set(statuses) <= {401, 429}
    assert 1 <= statuses.count(401) <= 10


def test_a_repeated_sign_in_ends_the_tokens_of_the_first_try(ola: Person) -> None:
    first, second = (ola.sign_in(**{"Idempotency-Key": KEY}) for _ in range(2))
    assert first.status == second.status == 201
    assert len(rows(ola.world, "account/session")) == 1
    assert ola.world.call("GET", "/me", token=first.json["access_token"]).status == 401
    body = {"refresh_token": first.json["refresh_token"]}
    assert ola.world.call("POST", "/sessions/refresh", body).status == 401
    assert ola.world.call("GET", "/me", token=second.json["access_token"]).status == 200


def test_the_same_key_on_another_terminal_is_another_request(ola: Person) -> None:
    ola.sign_in(**{"Idempotency-Key": KEY})
    tokens = ola.access_token
    ola.terminal["unique_id"] = "another"
    answer = ola.sign_in(**{"Idempotency-Key": KEY})
    assert refusal(answer) == (422, "KeyReused")
    assert list(answer.json["fields"]) == ["Idempotency-Key"]
    assert ola.world.call("GET", "/me", token=tokens).status == 200


def test_the_same_key_from_another_place_is_another_request(ola: Person) -> None:
    assert ola.sign_in(**{"Idempotency-Key": KEY}).status == 201
    ola.terminal["gps"] = {"latitude": 52.2, "longitude": 21.0}
    assert refusal(ola.sign_in(**{"Idempotency-Key": KEY})) == (422, "KeyReused")


def test_two_people_with_the_same_key_have_two_sessions(home: Home) -> None:
    for person in (home.owner, home.stranger):
        assert person.sign_in(**{"Idempotency-Key": KEY}).status == 201
    assert home.owner.call("GET", "/me").json["nickname"] == "Ola"
    assert home.stranger.call("GET", "/me").json["nickname"] == "Zed"


def test_of_the_terminal_nothing_is_stored_in_plain(world: LocalCloud) -> None:
    gps = {"latitude": 52.229_712_5, "longitude": 21.012_228_75}
    terminal = {"os": "CanaryOS 7", "model": "Canary Phone", "unique_id": "canary-unique-id", "gps": gps}
    ola = new_person(world, terminal=terminal)
    assert ola.sign_in().status == 201
    stored = everything_stored(world)
    for plain in ("CanaryOS", "Canary Phone", "canary-unique-id", "52.2297", "21.0122", PASSWORD, "$argon2"):
        assert plain not in stored
    assert ola.account_id in stored
    assert ["terminal_gps" in row for row in rows(world, "account/session")] == [True]


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"email": "nothing"}, "email"),
        ({"email": None}, "email"),
        ({"email": "o" * 255}, "email"),
        ({"password": "x" * 1025}, "password"),
        ({"password": 7}, "password"),
        ({"terminal": None}, "terminal"),
        ({"terminal": {"os": "a", "model": "b"}}, "terminal.unique_id"),
        ({"terminal": {"os": "a", "model": "b", "unique_id": ""}}, "terminal.unique_id"),
        ({"terminal": {"os": "a" * 65, "model": "b", "unique_id": "c"}}, "terminal.os"),
        ({"terminal": {"os": "a", "model": "b", "unique_id": "c", "imei": "d"}}, "terminal.imei"),
        (
            {"terminal": {"os": "a", "model": "b", "unique_id": "c", "gps": {"latitude": 91, "longitude": 0}}},
            "terminal.gps.latitude",
        ),
        (
            {"terminal": {"os": "a", "model": "b", "unique_id": "c", "gps": {"latitude": 0, "longitude": 10**400}}},
            "terminal.gps.longitude",
        ),
        ({"remember": True}, "remember"),
    ],
)
def test_what_is_wrong_is_named_and_is_no_guess(ola: Person, wrong: dict[str, Any], field: str) -> None:
    before = ola.world.dump()["tables"]
    body = {"email": ola.email, "password": PASSWORD, "terminal": ola.terminal} | wrong
    answer = ola.world.call("POST", "/sessions", body)
    assert (answer.status, list(answer.json["fields"])) == (422, [field])
    assert ola.world.dump()["tables"] == before
