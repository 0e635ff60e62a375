"""Locks and time zones, as tables."""

from __future__ import annotations

import pytest

from chalicelib.devices import rules


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


@pytest.mark.parametrize("name", ["", "Warsaw", "../etc/passwd", "+01:00", "Factory"])
def test_what_iana_does_not_know_stays_as_it_was_typed(name: str) -> None:
    assert rules.normal_time_zone(name) == name
