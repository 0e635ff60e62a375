"""Tries at what can be guessed: each is counted before it is looked at, so that many at once are still ten."""

from __future__ import annotations

from dataclasses import dataclass

from chalicelib import clock
from chalicelib.devices import rules
from chalicelib.devices.records import BindingTries, PasswordTries
from chalicelib.errors import TooMany
from chalicelib.store.commit import Otherwise, Write, absent, change, put


class TooManyTries(TooMany):
    pass


@dataclass(frozen=True)
class Tries:
    """Where they are counted, and how many were before."""

    row: BindingTries | PasswordTries
    before: BindingTries | PasswordTries | None

    def count(self, *, otherwise: Otherwise) -> Write:
        """One more, to be committed before anything is compared; `otherwise` another came first.

        Raises TooManyTries.
        """
        now = clock.now_s()
        if self.before is not None and now < self.before.locked_until:
            raise TooManyTries(retry_after_seconds=int(self.before.locked_until) - now)
        kind, wrong = type(self.row), 1 if self.before is None else int(self.before.wrong) + 1
        ends = clock.epoch_s(clock.now() + rules.TRIES_REMEMBERED)
        self.row.assign(wrong=wrong, locked_until=now + rules.locked_s(wrong), expires_at=ends)
        as_read = absent(kind) if self.before is None else kind.wrong == self.before.wrong
        return put(self.row, when=as_read, otherwise=otherwise)

    def take_back(self) -> Write:
        """It was right. What was wrong before stays counted, or who has one device of his own could try all others."""
        return change(self.row, type(self.row).wrong.add(-1), locked_until=0)
