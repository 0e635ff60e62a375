"""Signing in with a second factor: asked of who knows the password, used once, and slow to guess."""

from __future__ import annotations

import json
from functools import partial
from typing import Any
from unittest.mock import Mock, patch

import pytest

from chalicelib.accounts.actions import passwords
from infra.local.cloud import LocalCloud
from infra.local.gateway import Response
from infra.strict_moto.faults import DIES_AFTER, DIES_BEFORE, Kind
from tests.factors import ROOT, App, Key, asked, recovery_codes
from tests.scene import (
    NEW_PASSWORD,
    PASSWORD,
    Caller,
    Person,
    ask_for_reset,
    at_once,
    just_before,
    lines_of,
    looks,
    new_person,
    rows,
)

WRONG = "not the password of anybody"
NO_CODE = {"totp": "000000"}
KEY = {"Idempotency-Key": "signing-in-0123456789"}
DAY = 86_400
GUESSED_AT = "Somebody knows the password of your Sowa account"


@pytest.fixture
def ola(world: LocalCloud) -> Person:
    return new_person(world)


@pytest.fixture
def app(ola: Person) -> App:
    return App.added(ola)


def on(person: Person, unique_id: str) -> Person:
    return Person(**{**vars(person), "terminal": {**person.terminal, "unique_id": unique_id}})


def refusal(answer: Response) -> tuple[int, str]:
    return answer.status, answer.json["code"]


def subjects(person: Person) -> list[str]:
    return [mail["subject"] for mail in person.world.outbox(person.email)]


def sessions(person: Person) -> int:
    return sum(person.account_id in row["pk"] for row in rows(person.world, "account/session"))


# ── What is asked, and of whom ───────────────────────────────────────────────────────────────────────────────────────


def test_who_knows_the_password_is_told_which_ways_there_are(ola: Person, app: App) -> None:
    assert asked(ola) | {"request_id": ""} == {
        "code": "SecondFactorNeeded",
        "message": "Please confirm with your second factor.",
        "request_id": "",
        "methods": ["totp"],
        "passkey": None,
    }
    Key().add_to(ola)
    recovery_codes(ola)
    told = asked(ola)
    assert told["methods"] == ["totp", "passkey", "recovery_code"]
    assert (told["passkey"]["rpId"], told["passkey"]["timeout"]) == ("localhost", 300_000)


def test_a_right_password_alone_opens_no_session_and_makes_no_terminal_known(ola: Person, app: App) -> None:
    before = sessions(ola)
    asked(on(ola, "t9"))
    assert sessions(ola) == before
    assert len(rows(ola.world, "account/terminal")) == 1


def seen(person: Person, password: str, factor: dict[str, Any] | None) -> Any:
    passwords._hash_of_nothing()
    person.world.trace.clear()
    with patch.object(passwords, "_hasher", return_value=Mock(wraps=passwords._hasher())) as used:
        answer = person.sign_in(password, factor)
        return looks(answer), person.world.trace.names(), [call[0] for call in used.return_value.method_calls]


@pytest.mark.parametrize("factor", [None, NO_CODE, {"recovery_code": "abcd-efgh-2345-6777"}])
def test_whether_there_is_a_second_factor_is_told_to_nobody_who_lacks_the_password(
    world: LocalCloud, factor: dict[str, Any] | None
) -> None:
    with_one, without, nobody = (Person(world, f"{name}@example.com") for name in ("ola", "zed", "nobody"))
    App.added(new_person(world, with_one.email))
    new_person(world, without.email)
    terminal = {**with_one.terminal, "unique_id": "a-strangers"}
    answers = [seen(Person(world, one.email, terminal=terminal), WRONG, factor) for one in (with_one, without, nobody)]
    assert answers[0] == answers[1] == answers[2]
    assert answers[0][0][0] == 401


def test_who_has_no_second_factor_may_send_one(ola: Person) -> None:
    assert ola.sign_in(factor=NO_CODE).status == 201


@pytest.mark.parametrize("factor", [{}, {"totp": "123456", "recovery_code": "abcd"}, {"totp": "12345"}, {"sms": "1"}])
def test_exactly_one_is_sent(ola: Person, factor: dict[str, Any]) -> None:
    assert ola.sign_in(factor=factor).status == 422


