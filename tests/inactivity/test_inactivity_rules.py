"""Nothing is deleted for not being used unless its person was told in time and heard of it."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chalicelib.inactivity.rules import DAY_S, GAPS_S, NOTICE_S, WARNED_AFTER_S, History, left_s, next_step

LAST_USE = 1_767_600_000


@dataclass
class Played:
    """An account that nobody uses, looked at by a job that may be late, with mails that may not arrive."""

    arrives_after: list[int | None]
    late_by: list[int] = field(default_factory=list)
    warned: list[int] = field(default_factory=list)
    reminded: list[int] = field(default_factory=list)
    arrived: list[int] = field(default_factory=list)
    ended: tuple[str, int] | None = None

    def play(self) -> Played:
        history, now = History(used_at=LAST_USE), LAST_USE
        for turn in range(60):
            arrived = [at for at in self.arrived if at <= now]
            history = History(**{**_fields(history), "arrived_at": min(arrived, default=None)})
            step = next_step(history, now)
            if step.act in ("delete", "close"):
                self.ended = (step.act, now)
                return self
            if step.act == "warn":
                self._warn(now)
                first = history.warned_at if history.stage == "warned" else now
                history = History(LAST_USE, "warned", first, now, 1)
            elif step.act == "remind":
                self.reminded.append(now)
                history = History(LAST_USE, "warned", history.warned_at, now, history.warnings + 1)
            else:
                assert step.at > now
                now = step.at
            now += self.late_by[turn % len(self.late_by)] if self.late_by else 0
        raise AssertionError("it never ends")

    def _warn(self, now: int) -> None:
        self.warned.append(now)
        after = self.arrives_after[min(len(self.warned), len(self.arrives_after)) - 1]
        if after is not None:
            self.arrived.append(now + after)


def _fields(history: History) -> dict[str, object]:
    return {name: getattr(history, name) for name in history.__struct_fields__}


def days(times: list[int]) -> list[int]:
    return [(at - LAST_USE) // DAY_S for at in times]


def test_who_is_told_in_time_is_reminded_at_thirty_seven_and_one_and_deleted_after_two_years() -> None:
    played = Played([60]).play()
    assert (days(played.warned), days(played.reminded)) == ([640], [700, 723, 729])
    assert played.ended is not None and played.ended[0] == "delete"
    assert played.ended[1] == played.arrived[0] + NOTICE_S


def test_who_cannot_be_reached_is_told_again_and_never_deleted() -> None:
    played = Played([None]).play()
    assert (days(played.warned), played.reminded) == ([640, 670, 700], [])
    assert played.ended == ("close", LAST_USE + WARNED_AFTER_S + NOTICE_S)


def test_ninety_days_count_from_the_warning_that_arrived() -> None:
    played = Played([None, 3600]).play()
    assert days(played.warned) == [640, 670]
    assert played.ended is not None and days([played.ended[1]]) == [760]


@settings(max_examples=200)
@given(
    st.lists(st.none() | st.integers(0, 80 * DAY_S), min_size=1, max_size=4),
    st.lists(st.integers(0, 20 * DAY_S), max_size=6),
)
def test_whatever_is_late_nothing_is_deleted_without_ninety_days_and_all_reminders(
    arrives_after: list[int | None], late_by: list[int]
) -> None:
    played = Played(arrives_after, late_by).play()
    assert played.ended is not None
    act, at = played.ended
    assert at >= LAST_USE + WARNED_AFTER_S + NOTICE_S
    if act == "delete":
        assert at - min(played.arrived) >= NOTICE_S and len(played.reminded) == 3
        said = [played.warned[-1], *played.reminded, at]
        assert all(after - before >= gap for before, after, gap in zip(said[:-1], said[1:], GAPS_S, strict=True))


@pytest.mark.parametrize(("warning", "left"), [(1, 90), (2, 30), (3, 7), (4, 1)])
def test_a_warning_says_how_long_is_left(warning: int, left: int) -> None:
    assert left_s(warning) == left * DAY_S


def test_what_was_closed_is_emptied_after_a_year_and_then_only_looked_at() -> None:
    closed = History(LAST_USE, "unreachable", LAST_USE, LAST_USE)
    assert next_step(closed, LAST_USE + 364 * DAY_S).act == "wait"
    assert next_step(closed, LAST_USE + 365 * DAY_S).act == "empty"
    assert next_step(History(LAST_USE, "emptied", LAST_USE, LAST_USE), LAST_USE * 2).act == "wait"
