"""Serial numbers, printed codes, locks and time zones, as tables."""

from __future__ import annotations

import pytest

from chalicelib.devices import rules


@pytest.mark.parametrize(
    ("typed", "normal"),
    [
        ("sn0001", "SN0001"),
        (" SN0001\n", "SN0001"),
        ("Sn-0_01", "SN-0_01"),
        ("\ufeffSN\u20110001\u00a0", "SN-0001"),
    ],
)
def test_a_serial_number_is_the_same_in_any_case_and_with_any_dash(typed: str, normal: str) -> None:
    assert rules.normal_sn(typed) == normal


@pytest.mark.parametrize(
    "typed", ["ABCD-2345", "abcd2345", " ab cd\t23-45 ", "A-B-C-D-2-3-4-5", "abcd 2345", "ABCD\u20132345"]
)
def test_a_printed_code_may_be_typed_any_way(typed: str) -> None:
    assert rules.normal_code(typed) == "ABCD2345"


def test_every_tenth_wrong_code_locks_for_half_an_hour_and_every_twentieth_for_a_day() -> None:
    locks = {wrong: seconds for wrong in range(61) if (seconds := rules.locked_s(wrong))}
    assert locks == {10: 1800, 20: 86_400, 30: 1800, 40: 86_400, 50: 1800, 60: 86_400}


@pytest.mark.parametrize("name", ["Europe/Warsaw", "UTC", "America/Argentina/Ushuaia", "Asia/Kathmandu"])
def test_time_zones_are_those_of_iana(name: str) -> None:
    rules.require_time_zone(name)
    assert rules.normal_time_zone(f" {name.upper()}\n") == name


@pytest.mark.parametrize(
    "name", ["", "Warsaw", "europe/warsaw", "Europe/Warsaw ", "+01:00", "../etc/passwd", "/etc/localtime"]
)
def test_what_iana_does_not_know_is_no_time_zone(name: str) -> None:
    with pytest.raises(rules.TimeZoneUnknown) as refused:
        rules.require_time_zone(name)
    assert list(refused.value.details["fields"]) == ["time_zone"]


@pytest.mark.parametrize("name", ["", "Warsaw", "../etc/passwd", "+01:00"])
def test_what_iana_does_not_know_stays_as_it_was_typed(name: str) -> None:
    assert rules.normal_time_zone(name) == name


@pytest.mark.parametrize(
    "typed",
    [
        "02:00:5e:10:00:01",
        "02-00-5E-10-00-01",
        "02005E100001",
        " 0200.5e10.0001 ",
        "02\u201000\u20105E\u201010\u201000\u201001",
    ],
)
def test_a_mac_address_is_the_same_whatever_stands_between_its_digits(typed: str) -> None:
    assert rules.normal_mac(typed) == "02005E100001"