def test_who_goes_by_a_number_is_asked_too(world: LocalCloud) -> None:
    zed = Caller(world, "+48601234567")
    assert zed.confirm(zed.register()).status == 201
    App.added(zed)
    assert refusal(zed.sign_in()) == (403, "SecondFactorNeeded")


# ── Codes of an app ──────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("steps", [-1, 0, 1])
def test_a_clock_may_be_half_a_minute_off(ola: Person, app: App, steps: int) -> None:
    ola.world.advance(120)
    assert ola.sign_in(factor={"totp": app.code(steps)}).status == 201


@pytest.mark.parametrize("steps", [-2, 2])
def test_a_clock_may_not_be_a_minute_off(ola: Person, app: App, steps: int) -> None:
    ola.world.advance(120)
    assert refusal(ola.sign_in(factor={"totp": app.code(steps)})) == (401, "SecondFactorWrong")


def test_a_code_works_once_and_so_does_every_one_before_it(ola: Person, app: App) -> None:
    ola.world.advance(120)
    before, code = app.code(-1), app.code()
    assert ola.sign_in(factor={"totp": code}).status == 201
    for used in (code, before):
        assert refusal(ola.sign_in(factor={"totp": used})) == (401, "SecondFactorWrong")
    assert ola.sign_in(factor={"totp": app.code(1)}).status == 201


def test_of_two_sign_ins_with_one_code_one_comes_in(ola: Person, app: App) -> None:
    factor = app.next_code()
    answers = at_once(*[partial(on(ola, f"t{number}").sign_in, factor=factor) for number in range(3)])
    assert sum(answer.status == 201 for answer in answers) == 1


def test_a_code_that_another_sign_in_used_meanwhile_is_used(ola: Person, app: App) -> None:
    factor = app.next_code()
    with just_before(ola.world, 4, lambda: on(ola, "t2").sign_in(factor=factor)):
        assert refusal(ola.sign_in(factor=factor)) == (401, "SecondFactorWrong")


# ── Sent again ───────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_sign_in_that_is_sent_again_is_not_told_that_its_code_was_used(ola: Person, app: App) -> None:
    factor = app.next_code()
    ola.world.faults.fail(4, DIES_AFTER)
    assert ola.sign_in(factor=factor, **KEY).status == 502
    ola.world.faults.clear()
    assert ola.sign_in(factor=factor, **KEY).status == 201
    assert ola.call("GET", "/me").status == 200
    assert sessions(ola) == 1


def test_twins_of_one_sign_in_both_come_in(ola: Person, app: App) -> None:
    factor = app.next_code()
    answers = at_once(*[lambda: Person(**vars(ola)).sign_in(factor=factor, **KEY)] * 2)
    assert [answer.status for answer in answers] == [201, 201]
    assert sessions(ola) == 1


def test_a_sign_in_cannot_be_sent_again_after_ten_minutes_or_with_another_code(ola: Person, app: App) -> None:
    factor = app.next_code()
    assert ola.sign_in(factor=factor, **KEY).status == 201
    ola.world.advance(300)
    assert ola.sign_in(factor=factor, **KEY).status == 201
    assert ola.sign_in(factor=NO_CODE, **KEY).status == 401
    ola.world.advance(300)
    assert refusal(ola.sign_in(factor=factor, **KEY)) == (401, "SecondFactorWrong")
    assert refusal(ola.sign_in(factor=app.next_code(), **KEY)) == (422, "KeyReused")


def test_a_refused_sign_in_goes_on_under_its_key(ola: Person, app: App) -> None:
    assert refusal(ola.sign_in(**KEY)) == (403, "SecondFactorNeeded")
    assert refusal(ola.sign_in(factor=NO_CODE, **KEY)) == (401, "SecondFactorWrong")
    assert ola.sign_in(factor=app.next_code(), **KEY).status == 201


def test_a_registration_that_is_confirmed_again_is_no_way_round(world: LocalCloud) -> None:
    ola = Person(world, "ola@example.com")
    body = {"registration_id": ola.register(), "code": ola.newest_code(), "terminal": ola.terminal}
    ola._keep(world.call("POST", "/accounts/confirm", body, headers=KEY))
    assert world.call("POST", "/accounts/confirm", body, headers=KEY).status == 201
    App.added(ola._keep(world.call("POST", "/accounts/confirm", body, headers=KEY)) and ola)
    assert refusal(world.call("POST", "/accounts/confirm", body, headers=KEY)) == (410, "CodeOver")


