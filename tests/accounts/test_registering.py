"""Asking for an account (B1a): the answer tells nothing of the address, and what is refused is not kept."""

from __future__ import annotations

from typing import Any
from unittest.mock import Mock, patch

import pytest

from chalicelib import ids
from chalicelib.accounts.actions import passwords
from infra.local.cloud import LocalCloud
from tests.conftest import Home
from tests.scene import PASSWORD, Person, everything_stored, is_nothing_sent, looks, rows

KEY = {"Idempotency-Key": "registering-0123456789"}


def test_known_and_unknown_addresses_get_the_same_answer_for_the_same_work(home: Home) -> None:
    seen = []
    with patch.object(passwords, "_hasher", return_value=Mock(wraps=passwords._hasher())) as used:
        for email in (home.owner.email, "nobody@example.com"):
            home.world.trace.clear()
            used.return_value.reset_mock()
            answer = home.world.call("POST", "/accounts", Person(home.world, email).registration())
            assert answer.status == 202
            seen.append((looks(answer), home.world.trace.names(), [call[0] for call in used.return_value.method_calls]))
    assert seen[0] == seen[1]
    assert seen[0][2] == ["hash"]


def test_a_new_code_for_a_known_and_an_unknown_address_is_the_same_work(home: Home) -> None:
    registered = [Person(home.world, email).register() for email in (home.owner.email, "nobody@example.com")]
    home.world.advance(30)
    seen = []
    for registration_id in registered:
        home.world.trace.clear()
        answer = home.world.call("POST", "/accounts/code", {"registration_id": registration_id})
        seen.append((looks(answer), home.world.trace.names()))
    assert seen[0] == seen[1]
    assert seen[0][0][0] == 202


def test_a_known_address_gets_a_hint_by_mail_and_no_code(home: Home) -> None:
    Person(home.world, home.owner.email).register()
    mail = home.world.outbox(home.owner.email)[0]
    assert mail["subject"] == "You already have a Sowa account"
    assert "code" not in mail


def test_not_even_the_right_code_takes_over_a_known_address(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ids, "as_code", lambda raw: "123456")
    thief = Person(home.world, home.owner.email)
    registration_id = thief.register(password="another long password")
    body = {"registration_id": registration_id, "code": "123456", "terminal": thief.terminal}
    answer = home.world.call("POST", "/accounts/confirm", body)
    assert (answer.status, answer.json["code"]) == (422, "CodeWrong")
    assert thief.sign_in("another long password").status == 401
    assert home.owner.sign_in().status == 201


def test_an_address_is_the_same_in_whatever_case_it_is_typed(world: LocalCloud) -> None:
    ola = Person(world, "ola@example.com")
    assert ola.confirm(ola.register()).status == 201
    Person(world, "OLA@Example.COM").register()
    assert world.outbox("ola@example.com")[0]["subject"] == "You already have a Sowa account"
    assert Person(world, "Ola@EXAMPLE.com").sign_in().status == 201


def test_of_a_child_nothing_is_stored(home: Home) -> None:
    before = home.world.dump()
    kid = Person(home.world, "kid@example.com").registration(birth_date="2010-01-06")
    answer = home.world.call("POST", "/accounts", kid)
    assert (answer.status, answer.json["code"]) == (422, "TooYoung")
    assert list(answer.json["fields"]) == ["birth_date"]
    after = home.world.dump()
    assert {**after, "logs": None} == {**before, "logs": None}
    assert "kid@" not in everything_stored(home.world)
    assert is_nothing_sent(home.world, "kid@example.com")
    Person(home.world, "kid@example.com").register()  # a grown-up
    assert {**home.world.dump(), "logs": None} != {**before, "logs": None}


def test_on_the_sixteenth_birthday_a_person_may_register(world: LocalCloud) -> None:
    Person(world, "ola@example.com").register(birth_date="2010-01-05")


def test_the_birth_date_is_not_kept(world: LocalCloud) -> None:
    ola = Person(world, "ola@example.com")
    ola.confirm(ola.register(birth_date="1987-06-05"))
    stored = everything_stored(world)
    assert "1987" not in stored
    assert "birth" not in stored  # not even sealed, under a name of its own


