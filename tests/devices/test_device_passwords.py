"""A device's own password (B8): set, checked, reset by a code, guessed at in vain, and never shown."""

from __future__ import annotations

import pytest

from infra.local.gateway import Response
from tests.conftest import Home
from tests.privacy.exports import archive
from tests.scene import DEVICE_PASSWORD, at_once, everything_stored, rows

NEW = "nine brown owls"


def refusal(answer: Response) -> tuple[int, str]:
    return answer.status, answer.json["code"]


def set_password(home: Home, password: str, **more: str) -> Response:
    return home.owner.set_device_password(home.camera.device_id, password, **more)


def check_password(home: Home, password: str) -> Response:
    return home.owner.check_device_password(home.camera.device_id, password)


def ask(home: Home, **headers: str) -> Response:
    return home.owner.call("POST", f"/devices/{home.camera.device_id}/password/reset", headers=headers)


def reset(home: Home, code: str, password: str = NEW) -> Response:
    body = {"code": code, "password": password}
    return home.owner.call("POST", f"/devices/{home.camera.device_id}/password/reset/confirm", body)


@pytest.fixture
def guarded(home: Home) -> Home:
    """Its camera has a password."""
    assert set_password(home, DEVICE_PASSWORD).status == 204
    return home


def test_the_password_that_was_set_is_right_and_others_are_not(guarded: Home) -> None:
    assert check_password(guarded, DEVICE_PASSWORD).status == 204
    answer = check_password(guarded, DEVICE_PASSWORD.upper())
    assert (*refusal(answer), list(answer.json["fields"])) == (422, "DevicePasswordWrong", ["password"])


def test_who_changes_it_has_to_know_it(guarded: Home) -> None:
    for more in ({}, {"current": ""}, {"current": "wrong"}):
        answer = set_password(guarded, NEW, **more)
        assert (*refusal(answer), list(answer.json["fields"])) == (422, "DevicePasswordWrong", ["current"])
    assert check_password(guarded, DEVICE_PASSWORD).status == 204
    assert set_password(guarded, NEW, current=DEVICE_PASSWORD).status == 204
    assert check_password(guarded, NEW).status == 204
    assert check_password(guarded, DEVICE_PASSWORD).status == 422


def test_a_device_without_one_has_nothing_to_check(home: Home) -> None:
    assert refusal(check_password(home, "")) == (409, "NoDevicePassword")


@pytest.mark.parametrize("password", ["", "x" * 129, None, 7])
def test_what_is_no_password_is_named(home: Home, password: object) -> None:
    answer = home.owner.call("PUT", f"/devices/{home.camera.device_id}/password", {"password": password})
    assert (answer.status, list(answer.json["fields"])) == (422, ["password"])


def test_ten_wrong_ones_lock_it_for_half_an_hour_and_twenty_for_a_day(guarded: Home) -> None:
    for number in range(10):
        assert refusal(check_password(guarded, f"wrong {number}")) == (422, "DevicePasswordWrong")
    for answer in (check_password(guarded, DEVICE_PASSWORD), set_password(guarded, NEW, current=DEVICE_PASSWORD)):
        assert (*refusal(answer), answer.headers["Retry-After"]) == (429, "TooManyTries", "1800")
    guarded.world.advance(1800)
    guarded.owner.sign_in()
    for number in range(10):
        set_password(guarded, NEW, current=f"wrong {number}")
    assert check_password(guarded, DEVICE_PASSWORD).headers["Retry-After"] == "86400"


def test_many_tries_at_once_are_still_ten(guarded: Home) -> None:
    answers = [
        refusal(answer) for _ in range(4) for answer in at_once(*[lambda: check_password(guarded, "wrong")] * 6)
    ]  # fmt: skip
    assert 1 <= answers.count((422, "DevicePasswordWrong")) <= 10
    assert set(answers) <= {(422, "DevicePasswordWrong"), (429, "TooManyTries")}


def test_a_right_one_is_no_try_and_forgives_no_wrong_ones(guarded: Home) -> None:
    for _ in range(9):
        check_password(guarded, "wrong")
    for _ in range(3):
        assert check_password(guarded, DEVICE_PASSWORD).status == 204
    assert check_password(guarded, "wrong").status == 422
    assert refusal(check_password(guarded, DEVICE_PASSWORD)) == (429, "TooManyTries")


def test_who_forgot_it_sets_another_by_a_code_to_the_own_address(guarded: Home) -> None:
    assert ask(guarded).status == 202
    assert reset(guarded, guarded.owner.newest_code()).status == 204
    assert check_password(guarded, NEW).status == 204


def test_a_code_is_good_for_five_tries_and_once_and_ten_minutes(guarded: Home) -> None:
    ask(guarded)
    code = guarded.owner.newest_code()
    wrong = f"{(int(code) + 1) % 10**6:06d}"
    for _ in range(5):
        assert refusal(reset(guarded, wrong)) == (422, "CodeWrong")
    assert refusal(reset(guarded, code)) == (410, "CodeOver")
    guarded.world.advance(60)
    ask(guarded)
    assert reset(guarded, guarded.owner.newest_code()).status == 204
    assert refusal(reset(guarded, guarded.owner.newest_code())) == (410, "CodeOver")
    guarded.world.advance(120)
    ask(guarded)
    guarded.world.advance(600)
    assert refusal(reset(guarded, guarded.owner.newest_code())) == (410, "CodeOver")
    assert check_password(guarded, NEW).status == 204


def test_a_code_of_another_purpose_is_no_code(guarded: Home) -> None:
    guarded.owner.call("POST", "/step-up", {})
    assert refusal(reset(guarded, guarded.owner.newest_code())) == (410, "CodeOver")


def test_codes_do_not_come_one_after_the_other_and_a_repeat_sends_the_same(guarded: Home) -> None:
    key = {"Idempotency-Key": "asking-0123456789abcdef"}
    assert (ask(guarded, **key).status, ask(guarded, **key).status) == (202, 202)
    first, second = [mail["code"] for mail in guarded.world.outbox(guarded.owner.email)[:2]]
    assert first == second
    assert refusal(ask(guarded)) == (429, "CodeTooSoon")


def test_strangers_neither_set_nor_check_nor_reset_it_nor_write_anything(guarded: Home) -> None:
    assert check_password(guarded, "wrong").status == 422
    path, before = f"/devices/{guarded.camera.device_id}/password", rows(guarded.world, "device/password-tries")
    assert len(before) == 1
    for method, more, body in (
        ("PUT", "", {"password": NEW}),
        ("POST", "/check", {"password": DEVICE_PASSWORD}),
        ("POST", "/reset", {}),
        ("POST", "/reset/confirm", {"code": "123456", "password": NEW}),
    ):
        assert refusal(guarded.stranger.call(method, path + more, body)) == (404, "NotFound")
    assert rows(guarded.world, "device/password-tries") == before


def test_it_is_nowhere_in_the_clear_and_in_no_answer(guarded: Home) -> None:
    assert DEVICE_PASSWORD not in everything_stored(guarded.world)
    said = [guarded.owner.call("GET", path).body for path in ("/devices", f"/devices/{guarded.camera.device_id}")]
    assert not [body for body in said if DEVICE_PASSWORD.encode() in body]


def test_a_copy_of_ones_data_says_that_it_is_withheld(guarded: Home) -> None:
    copy = archive(guarded.owner)
    assert not [name for name in copy.namelist() if DEVICE_PASSWORD.encode() in copy.read(name)]
    assert b'"attribute": "password"' in copy.read("export.json")
