"""Ages, passwords and waits, as tables."""

from __future__ import annotations

from datetime import date

import pytest

from chalicelib.accounts import rules
from chalicelib.contacts import rules as contacts_rules
from chalicelib.errors import Invalid

TODAY = date(2026, 1, 5)


@pytest.mark.parametrize(
    ("born", "today", "years"),
    [
        (date(2010, 1, 5), TODAY, 16),
        (date(2010, 1, 6), TODAY, 15),
        (date(2009, 12, 31), TODAY, 16),
        (date(2026, 1, 5), TODAY, 0),
        # A leap-day child has its birthday on 1 March where there is no 29 February.
        (date(2008, 2, 29), date(2026, 2, 28), 17),
        (date(2008, 2, 29), date(2026, 3, 1), 18),
        (date(2012, 2, 29), date(2028, 2, 28), 15),
        (date(2012, 2, 29), date(2028, 2, 29), 16),
        (date(2084, 2, 29), date(2100, 2, 28), 15),
        (date(2084, 2, 29), date(2100, 3, 1), 16),
    ],
)
def test_an_age_is_counted_in_whole_years(born: date, today: date, years: int) -> None:
    assert rules.age_years(born, today) == years


def test_sixteen_is_old_enough_and_a_day_less_is_not() -> None:
    rules.require_age(date(2010, 1, 5), TODAY)
    with pytest.raises(rules.TooYoung):
        rules.require_age(date(2010, 1, 6), TODAY)


@pytest.mark.parametrize("born", [date(2026, 1, 6), date(9999, 12, 31), date(1, 1, 1), date(1895, 1, 5)])
def test_nobody_is_born_tomorrow_or_older_than_anybody(born: date) -> None:
    with pytest.raises(Invalid) as refused:
        rules.require_age(born, TODAY)
    assert not isinstance(refused.value, rules.TooYoung)
    assert list(refused.value.details["fields"]) == ["birth_date"]


@pytest.mark.parametrize(
    "password", ["correct horse b", "zażółć gęślą jaźń", "🦉🦊🐻🐼🐨" * 3, ("sowa nad wodą " * 10)[:128]]
)
def test_any_characters_make_a_password_from_15_to_128(password: str) -> None:
    rules.require_password(password, "ola@example.com", "Ola")


@pytest.mark.parametrize(
    "password",
    [
        "",
        "correct horse ",
        ("sowa nad wodą " * 10)[:129],
        "a" * 20,
        "abcdabcdabcdabcd",
        "aAbBcCdDaAbBcCdD",
        "OLA.LONG.NAME@EXAMPLE.com",
        "aleksandra kowalska",
    ],
)
def test_short_long_monotonous_and_own_names_are_no_passwords(password: str) -> None:
    with pytest.raises(rules.PasswordTooEasy) as refused:
        rules.require_password(password, "ola.long.name@example.com", "Aleksandra Kowalska")
    assert list(refused.value.details["fields"]) == ["password"]


def test_an_empty_nickname_forbids_no_password() -> None:
    rules.require_password("correct horse battery", "ola@example.com", "")


def test_the_wait_before_the_next_code_doubles_up_to_an_hour() -> None:
    assert [contacts_rules.wait_before_resend_s(sends) for sends in range(1, 10)] == [
        30, 60, 120, 240, 480, 960, 1920, 3600, 3600,
    ]  # fmt: skip
    assert contacts_rules.wait_before_resend_s(10_000) == 3600


def test_ten_guesses_are_free_and_then_waits_double_up_to_an_hour() -> None:
    assert {rules.wait_after_guess_s(wrong) for wrong in range(10)} == {0}
    assert [rules.wait_after_guess_s(wrong) for wrong in range(10, 19)] == [
        30, 60, 120, 240, 480, 960, 1920, 3600, 3600,
    ]  # fmt: skip
    assert rules.wait_after_guess_s(10_000) == 3600