# ── Passkeys ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_passkey_signs_what_it_is_asked_and_its_use_is_shown(ola: Person) -> None:
    key = Key()
    key.add_to(ola)
    ola.world.advance(3_600)
    factor = key.sign(asked(ola)["passkey"])
    assert ola.sign_in(factor=factor).status == 201
    (passkey,) = ola.call("GET", ROOT).json["passkeys"]
    assert passkey["used_at"] == "2026-01-05T09:00:00Z"
    assert rows(ola.world, "account/challenge") == []


def test_what_was_signed_opens_once_and_for_five_minutes(ola: Person) -> None:
    key = Key()
    key.add_to(ola)
    factor = key.sign(asked(ola)["passkey"])
    assert ola.sign_in(factor=factor).status == 201
    assert refusal(ola.sign_in(factor=factor)) == (401, "SecondFactorWrong")
    late = key.sign(asked(ola)["passkey"])
    ola.world.advance(300)
    assert refusal(ola.sign_in(factor=late)) == (401, "SecondFactorWrong")


def test_two_sign_ins_under_way_do_not_disturb_each_other(ola: Person) -> None:
    key = Key()
    key.add_to(ola)
    first, second = asked(ola)["passkey"], asked(on(ola, "t2"))["passkey"]
    assert ola.sign_in(factor=key.sign(first)).status == 201
    assert on(ola, "t2").sign_in(factor=key.sign(second)).status == 201


def test_a_copied_passkey_is_refused_once_its_count_falls_behind(ola: Person) -> None:
    key = Key()
    key.add_to(ola)
    stolen_at = key.device.counter
    assert ola.sign_in(factor=key.sign(asked(ola)["passkey"])).status == 201
    key.device.counter = stolen_at
    assert refusal(ola.sign_in(factor=key.sign(asked(ola)["passkey"]))) == (401, "SecondFactorWrong")


def test_a_passkey_that_does_not_count_signs_in_again_and_again(ola: Person) -> None:
    key = Key()
    key.device.disable_counter = True
    key.add_to(ola)
    for _ in range(2):
        assert ola.sign_in(factor=key.sign(asked(ola)["passkey"])).status == 201


@pytest.mark.parametrize("what", ["another page", "another domain", "another key", "another person", "no signature"])
def test_what_the_passkey_did_not_sign_for_this_opens_nothing(ola: Person, what: str) -> None:
    key = Key()
    key.add_to(ola)
    options = asked(ola)["passkey"]
    if what == "another page":
        key.origin = "http://localhost.example.org"
    if what == "another domain":
        options["rpId"] = "example.org"
    if what == "another person":
        zed = new_person(ola.world, "zed@example.com")
        key.add_to(zed)
        options = asked(zed)["passkey"]
    factor = key.sign(options)
    if what == "another key":
        factor["passkey"]["response"]["signature"] = Key().sign(options)["passkey"]["response"]["signature"]
    if what == "no signature":
        factor["passkey"]["response"]["signature"] = "AA"
    assert refusal(ola.sign_in(factor=factor)) == (401, "SecondFactorWrong")


def test_a_challenge_for_adding_signs_nobody_in(ola: Person) -> None:
    key = Key()
    key.add_to(ola)
    challenge = ola.call("POST", f"{ROOT}/passkeys").json["challenge"]
    factor = key.sign({**asked(ola)["passkey"], "challenge": challenge})
    assert refusal(ola.sign_in(factor=factor)) == (401, "SecondFactorWrong")


def test_what_a_frame_within_another_page_had_signed_opens_nothing(ola: Person) -> None:
    key = Key()
    key.add_to(ola)
    options = asked(ola)["passkey"]
    with patch.object(json, "dumps", lambda said, **how: _dumps({**said, "crossOrigin": True}, **how)):
        factor = key.sign(options)
    assert refusal(ola.sign_in(factor=factor)) == (401, "SecondFactorWrong")


_dumps = json.dumps


