"""Turns of those who number documents: whoever was too late once waits for the others, and not in vain again."""

from __future__ import annotations

from contextlib import suppress
from types import TracebackType

from chalicelib import clock, ids
from chalicelib.invoices.actions import numbering
from chalicelib.invoices.records import NumberingTurn
from chalicelib.invoices.rules.series import Series
from chalicelib.store.commit import change, commit, may_wait, merge
from chalicelib.store.records import SCHEMA_VERSION

# Who died in his turn is waited for no longer; a commit takes some 30 ms.
_LASTS_S = 1.0
_LONGEST_WAIT_S = 1.5
_LOOKS_S = 0.02


class _Taken(Exception):
    """Somebody else has the turn."""


class _Over(Exception):
    """It was another's by then."""


class Turns:
    """`wait` is for whoever found that the number was another's: it ends when the turn is his, or when he has waited
    for 1.5 seconds in all. It orders a crowd, and no more: that a number is given once, the commit's condition says.
    Whoever meets nobody makes no call for it."""

    def __init__(self, series: Series, year: int) -> None:
        self._ids = "", numbering.counter_id(series, year)
        self._holder = ids.new_id()
        self._is_mine = False
        self._ends_ticks: float | None = None

    def __enter__(self) -> Turns:
        return self

    def __exit__(self, kind: type[BaseException] | None, fault: BaseException | None, at: TracebackType | None) -> None:
        if self._is_mine:
            ended = change(
                NumberingTurn.new(*self._ids), when=NumberingTurn.holder == self._holder, otherwise=_Over, until=0
            )
            with suppress(_Over):
                commit(ended)

    def wait(self) -> None:
        if self._ends_ticks is None:
            self._ends_ticks = clock.ticks_s() + _LONGEST_WAIT_S
        while not self._is_taken() and clock.ticks_s() < self._ends_ticks and may_wait(_LOOKS_S):
            clock.sleep(_LOOKS_S * (1 + ids.fraction()))

    def _is_taken(self) -> bool:
        now = clock.now().timestamp()
        is_free = (
            NumberingTurn.pk.does_not_exist() | (NumberingTurn.until < now) | (NumberingTurn.holder == self._holder)
        )
        try:
            commit(
                merge(
                    NumberingTurn.new(*self._ids),
                    NumberingTurn.holder.set(self._holder),
                    NumberingTurn.until.set(now + _LASTS_S),
                    NumberingTurn.schema_version.set(SCHEMA_VERSION),
                    when=is_free,
                    otherwise=_Taken,
                )
            )
        except _Taken:
            return False
        self._is_mine = True
        return True
