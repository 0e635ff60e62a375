"""Where media lies: by day or hour, then by whom, so that a time and a subject can both be found and deleted."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from chalicelib.register import catalogue, rows
from chalicelib.register.prefixes import Endless, Prefix

KEEP_DAYS = 7
PICTURES = Prefix("alarms", subject="device", row=rows.ALARM_MESSAGES, keep_days=KEEP_DAYS, by="hour")
BY_DAY = Prefix("exports", subject="account", row=rows.ALARM_MESSAGES, keep_days=1)
FOR_EVER = Prefix("avatars", subject="account", row=rows.ALARM_MESSAGES, keep_days=None)
CLASS = Prefix("films/7", subject="device", row=rows.ALARM_MESSAGES, keep_days=7)
AT = datetime(2026, 3, 1, 23, 59, 59, tzinfo=UTC)


def test_a_prefix_is_its_name_the_hour_or_the_day_and_the_subject() -> None:
    assert PICTURES.day(AT) == "alarms/2026030123/"
    assert PICTURES.of(AT, "d") == "alarms/2026030123/d/"
    assert BY_DAY.of(AT, "d") == "exports/20260301/d/"


def test_the_hours_between_two_times_are_all_that_either_touches() -> None:
    later = AT + timedelta(minutes=61)
    assert list(PICTURES.stamps(AT, later)) == ["2026030123", "2026030200", "2026030201"]
    assert list(BY_DAY.stamps(AT, later)) == ["20260301", "20260302"]
    assert list(PICTURES.stamps(AT, AT)) == ["2026030123"]


@pytest.mark.parametrize(
    ("key", "cut"),
    [
        ("alarms/2026030123/d/1/name.jpg", ("d", "1/name.jpg")),
        ("alarms/2026030123/d/", ("d", "")),
        ("alarms/2026030123/d", ("", "")),
        ("alarms", ("", "")),
        ("", ("", "")),
        ("exports/20260301/d/name.jpg", ("", "")),
    ],
)
def test_a_key_is_cut_into_its_subject_and_its_name(key: str, cut: tuple[str, str]) -> None:
    assert PICTURES.parse_key(key) == cut


def test_what_has_no_end_lies_in_one_place_whenever_it_came_and_has_no_days() -> None:
    later = AT + timedelta(days=4000)
    assert FOR_EVER.of(AT, "a") == FOR_EVER.of(later, "a") == "avatars/kept/a/"
    assert FOR_EVER.parse_key("avatars/kept/a/x.jpg") == ("a", "x.jpg")
    with pytest.raises(Endless, match="avatars"):
        _ = FOR_EVER.keep


def test_a_name_with_a_slash_is_one_name() -> None:
    assert CLASS.root == "films/7/"
    assert (CLASS.day(AT), CLASS.of(AT, "d")) == ("films/7/20260301/", "films/7/20260301/d/")
    key = f"{CLASS.of(AT, 'd')}1-2359x/1/a.m4s"
    assert (CLASS.stamp_of(key), CLASS.parse_key(key)) == ("20260301", ("d", "1-2359x/1/a.m4s"))


@pytest.mark.parametrize("key", ["films/30/20260301/d/1", "films/70/20260301/d/1", "films/20260301/d/1", "films/7", ""])
def test_a_key_of_a_name_that_begins_alike_is_anothers(key: str) -> None:
    assert (CLASS.stamp_of(key), CLASS.parse_key(key)) == ("", ("", ""))


def test_no_prefix_lies_below_another() -> None:
    roots = [prefix.root for prefix in catalogue.PREFIXES]
    assert len(roots) >= 6
    assert not [(one, other) for one in roots for other in roots if one != other and other.startswith(one)]
