"""A forgotten password: a code to the account's own address, and an answer that tells nothing."""

from __future__ import annotations

from typing import Any
from unittest.mock import Mock, patch

import pytest

from chalicelib.accounts.actions import passwords
from infra.local.gateway import Response
from infra.strict_moto.faults import DIES_AFTER
from tests.conftest import Home
from tests.scene import (
    NEW_PASSWORD,
    PASSWORD,
    Camera,
    Person,
    ask_for_reset,
    everything_stored,
    just_before,
    looks,
    new_camera,
    rows,
)

KEY = {"Idempotency-Key": "resetting-0123456789"}
MAC = "02:00:5e:10:00:01"


def confirm(home: Home, reset_id: str, code: str, password: str = NEW_PASSWORD, **headers: str) -> Response:
    body = {"reset_id": reset_id, "code": code, "password": password}
    return home.world.call("POST", "/password-resets/confirm", body, headers=headers)


def refusal(answer: Response) -> tuple[int, str]:
    return answer.status, answer.json["code"]


def wrong(code: str) -> str:
    return f"{(int(code) + 1) % 1_000_000:06d}"


def test_the_code_sets_a_new_password_ends_all_sessions_and_tells(home: Home) -> None:
    answer = confirm(home, ask_for_reset(home.world, home.owner.email), home.owner.newest_code())
    assert answer.status == 204
    assert home.owner.call("GET", "/me").status == 401
    refreshed = home.world.call("POST", "/sessions/refresh", {"refresh_token": home.owner.refresh_token})
    assert refreshed.status == 401
    assert Person(**vars(home.owner)).sign_in().status == 401
    assert home.owner.sign_in(NEW_PASSWORD).status == 201
    assert home.world.outbox(home.owner.email)[0]["subject"] == "The password of your Sowa account was changed"
    assert home.stranger.call("GET", "/me").status == 200
    home.world.settle()
    assert [row for row in rows(home.world, "account/endpoint") if home.owner.account_id in row["pk"]] == []
    assert rows(home.world, "address/reset") == []


def looked_at(home: Home, body: dict[str, Any], path: str = "/password-resets") -> Any:
    passwords._hash_of_nothing()
    home.world.trace.clear()
    with patch.object(passwords, "_hasher", return_value=Mock(wraps=passwords._hasher())) as used:
        answer = home.world.call("POST", path, body)
        return looks(answer), home.world.trace.names(), [call[0] for call in used.return_value.method_calls]


def test_known_and_unknown_addresses_get_the_same_answer_for_the_same_work(home: Home) -> None:
    seen = [looked_at(home, {"email": email}) for email in (home.owner.email, "nobody@example.com")]
    assert seen[0] == seen[1]
    assert seen[0][0][0] == 202
    # And the same again, when both have to wait.
    seen = [looked_at(home, {"email": email}) for email in (home.owner.email, "nobody@example.com")]
    assert seen[0] == seen[1]
    assert seen[0][0][0] == 429


def test_a_wrong_code_for_a_known_and_an_unknown_address_is_the_same_work(home: Home) -> None:
    seen = []
    for email in (home.owner.email, "nobody@example.com"):
        reset_id = ask_for_reset(home.world, email)
        code = wrong(home.owner.newest_code())
        body = {"reset_id": reset_id, "code": code, "password": NEW_PASSWORD}
        seen.append(looked_at(home, body, "/password-resets/confirm"))
    assert seen[0] == seen[1]
    assert seen[0][0][0] == 422


def test_an_unknown_address_is_told_so_by_mail_and_gets_no_code(home: Home) -> None:
    reset_id = ask_for_reset(home.world, "nobody@example.com")
    (mail,) = home.world.outbox("nobody@example.com")
    assert mail["subject"] == "No Sowa account for this address"
    assert "code" not in mail
    assert home.owner.email not in everything_stored(home.world)
    assert refusal(confirm(home, reset_id, "123456"))[0] == 422


def test_not_even_the_right_code_opens_what_is_no_account(home: Home) -> None:
    with patch("chalicelib.ids.as_code", lambda raw: "123456"):
        reset_id = ask_for_reset(home.world, "nobody@example.com")
        assert refusal(confirm(home, reset_id, "123456")) == (422, "CodeWrong")


