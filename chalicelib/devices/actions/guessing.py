"""Tries at printed codes and at devices' passwords: each is counted before it is looked at."""

from __future__ import annotations

from chalicelib.devices import rules
from chalicelib.devices.records import BindingTries, PasswordTries
from chalicelib.errors import TooMany
from chalicelib.store.throttle import Throttle


class TooManyTries(TooMany):
    pass


def throttle(row: BindingTries | PasswordTries, before: BindingTries | PasswordTries | None) -> Throttle:
    """Both are short, and anybody may race for them: many at the same time are still ten."""
    return Throttle(row, before, "locked_until", rules.locked_s, rules.TRIES_REMEMBERED, TooManyTries)