# ── Recovery codes ───────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_recovery_code_opens_once_and_the_person_is_told_how_many_are_left(ola: Person, app: App) -> None:
    codes = recovery_codes(ola)
    assert ola.sign_in(factor={"recovery_code": codes[3].upper().replace("-", " ")}).status == 201
    assert subjects(ola)[0] == "A recovery code opened your Sowa account"
    assert "Codes left: 9." in ola.world.outbox(ola.email)[0]["text"]
    assert refusal(ola.sign_in(factor={"recovery_code": codes[3]})) == (401, "SecondFactorWrong")
    assert ola.call("GET", ROOT).json["recovery_codes_left"] == 9


def test_of_sign_ins_with_one_recovery_code_one_comes_in(ola: Person, app: App) -> None:
    factor = {"recovery_code": recovery_codes(ola)[0]}
    answers = at_once(*[partial(on(ola, f"t{number}").sign_in, factor=factor) for number in range(3)])
    assert sum(answer.status == 201 for answer in answers) == 1


def test_all_ten_open_and_then_there_is_none_to_ask_for(ola: Person, app: App) -> None:
    for code in recovery_codes(ola):
        assert ola.sign_in(factor={"recovery_code": code}).status == 201
    assert asked(ola)["methods"] == ["totp"]


def test_one_persons_recovery_code_is_none_of_anothers(ola: Person, app: App) -> None:
    zed = new_person(ola.world, "zed@example.com")
    App.added(zed)
    recovery_codes(ola)
    assert refusal(ola.sign_in(factor={"recovery_code": recovery_codes(zed)[0]})) == (401, "SecondFactorWrong")


# ── Guessing ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_five_are_looked_at_and_then_each_waits_longer(ola: Person, app: App) -> None:
    thief = on(ola, "a-thiefs")
    assert [thief.sign_in(factor=NO_CODE).status for _ in range(7)] == [401] * 5 + [429] * 2
    assert thief.sign_in(factor=app.next_code()).status == 201  # the wait was half a minute


@pytest.mark.parametrize("kind", [DIES_BEFORE, DIES_AFTER], ids=lambda kind: kind.name)
def test_whoever_is_guessed_at_hears_of_it_wherever_the_fifth_guess_dies(ola: Person, app: App, kind: Kind) -> None:
    """The count and the letter are one commit: a mail after it would be lost with the function."""
    for _ in range(4):
        ola.sign_in(factor=NO_CODE)
    before, counted_after = ola.world.snapshot(), []
    ola.world.trace.clear()
    ola.sign_in(factor=NO_CODE)
    for nth in range(1, len(ola.world.trace) + 1):
        ola.world.restore(before)
        ola.world.faults.fail(nth, kind)
        assert ola.sign_in(factor=NO_CODE).status == 502
        ola.world.faults.clear()
        (count,) = rows(ola.world, "account/guesses")
        counted_after.append(count["wrong"] == 5)
        assert subjects(ola).count(GUESSED_AT) == (count["wrong"] == 5)
    assert counted_after[-1] == (kind is DIES_AFTER) and not counted_after[0]


def test_a_right_code_has_to_wait_too_and_ends_the_count(ola: Person, app: App) -> None:
    thief = on(ola, "a-thiefs")
    for _ in range(6):
        thief.sign_in(factor=NO_CODE)
    answer = thief.sign_in(factor={"totp": app.code(1)})
    assert refusal(answer) == (429, "TooMany")
    assert answer.headers["Retry-After"] == "30"
    ola.world.advance(30)
    assert thief.sign_in(factor={"totp": app.code()}).status == 201
    assert rows(ola.world, "account/guesses") == []


def test_strangers_share_one_count_and_a_known_terminal_never_waits_for_them(ola: Person, app: App) -> None:
    answers = [on(ola, f"stranger-{number}").sign_in(factor=NO_CODE).status for number in range(7)]
    assert answers == [401] * 5 + [429] * 2
    ola.world.advance(20)
    assert ola.sign_in(factor={"totp": app.code(1)}).status == 201


def test_who_has_the_known_terminal_is_slowed_down_there(ola: Person, app: App) -> None:
    assert [ola.sign_in(factor=NO_CODE).status for _ in range(7)] == [401] * 5 + [429] * 2


