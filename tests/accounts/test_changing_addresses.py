"""Another e-mail address or phone number: proved first, and then nothing is left of the old one."""

from __future__ import annotations

from typing import Any

import pytest

from infra.local.cloud import LocalCloud
from infra.local.gateway import Response
from infra.strict_moto.faults import DIES_AFTER
from tests.conftest import Home
from tests.scene import Person, ask_for_reset, elsewhere, everything_stored, just_before, looks, new_person, rows
from tests.worlds.invariants import violations

KEY = {"Idempotency-Key": "moving-0123456789"}
NEW, NUMBER = "new@example.com", "+48601234567"


@pytest.fixture
def ola(world: LocalCloud) -> Person:
    ola = new_person(world)
    ola.step_up()
    return ola


def confirm(ola: Person, change_id: str, code: str, **headers: str) -> Response:
    return ola.call("POST", "/me/address/confirm", {"change_id": change_id, "code": code}, headers=headers)


def code_at(world: LocalCloud, address: str) -> str:
    return Person(world, address).newest_code()


def refusal(answer: Response) -> tuple[int, str]:
    return answer.status, answer.json["code"]


def test_the_new_address_takes_the_place_of_the_old_when_it_is_proved(ola: Person) -> None:
    change_id = ola.change_address(email=NEW)
    assert ola.call("GET", "/me").json["email"] == ola.email
    answer = confirm(ola, change_id, code_at(ola.world, NEW))
    assert (answer.status, answer.json["email"]) == (200, NEW)
    assert Person(**vars(ola)).sign_in().status == 401
    assert elsewhere(Person(**{**vars(ola), "email": NEW})).call("GET", "/me").status == 200
    assert ola.call("GET", "/me").status == 200


def test_nothing_is_left_of_the_old_address_and_it_is_told(ola: Person) -> None:
    ola.sign_in("a wrong password of no one")
    ask_for_reset(ola.world, ola.email)
    old = ola.email
    (before,) = rows(ola.world, "address/address")
    assert confirm(ola, ola.change_address(email=NEW), code_at(ola.world, NEW)).status == 200
    assert ola.world.outbox(old)[0]["subject"] == "The address of your Sowa account was changed"
    stored = everything_stored(ola.world)
    assert old not in stored
    assert NEW not in stored
    left = [row for table in ola.world.dump()["tables"].values() for row in table if before["pk"] in str(row)]
    assert left == []
    assert rows(ola.world, "account/address-change") == []
    assert violations(ola.world.dump()) == []


def test_the_old_address_is_free_again(ola: Person) -> None:
    assert confirm(ola, ola.change_address(email=NEW), code_at(ola.world, NEW)).status == 200
    other = new_person(ola.world, ola.email)
    assert other.account_id != ola.account_id


def test_a_number_is_added_and_both_sign_in(ola: Person) -> None:
    answer = confirm(ola, ola.change_address(phone=NUMBER), code_at(ola.world, NUMBER))
    assert (answer.json["email"], answer.json["phone"]) == (ola.email, NUMBER)
    assert ola.world.outbox(ola.email)[0]["subject"] == "The address of your Sowa account was changed"
    terminal = {"password": "correct horse battery staple", "terminal": ola.terminal}
    for named in ({"email": ola.email}, {"phone": NUMBER}):
        assert ola.world.call("POST", "/sessions", {**named, **terminal}).status == 201
    assert violations(ola.world.dump()) == []
    ola.sign_in()
    ola.world.advance(60)
    ola.step_up()
    assert ola.close().status == 202
    assert rows(ola.world, "address/address") == []


def test_a_taken_address_gets_the_same_answer_for_the_same_work_and_a_hint(home: Home) -> None:
    home.owner.step_up()
    before, seen = home.world.snapshot(), []
    for email in (home.stranger.email, home.owner.email, NEW):
        home.world.restore(before)
        home.world.trace.clear()
        answer = home.owner.call("POST", "/me/address", {"email": email})
        seen.append((looks(answer), home.world.trace.names()))
        assert ("code" in home.world.outbox(email)[0]) == (email == NEW)
    assert seen[0] == seen[1] == seen[2]
    assert seen[0][0][0] == 202


