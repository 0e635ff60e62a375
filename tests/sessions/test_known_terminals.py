"""A person on a terminal that has signed in before is not locked out by what others guess (B2, GUESSES)."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any
from unittest.mock import patch

import pytest

from chalicelib import clock
from chalicelib.accounts.actions import account_writes, passwords
from infra.local.cloud import LocalCloud
from infra.local.gateway import Response
from tests.conftest import QUICK
from tests.scene import PASSWORD, Person, everything_stored, just_before, new_person, rows

WRONG = "wrong horse battery staple"
TODAYS = passwords._hasher()
DAY = 86_400


@pytest.fixture
def ola(world: LocalCloud) -> Person:
    return new_person(world)


@pytest.fixture
def raised() -> Iterator[None]:
    """Passwords that were hashed so far were hashed by other parameters than those of today."""
    with patch.object(passwords, "_hasher", return_value=TODAYS):
        yield


def on(person: Person, unique_id: str) -> Person:
    """The same person, or somebody who has only the address, at another terminal."""
    return Person(**{**vars(person), "terminal": {**person.terminal, "unique_id": unique_id}})


def pass_days(ola: Person, days: int) -> None:
    """Nothing else happens in them: neither schedule nor reaper is what is looked at here."""
    ola.world.clock.move_to(clock.now_s() + days * DAY)


def refreshed(ola: Person) -> Response:
    return ola._keep(ola.world.call("POST", "/sessions/refresh", {"refresh_token": ola.refresh_token}))


def guessed_by_strangers(ola: Person, times: int = 12) -> list[int]:
    return [on(ola, f"stranger-{number}").sign_in(WRONG).status for number in range(times)]


def known(ola: Person) -> dict[str, Any]:
    """Row of each terminal, by its hash; the one that signed in last comes last."""
    found = sorted(rows(ola.world, "account/terminal"), key=lambda row: row["used_at"])
    return {row["sk"].partition("#")[2]: row for row in found}


def refusal(answer: Response) -> tuple[int, str]:
    return answer.status, answer.json["code"]


# ── Strangers and the person's own ───────────────────────────────────────────────────────────────────────────────────


def test_strangers_share_one_count_and_make_only_each_other_wait(ola: Person) -> None:
    assert guessed_by_strangers(ola) == [401] * 10 + [429] * 2
    assert ola.sign_in().status == 201
    assert refusal(on(ola, "one-more").sign_in()) == (429, "TooMany")


def test_a_terminal_stays_known_however_long_strangers_guess(ola: Person) -> None:
    for _ in range(30):
        guessed_by_strangers(ola, 3)
        assert ola.sign_in().status == 201
        ola.world.advance(1800)
    assert on(ola, "a-new-one").sign_in().status == 429


def test_guesses_on_a_known_terminal_are_slowed_down_too_and_make_no_other_wait(ola: Person) -> None:
    """Whoever took the phone, or learnt its unique id, gains ten guesses and no more."""
    assert on(ola, "t2").sign_in().status == 201
    assert [ola.sign_in(WRONG).status for _ in range(12)] == [401] * 10 + [429] * 2
    assert ola.sign_in().headers["Retry-After"] == "30"
    assert on(ola, "t2").sign_in().status == 201
    assert on(ola, "t3").sign_in().status == 201
    ola.world.advance(30)
    assert ola.sign_in().status == 201


def test_a_new_terminal_waits_like_a_stranger_until_it_has_signed_in(ola: Person) -> None:
    guessed_by_strangers(ola)
    new = on(ola, "new")
    assert new.sign_in().headers["Retry-After"] == "30"
    ola.world.advance(30)
    assert new.sign_in().status == 201
    guessed_by_strangers(ola)
    assert new.sign_in().status == 201


def test_signing_in_on_a_known_terminal_gives_strangers_no_new_guesses(ola: Person) -> None:
    guessed_by_strangers(ola, 10)
    assert ola.sign_in().status == 201
    assert guessed_by_strangers(ola, 1) == [429]


def test_one_persons_terminal_is_unknown_to_anothers_account(ola: Person) -> None:
    zed = new_person(ola.world, "zed@example.com", terminal={**ola.terminal, "unique_id": "z1"})
    guessed_by_strangers(zed)
    assert on(zed, "t1").sign_in().status == 429
    assert zed.sign_in().status == 201


def test_a_terminal_is_slowed_down_for_a_day_after_its_last_guess(ola: Person) -> None:
    for _ in range(9):
        ola.sign_in(WRONG)
    ola.world.advance(DAY)
    assert rows(ola.world, "account/guesses") == []
    assert [ola.sign_in(WRONG).status for _ in range(10)] == [401] * 10


def test_of_guesses_at_the_same_moment_on_a_known_terminal_one_is_answered(ola: Person) -> None:
    others: list[Response] = []
    with just_before(ola.world, 3, lambda: others.append(ola.sign_in(WRONG))):
        answer = ola.sign_in(WRONG)
    assert (refusal(others[0]), refusal(answer)) == ((401, "PasswordWrong"), (429, "TooMany"))
    assert [row["wrong"] for row in rows(ola.world, "account/guesses")] == [1]


# ── What is remembered ───────────────────────────────────────────────────────────────────────────────────────────────


def test_a_terminal_is_known_from_registration_and_from_each_sign_in(ola: Person) -> None:
    (first,) = known(ola)
    for unique_id in ("t2", "t3", "t2"):
        ola.world.advance(1)
        assert on(ola, unique_id).sign_in().status == 201
    assert len(known(ola)) == 3
    assert next(iter(known(ola))) == first
    ola.world.advance(1)
    ola.sign_in()
    assert list(known(ola))[2] == first


def test_a_known_terminal_knows_the_session_that_it_has_now(ola: Person) -> None:
    for _ in range(2):
        (row,) = known(ola).values()
        assert row["session_id"] == ola.access_token.split(".")[2]
        ola.world.advance(1)
        assert ola.sign_in().status == 201


def test_a_wrong_password_makes_no_terminal_known(ola: Person) -> None:
    on(ola, "t2").sign_in(WRONG)
    assert len(known(ola)) == 1


def test_a_terminal_is_known_for_a_year_and_more_after_its_last_sign_in(ola: Person) -> None:
    pass_days(ola, 395)
    guessed_by_strangers(ola)
    assert ola.sign_in().status == 201
    pass_days(ola, 396)
    guessed_by_strangers(ola)
    assert ola.sign_in().status == 429


def test_a_terminal_that_is_used_and_never_signs_in_again_stays_known(ola: Person) -> None:
    (first,) = known(ola).values()
    for _ in range(15):
        pass_days(ola, 29)
        assert refreshed(ola).status == 201
    (row,) = known(ola).values()
    assert (row["sk"], row["session_id"]) == (first["sk"], first["session_id"])
    guessed_by_strangers(ola)
    assert ola.sign_in().status == 201


def test_a_terminal_costs_its_sessions_refreshes_one_write_a_month(ola: Person) -> None:
    written = []
    for _ in range(6):
        pass_days(ola, 10)
        assert refreshed(ola).status == 201
        written.append(next(iter(known(ola).values()))["used_at"] == clock.now_s())
    assert written == [False, False, True] * 2


def test_what_is_known_says_nothing_of_the_terminal_and_goes_with_the_account(ola: Person) -> None:
    canary = on(ola, "canary-unique-id-0123456789")
    assert canary.sign_in().status == 201
    canary.sign_in(WRONG)
    told = list(known(ola))
    assert "canary-unique-id" not in everything_stored(ola.world)
    (row,) = rows(ola.world, "account/guesses")
    assert row["sk"].partition("#")[2] in told
    canary.step_up()
    assert canary.close().status == 202
    ola.world.advance(20 * 60)
    tables = json.dumps(ola.world.dump()["tables"])
    assert not [one for one in told if one in tables]


def test_a_new_account_of_the_same_address_knows_none_of_the_old_ones_terminals(ola: Person) -> None:
    assert on(ola, "old-phone").sign_in().status == 201
    ola.step_up()
    assert ola.close().status == 202
    again = new_person(ola.world, terminal={**ola.terminal, "unique_id": "new-phone"})
    guessed_by_strangers(again)
    assert on(again, "old-phone").sign_in().status == 429


# ── Calls, and two at once ───────────────────────────────────────────────────────────────────────────────────────────


def test_signing_in_takes_four_calls_and_six_if_the_same_terminal_comes_first(ola: Person) -> None:
    ola.world.trace.clear()
    assert ola.sign_in().status == on(ola, "t2").sign_in().status == 201
    assert len(ola.world.trace) == 8
    ola.world.trace.clear()
    with just_before(ola.world, 4, lambda: on(ola, "t3").sign_in()):
        assert on(ola, "t3").sign_in().status == 201
    assert len(ola.world.trace) == 6 + 4
    assert len(known(ola)) == 3


def test_another_terminal_that_signs_in_at_the_same_moment_is_in_nobodys_way(ola: Person) -> None:
    ola.world.trace.clear()
    with just_before(ola.world, 4, lambda: on(ola, "t3").sign_in()):
        assert on(ola, "t4").sign_in().status == 201
    assert len(ola.world.trace) == 4 + 4
    assert len(known(ola)) == 3


def test_who_is_overtaken_twice_comes_back_in_a_moment(ola: Person) -> None:
    with just_before(ola.world, 4, lambda: on(ola, "t4").sign_in()):
        seen: list[Any] = []

        def twice(*args: Any, **more: Any) -> Any:
            found = again(*args, **more)
            seen.append(on(ola, "t4").sign_in().status)
            return found

        again = passwords.proved_again
        with patch.object(passwords, "proved_again", twice):
            answer = on(ola, "t4").sign_in()
    assert (refusal(answer), answer.headers["Retry-After"], seen[0]) == ((429, "TooMany"), "1", 201)
    assert on(ola, "t4").sign_in().status == 201


def test_signing_in_anew_while_the_account_is_closed_opens_nothing(ola: Person) -> None:
    ola.step_up()
    closed: list[Response] = []
    with just_before(ola.world, 4, lambda: closed.append(ola.close())):
        answer = on(ola, "t2").sign_in()
    assert closed[0].status == 202
    assert refusal(answer) == (401, "PasswordWrong")
    assert rows(ola.world, "account/session") == []


# ── Hashed anew ──────────────────────────────────────────────────────────────────────────────────────────────────────


def password_hash(ola: Person) -> str:
    from tests.worlds.invariants import Stored

    stored = Stored(ola.world.dump())
    return str(stored.decrypted(stored.first_ids("Account")[ola.account_id], "password_hash"))


def test_signing_in_hashes_the_password_by_todays_parameters(ola: Person, raised: None) -> None:
    assert password_hash(ola).startswith("$argon2id$v=19$m=8,t=1,p=1$")
    ola.world.trace.clear()
    assert ola.sign_in().status == 201
    assert len(ola.world.trace) == 4
    renewed = password_hash(ola)
    assert renewed.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert ola.sign_in().status == 201
    assert password_hash(ola) == renewed


def test_a_wrong_password_is_not_hashed_anew(ola: Person, raised: None) -> None:
    before = password_hash(ola)
    assert ola.sign_in(WRONG).status == 401
    assert password_hash(ola) == before


def test_a_password_that_was_changed_meanwhile_is_neither_put_back_nor_good(ola: Person, raised: None) -> None:
    """There is no door yet that changes a password; what one would commit is done here."""
    from chalicelib.store.commit import change, commit
    from chalicelib.store.records import read

    def change_password() -> None:
        account, key = read(*account_writes.keys_of(ola.account_id))
        assert account is not None and key is not None
        account.decrypted_with(key.unlocked())
        commit(
            change(
                account,
                password_hash=QUICK.hash("another long password of hers"),
                session_generation=int(account.session_generation) + 1,
            )
        )

    with just_before(ola.world, 4, change_password):
        answer = ola.sign_in()
    assert refusal(answer) == (401, "PasswordWrong")
    assert QUICK.verify(password_hash(ola), "another long password of hers")
    assert ola.sign_in("another long password of hers").status == 201


def test_two_that_hash_anew_at_once_both_sign_in(ola: Person, raised: None) -> None:
    others: list[Response] = []
    with just_before(ola.world, 4, lambda: others.append(ola.sign_in())):
        answer = ola.sign_in()
    assert others[0].status == answer.status == 201
    assert ola.sign_in(PASSWORD).status == 201


# ── One password, however its letters are made ───────────────────────────────────────────────────────────────────────


def test_a_password_is_the_same_however_the_keyboard_makes_its_letters(world: LocalCloud) -> None:
    composed, decomposed = "zażółć gęślą jaźń", "zaz\u0307o\u0301łc\u0301 ge\u0328s\u0301la\u0328 jaz\u0301n\u0301"
    assert composed != decomposed
    person = Person(world, "ola@example.com")
    assert person.confirm(person.register(password=decomposed)).status == 201
    assert person.sign_in(composed).status == person.sign_in(decomposed).status == 201
    assert person.sign_in("zazolc gesla jazn").status == 401


def test_what_only_looks_alike_is_another_password(world: LocalCloud) -> None:
    person = Person(world, "ola@example.com")
    assert person.confirm(person.register(password="area in m² of a house")).status == 201
    assert person.sign_in("area in m2 of a house").status == 401


def test_a_password_of_128_characters_is_kept_whole(world: LocalCloud) -> None:
    long = "🦉 sowa nad wodą " * 8
    person = Person(world, "ola@example.com")
    assert len(long) == 128
    assert person.confirm(person.register(password=long)).status == 201
    assert person.sign_in(long[:-1] + "x").status == person.sign_in(long[:-1]).status == 401
    assert person.sign_in(long).status == 201


@pytest.mark.parametrize("before", (0, 1, 9))
def test_of_passwords_tried_at_the_same_moment_one_is_looked_at(ola: Person, before: int) -> None:
    """Else as many could be tried as come at once, and only one of them be counted."""
    thief = on(ola, "a thief's")
    for _ in range(before):
        assert thief.sign_in("wrong").status == 401
    with just_before(ola.world, 4, lambda: on(ola, "another thief's").sign_in("wrong")):
        answer = thief.sign_in()
    assert (answer.status, answer.json["code"]) == (429, "TooMany")
    assert ola.sign_in().status == 201  # on her own terminal she waits for nobody