def with_device(home: Home, **other: Any) -> dict[str, Any]:
    return {"sn": home.camera.sn, "mac": MAC, "email": home.owner.email, **other}


def test_the_owner_of_a_device_names_it_and_the_code_goes_to_the_account(home: Home) -> None:
    for body in (
        with_device(home),
        with_device(home, sn=home.camera.sn.lower(), mac="02-00-5E-10-00-01"),
        with_device(home, mac="02005e100001"),
    ):
        home.world.advance(60)
        answer = home.world.call("POST", "/password-resets", body)
        assert answer.status == 202
        mail = home.world.outbox()[0]
        assert (mail["to"], "code" in mail) == (home.owner.email, True)
    assert confirm(home, answer.json["reset_id"], home.owner.newest_code()).status == 204


def test_whether_device_and_address_belong_together_is_not_told(home: Home) -> None:
    new_camera(home.world, "SN0050")  # nobody's
    silent = Camera(home.world, sn="SN0051")  # which has never said what it is
    silent.load()
    assert home.owner.bind(silent).status == 201
    bodies = [
        with_device(home),
        with_device(home, mac="02:00:5e:10:00:02"),
        with_device(home, sn="SN0050"),
        with_device(home, sn="no such camera"),
        with_device(home, sn="SN0051", mac=" "),
        with_device(home, sn="SN0051", mac=":"),
        with_device(home, email=home.stranger.email),
        with_device(home, email="nobody@example.com"),
    ]
    before, seen = home.world.snapshot(), []
    for body in bodies:
        home.world.restore(before)
        seen.append(looked_at(home, body))
        has_code = "code" in home.world.outbox(body["email"])[0]
        assert has_code == (body is bodies[0]), body
    assert all(one == seen[0] for one in seen)
    assert len(seen[0][1]) == 6


@pytest.mark.parametrize("left_out", ["sn", "mac", "email"])
def test_a_device_is_named_whole(home: Home, left_out: str) -> None:
    body = {name: value for name, value in with_device(home).items() if name != left_out}
    answer = home.world.call("POST", "/password-resets", body)
    assert (answer.status, list(answer.json["fields"])) == (422, [left_out])


@pytest.mark.parametrize(("seconds", "status"), [(599, 204), (600, 410)])
def test_a_code_lives_ten_minutes_exactly(home: Home, seconds: int, status: int) -> None:
    reset_id, code = ask_for_reset(home.world, home.owner.email), home.owner.newest_code()
    home.world.advance(seconds)
    assert confirm(home, reset_id, code).status == status


def test_a_code_dies_with_the_fifth_wrong_try(home: Home) -> None:
    reset_id, code = ask_for_reset(home.world, home.owner.email), home.owner.newest_code()
    for _ in range(5):
        assert refusal(confirm(home, reset_id, wrong(code))) == (422, "CodeWrong")
    assert refusal(confirm(home, reset_id, code)) == (410, "CodeOver")
    assert home.owner.call("GET", "/me").status == 200


def test_a_new_code_kills_the_old_and_the_waits_grow(home: Home) -> None:
    reset_id, old = ask_for_reset(home.world, home.owner.email), home.owner.newest_code()
    for wait in (30, 60, 120):
        answer = home.world.call("POST", "/password-resets", {"email": home.owner.email})
        assert (*refusal(answer), answer.headers["Retry-After"]) == (429, "CodeTooSoon", str(wait))
        home.world.advance(wait)
        ask_for_reset(home.world, home.owner.email)
    assert home.owner.newest_code() != old
    assert refusal(confirm(home, reset_id, old)) == (422, "CodeWrong")
    assert confirm(home, reset_id, home.owner.newest_code()).status == 204


@pytest.mark.parametrize("reset_id", ["a", "a" * 98, "ą" * 20, "=" * 16, "#", "A" * 128])
def test_an_id_that_was_never_given_is_over(home: Home, reset_id: str) -> None:
    ask_for_reset(home.world, home.owner.email)
    assert refusal(confirm(home, reset_id, home.owner.newest_code())) == (410, "CodeOver")