@pytest.mark.parametrize(
    ("wrong", "code", "field"),
    [
        ({"email": "nothing"}, "AddressInvalid", "email"),
        ({"email": ""}, "AddressInvalid", "email"),
        ({"email": "a\0b@example.com"}, "AddressInvalid", "email"),
        ({"email": "Ola <ola@example.com>"}, "AddressInvalid", "email"),
        ({"email": "ola@example.com\nBcc: all@example.com"}, "AddressInvalid", "email"),
        ({"email": "o" * 250 + "@example.com"}, "Invalid", "email"),
        ({"password": "too short"}, "PasswordTooEasy", "password"),
        ({"password": "ola@example.com"}, "PasswordTooEasy", "password"),
        ({"password": "x" * 1025}, "Invalid", "password"),
        ({"policy_version": "2020-01-01"}, "PolicyOutdated", "policy_version"),
        ({"policy_version": ""}, "PolicyOutdated", "policy_version"),
        ({"birth_date": "2026-01-06"}, "Invalid", "birth_date"),
        ({"birth_date": "2025-02-29"}, "Invalid", "birth_date"),
        ({"birth_date": "17.05.1990"}, "Invalid", "birth_date"),
        ({"country": "P"}, "Invalid", "country"),
        ({"country": "P\nL"}, "Invalid", "country"),
        ({"country": "POL"}, "Invalid", "country"),
        ({"nickname": ""}, "Invalid", "nickname"),
        ({"nickname": " \t\n"}, "Invalid", "nickname"),
        ({"nickname": "x" * 65}, "Invalid", "nickname"),
        ({"language": "de"}, "Invalid", "language"),
        ({"sex": "f"}, "Invalid", "sex"),
    ],
)
def test_what_is_wrong_is_named_and_nothing_of_it_stored(
    home: Home, wrong: dict[str, Any], code: str, field: str
) -> None:
    before = home.world.dump()["tables"]
    answer = home.world.call("POST", "/accounts", Person(home.world, "ola@example.com").registration(**wrong))
    assert (answer.status, answer.json["code"], list(answer.json["fields"])) == (422, code, [field])
    assert home.world.dump()["tables"] == before


def test_what_a_registration_says_is_stored_sealed_only(world: LocalCloud) -> None:
    Person(world, "ola.canary@example.com", nickname="Nightingale").register(password="canary password canary")
    stored = everything_stored(world)
    for plain in ("ola.canary", "Nightingale", "canary password", "$argon2"):
        assert plain not in stored


@pytest.mark.parametrize(("language", "subject"), [("pl", "Twój kod Sowa: "), ("en", "Your Sowa code: ")])
def test_the_mail_speaks_the_persons_language(world: LocalCloud, language: str, subject: str) -> None:
    ola = Person(world, "ola@example.com", language=language)
    registration_id = ola.register()
    assert world.outbox(ola.email)[0]["subject"] == f"{subject}{ola.newest_code()}"
    world.advance(30)
    world.call("POST", "/accounts/code", {"registration_id": registration_id}, headers={"Accept-Language": "de"})
    mails = world.outbox(ola.email)
    assert len(mails) == 2
    assert mails[0]["subject"].startswith(subject)


@pytest.mark.parametrize(
    ("accepted", "language"),
    [
        ("pl", "pl"), ("pl-PL,pl;q=0.9,en;q=0.8", "pl"), ("en;q=0.5, pl", "pl"), ("pl;q=0.5, en;q=0.9", "en"),
        ("de", "en"), ("", "en"), ("pl;q=nonsense, en", "en"), ("*", "en"),
    ],
)  # fmt: skip
def test_a_refusal_speaks_the_language_that_was_asked_for(world: LocalCloud, accepted: str, language: str) -> None:
    body = Person(world, "ola@example.com").registration(birth_date="2020-01-01")
    answer = world.call("POST", "/accounts", body, headers={"Accept-Language": accepted})
    assert answer.json["message"].startswith({"pl": "Sowa jest dla osób", "en": "Sowa is for people"}[language])


def test_a_repeated_registration_is_the_same_one_and_sends_the_same_code_again(world: LocalCloud) -> None:
    ola = Person(world, "ola@example.com")
    answers = [world.call("POST", "/accounts", ola.registration(), headers=KEY) for _ in range(2)]
    assert {answer.status for answer in answers} == {202}
    assert answers[0].json == answers[1].json
    assert len({mail["code"] for mail in world.outbox(ola.email)}) == 1
    assert len(rows(world, "account/registration")) == 1


