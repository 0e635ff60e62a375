"""Rules of accounts that nobody uses: what is to be done, by what was done and by what arrived (IDLE)."""

from __future__ import annotations

from typing import Final, Literal

from msgspec import Struct

from chalicelib.register.rows import INACTIVE_DAYS, NOTICE_DAYS

DAY_S: Final = 86_400
WARNED_AFTER_S: Final = (INACTIVE_DAYS - NOTICE_DAYS) * DAY_S
NOTICE_S: Final = NOTICE_DAYS * DAY_S
# A terminal is known for thirteen months after its last use, and nothing else says when that was.
LOOKED_AT_AFTER_S: Final = 330 * DAY_S
# What has not arrived is tried again.
TRIED_AGAIN_AFTER_S: Final = 30 * DAY_S
# Ninety days before the end, then 30, 7 and 1: each is timed from the one before, so that none is made up for in haste.
GAPS_S: Final = tuple(days * DAY_S for days in (60, 23, 6, 1))
# An account that cannot be reached is emptied so long after it was closed.
EMPTIED_AFTER_S: Final = 365 * DAY_S

Stage = Literal["used", "warned", "unreachable", "emptied"]
Act = Literal["wait", "warn", "remind", "close", "empty", "delete"]


class History(Struct, frozen=True):
    """What was seen of an account and said to its person; times in seconds since 1970. `arrived_at` is when the
    provider said that a first warning had arrived."""

    used_at: int
    stage: Stage = "used"
    warned_at: int = 0
    told_at: int = 0
    warnings: int = 0
    arrived_at: int | None = None


class Step(Struct, frozen=True):
    """What is to be done now, or when to look again."""

    act: Act
    at: int


def next_step(history: History, now: int) -> Step:
    """Nothing is deleted unless a warning arrived at least ninety days ago, and all reminders were sent after it."""
    if history.stage == "emptied":
        return Step("wait", now + LOOKED_AT_AFTER_S)
    if history.stage == "unreachable":
        return _due("empty", history.told_at + EMPTIED_AFTER_S, now)
    if history.stage == "used":
        return _due("warn", history.used_at + WARNED_AFTER_S, now)
    return _not_arrived(history, now) if history.arrived_at is None else _arrived(history, history.arrived_at, now)


def _not_arrived(history: History, now: int) -> Step:
    given_up_at = history.warned_at + NOTICE_S
    if now >= given_up_at:
        return Step("close", now)
    return _due("warn", min(history.told_at + TRIED_AGAIN_AFTER_S, given_up_at), now)


def _arrived(history: History, arrived_at: int, now: int) -> Step:
    gap_s = GAPS_S[history.warnings - 1]
    if history.warnings < len(GAPS_S):
        return _due("remind", history.told_at + gap_s, now)
    return _due("delete", max(history.told_at + gap_s, arrived_at + NOTICE_S), now)


def _due(act: Act, at: int, now: int) -> Step:
    return Step(act, at) if now >= at else Step("wait", min(at, now + LOOKED_AT_AFTER_S))


def left_s(warnings: int) -> int:
    """How long it is from the n-th warning to the end."""
    return sum(GAPS_S[warnings - 1 :])