def test_not_even_the_right_code_takes_an_address_away(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    home.owner.step_up()
    monkeypatch.setattr("chalicelib.ids.as_code", lambda raw: "123456")
    change_id = home.owner.change_address(email=home.stranger.email)
    assert home.world.outbox(home.stranger.email)[0]["subject"] == "This address already has a Sowa account"
    assert refusal(confirm(home.owner, change_id, "123456")) == (422, "CodeWrong")
    assert home.stranger.sign_in().status == 201


@pytest.mark.parametrize("nth", range(1, 4))
def test_an_address_belongs_to_who_proves_it_first(home: Home, nth: int) -> None:
    codes = []
    for person in (home.owner, home.stranger):
        person.step_up()
        codes.append((person.change_address(email=NEW), code_at(home.world, NEW)))
    others: list[Response] = []
    with just_before(home.world, nth, lambda: others.append(confirm(home.stranger, *codes[1]))):
        answer = confirm(home.owner, *codes[0])
    assert (others[0].status, refusal(answer)) == (200, (409, "AddressTaken"))
    assert home.owner.call("GET", "/me").json["email"] == home.owner.email
    assert violations(home.world.dump()) == []


@pytest.mark.parametrize("nth", range(1, 4))
def test_a_registration_and_a_change_never_share_an_address(ola: Person, nth: int) -> None:
    change_id, code = ola.change_address(email=NEW), code_at(ola.world, NEW)
    newcomer = Person(ola.world, NEW)
    registration_id = newcomer.register()
    others: list[Response] = []
    with just_before(ola.world, nth, lambda: others.append(newcomer.confirm(registration_id))):
        answer = confirm(ola, change_id, code)
    assert (others[0].status, refusal(answer)) == (201, (409, "AddressTaken"))
    assert violations(ola.world.dump()) == []


def test_the_next_change_takes_the_place_of_the_first(ola: Person) -> None:
    first, code = ola.change_address(email=NEW), code_at(ola.world, NEW)
    assert refusal(ola.call("POST", "/me/address", {"email": "other@example.com"})) == (429, "CodeTooSoon")
    ola.world.advance(30)
    second = ola.change_address(email="other@example.com")
    assert refusal(confirm(ola, first, code)) == (410, "CodeOver")
    assert confirm(ola, second, code_at(ola.world, "other@example.com")).json["email"] == "other@example.com"


@pytest.mark.parametrize(("seconds", "status"), [(599, 200), (600, 410)])
def test_a_change_lives_ten_minutes(ola: Person, seconds: int, status: int) -> None:
    change_id, code = ola.change_address(email=NEW), code_at(ola.world, NEW)
    ola.world.advance(seconds)
    assert confirm(ola, change_id, code).status == status


def test_a_change_is_its_askers_alone(home: Home) -> None:
    home.owner.step_up()
    change_id = home.owner.change_address(email=NEW)
    assert refusal(confirm(home.stranger, change_id, code_at(home.world, NEW))) == (410, "CodeOver")


def test_it_takes_raised_trust(home: Home) -> None:
    assert refusal(home.owner.call("POST", "/me/address", {"email": NEW})) == (403, "StepUpRequired")


def test_a_code_that_was_lost_with_its_function_is_sent_by_the_repeat(ola: Person) -> None:
    ola.world.faults.fail(3, DIES_AFTER)
    body: dict[str, Any] = {"email": NEW}
    assert ola.call("POST", "/me/address", body, headers=KEY).status == 502
    assert ola.world.outbox(NEW) == []
    answers = [ola.call("POST", "/me/address", body, headers=KEY) for _ in range(2)]
    assert answers[0].json == answers[1].json
    assert len({mail["code"] for mail in ola.world.outbox(NEW)}) == 1
    assert confirm(ola, answers[0].json["change_id"], code_at(ola.world, NEW)).status == 200


def test_the_key_of_one_change_is_refused_for_another(ola: Person) -> None:
    assert ola.call("POST", "/me/address", {"email": NEW}, headers=KEY).status == 202
    answer = ola.call("POST", "/me/address", {"email": "other@example.com"}, headers=KEY)
    assert refusal(answer) == (422, "KeyReused")


def test_the_repeat_of_a_confirmation_is_answered_again_and_tells_once(ola: Person) -> None:
    change_id, code = ola.change_address(email=NEW), code_at(ola.world, NEW)
    answers = [confirm(ola, change_id, code, **KEY) for _ in range(2)]
    assert [answer.json["email"] for answer in answers] == [NEW, NEW]
    told = [mail for mail in ola.world.outbox(ola.email) if "was changed" in mail["subject"]]
    assert len(told) == 1


@pytest.mark.parametrize("nth", range(1, 4))
def test_who_closes_the_account_meanwhile_leaves_no_address(ola: Person, nth: int) -> None:
    change_id, code = ola.change_address(email=NEW), code_at(ola.world, NEW)
    with just_before(ola.world, nth, lambda: confirm(ola, change_id, code)):
        assert ola.close().status == 202
    assert rows(ola.world, "address/address") == []
