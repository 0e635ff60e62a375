"""Proving an address by its code: ten minutes, five tries, one account."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

from chalicelib.store import crypto
from infra.local.cloud import LocalCloud
from infra.local.gateway import Response
from infra.strict_moto.faults import DIES_AFTER
from tests.conftest import Home
from tests.scene import NEW_PASSWORD, PASSWORD, Person, ask_for_reset, at_once, elsewhere, just_before, rows
from tests.worlds.sweep import leap

KEY = "confirming-0123456789"


@pytest.fixture
def ola(world: LocalCloud) -> Person:
    return Person(world, "ola@example.com")


def confirm(ola: Person, registration_id: str, code: str, **headers: str) -> Response:
    body = {"registration_id": registration_id, "code": code, "terminal": ola.terminal}
    return ola.world.call("POST", "/accounts/confirm", body, headers=headers)


def wrong(code: str) -> str:
    return f"{(int(code) + 1) % 1_000_000:06d}"


def send_again(ola: Person, registration_id: str) -> Response:
    return ola.world.call("POST", "/accounts/code", {"registration_id": registration_id})


def refusal(answer: Response) -> tuple[int, str]:
    return answer.status, answer.json["code"]


def test_the_code_makes_the_account_and_signs_in(ola: Person) -> None:
    answer = ola.confirm(ola.register())
    assert answer.status == 201
    assert set(answer.json) == {"account_id", "access_token", "refresh_token", "expires_in_seconds"}
    assert answer.json["expires_in_seconds"] == 900
    assert ola.call("GET", "/me").status == 200
    assert rows(ola.world, "account/code") == rows(ola.world, "account/registration") == []


def test_before_its_code_an_account_opens_nothing(ola: Person) -> None:
    ola.register()
    assert refusal(ola.sign_in()) == (401, "PasswordWrong")


@pytest.mark.parametrize(("seconds", "status"), [(599, 201), (600, 410)])
def test_a_code_lives_ten_minutes_exactly(ola: Person, seconds: int, status: int) -> None:
    registration_id = ola.register()
    ola.world.advance(seconds)
    answer = ola.confirm(registration_id)
    assert answer.status == status
    assert status == 201 or answer.json["code"] == "CodeOver"


def test_four_wrong_tries_leave_the_fifth(ola: Person) -> None:
    registration_id = ola.register()
    for _ in range(4):
        answer = confirm(ola, registration_id, wrong(ola.newest_code()))
        assert refusal(answer) == (422, "CodeWrong")
        assert list(answer.json["fields"]) == ["code"]
    assert ola.confirm(registration_id).status == 201


def test_a_code_dies_with_the_fifth_wrong_try(ola: Person) -> None:
    registration_id = ola.register()
    for _ in range(5):
        assert refusal(confirm(ola, registration_id, wrong(ola.newest_code()))) == (422, "CodeWrong")
    assert refusal(ola.confirm(registration_id)) == (410, "CodeOver")


def test_five_tries_of_a_new_code_are_free_again(ola: Person) -> None:
    registration_id = ola.register()
    for _ in range(5):
        confirm(ola, registration_id, wrong(ola.newest_code()))
    ola.world.advance(30)
    assert send_again(ola, registration_id).status == 202
    assert ola.confirm(registration_id).status == 201


def test_many_tries_at_once_are_still_five(ola: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    registration_id, code = ola.register(), ola.newest_code()
    (stored,) = rows(ola.world, "account/code")
    compared = []

    def same(one: str, other: str) -> bool:
        compared.extend([other] if one == stored["code_hash"] else [])
        return one == other

    monkeypatch.setattr(crypto, "same", same)
    tries = [lambda digits=f"{number:06d}": confirm(ola, registration_id, digits) for number in range(12)]
    answers = at_once(*tries) + at_once(*tries)
    assert code not in {f"{number:06d}" for number in range(12)}
    assert {answer.status for answer in answers} <= {422, 410}
    assert 1 <= len(compared) <= 5
    assert all(answer.json["fields"] for answer in answers if answer.status == 422)


def test_of_two_tries_at_the_same_moment_one_is_not_compared(ola: Person) -> None:
    registration_id, code = ola.register(), ola.newest_code()
    others: list[Response] = []
    # The count of the right try comes after the other's, which read the same number of tries.
    with just_before(ola.world, 2, lambda: others.append(confirm(ola, registration_id, wrong(code)))):
        answer = confirm(ola, registration_id, code)
    assert refusal(others[0]) == refusal(answer) == (422, "CodeWrong")
    assert rows(ola.world, "account/code")[0]["tries"] == 1
    assert confirm(ola, registration_id, code).status == 201


@pytest.mark.parametrize("nth", range(1, 4))
def test_two_confirmations_at_once_make_one_account(ola: Person, nth: int) -> None:
    registration_id, code = ola.register(), ola.newest_code()
    others: list[Response] = []
    with just_before(ola.world, nth, lambda: others.append(confirm(ola, registration_id, code))):
        answer = confirm(ola, registration_id, code)
    assert others[0].status == 201
    assert answer.status in (409, 410, 422)
    assert len(rows(ola.world, "account/account")) == len(rows(ola.world, "account/session")) == 1


def test_a_new_code_kills_the_old(ola: Person) -> None:
    registration_id, old = ola.register(), ola.newest_code()
    ola.world.advance(30)
    assert send_again(ola, registration_id).status == 202
    assert ola.newest_code() != old
    assert refusal(confirm(ola, registration_id, old)) == (422, "CodeWrong")
    assert ola.confirm(registration_id).status == 201


def test_a_new_code_lives_ten_minutes_of_its_own(ola: Person) -> None:
    registration_id = ola.register()
    ola.world.advance(599)
    assert send_again(ola, registration_id).status == 202
    ola.world.advance(599)
    assert ola.confirm(registration_id).status == 201


def test_the_wait_before_the_next_code_grows_and_is_told(ola: Person) -> None:
    registration_id = ola.register()
    for wait in (30, 60, 120, 240):
        answer = send_again(ola, registration_id)
        assert (*refusal(answer), answer.headers["Retry-After"]) == (429, "CodeTooSoon", str(wait))
        ola.world.advance(wait - 1)
        assert send_again(ola, registration_id).headers["Retry-After"] == "1"
        ola.world.advance(1)
        assert send_again(ola, registration_id).status == 202
    assert len(ola.world.outbox(ola.email)) == 5


def test_two_new_codes_asked_for_at_once_are_one(ola: Person) -> None:
    registration_id = ola.register()
    ola.world.advance(30)
    others: list[Response] = []
    with just_before(ola.world, 2, lambda: others.append(send_again(ola, registration_id))):
        answer = send_again(ola, registration_id)
    assert others[0].status == 202
    assert refusal(answer) == (429, "CodeTooSoon")
    assert int(answer.headers["Retry-After"]) > 0
    assert ola.confirm(registration_id).status == 201


@pytest.mark.parametrize("nth", [1, 2])
def test_a_code_that_was_lost_with_its_function_is_sent_by_the_repeat(ola: Person, nth: int) -> None:
    registration_id, old = ola.register(), ola.newest_code()
    ola.world.advance(30)
    body, headers = {"registration_id": registration_id}, {"Idempotency-Key": KEY}
    ola.world.faults.fail(nth, DIES_AFTER)
    assert ola.world.call("POST", "/accounts/code", body, headers=headers).status == 502
    assert len(ola.world.outbox(ola.email)) == 1
    assert ola.world.call("POST", "/accounts/code", body, headers=headers).status == 202
    assert ola.newest_code() != old
    assert ola.confirm(registration_id).status == 201


def test_the_repeat_with_another_key_is_another_request(ola: Person) -> None:
    registration_id = ola.register()
    ola.world.advance(30)
    body = {"registration_id": registration_id}
    assert ola.world.call("POST", "/accounts/code", body, headers={"Idempotency-Key": KEY}).status == 202
    answer = ola.world.call("POST", "/accounts/code", body, headers={"Idempotency-Key": KEY + "-other"})
    assert refusal(answer) == (429, "CodeTooSoon")


def test_of_the_same_request_twice_at_once_neither_is_told_to_wait(ola: Person) -> None:
    registration_id = ola.register()
    ola.world.advance(30)
    body, headers = {"registration_id": registration_id}, {"Idempotency-Key": KEY}
    ask = partial(ola.world.call, "POST", "/accounts/code", body, headers=headers)
    others: list[Response] = []
    with just_before(ola.world, 2, lambda: others.append(ask())):
        answer = ask()
    assert [others[0].status, answer.status] == [202, 202]
    assert ola.confirm(registration_id).status == 201


def test_a_code_for_nothing_is_not_sent(ola: Person) -> None:
    assert refusal(send_again(ola, "a" * 26)) == (404, "NotFound")
    registration_id = ola.register()
    ola.confirm(registration_id)
    ola.world.advance(30)
    assert refusal(send_again(ola, registration_id)) == (404, "NotFound")


def test_a_code_opens_its_own_registration_only(ola: Person) -> None:
    mine, code = ola.register(), ola.newest_code()
    zed = Person(ola.world, "zed@example.com")
    theirs = zed.register()
    assert refusal(confirm(ola, theirs, code)) == (422, "CodeWrong")
    assert refusal(confirm(ola, "a" * 26, code)) == (410, "CodeOver")
    assert confirm(ola, mine, code).status == 201


def test_a_code_is_stored_as_a_hash_only(ola: Person) -> None:
    registration_id = ola.register()
    (stored,) = rows(ola.world, "account/code")
    assert ola.newest_code() not in str(stored)
    assert registration_id in stored["pk"]


def test_the_exact_repeat_of_a_confirmation_gets_a_fresh_session_and_no_second_account(ola: Person) -> None:
    registration_id, code = ola.register(), ola.newest_code()
    first, second = (confirm(ola, registration_id, code, **{"Idempotency-Key": KEY}) for _ in range(2))
    assert first.status == second.status == 201
    assert first.json["account_id"] == second.json["account_id"]
    assert ola.world.call("GET", "/me", token=first.json["access_token"]).status == 401
    assert ola.world.call("GET", "/me", token=second.json["access_token"]).status == 200
    assert len(rows(ola.world, "account/account")) == len(rows(ola.world, "account/session")) == 1


@pytest.mark.parametrize("nth", [1, 2, 3])
def test_a_confirmation_that_died_can_be_sent_again(ola: Person, nth: int) -> None:
    registration_id, code = ola.register(), ola.newest_code()
    ola.world.faults.fail(nth, DIES_AFTER)
    assert confirm(ola, registration_id, code, **{"Idempotency-Key": KEY}).status == 502
    assert confirm(ola, registration_id, code, **{"Idempotency-Key": KEY}).status == 201
    assert len(rows(ola.world, "account/account")) == 1


@pytest.mark.parametrize(("code", "key"), [("right", None), ("right", KEY + "-other"), ("wrong", KEY)])
def test_what_is_not_the_exact_repeat_finds_the_code_spent(ola: Person, code: str, key: str | None) -> None:
    registration_id, right = ola.register(), ola.newest_code()
    assert confirm(ola, registration_id, right, **{"Idempotency-Key": KEY}).status == 201
    said = right if code == "right" else wrong(right)
    headers = {} if key is None else {"Idempotency-Key": key}
    assert refusal(confirm(ola, registration_id, said, **headers)) == (410, "CodeOver")


def test_the_repeat_with_another_terminal_is_another_request(ola: Person) -> None:
    registration_id, code = ola.register(), ola.newest_code()
    assert confirm(ola, registration_id, code, **{"Idempotency-Key": KEY}).status == 201
    ola.terminal["unique_id"] = "another"
    answer = confirm(ola, registration_id, code, **{"Idempotency-Key": KEY})
    assert refusal(answer) == (422, "KeyReused")
    assert list(answer.json["fields"]) == ["Idempotency-Key"]


DAY = 24 * 3600


def confirmed(ola: Person) -> Callable[[], Response]:
    """An account that was just confirmed; what sends the confirmation once more, to the letter."""
    registration_id, code = ola.register(), ola.newest_code()
    body = {"registration_id": registration_id, "code": code, "terminal": dict(ola.terminal)}

    def again() -> Response:
        return ola.world.call("POST", "/accounts/confirm", body, headers={"Idempotency-Key": KEY})

    assert ola._keep(again()).status == 201
    return again


def test_a_repeated_confirmation_counts_for_a_day(ola: Person) -> None:
    again = confirmed(ola)
    ola.world.advance(12 * 3600, reaper_lag_seconds=None)
    assert again().status == 201  # and that is no new beginning
    ola.world.advance(12 * 3600 - 1, reaper_lag_seconds=None)
    assert again().status == 201
    ola.world.advance(1, reaper_lag_seconds=None)
    assert refusal(again()) == (410, "CodeOver")
    leap(ola.world, 395 * DAY)
    assert refusal(again()) == (410, "CodeOver")


@pytest.mark.parametrize(
    "way", ["signed out", "signed out elsewhere", "password changed", "password changed elsewhere", "reset"]
)
def test_a_repeated_confirmation_opens_nothing_after(ola: Person, way: str) -> None:
    again = confirmed(ola)
    assert ola._keep(again()).status == 201  # it does until then
    if way == "signed out":
        assert ola.call("DELETE", "/sessions/current").status == 204
    elif way == "signed out elsewhere":
        assert elsewhere(ola).call("DELETE", "/sessions").status == 204
    elif way == "reset":
        body = {"reset_id": ask_for_reset(ola.world, ola.email), "code": ola.newest_code(), "password": NEW_PASSWORD}
        assert ola.world.call("POST", "/password-resets/confirm", body).status == 204
    else:
        who = ola if way == "password changed" else elsewhere(ola)
        assert who.call("PUT", "/me/password", {"current": PASSWORD, "new": NEW_PASSWORD}).status == 204
    before = rows(ola.world, "account/session")
    assert refusal(again()) == (410, "CodeOver")
    assert rows(ola.world, "account/session") == before


@pytest.mark.parametrize("other", [{"gps": {"latitude": 52.2, "longitude": 21.0}}, {"os": "x"}, {"model": "x"}])
def test_a_repeated_confirmation_must_say_the_same_of_the_terminal(ola: Person, other: dict[str, Any]) -> None:
    registration_id, code = ola.register(), ola.newest_code()
    assert confirm(ola, registration_id, code, **{"Idempotency-Key": KEY}).status == 201
    ola.terminal |= other
    assert refusal(confirm(ola, registration_id, code, **{"Idempotency-Key": KEY})) == (422, "KeyReused")


def test_of_two_registrations_of_one_address_the_first_confirmed_wins(ola: Person) -> None:
    first, code = ola.register(nickname="First"), ola.newest_code()
    second = ola.register(nickname="Second")
    assert ola.confirm(second).status == 201
    assert refusal(confirm(ola, first, code)) == (409, "AddressTaken")
    assert ola.call("GET", "/me").json["nickname"] == "Second"
    assert len(rows(ola.world, "account/account")) == len(rows(ola.world, "address/address")) == 1


@pytest.mark.parametrize("nth", range(1, 4))
def test_of_two_registrations_confirmed_at_once_one_becomes_an_account(ola: Person, nth: int) -> None:
    (first, one), (second, other) = [(ola.register(), ola.newest_code()) for _ in range(2)]
    others: list[Response] = []
    with just_before(ola.world, nth, lambda: others.append(confirm(ola, second, other))):
        answer = confirm(ola, first, one)
    assert (others[0].status, refusal(answer)) == (201, (409, "AddressTaken"))
    assert len(rows(ola.world, "account/account")) == len(rows(ola.world, "account/session")) == 1


def test_the_address_of_a_closed_account_is_free_again(home: Home) -> None:
    home.owner.step_up()
    assert home.owner.close().status == 202
    again = Person(home.world, home.owner.email)
    assert again.confirm(again.register()).status == 201
    assert again.account_id != home.owner.account_id