def closed_again(world: LocalCloud) -> tuple[Person, str]:
    """Somebody who closed the account; and the id of the registration."""
    ola = Person(world, "ola@example.com")
    registration_id = world.call("POST", "/accounts", ola.registration(), headers=KEY).json["registration_id"]
    assert [row for row in rows(world, "key", "Keys") if registration_id in row["pk"]]
    ola.confirm(registration_id)
    ola.sign_in(PASSWORD)
    ola.step_up()
    assert ola.close().status == 202
    world.settle()
    return ola, registration_id


def test_a_repeat_after_closing_begins_nothing(world: LocalCloud) -> None:
    """Else an account would grow below an id whose erasure is still at work."""
    ola, registration_id = closed_again(world)
    answer = world.call("POST", "/accounts", ola.registration(), headers=KEY)
    assert (answer.status, answer.json["registration_id"]) == (202, registration_id)
    assert rows(world, "account/registration") == []
    assert [row for row in rows(world, "key", "Keys") if registration_id in row["pk"]] == []


def test_the_same_request_begins_a_new_account_when_a_day_has_passed(world: LocalCloud) -> None:
    ola, registration_id = closed_again(world)
    world.advance(24 * 3600)
    another = world.call("POST", "/accounts", ola.registration(), headers=KEY).json["registration_id"]
    assert another != registration_id
    ola.confirm(another)
    world.advance(2 * 24 * 3600)
    assert ola.sign_in(PASSWORD).status == 201


def test_nobody_but_who_sent_it_can_say_which_registration_a_request_began(world: LocalCloud) -> None:
    said = Person(world, "ola@example.com").registration()
    registration_id = world.call("POST", "/accounts", said, headers=KEY).json["registration_id"]
    (begun,) = rows(world, "registering/begun")
    assert registration_id not in str(begun)


OTHERWISE = {
    "nickname": "Other",
    "password": "another password altogether",
    "birth_date": "1991-05-17",
    "country": "DE",
    "language": "pl",
    "terminal": {"os": "Android 16", "model": "Pixel 9", "unique_id": "t1"},
}


@pytest.mark.parametrize("name", OTHERWISE)
def test_a_key_used_for_another_registration_is_refused(world: LocalCloud, name: str) -> None:
    """Whatever differs, the password as well: or its owner would be told that it is this one."""
    ola = Person(world, "ola@example.com")
    assert world.call("POST", "/accounts", ola.registration(), headers=KEY).status == 202
    answer = world.call("POST", "/accounts", ola.registration(**{name: OTHERWISE[name]}), headers=KEY)
    assert (answer.status, answer.json["code"]) == (422, "KeyReused")


def test_the_same_key_of_two_people_is_two_registrations(world: LocalCloud) -> None:
    people = [Person(world, "ola@example.com"), Person(world, "zed@example.com")]
    answers = [world.call("POST", "/accounts", person.registration(), headers=KEY) for person in people]
    assert answers[0].json != answers[1].json


def test_a_short_key_is_no_key(world: LocalCloud) -> None:
    ola = Person(world, "ola@example.com")
    answer = world.call("POST", "/accounts", ola.registration(), headers={"Idempotency-Key": "short"})
    assert (answer.status, answer.json["code"]) == (400, "Malformed")


def test_a_registration_is_forgotten_after_a_day_and_its_key_with_it(world: LocalCloud) -> None:
    registration_id = Person(world, "ola@example.com").register()
    world.advance(24 * 3600 - 1)
    assert len(rows(world, "account/registration")) == len(rows(world, "key", "Keys")) == 1
    world.advance(1)
    tables = world.dump()["tables"]
    left = [row for table in tables.values() for row in table if registration_id in row["pk"]]
    assert left == []


def test_a_registration_is_over_after_a_day_however_late_the_reaper_comes(world: LocalCloud) -> None:
    registration_id = Person(world, "ola@example.com").register()
    world.advance(24 * 3600, reaper_lag_seconds=None)
    assert len(rows(world, "account/registration")) == 1
    answer = world.call("POST", "/accounts/code", {"registration_id": registration_id})
    assert (answer.status, answer.json["code"]) == (404, "NotFound")


def test_a_confirmed_account_outlives_its_registrations_day(world: LocalCloud) -> None:
    ola = Person(world, "ola@example.com")
    ola.confirm(ola.register())
    world.advance(2 * 24 * 3600)
    assert ola.sign_in(PASSWORD).status == 201
    assert ola.call("GET", "/me").json["nickname"] == "Ola"
