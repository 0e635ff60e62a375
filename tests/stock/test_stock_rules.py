"""Serial numbers, printed codes, and what a camera says of itself, as tables."""

from __future__ import annotations

from itertools import permutations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chalicelib.stock import rules as stock_rules
from chalicelib.stock.rules import STATE_PARTS, StateTimes, take_report


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
    assert stock_rules.normal_sn(typed) == normal


@pytest.mark.parametrize(
    "typed", ["ABCD-2345", "abcd2345", " ab cd\t23-45 ", "A-B-C-D-2-3-4-5", "abcd 2345", "ABCD\u20132345"]
)
def test_a_printed_code_may_be_typed_any_way(typed: str) -> None:
    assert stock_rules.normal_code(typed) == "ABCD2345"


# What a camera says of itself, and when

MINUTE_MS, DAY_MS, NOW_MS = 60_000, 86_400_000, 1_767_600_000_123
# A stamp, a part of the state, and how long after the report before it arrives.
_REPORTS = st.lists(
    st.tuples(
        st.one_of(st.none(), st.integers(0, 4_102_444_800_000), st.integers(NOW_MS - 8 * DAY_MS, NOW_MS + DAY_MS)),
        st.sampled_from(STATE_PARTS),
        st.integers(0, DAY_MS),
    ),
    max_size=12,
)


@pytest.mark.parametrize(
    ("stamp_ms", "is_believed"),
    [
        (NOW_MS, True),
        (NOW_MS + MINUTE_MS, True),
        (NOW_MS + MINUTE_MS + 1, False),
        (NOW_MS - 7 * DAY_MS, True),
        (NOW_MS - 7 * DAY_MS - 1, False),
        (946_684_800_000, False),
    ],
)
def test_a_stamp_is_believed_from_seven_days_before_its_arrival_to_a_minute_after(
    stamp_ms: int, is_believed: bool
) -> None:
    assert stock_rules.is_believed(stamp_ms, NOW_MS) is is_believed


@settings(max_examples=150, suppress_health_check=[HealthCheck.too_slow])
@given(_REPORTS)
def test_whatever_clocks_said_a_right_one_is_heard_a_minute_later(reports: list[tuple[int | None, str, int]]) -> None:
    times, arrived_ms = StateTimes(), NOW_MS
    for stamp_ms, part, later_ms in reports:
        arrived_ms += later_ms
        times, _ = take_report(times, [part], stamp_ms, arrived_ms)
    arrived_ms += MINUTE_MS + 1
    assert take_report(times, STATE_PARTS, arrived_ms, arrived_ms + 900)[1] == set(STATE_PARTS)


def test_reports_of_a_right_clock_come_to_the_same_in_whatever_order_they_arrive() -> None:
    for order in permutations([(1, "a"), (2, "a"), (3, "b"), (4, "b"), (5, "a")]):
        times, known = StateTimes(), {}
        for turn, (second, part) in enumerate(order):
            times, news = take_report(times, [part], NOW_MS + second * 1000, NOW_MS + 5000 + turn)
            known |= dict.fromkeys(news, second)
        assert known == {"a": 5, "b": 4}


def test_the_times_of_a_state_are_read_as_they_were_written() -> None:
    times, _ = take_report(StateTimes(), ["lan"], NOW_MS, NOW_MS)
    times, _ = take_report(times, ["firmware"], NOW_MS - DAY_MS, NOW_MS)
    expected = StateTimes({"lan": NOW_MS, "firmware": NOW_MS - DAY_MS}, DAY_MS, NOW_MS)
    assert StateTimes.of(times.text) == times == expected


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
    assert stock_rules.normal_mac(typed) == "02005E100001"
