"""Beside a second factor a password may have eight characters, and fifteen otherwise."""

from __future__ import annotations

import pytest

from infra.local.cloud import LocalCloud
from infra.local.gateway import Response
from tests.factors import App
from tests.scene import PASSWORD, Person, ask_for_reset, new_person, rows

EIGHT, FOURTEEN = "Trz4Sowy", "Trzynascie4Sow"


@pytest.fixture
def ola(world: LocalCloud) -> Person:
    return new_person(world)


def change_password(person: Person, new: str) -> Response:
    return person.call("PUT", "/me/password", {"current": PASSWORD, "new": new})


def reset(person: Person, new: str) -> Response:
    reset_id = ask_for_reset(person.world, person.email)
    body = {"reset_id": reset_id, "code": person.newest_code(), "password": new}
    return person.world.call("POST", "/password-resets/confirm", body)


def refusal(answer: Response) -> tuple[int, str]:
    return answer.status, answer.json["code"]


@pytest.mark.parametrize("how", [change_password, reset])
def test_without_a_second_factor_fifteen_are_asked_for(ola: Person, how: type) -> None:
    answer = how(ola, FOURTEEN)
    assert refusal(answer) == (422, "PasswordTooEasy")
    assert "15 to 128" in next(iter(answer.json["fields"].values()))


@pytest.mark.parametrize("how", [change_password, reset])
def test_with_one_eight_will_do(ola: Person, how: type) -> None:
    app = App.added(ola)
    assert how(ola, EIGHT).status == 204
    assert ola.sign_in(EIGHT, factor=app.next_code()).status == 201


@pytest.mark.parametrize("how", [change_password, reset])
def test_with_one_seven_will_not_do(ola: Person, how: type) -> None:
    App.added(ola)
    answer = how(ola, EIGHT[:7])
    assert refusal(answer) == (422, "PasswordTooEasy")
    assert "8 to 128" in next(iter(answer.json["fields"].values()))


@pytest.mark.parametrize("easy", ["password1", "qwertyuiop", "aaaaaaaa", "ola@example.com"])
def test_what_is_tried_first_will_not_do_however_many_factors_there_are(ola: Person, easy: str) -> None:
    App.added(ola)
    assert refusal(change_password(ola, easy)) == (422, "PasswordTooEasy")


def test_a_registration_needs_fifteen(world: LocalCloud) -> None:
    person = Person(world, "new@example.com")
    answer = world.call("POST", "/accounts", person.registration(password=FOURTEEN))
    assert refusal(answer) == (422, "PasswordTooEasy")


def test_who_has_no_code_does_not_learn_from_a_reset_whether_there_is_a_second_factor(world: LocalCloud) -> None:
    new_person(world, "zed@example.com")
    App.added(new_person(world))
    seen = []
    for email in ("ola@example.com", "zed@example.com", "nobody@example.com"):
        body = {"reset_id": ask_for_reset(world, email), "code": "000000", "password": EIGHT}
        seen.append(refusal(world.call("POST", "/password-resets/confirm", body)))
    assert seen == [(422, "CodeWrong")] * 3


def test_that_a_password_is_short_is_stored_sealed_and_forgotten_with_it(ola: Person) -> None:
    App.added(ola)
    assert change_password(ola, EIGHT).status == 204
    (account,) = rows(ola.world, "account/account")
    assert len(account["is_password_short"]) > 28  # a nonce, a tag, and what they hide
    answer = ola.call("PUT", "/me/password", {"current": EIGHT, "new": PASSWORD})
    assert answer.status == 204
    (account,) = rows(ola.world, "account/account")
    assert "is_password_short" not in account
