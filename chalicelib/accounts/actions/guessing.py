"""Counting wrong guesses, each of which makes the next one wait longer."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from chalicelib import clock
from chalicelib.accounts import rules
from chalicelib.accounts.records import Guesses, TerminalGuesses
from chalicelib.errors import TooMany
from chalicelib.store.commit import Write, absent, commit, put

if TYPE_CHECKING:
    from pynamodb.expressions.condition import Condition


@dataclass(frozen=True)
class Guessing:
    """Where wrong guesses are counted, how many were before, how long to wait after so many, until when after the last
    one they count, and what is written together with the count of so many: somebody may have to hear of it."""

    row: Guesses | TerminalGuesses
    before: Guesses | TerminalGuesses | None
    wait_after_s: Callable[[int], int] = rules.wait_after_guess_s
    remembered_hours: int = rules.GUESSES_REMEMBERED_HOURS
    beside: Callable[[int], tuple[Write, ...]] = lambda wrong: ()

    @property
    def as_read(self) -> Condition:
        """The condition that nobody has guessed since."""
        kind = type(self.row)
        return absent(kind) if self.before is None else kind.wrong == self.before.wrong

    def look(self, is_right: Callable[[], bool]) -> bool:
        """Whether it is right; a wrong one is counted. Raises TooMany while there is to be waited."""
        if self.before is not None and clock.now_s() < self.before.wait_until:
            raise TooMany(retry_after_seconds=int(self.before.wait_until) - clock.now_s())
        found = is_right()
        if not found:
            self._count()
        return found

    def _count(self) -> None:
        wrong = 1 if self.before is None else int(self.before.wrong) + 1
        now = clock.now_s()
        self.row.assign(
            wrong=wrong,
            wait_until=now + self.wait_after_s(wrong),
            expires_at=now + self.remembered_hours * 3600,
        )
        # Guesses made at the same moment count as one try answered and the others refused.
        counted = put(self.row, when=self.as_read, otherwise=TooMany(retry_after_seconds=1))
        commit(counted, *self.beside(wrong))
