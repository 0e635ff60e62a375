"""Ten minutes of raised trust, by a code to the account's own address, for one session."""

from __future__ import annotations

import pytest

from infra.local.cloud import LocalCloud
from infra.local.gateway import Response
from infra.strict_moto.faults import DIES_AFTER
from tests.scene import Person, elsewhere, just_before, new_person, rows

KEY = {"Idempotency-Key": "stepping-up-0123456789"}


@pytest.fixture
def ola(world: LocalCloud) -> Person:
    return new_person(world)


def ask(ola: Person) -> Response:
    return ola.call("POST", "/step-up", {})


def confirm(ola: Person, code: str) -> Response:
    return ola.call("POST", "/step-up/confirm", {"code": code})


def wrong(code: str) -> str:
    return f"{(int(code) + 1) % 1_000_000:06d}"


def refusal(answer: Response) -> tuple[int, str]:
    return answer.status, answer.json["code"]


def test_closing_needs_raised_trust(ola: Person) -> None:
    assert refusal(ola.close()) == (403, "StepUpRequired")
    assert ola.call("GET", "/me").status == 200


def test_asking_raises_nothing_yet(ola: Person) -> None:
    assert ask(ola).status == 202
    assert refusal(ola.close()) == (403, "StepUpRequired")


@pytest.mark.parametrize(("seconds", "status"), [(0, 202), (599, 202), (600, 403)])
def test_raised_trust_lasts_ten_minutes_exactly(ola: Person, seconds: int, status: int) -> None:
    ola.step_up()
    ola.world.advance(seconds)
    assert ola.close().status == status


def test_raised_trust_is_of_one_session(ola: Person) -> None:
    other = elsewhere(ola)
    ola.step_up()
    assert refusal(other.close()) == (403, "StepUpRequired")
    assert ola.close().status == 202


def test_raised_trust_outlives_a_refresh_and_ends_with_its_session(ola: Person) -> None:
    ola.step_up()
    tokens = ola.world.call("POST", "/sessions/refresh", {"refresh_token": ola.refresh_token}).json
    ola.access_token = tokens["access_token"]
    assert ola.call("DELETE", "/sessions/current").status == 204
    ola.sign_in()
    assert refusal(ola.close()) == (403, "StepUpRequired")


def test_raised_trust_does_not_outlive_a_repeated_sign_in(ola: Person) -> None:
    ola.sign_in(**KEY)
    ola.step_up()
    ola.sign_in(**KEY)
    assert refusal(ola.close()) == (403, "StepUpRequired")


@pytest.mark.parametrize(("seconds", "status"), [(599, 200), (600, 410)])
def test_its_code_lives_ten_minutes_exactly(ola: Person, seconds: int, status: int) -> None:
    ask(ola)
    ola.world.advance(seconds)
    assert confirm(ola, ola.newest_code()).status == status


def test_its_code_dies_with_the_fifth_wrong_try(ola: Person) -> None:
    ask(ola)
    for _ in range(5):
        answer = confirm(ola, wrong(ola.newest_code()))
        assert (*refusal(answer), list(answer.json["fields"])) == (422, "CodeWrong", ["code"])
    assert refusal(confirm(ola, ola.newest_code())) == (410, "CodeOver")
    assert refusal(ola.close()) == (403, "StepUpRequired")


def test_of_two_tries_at_the_same_moment_one_is_not_compared(ola: Person) -> None:
    ask(ola)
    code = ola.newest_code()
    with just_before(ola.world, 3, lambda: confirm(ola, wrong(code))):
        assert refusal(confirm(ola, code)) == (422, "CodeWrong")
    assert rows(ola.world, "account/code")[0]["tries"] == 1


def test_its_code_is_good_once(ola: Person) -> None:
    ask(ola)
    code = ola.newest_code()
    assert confirm(ola, code).status == 200
    assert refusal(confirm(ola, code)) == (410, "CodeOver")


def test_the_repeated_confirmation_is_answered_again(ola: Person) -> None:
    ask(ola)
    body = {"code": ola.newest_code()}
    for _ in range(2):
        assert ola.call("POST", "/step-up/confirm", body, headers=KEY).status == 200


def test_its_code_is_of_one_session_and_one_person(ola: Person) -> None:
    other, zed = elsewhere(ola), new_person(ola.world, "zed@example.com")
    ask(ola)
    ask(zed)
    code = ola.newest_code()
    assert refusal(confirm(other, code)) == (410, "CodeOver")
    assert refusal(confirm(zed, code)) == (422, "CodeWrong")
    assert confirm(ola, code).status == 200


def test_without_asking_there_is_no_code(ola: Person) -> None:
    assert refusal(confirm(ola, "123456")) == (410, "CodeOver")


def test_codes_are_not_sent_too_often_and_a_new_one_kills_the_old(ola: Person) -> None:
    assert ask(ola).status == 202
    old = ola.newest_code()
    for wait in (30, 60):
        answer = ask(ola)
        assert (*refusal(answer), answer.headers["Retry-After"]) == (429, "CodeTooSoon", str(wait))
        ola.world.advance(wait)
        assert ask(ola).status == 202
    assert refusal(confirm(ola, old)) == (422, "CodeWrong")
    assert confirm(ola, ola.newest_code()).status == 200


def test_a_repeated_asking_sends_the_same_code_again_and_not_for_ever(ola: Person) -> None:
    sent = len(ola.world.outbox(ola.email))
    for _ in range(9):
        assert ola.call("POST", "/step-up", {}, headers=KEY).status == 202
    new = ola.world.outbox(ola.email)[:-sent]
    assert len(new) == 1 + 3
    assert len({mail["code"] for mail in new}) == 1


def test_a_code_that_was_lost_with_its_function_is_sent_by_the_repeat(ola: Person) -> None:
    sent = len(ola.world.outbox(ola.email))
    ola.world.faults.fail(3, DIES_AFTER)
    assert ola.call("POST", "/step-up", {}, headers=KEY).status == 502
    assert len(ola.world.outbox(ola.email)) == sent
    assert ola.call("POST", "/step-up", {}, headers=KEY).status == 202
    assert ola.call("POST", "/step-up/confirm", {"code": ola.newest_code()}).status == 200


@pytest.mark.parametrize(("language", "subject"), [("pl", "Twój kod Sowa: "), ("en", "Your Sowa code: ")])
def test_the_code_goes_to_the_own_address_in_the_own_language(world: LocalCloud, language: str, subject: str) -> None:
    ola = new_person(world, language=language)
    sent = len(world.outbox())
    ask(ola)
    assert len(world.outbox()) == sent + 1
    assert world.outbox()[0]["to"] == ola.email
    assert world.outbox()[0]["subject"].startswith(subject)


@pytest.mark.parametrize(
    "body", [{}, {"code": None}, {"code": 123456}, {"code": ""}, {"code": "12345"}, {"code": "1234567"},
             {"code": "123456\n7"}, {"code": "１２３４５６"}, {"code": "12345a"}],
)  # fmt: skip
def test_what_is_no_code_is_no_try(ola: Person, body: dict[str, object]) -> None:
    ask(ola)
    answer = ola.call("POST", "/step-up/confirm", body)
    assert (answer.status, list(answer.json["fields"])) == (422, ["code"])
    assert rows(ola.world, "account/code")[0]["tries"] == 0


def test_asking_says_nothing_more(ola: Person) -> None:
    assert ola.call("POST", "/step-up", {"email": "thief@example.com"}).status == 400
