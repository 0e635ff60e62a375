"""Tries at printed codes, at devices' passwords, and at codes of gift cards."""

from __future__ import annotations

from chalicelib.devices import rules
from chalicelib.errors import TooMany
from chalicelib.store.records import Record
from chalicelib.store.throttle import Throttle


class TooManyTries(TooMany):
    pass


def throttle(row: Record, before: Record | None) -> Throttle:
    """Every tenth wrong one locks, whatever is tried. Printed codes and passwords are short, and anybody may race for
    them: they are counted before they are looked at, so that many at the same time are still ten."""
    return Throttle(row, before, "locked_until", rules.locked_s, rules.TRIES_REMEMBERED, TooManyTries)
