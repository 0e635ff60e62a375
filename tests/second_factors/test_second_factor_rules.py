"""What holds for second factors, by the rules alone."""

from __future__ import annotations

import base64
import json

import pytest

from chalicelib.second_factors import rules

# RFC 6238, appendix B: the secret of its SHA-1 vectors, and the last six of their eight digits.
SECRET = base64.b32encode(b"12345678901234567890").decode()
VECTORS = {
    59: "94287082",
    1111111109: "07081804",
    1111111111: "14050471",
    1234567890: "89005924",
    2000000000: "69279037",
    20000000000: "65353130",
}
HOUR, DAY = 3_600, 86_400


@pytest.mark.parametrize("at", VECTORS)
def test_codes_are_those_of_the_standard(at: int) -> None:
    assert rules.step_of(SECRET, VECTORS[at][2:], at, after=-1) == at // 30


@pytest.mark.parametrize("at", VECTORS)
def test_a_code_is_good_for_one_step_before_and_after_and_not_for_two(at: int) -> None:
    code, step = VECTORS[at][2:], at // 30
    for steps in (-1, 1):
        assert rules.step_of(SECRET, code, at + steps * 30, after=-1) == step
    for steps in (-2, 2):
        assert rules.step_of(SECRET, code, at + steps * 30, after=-1) is None


def test_a_step_that_was_used_is_over_and_those_before_it() -> None:
    at, code = 1111111109, VECTORS[1111111109][2:]
    step = at // 30
    assert rules.step_of(SECRET, code, at, after=step - 1) == step
    assert rules.step_of(SECRET, code, at, after=step) is None
    assert rules.step_of(SECRET, code, at + 30, after=step) is None


@pytest.mark.parametrize("code", ["", "00000", "0000000", "94287082", "٤٩٢٨٧٠"])
def test_what_is_no_code_is_none(code: str) -> None:
    assert rules.step_of(SECRET, code, 59, after=-1) is None


def test_waits_begin_with_the_fifth_and_grow_to_a_day() -> None:
    waits = [rules.wait_after_wrong_s(wrong) for wrong in range(1, 21)]
    assert waits[:8] == [0, 0, 0, 0, 30, 60, 120, 240]
    assert waits[-1] == DAY
    assert rules.WRONG_REMEMBERED_HOURS * HOUR > DAY


def test_in_a_month_of_guessing_fewer_than_fifty_codes_are_looked_at() -> None:
    """NIST SP 800-63B-4, 3.2.2, allows a hundred in a row."""
    looked_at = now = 0
    while now < 30 * DAY:
        looked_at += 1
        now += max(1, rules.wait_after_wrong_s(looked_at))
    assert looked_at < 50


def test_a_count_that_does_not_grow_is_a_copys_unless_there_is_none() -> None:
    assert not rules.is_copied(0, 0)
    assert not rules.is_copied(0, 1)
    assert not rules.is_copied(4, 9)
    assert rules.is_copied(4, 4)
    assert rules.is_copied(4, 3)
    assert rules.is_copied(4, 0)


def test_a_recovery_code_is_read_as_people_type_it() -> None:
    assert rules.shown("abcdefgh23456777") == "abcd-efgh-2345-6777"
    for typed in ("abcd-efgh-2345-6777", " ABCD EFGH 2345 6777 ", "abcdefgh23456777"):
        assert rules.as_made(typed) == "abcdefgh23456777"


def encoded(said: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(said).encode()).decode().rstrip("=")


def test_a_challenge_is_found_in_what_a_browser_says() -> None:
    assert rules.challenge_in(encoded({"type": "webauthn.get", "challenge": "AbC-_1"})) == "AbC-_1"


@pytest.mark.parametrize(
    "said",
    ["", "e30", "%%%", "ą", encoded([]), encoded("challenge"), encoded(None), encoded({"challenge": "\ud800"}),
     base64.urlsafe_b64encode(b"[" * 100_000).decode()],
)  # fmt: skip
def test_where_there_is_none_none_is_found(said: str) -> None:
    assert rules.challenge_in(said) == ""
