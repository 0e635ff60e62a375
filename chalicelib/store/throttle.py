"""Throttling of guesses at secrets: wrong ones are counted on a row, and after so many nobody may guess for a while."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from chalicelib import clock
from chalicelib.errors import TooMany
from chalicelib.store.commit import Otherwise, Write, absent, change, check, commit, put, remove
from chalicelib.store.records import Record

if TYPE_CHECKING:
    from pynamodb.expressions.condition import Condition

# As every row calls its count.
_WRONG = "wrong"


def require_free(until_s: int | None, refusal: type[TooMany] = TooMany) -> None:
    """Raises the refusal, with the seconds that are left, before that time; None is no lock."""
    left = 0 if until_s is None else int(until_s) - clock.now_s()
    if left > 0:
        raise refusal(retry_after_seconds=left)


@dataclass(frozen=True)
class Throttle:
    """A row that counts wrong guesses, and what was there (None: nothing is remembered); which of its attributes says
    until when it is locked, for how long so many wrong ones lock, and for how long after the last they are remembered.

    There are two orders:

    - `count`, commit, compare, `take_back`: no more are looked at than are counted, however many come at once. It costs
      a write before each answer, so it is for secrets that are short, or that many callers may race for.
    - `guess` compares first and counts what was wrong: who is right pays nothing, so it is for what people do daily. Of
      guesses at the same moment all are compared and one is counted; the others hear nothing but that it was too many,
      a right one included: what it opens is committed with `forget`.
    """

    row: Record
    before: Record | None
    locked_until: str
    lock_s: Callable[[int], int]
    remembered: timedelta
    refusal: type[TooMany] = TooMany

    @property
    def as_read(self) -> Condition:
        """The condition that nobody has guessed since."""
        kind = type(self.row)
        if self.before is None:
            return absent(kind)
        condition: Condition = getattr(kind, _WRONG) == getattr(self.before, _WRONG)
        return condition

    def count(self, *, otherwise: Otherwise) -> Write:
        """One more, to be committed before anything is compared; `otherwise` another came first. Raises the refusal
        while it is locked."""
        self._require_free()
        return self._counted(otherwise)

    def take_back(self) -> Write:
        """It was right. What was wrong before stays counted, or who knows one secret could try at all others."""
        free: dict[str, Any] = {self.locked_until: 0}
        return change(self.row, getattr(type(self.row), _WRONG).add(-1), **free)

    def guess(
        self, is_right: Callable[[], bool], beside: Callable[[int], tuple[Write, ...]] = lambda wrong: ()
    ) -> bool:
        """Whether it is right; a wrong one is counted, with what is `beside` the count of so many. Raises the refusal
        while it is locked."""
        self._require_free()
        found = is_right()
        if not found:
            counted = self._counted(self.refusal(retry_after_seconds=1))
            commit(counted, *beside(getattr(self.row, _WRONG)))
        return found

    def forget(self) -> Write:
        """It was right: the row goes, if nobody has guessed wrong since it was read, so that of guesses at the same
        moment no more can open anything than are counted; a guess that was overtaken is refused as one too many."""
        nobody_since = absent(type(self.row)) | self.as_read
        return remove(self.row, when=nobody_since, otherwise=self.refusal(retry_after_seconds=1))

    def unchanged(self) -> Write:
        """It was right, and what was wrong before stays counted: the same as `forget` for what is had many of, so that
        who has one does not try at all others."""
        nobody_since = absent(type(self.row)) | self.as_read
        return check(self.row, nobody_since, otherwise=self.refusal(retry_after_seconds=1))

    def _require_free(self) -> None:
        require_free(None if self.before is None else getattr(self.before, self.locked_until), self.refusal)

    def _counted(self, otherwise: Otherwise) -> Write:
        wrong = 1 if self.before is None else int(getattr(self.before, _WRONG)) + 1
        now = clock.now_s()
        ends = now + int(self.remembered.total_seconds())
        self.row.assign(**{_WRONG: wrong, self.locked_until: now + self.lock_s(wrong), "expires_at": ends})
        return put(self.row, when=self.as_read, otherwise=otherwise)