def test_another_ones_reset_does_not_open_mine(home: Home) -> None:
    ask_for_reset(home.world, home.owner.email)
    theirs = ask_for_reset(home.world, home.stranger.email)
    assert refusal(confirm(home, theirs, home.owner.newest_code())) == (422, "CodeWrong")


@pytest.mark.parametrize("password", ["short", "passwordpassword", "ola@example.com"])
def test_a_bad_password_is_refused_and_the_code_stays_good(home: Home, password: str) -> None:
    reset_id, code = ask_for_reset(home.world, home.owner.email), home.owner.newest_code()
    assert refusal(confirm(home, reset_id, code, password)) == (422, "PasswordTooEasy")
    assert confirm(home, reset_id, code).status == 204


def test_the_exact_repeat_is_answered_and_another_request_is_not(home: Home) -> None:
    reset_id, code = ask_for_reset(home.world, home.owner.email), home.owner.newest_code()
    assert [confirm(home, reset_id, code, **KEY).status for _ in range(2)] == [204, 204]
    assert refusal(confirm(home, reset_id, code)) == (410, "CodeOver")
    assert refusal(confirm(home, reset_id, code, "some other long password", **KEY)) == (410, "CodeOver")
    assert home.owner.sign_in(NEW_PASSWORD).status == 201


def test_a_repeated_reset_counts_for_a_day_and_until_the_password_is_another(home: Home) -> None:
    reset_id, code = ask_for_reset(home.world, home.owner.email), home.owner.newest_code()
    assert confirm(home, reset_id, code, **KEY).status == 204
    home.world.advance(24 * 3600 - 1, reaper_lag_seconds=None)
    assert confirm(home, reset_id, code, **KEY).status == 204
    home.world.advance(1, reaper_lag_seconds=None)
    assert refusal(confirm(home, reset_id, code, **KEY)) == (410, "CodeOver")


def test_a_used_reset_tells_nobody_whether_a_password_is_right(home: Home) -> None:
    """It was a way to guess that nothing counted."""
    reset_id, code = ask_for_reset(home.world, home.owner.email), home.owner.newest_code()
    assert confirm(home, reset_id, code, **KEY).status == 204
    assert home.owner.sign_in(NEW_PASSWORD).status == 201
    changed = {"current": NEW_PASSWORD, "new": "a third one that is long"}
    assert home.owner.call("PUT", "/me/password", changed).status == 204
    for guess in ("a third one that is long", NEW_PASSWORD):
        assert refusal(confirm(home, reset_id, code, guess, **KEY)) == (410, "CodeOver")


def test_a_code_that_was_lost_with_its_function_is_sent_by_the_repeat(home: Home) -> None:
    sent = len(home.world.outbox(home.owner.email))
    home.world.faults.fail(3, DIES_AFTER)
    assert home.world.call("POST", "/password-resets", {"email": home.owner.email}, headers=KEY).status == 502
    assert len(home.world.outbox(home.owner.email)) == sent
    reset_id = ask_for_reset(home.world, home.owner.email, **KEY)
    assert confirm(home, reset_id, home.owner.newest_code()).status == 204


@pytest.mark.parametrize("nth", range(1, 5))
def test_who_signs_in_while_the_password_is_reset_is_out_again(home: Home, nth: int) -> None:
    reset_id, code = ask_for_reset(home.world, home.owner.email), home.owner.newest_code()
    thief = Person(**{**vars(home.owner), "terminal": {**home.owner.terminal, "unique_id": "thief's"}})
    with just_before(home.world, nth, lambda: thief.sign_in(PASSWORD)):
        assert confirm(home, reset_id, code).status == 204
    assert thief.call("GET", "/me").status == 401


def test_who_closed_the_account_leaves_no_reset(home: Home) -> None:
    reset_id = ask_for_reset(home.world, home.owner.email)
    code = home.owner.newest_code()
    home.owner.step_up()
    assert home.owner.close().status == 202
    assert rows(home.world, "address/reset") == []
    assert refusal(confirm(home, reset_id, code)) == (410, "CodeOver")