def test_the_person_is_told_once_that_somebody_knows_the_password(ola: Person, app: App) -> None:
    for number in range(8):
        on(ola, f"stranger-{number}").sign_in(factor=NO_CODE)
    assert subjects(ola).count(GUESSED_AT) == 1


def test_wrong_second_factors_are_no_wrong_passwords(ola: Person, app: App) -> None:
    for _ in range(6):
        ola.sign_in(factor=NO_CODE)
    assert asked(ola)["methods"] == ["totp"]
    assert [ola.sign_in(WRONG).status for _ in range(11)] == [401] * 10 + [429]


@pytest.mark.parametrize("before", range(5))
def test_of_codes_tried_at_the_same_moment_one_is_looked_at(ola: Person, app: App, before: int) -> None:
    """Were the count not part of the commit, a thousand tries at once would all have seen none before them."""
    right = app.next_code()
    for _ in range(before):
        on(ola, "thief").sign_in(factor=NO_CODE)
    thief, other = on(ola, "thief"), on(ola, "another-thief")
    with just_before(ola.world, 4, lambda: other.sign_in(factor=NO_CODE)):
        assert refusal(thief.sign_in(factor=right)) == (429, "TooMany")
    assert ola.sign_in(factor=right).status == 201


def test_waits_outlive_a_day(ola: Person, app: App) -> None:
    thief = on(ola, "thief")
    looked_at = 0
    for _ in range(60):
        answer = thief.sign_in(factor=NO_CODE)
        looked_at += answer.status == 401
        wait_s = int(answer.headers.get("Retry-After", 0))
        ola.world.clock.move_to(ola.world.now().timestamp() + wait_s)
    last = thief.sign_in(factor=NO_CODE)
    ola.world.advance(3_600)
    assert last.status == 401
    assert int(thief.sign_in(factor=NO_CODE).headers["Retry-After"]) == DAY - 3_600


# ── Everything else that lets in ─────────────────────────────────────────────────────────────────────────────────────


def test_a_reset_of_the_password_does_not_switch_the_second_factor_off(ola: Person, app: App) -> None:
    reset_id = ask_for_reset(ola.world, ola.email)
    body = {"reset_id": reset_id, "code": ola.newest_code(), "password": NEW_PASSWORD}
    assert ola.world.call("POST", "/password-resets/confirm", body).status == 204
    assert asked(ola, NEW_PASSWORD)["methods"] == ["totp"]
    assert ola.sign_in(NEW_PASSWORD, factor=app.next_code()).status == 201


def test_a_sign_in_with_a_factor_that_is_removed_meanwhile_needs_it_no_more(ola: Person, app: App) -> None:
    factor = app.next_code()
    ola.step_up()
    with just_before(ola.world, 4, lambda: Person(**vars(ola)).call("DELETE", f"{ROOT}/totp")):
        assert ola.sign_in(factor=factor).status == 201


def test_a_wrong_password_beside_a_right_code_uses_up_nothing(ola: Person, app: App) -> None:
    factor = app.next_code()
    assert refusal(ola.sign_in(WRONG, factor=factor)) == (401, "PasswordWrong")
    assert ola.sign_in(factor=factor).status == 201


def test_no_second_factor_stands_in_the_log(ola: Person, app: App) -> None:
    code, spare = app.next_code()["totp"], recovery_codes(ola)[0]
    ola.sign_in(factor={"totp": code})
    ola.sign_in(factor={"recovery_code": spare})
    log = "\n".join(lines_of(ola.world))
    assert log.count('"door":"POST /sessions"') >= 2
    assert code not in log
    assert spare not in log
    assert spare.replace("-", "") not in log


def test_a_sign_in_with_a_second_factor_makes_no_more_calls_than_one_without(ola: Person, app: App) -> None:
    ola.world.settle()
    ola.world.trace.clear()
    assert ola.sign_in(factor=app.next_code()).status == 201
    calls = [name for name in ola.world.trace.names() if name.startswith(("dynamodb.", "ses."))]
    assert calls == ["dynamodb.BatchGetItem", "dynamodb.BatchGetItem", "dynamodb.Query", "dynamodb.TransactWriteItems"]
    ola.world.trace.clear()
    assert ola.sign_in(PASSWORD).status == 403
    assert len(ola.world.trace.names()) <= 5
