"""Another password: proved by the current one, ends every other session, and the person is told."""

from __future__ import annotations

import pytest

from infra.local.cloud import LocalCloud
from infra.local.gateway import Response
from tests.conftest import Home
from tests.scene import NEW_PASSWORD, PASSWORD, Person, everything_stored, new_person, rows

WRONG = "wrong horse battery staple"


@pytest.fixture
def ola(world: LocalCloud) -> Person:
    return new_person(world)


def change_password(ola: Person, current: str = PASSWORD, new: str = NEW_PASSWORD, **headers: str) -> Response:
    return ola.call("PUT", "/me/password", {"current": current, "new": new}, headers=headers)


def on_another_terminal(ola: Person) -> Person:
    other = Person(**{**vars(ola), "terminal": {**ola.terminal, "unique_id": "t2"}})
    assert other.sign_in().status == 201
    return other


def test_the_new_password_signs_in_and_the_old_one_does_not(ola: Person) -> None:
    assert change_password(ola).status == 204
    assert Person(**vars(ola)).sign_in().status == 401
    assert Person(**vars(ola)).sign_in(NEW_PASSWORD).status == 201
    assert NEW_PASSWORD not in everything_stored(ola.world)


def test_every_other_session_ends_with_the_next_request_and_this_one_goes_on(ola: Person) -> None:
    other = on_another_terminal(ola)
    assert other.take_pushes("a-platform-token").status == 204
    assert change_password(ola).status == 204
    assert other.call("GET", "/me").status == 401
    refreshed = ola.world.call("POST", "/sessions/refresh", {"refresh_token": other.refresh_token})
    assert refreshed.status == 401
    assert ola.call("GET", "/me").status == 200
    assert ola.world.call("POST", "/sessions/refresh", {"refresh_token": ola.refresh_token}).status == 201
    assert len(rows(ola.world, "account/session")) == 1
    ola.world.settle()
    assert rows(ola.world, "account/endpoint") == []


def test_a_session_that_was_not_deleted_has_ended_all_the_same(ola: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    from chalicelib.sessions.actions import ending

    other = on_another_terminal(ola)
    monkeypatch.setattr(ending, "ends_of_all", lambda *_, **__: ())
    assert change_password(ola).status == 204
    assert len(rows(ola.world, "account/session")) == 2
    assert other.call("GET", "/me").status == 401
    assert ola.world.call("POST", "/sessions/refresh", {"refresh_token": other.refresh_token}).status == 401


@pytest.mark.parametrize(
    ("language", "subject"),
    [("en", "The password of your Sowa account was changed"), ("pl", "Zmieniono hasło Twojego konta Sowa")],
)
def test_the_person_is_told(world: LocalCloud, language: str, subject: str) -> None:
    ola = new_person(world, language=language)
    assert change_password(ola).status == 204
    assert world.outbox(ola.email)[0]["subject"] == subject


def test_a_wrong_current_password_changes_nothing_and_ends_nothing(ola: Person) -> None:
    other = on_another_terminal(ola)
    answer = change_password(ola, current=WRONG)
    assert (answer.status, answer.json["code"]) == (422, "CurrentPasswordWrong")
    assert list(answer.json["fields"]) == ["current"]
    assert other.call("GET", "/me").status == 200
    assert Person(**vars(ola)).sign_in().status == 201


def test_guesses_at_the_current_password_are_counted_with_those_at_sign_in(ola: Person) -> None:
    for _ in range(5):
        assert change_password(ola, current=WRONG).status == 422
    for _ in range(5):
        assert Person(**vars(ola)).sign_in(WRONG).status == 401
    answer = change_password(ola)
    assert (answer.status, answer.headers["Retry-After"]) == (429, "30")
    ola.world.advance(30)
    assert change_password(ola).status == 204
    assert rows(ola.world, "account/guesses") == []


def test_a_strangers_guesses_do_not_keep_the_owner_from_changing(ola: Person) -> None:
    stranger = Person(**{**vars(ola), "terminal": {**ola.terminal, "unique_id": "another's"}})
    for _ in range(11):
        stranger.sign_in(WRONG)
    assert change_password(ola).status == 204


@pytest.mark.parametrize("new", ["short", "x" * 129, "passwordpassword", "ola@example.com"])
def test_a_bad_new_password_is_refused_by_name(ola: Person, new: str) -> None:
    answer = change_password(ola, new=new)
    assert (answer.status, answer.json["code"], list(answer.json["fields"])) == (422, "PasswordTooEasy", ["new"])
    assert Person(**vars(ola)).sign_in().status == 201


def test_a_repeat_is_answered_and_tells_once(ola: Person) -> None:
    key = {"Idempotency-Key": "changing-0123456789"}
    assert [change_password(ola, **key).status for _ in range(2)] == [204, 204]
    assert [mail["subject"] for mail in ola.world.outbox(ola.email)].count(
        "The password of your Sowa account was changed"
    ) == 1


def test_other_peoples_sessions_go_on(home: Home) -> None:
    assert change_password(home.owner).status == 204
    assert home.stranger.call("GET", "/me").status == 200
